using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Images;

namespace Edge.Tests.Cards;

/// <summary>What must blank the beam, keep it blank until somebody re-arms, and then let the next run work.</summary>
[Collection("card")]
public sealed class SafetyTests(CardImages images)
{
    private const int Visits = 40;

    /// <summary>The fault comes in the middle of this dwell.</summary>
    private const int FaultyDwell = 12;

    private static VisitRunFile Job => VisitBench.Job() with { MaximumDwellSeconds = 20e-6, HeartbeatSeconds = 1e-3 };

    [Fact]
    public void DetectorStops_TheCardTrips()
    {
        using var bench = new VisitBench(images.Site, Job);
        long fault = During(bench, () => bench.Card.DetectorPresent = false);
        Trips(bench, "no samples from the detector");
        long lastStrobe = fault - bench.File.ClocksPerSample;
        Assert.Equal((20 * bench.File.ClocksPerSample) + 1, LastFall(bench) - lastStrobe);

        // No re-arming while the cause lasts.
        InvalidOperationException refused = Assert.ThrowsAny<InvalidOperationException>(bench.Run.Prepare);
        Assert.Contains("no samples from the detector", refused.Message, StringComparison.Ordinal);
        StaysDark(bench);
        bench.Card.DetectorPresent = true;
        bench.Card.Wait();
        WorksAgain(bench);
    }

    [Fact]
    public void ExternalInterlockOpens_TheCardTrips()
    {
        using var bench = new VisitBench(images.Site, Job);
        long fault = During(bench, () => bench.Card.ExternalInterlock = false);
        Trips(bench, "the external interlock is open");
        Assert.Equal(2, LastFall(bench) - fault); // two flip-flops take an asynchronous pin in
        Assert.ThrowsAny<InvalidOperationException>(bench.Run.Prepare);
        StaysDark(bench);
        bench.Card.ExternalInterlock = true;
        bench.Card.Wait();
        WorksAgain(bench);
    }

    [Fact]
    public void HostFallsSilent_TheCardTrips()
    {
        using var bench = new VisitBench(images.Site, Job);
        var silent = new OtherHost(bench.Card);
        var run = new VisitRun(bench.File, bench.Model, silent);
        run.Prepare();
        silent.HeartbeatsLost = true;
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => run.VisitSites(bench.Sites(200), bench.TrueCalibration, visited: null, CancellationToken.None));
        Assert.Contains("no heartbeat from the host", error.Message, StringComparison.Ordinal);

