using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Cli.Runs;

/// <summary>Sends the rows of an array through the network in the slot, one a clock, and keeps what the card decided.</summary>
internal static class FeaturesJob
{
    private const int OutputsInRecord = 8;

    /// <summary>What a features job found.</summary>
    /// <param name="Mismatches">Vectors whose outputs in the records differ from the interpreter's.</param>
    /// <param name="ClocksPerVector">Between the first and the last record.</param>
    public sealed record Result(
        int Vectors,
        int Kept,
        int[] Classes,
        int Mismatches,
        long RecordsLost,
        double ClocksPerVector,
        int NetworkLatencyClocks,
        int LatencyClocks,
        long ObservedLatencyClocks,
        double ClockMegahertz,
        string Folder)
    {
        public bool Passed => Mismatches == 0 && RecordsLost == 0 && (ObservedLatencyClocks < 0 || ObservedLatencyClocks == LatencyClocks);
    }

    public static Result Run(FeaturesRunFile run, Terminal terminal, CancellationToken cancel)
    {
        NpyArray rows = NpyArray.Read(run.FeaturesPath);
        SlotImage slot = SlotImage.Build(run.Network, run.Card, format: null, terminal, cancel);
        QuantizedModel.CheckRows(rows, slot.Model.Source, $"{run.Path}: features");
        IntegerNetwork network = slot.Model.Integers;
        var outside = new List<int>();
        long[] encoded = network.Input.EncodeRows([.. rows.Values.Select(value => (double)(float)value)], outside);
        Commands.RowsOutside.Report(terminal, outside, network.Input.Origin);
        int threshold = Threshold(run, network);

        using var simulated = new SimulatedCard(slot.Card, new QuietDetector(), clocksPerSample: 5);
        using var card = new GuardedCard(simulated);
        using CardSocket socket = CardSocket.Open(card, $"edge run {run.Path}");
        return card.UntilStopped(_ => Run(run, slot, network, rows.Rows, encoded, threshold, simulated, card, terminal), cancel);
    }

    private static Result Run(
        FeaturesRunFile run, SlotImage slot, IntegerNetwork network, int rows, long[] encoded, int threshold, SimulatedCard simulated, GuardedCard card, Terminal terminal)
    {
        var control = new CardControl(card);
        control.Identify();
        Configure(card, run, network, threshold);
        control.ClearCounters();
        terminal.Progress($"{rows} vectors through the card, one a clock");
        var records = new List<EventRecord>(rows);
        card.SendVectors(encoded);
        control.Drain(record =>
        {
            if (record.Kind == EventKind.Vector)
            {
                records.Add(record);
            }
        });
        LatencyStatistics latency = control.Latency();
        (long taken, long triggered) = simulated.FirstVector;
        bool firstKept = records.Count > 0 && (records[0].Flags & 0x10) != 0;
        var result = new Result(
            rows,
            (int)control.Counters().AuxTriggers,
            [.. records.Select(record => (int)record.Class)],
            Mismatches(network, encoded, records),
            control.EventsLost + (rows - records.Count),
            records.Count > 1 ? (double)(records[^1].Time - records[0].Time) / (records.Count - 1) : 0,
            latency.NetworkMaximum,
            latency.Maximum,
            firstKept ? triggered - taken : -1,
            slot.Card.Manifest.ClockMegahertz,
            run.OutputFolder);
        card.ThrowIfStopped();
        Write(run, network, records);
        return result;
    }

    /// <summary>The threshold in output integers, rounded up: never less sure than asked.</summary>
    private static int Threshold(FeaturesRunFile run, IntegerNetwork network)
    {
        if (run.Rule == "class")
        {
            return 0;
        }

        if (network.Output.Scale.Length > 1 || network.Output.Offset.Any(offset => offset != network.Output.Offset[0]) || network.OutputLength > 16)
        {
            throw new InvalidInputException(
                $"{run.Path}: decision.rule {run.Rule} compares outputs on one scale; {network.Name} has {network.OutputLength} outputs on {network.Output.Scale.Length} scale(s) and {network.Output.Offset.Length} offset(s). Let the model end in ArgMax and use rule class, or quantize its outputs alike (at most 16).");
        }

        Rational value = Rational.From(run.Threshold) - (run.Rule == "level" ? network.Output.Offset[0] : Rational.Zero);
        System.Numerics.BigInteger steps = (value / network.Output.Scale[0]).Ceiling();
        return steps >= int.MinValue && steps <= int.MaxValue
            ? (int)steps
            : throw new InvalidInputException($"{run.Path}: decision.threshold {run.Threshold} is {steps} steps of the output; 32 bits hold it not.");
    }

    private static void Configure(GuardedCard card, FeaturesRunFile run, IntegerNetwork network, int threshold)
    {
        uint keep = run.KeepClasses is null ? uint.MaxValue : 0;
        foreach (int kept in run.KeepClasses ?? [])
        {
            keep |= kept is >= 0 and < 32 ? 1u << kept : throw new InvalidInputException($"{run.Path}: decision.keep_classes: classes are numbers from 0 to 31.");
        }

        uint rule = run.Rule switch { "difference" => 0u, "level" => 1u, _ => 2u };
        card.Write(CardRegisters.VectorSourceAddress, CardRegisters.VectorSourceHostMask | CardRegisters.VectorSourceHoldMask);
        card.Write(CardRegisters.DecisionAddress, rule << CardRegisters.DecisionRuleShift);
        card.Write(CardRegisters.KeepClassesAddress, keep);
        for (int k = 0; k < Math.Min(network.OutputLength, 16); k++)
        {
            card.Write(CardRegisters.ThresholdAddress + (uint)(4 * k), (uint)threshold);
        }
    }

    private static int Mismatches(IntegerNetwork network, long[] encoded, List<EventRecord> records)
    {
        long[] expected = new FastInterpreter(network).RunRows(encoded);
        int compared = Math.Min(OutputsInRecord, network.OutputLength);
        return records.Count(record => Enumerable.Range(0, compared).Any(i =>
            record.Outputs[i] != Math.Clamp(expected[(record.Site * network.OutputLength) + i], int.MinValue, int.MaxValue)));
    }

    private static void Write(FeaturesRunFile run, IntegerNetwork network, List<EventRecord> records)
    {
        Directory.CreateDirectory(run.OutputFolder);
        int compared = Math.Min(OutputsInRecord, network.OutputLength);
        NpyArray.Write(Path.Combine(run.OutputFolder, "classes.npy"), [records.Count], [.. records.Select(record => record.Class == EventRecord.NoClass ? -1L : record.Class)]);
        NpyArray.Write(Path.Combine(run.OutputFolder, "kept.npy"), [records.Count], [.. records.Select(record => (record.Flags & 0x10) != 0 ? 1L : 0L)]);
        NpyArray.Write(Path.Combine(run.OutputFolder, "outputs.npy"), [records.Count, compared], [.. records.SelectMany(record => record.Outputs.Take(compared).Select(value => (long)value))]);
    }

    /// <summary>A detector that shows its offset; nothing of it is used.</summary>
    private sealed class QuietDetector : ICardWorld
    {
        public ushort NextSample(ReadOnlySpan<PinChange> changes) => 400;
    }
}
