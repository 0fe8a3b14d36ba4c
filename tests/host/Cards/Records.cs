using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;

namespace Edge.Tests.Cards;

/// <summary>Compares what the card told with what it must tell, bit for bit.</summary>
internal static class Records
{
    private const byte SureFlag = 1, MovedPinFlag = 8;

    public static void Equal(IReadOnlyList<Expected> expected, IReadOnlyList<Visit> visits, VisitBench bench)
    {
        IReadOnlyList<(long Rise, long Fall)> dwells = bench.Dwells();
        Assert.Equal(expected.Count, visits.Count);
        Assert.Equal(expected.Count, dwells.Count);
        for (int k = 0; k < expected.Count; k++)
        {
            EventRecord record = Assert.IsType<EventRecord>(visits[k].Record);
            Expected must = expected[k];
            Assert.Equal(must.Outputs, record.Outputs[..must.Outputs.Length].Select(value => (long)value));
            Assert.Equal(
                (must.Class, must.Cause, must.Samples, must.Sum, must.Events),
                (record.Class, record.DwellCause, record.Samples, record.Sum, record.Events));
            Assert.Equal((must.PinEdge, must.PinEdge), (dwells[k].Fall, (long)record.Time));
            Assert.Equal((must.PinEdge - must.SampleEdge, bench.Built.Fabric.Latency), (record.LatencyClocks, record.NetworkLatencyClocks));
            Assert.Equal(MovedPinFlag | (must.Cause == DwellCause.Sure ? SureFlag : 0), record.Flags & (MovedPinFlag | SureFlag));
        }
    }

    public static void Equal(OpenLoop counts, CardCounters counted) =>
        Assert.Equal((counts.Taken, counts.Replaced, counts.Stale), (counted.VectorsTaken, counted.VectorsReplaced, counted.ResultsStale));

    /// <summary>Class, cause and deciding sample of two runs, with what was summed up to it.</summary>
    public static void Equal(IReadOnlyList<Visit> expected, IReadOnlyList<Visit> visits)
    {
        Assert.Equal(expected.Count, visits.Count);
        for (int k = 0; k < expected.Count; k++)
        {
            Assert.Equal(Essence(expected[k]), Essence(visits[k]));
        }

        static (int, byte, byte, ushort, int, ushort) Essence(Visit visit) =>
            (visit.Number, visit.Record!.Class, visit.Record.Cause, visit.Record.Samples, visit.Record.Sum, visit.Record.Events);
    }
}
