using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

[Collection("card")]
public sealed class OpenLoopTests(CardImages images, ITestOutputHelper output)
{
    /// <summary>Short enough that some visits stay undecided.</summary>
    private const double ShortDwell = 30e-6;

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 0)]
    [InlineData(3, 60)]
    public void EveryRecordIsWhatTheHostsModelsMakeOfTheSamplesTaken(int seed, int pipeline)
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job(seed) with { MaximumDwellSeconds = ShortDwell, PipelineSamples = pipeline });
        IReadOnlyList<Visit> visits = bench.Visit(240);
        (IReadOnlyList<Expected> decisions, OpenLoop counts) = bench.Replay();
        Records.Equal(decisions, visits, bench);
        Records.Equal(counts, bench.Run.Counters());
        Assert.Equal(0, counts.Replaced);
        Assert.Contains(visits, visit => visit.Record!.DwellCause == DwellCause.MaximumDwell);
        Assert.True(visits.Select(visit => visit.Record!.Class).Where(found => found != EventRecord.NoClass).Distinct().Count() >= 3);
        Assert.Equal(visits.Count(visit => visit.Record!.Class == EventRecord.NoClass), (int)bench.Run.Counters().Undecided);
    }

    /// <summary>Every saturation of the ingress, negative thresholds and limits, gains at both ends.</summary>
    [Fact]
    public void WildIngressSettingsGiveTheModelsIntegers()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 12; k++)
        {
            SiteModel wild = CardImages.SiteModel with
            {
                Ingress = new(
                    (ushort)random.Pick(0, 300, 1000, 65535), (ushort)random.Pick(1, 16384, 65535), (ushort)random.Pick(1, 256, 4095), (short)random.Pick(-32768, -1, 0, 40, 32767), (short)random.Pick(-32768, -1, 0, 100, 32767)),
                MinimumSamples = random.Pick(1, 7),
                MaximumSamples = random.Pick(7, 90),
                Thresholds = [.. CardImages.SiteModel.Thresholds.Select(_ => random.Pick(-100_000, 0, 300, 4000, int.MaxValue))],
            };
            using var bench = new VisitBench(images.Site, VisitBench.Job(k) with { SettleSeconds = 1e-6 }, wild);
            IReadOnlyList<Visit> visits = bench.Visit(40);
            (IReadOnlyList<Expected> decisions, OpenLoop counts) = bench.Replay();
            Records.Equal(decisions, visits, bench);
            Records.Equal(counts, bench.Run.Counters());
        }
    }

    [Fact]
    public void ShortestDwellsAreDecidedByTheFirstSamples()
    {
        // A threshold that any output reaches: every dwell ends with the sample that the minimum names.
        SiteModel eager = CardImages.SiteModel with { Thresholds = [.. CardImages.SiteModel.Thresholds.Select(_ => 0)], MinimumSamples = 1 };
        using var bench = new VisitBench(images.Site, VisitBench.Job(), eager);
        IReadOnlyList<Visit> visits = bench.Visit(100);
        Records.Equal(bench.Replay().Decisions, visits, bench);
        Assert.All(visits, visit => Assert.Equal(1, visit.Record!.Samples));
    }
}
