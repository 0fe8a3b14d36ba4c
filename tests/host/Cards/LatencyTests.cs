using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;

namespace Edge.Tests.Cards;

[Collection("card")]
public sealed class LatencyTests(CardImages images)
{
    /// <summary>What issue 3 allows from the deciding sample to the pin.</summary>
    private const int MostClocks = 12;

    [Fact]
    public void PinFallsWhenTheRecordSays_AndTheCardsCountersAgree()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job());
        IReadOnlyList<Visit> visits = bench.Visit(120);
        IReadOnlyList<(long Rise, long Fall)> dwells = bench.Dwells();
        int latency = images.Site.Fabric.Latency + 5;
        Assert.InRange(latency, 1, MostClocks);
        Assert.Equal(visits.Count, dwells.Count);
        for (int k = 0; k < visits.Count; k++)
        {
            EventRecord record = visits[k].Record!;
            int first = bench.Samples.FindIndex(sample => sample.Edge > dwells[k].Rise) + bench.Run.AlignSamples;
            long decidingEdge = bench.Samples[first + record.Samples - 1].Edge;
            Assert.Equal(latency, dwells[k].Fall - decidingEdge);
            Assert.Equal(latency, record.LatencyClocks);
            Assert.Equal(images.Site.Fabric.Latency, record.NetworkLatencyClocks);
            Assert.Equal(dwells[k].Fall, (long)record.Time);
        }

        LatencyStatistics counted = bench.Run.Latency();
        Assert.Equal((uint)visits.Count, counted.Count);
        Assert.Equal((latency, latency, latency), (counted.Minimum, counted.Maximum, counted.Mean));
        Assert.Equal((images.Site.Fabric.Latency, images.Site.Fabric.Latency), (counted.NetworkMinimum, counted.NetworkMaximum));
        Assert.Equal(Enumerable.Range(0, 32).Select(bin => bin == latency ? counted.Count : 0), counted.Histogram);
    }

    [Fact]
    public void NextDwellBeginsWithTheFirstSampleAfterBlankingMoveAndSettling()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job() with { BlankSeconds = 70e-9, SettleSeconds = 1.23e-6 });
        bench.Visit(40);
        IReadOnlyList<(long Rise, long Fall)> dwells = bench.Dwells();
        for (int k = 1; k < dwells.Count; k++)
        {
            PinChange move = bench.Pins.First(pin => pin.Edge > dwells[k - 1].Fall && pin.PixelAdvance);
            Assert.Equal(dwells[k - 1].Fall + 7, move.Edge);
            Assert.Equal(bench.Samples.First(sample => sample.Edge >= move.Edge + 123).Edge, dwells[k].Rise);
        }
    }
}
