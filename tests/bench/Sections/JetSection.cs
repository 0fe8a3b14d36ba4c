using System.Diagnostics;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs;
using Edge.Compiler.Images;
using Edge.Compiler.Verification;
using Edge.Images;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;

namespace Edge.Bench.Sections;

/// <summary>The jet-tagging network on every backend and in the card.</summary>
internal sealed class JetSection : ISection
{
    private const double ClockHertz = 100e6;
    private const int IcarusStep = 11;
    private const int CompileRuns = 5;

    public string Name => "jet";

    public string Title => "Jet-tagging network (16-64-32-32-5, QONNX)";

    public SectionResult Run(BenchContext context)
    {
        JetReference jet = context.Jet;
        var rows = new List<Row>();
        rows.AddRange(Integers(jet, context));
        rows.AddRange(Ties(jet));
        rows.Add(Row.Info("adders", jet.Fabric.AdderCount));
        rows.Add(Row.Info("adder bits", jet.Fabric.AdderBits));
        rows.Add(Row.Info("pipeline register bits", jet.Fabric.RegisterBits));
        rows.Add(Compile(jet, context));
        rows.AddRange(Card(jet, context));
        return new(
            rows,
            "Mismatches are vectors in which any output integer differs from the reference interpreter's. Expected outputs were computed by others (qonnx 1.0.0). Every Verilator build started with an empty cache and without a compiler cache.",
            "Adders and bits are counted from the adder graph; no synthesis was run. Latency in the card counts from the clock edge that takes the vector to the edge that moves aux_trigger; for a host vector that is network latency + 2.",
            "Theirs, for the same integers (from peers/README, another machine): da4ml 0.6.0 1,628 + 883 adders and 7,440 register bits in 7 stages; alkaid 0.8.2 1,631 + 884 adders and 15,567 register bits in 10 stages; hls4ml 1.3.0 takes 18.4 s to build its C simulation.");
    }

    private static IEnumerable<Row> Integers(JetReference jet, BenchContext context)
    {
        IntegerNetwork network = jet.Network;
        long[] reference = ReferenceInterpreter.RunRows(network, jet.Encoded);
        yield return Mismatches("expected outputs", reference, jet.ExpectedIntegers, network);
        yield return Mismatches("fast interpreter", reference, new FastInterpreter(network).RunRows(jet.Encoded), network);
        byte[] model = OnnxExporter.Write(network);
        foreach (bool optimize in new[] { true, false })
        {
            using var runtime = new OnnxRuntimeBackend(model, optimize);
            yield return Mismatches($"ONNX Runtime {OnnxRuntimeBackend.Version}, optimizations {(optimize ? "on" : "off")}", reference, runtime.RunIntegers(network, jet.Rows), network);
        }

        if (BackendRunner.Missing(Backend.Verilator) is { } noVerilator)
        {
            yield return Row.Missing("mismatches: Verilator", noVerilator, "0");
        }
        else
        {
            VerilatorNetwork simulation = jet.Simulation(context);
            (long[] results, long latency, long clocks) = simulation.Run(jet.Encoded);
            yield return Mismatches("Verilator", reference, results, network);
            yield return Mismatches("Verilator, idle and stalled clocks at random", reference, simulation.Run(jet.Encoded, pattern: 20260711).Results, network);
            yield return Row.Exactly("network latency, simulated", latency, jet.Fabric.Latency, "clocks");
            yield return Row.Exactly("clocks for all vectors, beyond the latency", clocks - latency, jet.Count, "clocks");
            yield return Row.Below("Verilator build of the network", jet.Build!, 60, "s");
        }

        if (BackendRunner.Missing(Backend.Icarus) is { } noIcarus)
        {
            yield return Row.Missing("mismatches: Icarus", noIcarus, "0");
        }
        else
        {
            context.Terminal.Progress("simulating under Icarus");
            long[] Every(long[] values, int length) => [.. values.Chunk(length).Where((_, row) => row % IcarusStep == 0).SelectMany(row => row)];
            long[] results = IcarusNetwork.Run(jet.Fabric, Every(jet.Encoded, network.InputLength), context.Cancel);
            yield return Mismatches($"Icarus (every {IcarusStep}th vector)", Every(reference, network.OutputLength), results, network);
        }
    }

    private static Row Mismatches(string backend, long[] reference, long[] results, IntegerNetwork network)
    {
        int count = reference.Length / network.OutputLength;
        int mismatches = results.Length == reference.Length
            ? Enumerable.Range(0, count).Count(row => !Outputs(results, row).SequenceEqual(Outputs(reference, row)))
            : count;
        Row row = Row.Exactly($"mismatches: {backend}", mismatches, 0);
        return row with { Measured = $"{row.Measured} of {Row.Text(count)}" };

        ReadOnlySpan<long> Outputs(long[] values, int row) => values.AsSpan(row * network.OutputLength, network.OutputLength);
    }

    /// <summary>How often a value that is rounded lay exactly between two integers.</summary>
    private static IEnumerable<Row> Ties(JetReference jet)
    {
        (long ties, int vectors) = ModelCheck.ExactTies(jet.Network, jet.Encoded);
        yield return Row.Info("exact ties that were rounded to even", ties, remark: $", in {Row.Text(vectors)} of {Row.Text(jet.Count)} vectors");
    }

    /// <summary>Times the program as a user starts it.</summary>
    private static Row Compile(JetReference jet, BenchContext context)
    {
        (string program, string name) = context.EdgeProgram();
        string folder = Path.Combine(context.Scratch, "compiled");
        Timing timing = Timing.Repeat(CompileRuns, () =>
        {
            var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in new[] { "compile", jet.ModelPath, "-o", folder })
            {
                start.ArgumentList.Add(argument);
            }

            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"edge compile ended with exit code {process.ExitCode}: {errors.Result}");
            }
        });
        return Row.Below($"edge compile, whole process ({name})", timing, 2, "s");
    }

    private static IEnumerable<Row> Card(JetReference jet, BenchContext context)
    {
        if (BackendRunner.Missing(Backend.Verilator) is { } missing)
        {
            yield return Row.Missing("card with the network in its slot", missing);
            yield break;
        }

        CardImage? image = null;
        Timing build = Timing.Once(() => image = SimulatedCardImage.Build(jet.Fabric, ClockHertz / 1e6, "{}", context.Terminal.Progress, context.Cancel));
        yield return Row.Below("Verilator build of the card with the network in its slot", build, 60, "s");
        var run = new FeaturesRunFile(
            "bench",
            new NetworkChoice(jet.ModelPath, SettingsPath: null, InputFormat: null, jet.Fabric.LevelsPerStage),
            new CardChoice(ClockHertz),
            Path.Combine(context.Scratch, "features"),
            jet.VectorPath,
            Rule: "difference",
            Threshold: 0,
            KeepClasses: null);
        FeaturesJob.Result result = FeaturesJob.Run(run, context.Terminal, context.Cancel);
        yield return Row.Exactly("card: mismatches of vectors in its records", result.Mismatches, 0);
        yield return Row.Exactly("card: records lost", result.RecordsLost, 0);
        yield return new("card: clocks per vector", Row.Text(result.ClocksPerVector), "1", result.ClocksPerVector == 1);
        yield return Row.Exactly("card: network latency by its counter", result.NetworkLatencyClocks, image!.Manifest.NetworkLatencyClocks, "clocks");
        yield return Row.Info("card: from the vector to the pin, by its counter", result.LatencyClocks, "clocks");
        yield return Row.Exactly("card: from the vector to the pin, seen at the pins", result.ObservedLatencyClocks, result.LatencyClocks, "clocks");
    }
}
