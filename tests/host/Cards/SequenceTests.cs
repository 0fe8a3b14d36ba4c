using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Tests.Cards;

/// <summary>Run after run on one card.</summary>
[Collection("card")]
public sealed class SequenceTests(CardImages images)
{
    [Fact]
    public void TwoVisitRunsInARow_AndTheirOverviews_OnOneCard()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job() with { MaximumDwellSeconds = 20e-6 });
        bench.Visit(60);
        bench.Run.TakeOverview(CancellationToken.None);
        int before = bench.Dwells().Count;

        // A second program on the same card: it must not take the first one's records for lost.
        var second = new VisitRun(bench.File, bench.Model, bench.Card);
        second.Prepare();
        second.TakeOverview(CancellationToken.None);
        int overview = bench.Dwells().Count;
        IReadOnlyList<Visit> visits = second.VisitSites(bench.Sites(60), bench.TrueCalibration, visited: null, CancellationToken.None);
        Assert.All(visits, visit => Assert.Equal((uint)visit.Number, visit.Record!.Site));
        Assert.Equal(60, bench.Dwells().Count - overview);
        Assert.True(overview - before >= bench.Run.OverviewPixels);
        Assert.Equal((0, 0), (bench.Run.EventsLost, second.EventsLost));
        Assert.Equal(visits.Select(visit => (long)visit.Record!.Time), bench.Dwells().Skip(overview).Select(dwell => dwell.Fall));
    }

    [Fact]
    public void ListsLongerThanThePositionMemory_AreVisitedInOrder()
    {
        const int Count = 4096 + 700;
        var told = new List<int>();
        using var bench = new VisitBench(images.Site, QuickJob);
        bench.Run.Prepare();
        IReadOnlyList<Position> sites = bench.Sites(Count);
        IReadOnlyList<Visit> visits = bench.Run.VisitSites(sites, bench.TrueCalibration, told.Add, CancellationToken.None);
        (IReadOnlyList<Expected> decisions, OpenLoop counts) = bench.Replay();
        Records.Equal(decisions, visits, bench);
        Records.Equal(counts, bench.Run.Counters());
        Assert.Equal(Enumerable.Range(1, Count), told);
        Assert.Equal(sites, visits.Select(visit => visit.Position));

        // Where the probe was sent, as the pins showed it.
        PinChange[] lit = [.. bench.Pins.Where(pin => pin.PermitBeam)];
        Assert.Equal(
            sites.Select(site => (Code(site.X), Code(site.Y))),
            lit.Select(pin => (pin.X, pin.Y)));
        Assert.Equal(0, bench.Run.EventsLost);
    }

    /// <summary>The limit is for all visits together, however many lists they need.</summary>
    [Fact]
    public void ListsLongerThanThePositionMemory_ShareOneDoseLimit()
    {
        const int Count = 4096 + 700;
        using var all = new VisitBench(images.Site, QuickJob);
        all.Visit(Count);
        double clocks = all.Dwells().Sum(dwell => dwell.Fall - dwell.Rise);
        double electrons = 0.98 * clocks / CardImages.ClockHertz * all.File.ElectronsPerSecond;
        using var bench = new VisitBench(images.Site, QuickJob with { LargestElectrons = electrons });
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => bench.Visit(Count));
        Assert.Contains("the dose cap of the run was reached", error.Message, StringComparison.Ordinal);
        Assert.InRange(bench.Dwells().Sum(dwell => dwell.Fall - dwell.Rise), (0.98 * clocks) - 1, (0.98 * clocks) + 1);
    }

    private static VisitRunFile QuickJob => VisitBench.Job() with { MinimumDwellSeconds = 200e-9, MaximumDwellSeconds = 400e-9, SettleSeconds = 500e-9 };

    private static ushort Code(double angstrom) => (ushort)Math.Round(angstrom / MolybdenumDisulfide.Field * 65536);
}
