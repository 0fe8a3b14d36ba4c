using Edge.Appliance.Cards;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Tests.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

/// <summary>Vectors of the host through the network in the slot: one a clock, all of them, with the latency that the
/// compiler promised, at the pins as in the card's own counters.</summary>
[Collection("card")]
public sealed class VectorTests(CardImages images, ITestOutputHelper output)
{
    private const byte TriggeredFlag = 16;

    /// <summary>From the result to the pin.</summary>
    private const int TriggerClocks = 2;

    [SharedFact]
    [Trait("Speed", "slow")]
    public void JetNetwork_AllVectors_OneEachClock()
    {
        NpyArray inputs = NpyArray.Read(Repository.SharedPath("peers", "jet", "x_int_s16f10.npy"));
        long[] expected = [.. NpyArray.Read(Repository.SharedPath("peers", "jet", "y_logits_int_f11.npy")).Values.Select(value => (long)value)];
        Assert.Equal((2200, 16), (inputs.Rows, inputs.RowLength));
        StreamOneEachClock(images.Jet, [.. inputs.Values.Select(value => (long)value)], expected);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void RandomNetwork_OneEachClock()
    {
        long[] rows = RandomNetworks.Rows(images.Random.Network, RandomTest.Create(output), 3000);
        StreamOneEachClock(images.Random, rows, ReferenceInterpreter.RunRows(images.Random.Network, rows));
    }

    [Fact]
    public void SiteNetwork_OneEachClock()
    {
        long[] rows = RandomNetworks.Rows(images.Site.Network, RandomTest.Create(output), 3000);
        StreamOneEachClock(images.Site, rows, ReferenceInterpreter.RunRows(images.Site.Network, rows));
    }

    [Fact]
    public void EachVectorAlone_TriggersAfterTheSameLatency_AndOnlyWhenItsClassIsKept()
    {
        BuiltCard built = images.Site;
        Random random = RandomTest.Create(output);
        const int Count = 60;
        long[] rows = RandomNetworks.Rows(built.Network, random, Count);
        long[] results = ReferenceInterpreter.RunRows(built.Network, rows);
        int[] best = [.. Enumerable.Range(0, Count).Select(row => Largest(results.AsSpan(row * built.Network.OutputLength, built.Network.OutputLength)))];
        int kept = best[random.Next(Count)];

        using SimulatedCard card = Open(built, keepClasses: 1u << kept);
        var control = new CardControl(card);
        for (int row = 0; row < Count; row++)
        {
            card.SendVectors(rows.AsSpan(row * built.Network.InputLength, built.Network.InputLength));
            EventRecord record = Assert.Single(Take(control));
            (long taken, long triggered) = card.FirstVector;
            Assert.Equal(best[row], record.Class);
            Assert.Equal(best[row] == kept ? taken + built.Fabric.Latency + TriggerClocks : -1, triggered);
            Assert.Equal(taken + built.Fabric.Latency + TriggerClocks, (long)record.Time);
            Assert.Equal(best[row] == kept, (record.Flags & TriggeredFlag) != 0);
        }

        Assert.Equal(best.Count(found => found == kept), (int)control.Counters().AuxTriggers);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void StallsAndSlowReaders_LoseNothing()
    {
        BuiltCard built = images.Random;
        Random random = RandomTest.Create(output);
        long[] rows = RandomNetworks.Rows(built.Network, random, 2000);
        using SimulatedCard card = Open(built);
        card.Stall(RandomBits(random, 0.3), RandomBits(random, 0.7));
        var control = new CardControl(card);
        card.SendVectors(rows);
        card.Stall([], []);
        card.Wait();
        CheckRecords(built, Take(control), ReferenceInterpreter.RunRows(built.Network, rows));
        Assert.Equal((0, 0u), (control.EventsLost, control.Counters().EventsDropped));
    }

    [Fact]
    public void WithNobodyToTakeRecords_VectorsAreHeldBack_AndTheHostIsTold()
    {
        using SimulatedCard card = Open(images.Site);
        card.Stall([], [1]);
        long[] rows = RandomNetworks.Rows(images.Site.Network, new Random(1), 300);
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => card.SendVectors(rows));
        Assert.Contains("takes no vectors", error.Message, StringComparison.Ordinal);
        Assert.Equal(254u, card.Read(CardRegisters.VectorsTakenAddress)); // two of 256 places are kept for a trip and an end
        Assert.Equal(0u, card.Read(CardRegisters.EventsDroppedAddress));
    }

    private static void StreamOneEachClock(BuiltCard built, long[] rows, long[] expected)
    {
        int count = rows.Length / built.Network.InputLength;
        using SimulatedCard card = Open(built);
        var control = new CardControl(card);
        control.Identify();
        card.SendVectors(rows);
        List<EventRecord> records = Take(control);
        CheckRecords(built, records, expected);
        Assert.Equal(expected, ReferenceInterpreter.RunRows(built.Network, rows));
        Assert.Equal(expected, new FastInterpreter(built.Network).RunRows(rows));

        // One each clock: edges of the records, and the latency that does not grow on the way.
        Assert.Equal(Enumerable.Range(0, count).Select(k => records[0].Time + (ulong)k), records.Select(record => record.Time));
        int latency = built.Fabric.Latency + TriggerClocks;
        (long taken, long triggered) = card.FirstVector;
        Assert.Equal(latency, triggered - taken);
        Assert.Equal(triggered, (long)records[0].Time);
        Assert.All(records, record => Assert.Equal((latency, built.Fabric.Latency), (record.LatencyClocks, record.NetworkLatencyClocks)));
        Assert.Equal(built.Fabric.Latency, built.Image.Manifest.NetworkLatencyClocks);

        LatencyStatistics counted = control.Latency();
        Assert.Equal(((uint)count, latency, latency, latency), (counted.Count, counted.Minimum, counted.Maximum, counted.Mean));
        Assert.Equal((built.Fabric.Latency, built.Fabric.Latency), (counted.NetworkMinimum, counted.NetworkMaximum));
        Assert.Equal(Enumerable.Range(0, 32).Select(bin => bin == Math.Min(latency, 31) ? counted.Count : 0), counted.Histogram);
        CardCounters counters = control.Counters();
        Assert.Equal(((uint)count, (uint)count, (uint)count, 0u), (counters.VectorsTaken, counters.Decisions, counters.AuxTriggers, counters.EventsDropped));
        Assert.Equal(0, control.EventsLost);
    }

    /// <summary>Every vector has its record, in order, with its own outputs (the first eight, saturated to 32 bits) and class.</summary>
    private static void CheckRecords(BuiltCard built, List<EventRecord> records, long[] expected)
    {
        int outputs = built.Network.OutputLength;
        Assert.Equal(expected.Length / outputs, records.Count);
        for (int row = 0; row < records.Count; row++)
        {
            long[] result = expected[(row * outputs)..((row + 1) * outputs)];
            Assert.Equal(EventKind.Vector, records[row].Kind);
            Assert.Equal((uint)row, records[row].Site);
            Assert.Equal(result.Take(8).Select(value => Math.Clamp(value, int.MinValue, int.MaxValue)), records[row].Outputs.Take(Math.Min(8, outputs)).Select(value => (long)value));
            Assert.Equal(Largest(result), records[row].Class);
        }
    }

    /// <summary>A card that takes vectors from the host; the largest output is the class, and always sure.</summary>
    private static SimulatedCard Open(BuiltCard built, uint keepClasses = uint.MaxValue)
    {
        var card = new SimulatedCard(built.Image, new DarkDetector(), clocksPerSample: 5);
        card.Write(CardRegisters.VectorSourceAddress, CardRegisters.VectorSourceHostMask | CardRegisters.VectorSourceHoldMask);
        card.Write(CardRegisters.KeepClassesAddress, keepClasses);
        for (uint k = 0; k < 16; k++)
        {
            card.Write(CardRegisters.ThresholdAddress + (4 * k), 0);
        }

        return card;
    }

    private static List<EventRecord> Take(CardControl control)
    {
        var records = new List<EventRecord>();
        control.Drain(records.Add);
        return records;
    }

    /// <summary>The first of equals.</summary>
    private static int Largest(ReadOnlySpan<long> values)
    {
        int best = 0;
        for (int k = 1; k < values.Length; k++)
        {
            best = values[k] > values[best] ? k : best;
        }

        return best;
    }

    private static byte[] RandomBits(Random random, double share) => [.. Enumerable.Range(0, 1009).Select(_ => random.NextDouble() < share ? (byte)1 : (byte)0)];

    private sealed class DarkDetector : ICardWorld
    {
        public ushort NextSample(ReadOnlySpan<PinChange> changes) => 400;
    }
}
