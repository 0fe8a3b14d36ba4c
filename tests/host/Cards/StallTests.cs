using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

/// <summary>Stalls of the slot and of whoever takes the records, at random.</summary>
[Collection("card")]
public sealed class StallTests(CardImages images, ITestOutputHelper output)
{
    private const int Visits = 120;

    /// <summary>No drift: a run that takes a little longer sees the same specimen.</summary>
    private static VisitRunFile Job
    {
        get
        {
            VisitRunFile job = VisitBench.Job();
            return job with { MaximumDwellSeconds = 20e-6, Simulation = job.Simulation with { DriftPerSecond = 0 } };
        }
    }

    [Fact]
    public void ShorterThanASamplePeriod_NeitherClassNorDecidingSampleChange()
    {
        using var free = new VisitBench(images.Site, Job);
        IReadOnlyList<Visit> expected = free.Visit(Visits);
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 3; k++)
        {
            using var bench = new VisitBench(images.Site, Job);
            byte[] network = Pattern(random, shortest: 1, longest: bench.File.ClocksPerSample - 1);
            bench.Card.Stall(network, Pattern(random, shortest: 1, longest: 400));
            IReadOnlyList<Visit> visits = bench.Visit(Visits);
            Records.Equal(expected, visits);
            (IReadOnlyList<Expected> decisions, OpenLoop counts) = bench.Replay(edge => network[edge % network.Length] != 0);
            Records.Equal(decisions, visits, bench);
            Records.Equal(counts, bench.Run.Counters());
            Assert.Equal((0L, 0L, 0u), (counts.Replaced, bench.Run.EventsLost, bench.Run.Counters().EventsDropped));
            Assert.Contains(visits, visit => visit.Record!.LatencyClocks > free.Built.Fabric.Latency + 5);
        }
    }

    [Fact]
    public void Longer_TheNewestVectorReplacesTheWaitingOne_AsTheModelOfTheSlotSays()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 3; k++)
        {
            using var bench = new VisitBench(images.Site, Job);
            byte[] network = Pattern(random, shortest: 1, longest: 7 * bench.File.ClocksPerSample);
            bench.Card.Stall(network, Pattern(random, shortest: 1, longest: 400));
            IReadOnlyList<Visit> visits = bench.Visit(Visits);
            (IReadOnlyList<Expected> decisions, OpenLoop counts) = bench.Replay(edge => network[edge % network.Length] != 0);
            Records.Equal(decisions, visits, bench);
            Records.Equal(counts, bench.Run.Counters());
            Assert.True(counts.Replaced > Visits, "the stalls were too short to say anything");
        }
    }

    [Fact]
    public void WhenNobodyTakesRecords_DropsAreCounted_AndThePinsAreTheSame()
    {
        using var free = new VisitBench(images.Site, Job with { MaximumDwellSeconds = 2e-6, SettleSeconds = 1e-6 });
        IReadOnlyList<Visit> expected = free.Visit(400);
        using var bench = new VisitBench(images.Site, free.File);

        // Records leave again when more were made than the card holds, while the scan still runs.
        bench.Card.Stall([], [1]);
        long release = free.Dwells()[330].Rise;
        bench.BeforeSample = edge =>
        {
            if (edge == release)
            {
                bench.Card.Stall([], []);
            }
        };
        IReadOnlyList<Visit> visits = bench.Visit(400);
        int missing = visits.Count(visit => visit.Record is null);
        output.WriteLine($"{missing} records dropped");
        Assert.InRange(missing, 1, 399);
        Assert.Equal((missing, missing), (bench.Run.EventsLost, (long)bench.Run.Counters().EventsDropped));
        Assert.Equal(free.Pins, bench.Pins);
        Assert.All(visits.Where(visit => visit.Record is not null), visit => Assert.Equal(expected[visit.Number].Record!.Outputs, visit.Record!.Outputs));
    }

    [Fact]
    public void WhenTheLastRecordsOfARunAreDropped_TheyAreCountedToo()
    {
        VisitRunFile job = Job with { MaximumDwellSeconds = 2e-6, SettleSeconds = 1e-6 };
        using var free = new VisitBench(images.Site, job);
        free.Visit(400);
        long end = free.Dwells()[^1].Fall + 50;
        using var bench = new VisitBench(images.Site, job);
        bench.Card.Stall([], [1]);
        bench.BeforeSample = edge =>
        {
            if (edge >= end)
            {
                bench.Card.Stall([], []);
            }
        };
        IReadOnlyList<Visit> visits = bench.Visit(400);
        // Two of the 256 places are kept for the end of the run and a trip: the end came, and closes the gap.
        Assert.All(visits.Take(254), visit => Assert.NotNull(visit.Record));
        Assert.All(visits.Skip(254), visit => Assert.Null(visit.Record));
        Assert.Equal(400 - 254, bench.Run.EventsLost);
        Assert.Equal(bench.Run.EventsLost, bench.Run.Counters().EventsDropped);
    }

    [Fact]
    public void WhenRecordsNeverLeave_TheHostSaysSo_WithTheBeamOff()
    {
        using var bench = new VisitBench(images.Site, Job);
        bench.Card.Stall([], [1]);
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => bench.Visit(20));
        Assert.Equal("21 event records wait on the card and do not arrive.", error.Message);
        Assert.False(bench.Permitted);
        bench.Card.Stall([], []);
        Assert.All(bench.Visit(20), visit => Assert.NotNull(visit.Record));
        Assert.Equal(0, bench.Run.EventsLost);
    }

    /// <summary>Clocks that are shut (1) in runs of random length, and open between them.</summary>
    private static byte[] Pattern(Random random, int shortest, int longest)
    {
        var bits = new List<byte>();
        while (bits.Count < 5000)
        {
            bits.AddRange(Enumerable.Repeat((byte)1, random.Next(shortest, longest + 1)));
            bits.AddRange(Enumerable.Repeat((byte)0, random.Next(1, 3 * longest)));
        }

        return [.. bits];
    }
}