        // The last heartbeat came with Prepare, before the list was written.
        Assert.InRange(bench.Pins[^1].Edge, 0, silent.LastHeartbeat + bench.File.Card.Clocks(bench.File.HeartbeatSeconds) + 1);
        StaysDark(bench);
        WorksAgain(bench);
    }

    [Fact]
    public void DoseOfTheRunIsSpent_TheCardTrips()
    {
        const double Electrons = 5000;
        using var bench = new VisitBench(images.Site, Job with { LargestElectrons = Electrons });
        Trips(bench, "the dose cap of the run was reached");

        // Counted at nominal current; the microscope's may be off, and the blanker takes its time.
        double nominal = bench.Microscope.Dose.Total.DwellElectrons / bench.Microscope.CurrentFactor;
        Assert.InRange(nominal, 0.98 * Electrons, Electrons);
        StaysDark(bench);
        bench.Run.Prepare();
        Assert.Equal(3, bench.Run.VisitSites(bench.Sites(3), bench.TrueCalibration, visited: null, CancellationToken.None).Count(visit => visit.Record is not null));
    }

    [Fact]
    public void NetworkGivesNoResult_TheCardTrips()
    {
        using var bench = new VisitBench(images.Site, Job);
        long fault = During(bench, () => bench.Card.Stall([1], []));
        Trips(bench, "the network gave no result in time");
        int deadline = bench.Built.Fabric.Latency + (8 * bench.File.ClocksPerSample);
        Assert.InRange(LastFall(bench) - fault, deadline, deadline + (2 * bench.File.ClocksPerSample));
        StaysDark(bench);
        bench.Card.Stall([], []);
        WorksAgain(bench);
    }

    [Fact]
    public void SomebodyStopsTheCard_ItTripsAtTheWrite()
    {
        using var bench = new VisitBench(images.Site, Job);
        var control = new CardControl(bench.Card);
        long stopped = 0;
        var host = new OtherHost(bench.Card) { AtWait = wait => { if (wait == 40) { stopped = bench.Card.Edge; control.Stop(); } } };
        var run = new VisitRun(bench.File, bench.Model, host);
        run.Prepare();
        control.ClearTripHistory();
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => run.VisitSites(bench.Sites(200), bench.TrueCalibration, visited: null, CancellationToken.None));
        Assert.Equal("the interlock tripped and the beam is blanked: somebody stopped the card.", error.Message);
        Assert.InRange(LastFall(bench), 0, stopped);
        Assert.Equal(CardRegisters.TripHistoryStopMask, control.TripHistory);
        StaysDark(bench);
        WorksAgain(bench);
    }

    [Fact]
    public void SomebodyStopsACardInPassThrough_TheBeamGoesOffAtTheWrite()
    {
        using var bench = new VisitBench(images.Site, Job);
        var control = new CardControl(bench.Card);
        bench.Run.Prepare();
        control.Disarm();
        bench.Card.Wait();
        Assert.True(bench.Permitted);
        long stopped = bench.Card.Edge;
        control.Stop();
        Assert.Equal((false, stopped), (bench.Permitted, bench.Pins[^1].Edge));
        Assert.Equal(InterlockState.Tripped, control.Interlock);
        StaysDark(bench);
    }

    [Fact]
    public void LimitsOfASecondRun_AreThoseItAsksFor()
    {
        using var bench = new VisitBench(images.Site, Job);
        bench.Run.Prepare();
        var second = new VisitRun(bench.File with { HeartbeatSeconds = 50e-6 }, bench.Model, bench.Card);
        second.Prepare();
        bench.Card.Wait();
        Assert.Equal(InterlockState.Engaged, new CardControl(bench.Card).Interlock);
        for (int wait = 0; wait < 100; wait++)
        {
            bench.Card.Wait(); // 320 clocks each, and no heartbeat
        }

        Assert.Equal(CardRegisters.TripCausesHeartbeatMask, bench.Card.Read(CardRegisters.TripCausesAddress));
    }

    [Fact]
    public void TripRecord_TellsEveryCause()
    {
        using var bench = new VisitBench(images.Site, Job);
        bench.Run.Prepare();
        var control = new CardControl(bench.Card);
        var told = new List<EventRecord>();
        control.Drain(_ => { });
        control.Stop();
        bench.Card.Wait();
        control.Drain(told.Add);
        EventRecord record = Assert.Single(told);
        Assert.Equal((EventKind.Trip, CardRegisters.TripCausesStopMask), (record.Kind, record.TripCauses));
        Assert.Equal("somebody stopped the card", CardControl.TripCauses(record.TripCauses));
    }

    [Fact]
    public void Cancelled_TheBeamIsBlankedAtOnce()
    {
        using var bench = new VisitBench(images.Site, Job);
        using var cancel = new CancellationTokenSource();
        long fault = During(bench, cancel.Cancel);
        bench.Run.Prepare();
        Assert.Throws<OperationCanceledException>(() => bench.Run.VisitSites(bench.Sites(Visits), bench.TrueCalibration, visited: null, cancel.Token));

        // The host looks at its token between waits; the abort itself acts at its edge.
        Assert.False(bench.Permitted);
        Assert.InRange(LastFall(bench) - fault, 0, 70 * bench.File.ClocksPerSample);
        StaysDark(bench, tripped: false);
        WorksAgain(bench);
    }

    [Fact]
    public void CancelledOverview_LeavesNothingForTheNext()
    {
        using var bench = new VisitBench(images.Site, Job with { OverviewDose = 65 });
        using var cancel = new CancellationTokenSource();
        bench.Run.Prepare();
        bench.BeforeSample = edge =>
        {
            if (edge == 100_000)
            {
                cancel.Cancel();
            }
        };
        Assert.Throws<OperationCanceledException>(() => bench.Run.TakeOverview(cancel.Token));
        Assert.False(bench.Permitted);
        Overview overview = bench.Run.TakeOverview(CancellationToken.None);
        Assert.Equal(bench.Run.OverviewPixels * bench.Run.OverviewPixels, overview.Image.Signal.Length);
        Assert.Equal(0, bench.Run.EventsLost);
    }

    [Fact]
    public void MicroscopesOwnBlankIsObeyed_WithoutATrip()
    {
        using var bench = new VisitBench(images.Site, Job);
        var blanked = new List<(long From, long To)>();
        long from = 0;
        bench.BeforeSample = sample =>
        {
            long edge = sample + bench.File.ClocksPerSample;

            // On for 30 samples of every 100, whatever the card does.
            bool blank = edge / bench.File.ClocksPerSample % 100 >= 70;
            if (blank && !bench.Card.MicroscopeBlank)
            {
                from = edge;
            }
            else if (!blank && bench.Card.MicroscopeBlank)
            {
                blanked.Add((from, edge));
            }

            bench.Card.MicroscopeBlank = blank;
        };
        IReadOnlyList<Visit> visits = bench.Visit(Visits);
        Assert.All(visits, visit => Assert.NotNull(visit.Record));

        // Two flip-flops take it in: the pin moves at the third edge, and as late after.
        int lit = 0;
        foreach ((long rise, long fall) in bench.Dwells())
        {
            Assert.DoesNotContain(blanked, span => rise < span.To + 2 && fall > span.From + 2);
            lit++;
        }

        Assert.True(lit > Visits, "no dwell was interrupted");

        // A dwell that was dark already when it was decided moved no pin and counts no latency.
        Assert.Equal(visits.Count(visit => (visit.Record!.Flags & 8) != 0), (int)bench.Run.Latency().Count);
        Assert.Contains(visits, visit => (visit.Record!.Flags & 8) == 0);
    }

    [Fact]
    public void AnImageThatIsNotWhatItSaysIsRefused()
    {
        CardImage image = images.Site.Image;
        var world = new Edge.Cli.Runs.SimulatedMicroscope(new(new(), MolybdenumDisulfide.Read("mos2_a").Specimen), 5);
        Refused(image with { Manifest = image.Manifest with { RegisterMapHash = image.Manifest.RegisterMapHash ^ 1 } }, "another register map");
        Refused(image with { Manifest = image.Manifest with { Kind = "bitstream" } }, "kind 'bitstream'");
        byte[] damaged = [.. image.Payload];
        damaged[damaged.Length / 2] ^= 1;
        Refused(image with { Payload = damaged }, "checksum");
        byte[] text = "not a library"u8.ToArray();
        Refused(image with { Payload = text, Manifest = image.Manifest with { PayloadSha256 = CardImage.Checksum(text) } }, "does not load");

        NotIdentified(image.Manifest with { NetworkHash = "00000000" + image.Manifest.NetworkHash[8..] }, $"the card holds network {image.Manifest.NetworkHash[..8]}");
        NotIdentified(image.Manifest with { NetworkHash = "" }, $"the card holds network {image.Manifest.NetworkHash[..8]}");
        NotIdentified(image.Manifest with { InputCount = 1 }, "other ports");
        NotIdentified(image.Manifest with { OutputWidth = image.Manifest.OutputWidth + 1 }, "other ports");
        NotIdentified(image.Manifest with { NetworkLatencyClocks = -1 }, "other ports");

        void NotIdentified(CardImageManifest manifest, string why)
        {
            using var card = new SimulatedCard(image with { Manifest = manifest }, world, 5);
            Edge.Networks.InvalidInputException error = Assert.Throws<Edge.Networks.InvalidInputException>(new CardControl(card).Identify);
            Assert.Contains(why, error.Message, StringComparison.Ordinal);
        }

        void Refused(CardImage bad, string why)
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => new SimulatedCard(bad, world, 5));
            Assert.Contains(why, error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Does something in the middle of a dwell; the beam is on.</summary>
    /// <returns>The first edge that sees it, known in advance from a run without it.</returns>
    private long During(VisitBench bench, Action fault)
    {
        using var plain = new VisitBench(images.Site, bench.File);
        plain.Visit(FaultyDwell + 1);
        (long rise, long fall) = plain.Dwells()[FaultyDwell];
        long at = plain.Samples.First(sample => sample.Edge >= (rise + fall) / 2).Edge;
        bench.BeforeSample = sample =>
        {
            if (sample + bench.File.ClocksPerSample == at)
            {
                Assert.True(bench.Permitted);
                fault();
            }
        };
        return at;
    }

    private static void Trips(VisitBench bench, string why)
    {
        bench.Run.Prepare();
        IReadOnlyList<Position> sites = bench.Sites(Visits);
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => bench.Run.VisitSites(sites, bench.TrueCalibration, visited: null, CancellationToken.None));
        Assert.Equal($"the interlock tripped and the beam is blanked: {why}.", error.Message);
    }

    private static long LastFall(VisitBench bench) => bench.Pins.FindLast(pin => !pin.PermitBeam && pin.Edge == bench.Dwells()[^1].Fall).Edge;

    /// <summary>Waiting and starting scans do not light it again.</summary>
    private static void StaysDark(VisitBench bench, bool tripped = true)
    {
        int pins = bench.Pins.Count;
        for (int k = 0; k < 20; k++)
        {
            bench.Card.Wait();
        }

        if (tripped)
        {
            Assert.ThrowsAny<InvalidOperationException>(() => bench.Run.VisitSites(bench.Sites(3), bench.TrueCalibration, visited: null, CancellationToken.None));
        }

        Assert.DoesNotContain(bench.Pins.Skip(pins - 1), pin => pin.PermitBeam);
    }

    private static void WorksAgain(VisitBench bench)
    {
        int dwells = bench.Dwells().Count;
        IReadOnlyList<Visit> visits = bench.Visit(Visits);
        Assert.All(visits, visit => Assert.True(visit.Record!.DwellCause is DwellCause.Sure or DwellCause.MaximumDwell));
        Assert.Equal(Visits, bench.Dwells().Count - dwells);
        Assert.Equal(0, bench.Run.EventsLost);
    }

    /// <summary>A host whose heartbeats may not arrive, and beside which somebody else drives the card.</summary>
    private sealed class OtherHost(SimulatedCard card) : ICard
    {
        private int waits;

        public bool HeartbeatsLost { get; set; }

        /// <summary>Told the number of each wait.</summary>
        public Action<int>? AtWait { get; set; }

        public long LastHeartbeat { get; private set; }

        public CardImageManifest Image => card.Image;

        public uint Read(uint address) => card.Read(address);

        public void Write(uint address, uint value)
        {
            if (address == CardRegisters.HeartbeatAddress)
            {
                if (HeartbeatsLost)
                {
                    return;
                }

                LastHeartbeat = card.Edge;
            }

            card.Write(address, value);
        }

        public int TakeEvents(Span<EventRecord> records) => card.TakeEvents(records);

        public void SendVectors(ReadOnlySpan<long> elements) => card.SendVectors(elements);

        public void Wait()
        {
            AtWait?.Invoke(waits++);
            card.Wait();
        }

        public void Dispose() => card.Dispose();
    }
}
