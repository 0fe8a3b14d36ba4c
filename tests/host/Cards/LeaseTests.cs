using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Images;

namespace Edge.Tests.Cards;

/// <summary>Whoever holds the lease dies: the host goes on, but feeds the heartbeat no more, and the card blanks.</summary>
[Collection("card")]
public sealed class LeaseTests(CardImages images)
{
    /// <summary>Clocks from the detection of a fault to the dark pin.</summary>
    private const int Allowed = 4;

    [Fact]
    public void AnExpiredLeaseBlanksTheBeam()
    {
        VisitRunFile job = VisitBench.Job() with { MaximumDwellSeconds = 20e-6, HeartbeatSeconds = 1e-3 };
        using var bench = new VisitBench(images.Site, job);
        using var host = new HeartbeatTimes(bench.Card);
        const long Dies = 400_000;
        var lease = new Lease("the daemon", TimeSpan.FromTicks(20_000), () => TimeSpan.FromTicks(bench.Card.Edge));
        var run = new VisitRun(job, bench.Model, host, lease, alive: () =>
        {
            if (bench.Card.Edge < Dies)
            {
                Assert.True(lease.Renew());
            }
        });
        run.Prepare();
        CardStoppedException error = Assert.Throws<CardStoppedException>(() => run.VisitSites(bench.Sites(600), bench.TrueCalibration, visited: null, CancellationToken.None));
        Assert.Contains("no heartbeat from the host (the lease of the daemon was not renewed in time)", error.Message, StringComparison.Ordinal);

        // The last heartbeat came while the lease was fresh; the card detects its loss a time-out later.
        Assert.InRange(host.Last, Dies - 5_000, Dies + 25_000);
        long detected = host.Last + job.Card.Clocks(job.HeartbeatSeconds);
        Assert.DoesNotContain(bench.Pins, pin => pin.PermitBeam && pin.Edge > detected + Allowed);
        Assert.False(bench.Permitted);
        Assert.Contains(bench.Pins, pin => pin.PermitBeam && pin.Edge > Dies);

        // Late renewals do not bring it back: a new lease and re-arming do.
        Assert.False(lease.Renew());
        Assert.Throws<CardStoppedException>(run.Prepare);
        bench.Run.Prepare();
        Assert.All(bench.Run.VisitSites(bench.Sites(3), bench.TrueCalibration, visited: null, CancellationToken.None), visit => Assert.NotNull(visit.Record));
    }

    [Fact]
    public void AStopFromAnotherThread_Blanks_AndEndsTheRun()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job());
        using var guard = new GuardedCard(bench.Card);
        using var begun = new ManualResetEventSlim();
        var run = new VisitRun(bench.File, bench.Model, guard, alive: () =>
        {
            if (bench.Pins.Count > 200)
            {
                begun.Set();
            }
        });
        StopOutcome? outcome = null;
        long edge = 0;
        var other = new Thread(() =>
        {
            begun.Wait();
            outcome = guard.Stop("ada");
            edge = bench.Card.Edge;
        });
        other.Start();
        run.Prepare();
        CardStoppedException error = Assert.Throws<CardStoppedException>(() => run.VisitSites(bench.Sites(5000), bench.TrueCalibration, visited: null, CancellationToken.None));
        other.Join();
        Assert.StartsWith("stopped by user ada", error.Message, StringComparison.Ordinal);
        Assert.True(outcome!.Confirmed);
        Assert.False(bench.Permitted);

        // A stop is a few accesses; the first of them blanks.
        Assert.InRange(bench.Pins[^1].Edge, 0, edge);
        Assert.Throws<CardStoppedException>(run.Prepare);
    }

    private sealed class HeartbeatTimes(SimulatedCard card) : ICard
    {
        public long Last { get; private set; }

        public CardImageManifest Image => card.Image;

        public uint Read(uint address) => card.Read(address);

        public void Write(uint address, uint value)
        {
            Last = address == CardRegisters.HeartbeatAddress ? card.Edge : Last;
            card.Write(address, value);
        }

        public int TakeEvents(Span<EventRecord> records) => card.TakeEvents(records);

        public void SendVectors(ReadOnlySpan<long> elements) => card.SendVectors(elements);

        public void Wait() => card.Wait();

        public void Dispose()
        {
        }
    }
}
