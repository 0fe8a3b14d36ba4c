using Edge.Compiler.Verification;
using Edge.Networks.Integers;

namespace Edge.Bench.Sections;

/// <summary>How many inferences a second one core gives.</summary>
internal sealed class InterpreterSection : ISection
{
    private const int Turns = 15;
    private const double TurnSeconds = 0.2;

    /// <summary>The vectors are repeated to a stream that is long for the caches, as data from a detector would be.</summary>
    private const int Repeats = 20;

    public string Name => "interpreter";

    public string Title => "Inferences per second on one core";

    public SectionResult Run(BenchContext context)
    {
        JetReference jet = context.Jet;
        IntegerNetwork network = jet.Network;
        long[] stream = [.. Enumerable.Repeat(jet.Encoded, Repeats).SelectMany(rows => rows)];
        var results = new long[stream.Length / network.InputLength * network.OutputLength];
        long[] few = jet.Encoded[..(100 * network.InputLength)];
        var fast = new FastInterpreter(network);
        var contestants = new List<Func<long>>
        {
            () =>
            {
                fast.RunRows(stream, results);
                return results.Length / network.OutputLength;
            },
            () => ReferenceInterpreter.RunRows(network, few).Length / network.OutputLength,
        };
        string? missing = BackendRunner.Missing(Backend.Verilator);
        if (missing is null)
        {
            VerilatorNetwork simulation = jet.Simulation(context);
            contestants.Add(() => simulation.Run(jet.Encoded).Results.Length / network.OutputLength);
        }

        double[][] rates = Timing.Race(Turns, TurnSeconds, [.. contestants]);
        var rows = new List<Row>
        {
            Row.AtLeast("jet-tagging network: fast interpreter", Timing.Of(rates[0]), 1e6, "/s"),
            Row.Info("reference interpreter (one element at a time)", Timing.Of(rates[1]), "/s"),
            missing is null ? Row.Info("Verilator", Timing.Of(rates[2]), "/s") : Row.Missing("Verilator", missing),
            Ratio("fast interpreter, times the reference interpreter", rates[0], rates[1]),
        };
        if (missing is null)
        {
            rows.Add(Ratio("fast interpreter, times Verilator", rates[0], rates[2]));
        }

        (IReadOnlyList<Row> against, string note) = AgainstOnnxRuntime.Measure(context);
        rows.AddRange(against);
        return new(
            rows,
            $"One thread each. They take turns of {TurnSeconds} s, so that load of the machine meets all alike; a ratio is the median over turns. From and to arrays of 64-bit integers; {Row.Text(jet.Count * Repeats)} vectors a call of the fast interpreter, 100 of the reference, {Row.Text(jet.Count)} of Verilator.",
            note,
            "Theirs, from peers/README, measured on another machine (CPU time): C simulation of hls4ml 1.3.0 8,261, interpreter of alkaid 0.8.2 93,500, Verilator on RTL of da4ml 0.6.0 136,900 inferences a second.");
    }

    private static Row Ratio(string figure, double[] numerators, double[] denominators) =>
        Row.Info(figure, Timing.Of(numerators.Zip(denominators, (a, b) => a / b)));
}
