using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs.Studies;
using Edge.Simulation;
using Edge.Simulation.Dose;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Visits;

/// <summary>One visit and what became of it.</summary>
/// <param name="Decided">Class, or -1: undecided at the maximum dwell.</param>
/// <param name="Truth">True class.</param>
/// <param name="Electrons">Beam electrons on the specimen from this move to the next, settling and fall of the beam included.</param>
/// <param name="UntilDecision">Those up to the deciding sample.</param>
internal sealed record VisitOutcome(
    int Number, Position Position, int Truth, int Decided, int Samples, double SumElectrons, int Events, string Cause, double Electrons, double UntilDecision, int LatencyClocks)
{
    public bool Wrong => Decided >= 0 && Decided != Truth;
}

/// <summary>A simulated microscope with a simulated card: overview, then visits, in closed loop.</summary>
internal sealed class VisitSession : IDisposable
{
    /// <summary>Length of the lease in heartbeats' time-outs: the card's own watch is the stricter one.</summary>
    private const double LeaseHeartbeats = 4;

    private readonly VisitRunFile file;
    private readonly SiteModel model;
    private readonly Microscope microscope;
    private readonly SimulatedMicroscope world;
    private readonly SimulatedCard card;

    public VisitSession(VisitRunFile file, SiteModel model, SlotImage slot, Specimen specimen, int seed, bool keepDoseMap)
    {
        this.file = file;
        this.model = model;
        Specimen = specimen;
        Settings = SimulatedMicroscope.Settings(file, seed) with { KeepDoseMap = keepDoseMap };
        microscope = new Microscope(Settings, specimen);
        world = new SimulatedMicroscope(microscope, file.ClocksPerSample);
        card = new SimulatedCard(slot.Card, world, file.ClocksPerSample);
        Guard = new GuardedCard(card);
        double seconds = 1 / file.Card.ClockHertz;
        var lease = new Lease("edge run", TimeSpan.FromSeconds(LeaseHeartbeats * file.HeartbeatSeconds), () => TimeSpan.FromSeconds(card.Edge * seconds));
        Run = new VisitRun(file, model, Guard, lease, alive: () => lease.Renew());
    }

    public Specimen Specimen { get; }

    public MicroscopeSettings Settings { get; }

    public VisitRun Run { get; }

    /// <summary>The card, for those who may stop it.</summary>
    public GuardedCard Guard { get; }

    public DoseMap? DoseMap => microscope.DoseMap;

    /// <summary>Every electron of overview and visits.</summary>
    public double TotalElectrons => microscope.Dose.Total.Electrons;

    /// <summary>Electrons up to the end of the overview.</summary>
    public double OverviewElectrons { get; private set; }

    /// <summary>Clocks that the visits took, moves and settling included.</summary>
    public long VisitClocks { get; private set; }

    /// <summary>Decisions whose pin did not move at the edge that the card's record and latency say.</summary>
    public int LatencyMismatches { get; private set; }

    public Overview TakeOverview(CancellationToken cancel)
    {
        Run.Prepare();
        Overview overview = Run.TakeOverview(cancel);
        OverviewElectrons = microscope.Dose.Total.Electrons;
        microscope.Idle(file.Simulation.HostSeconds);
        return overview;
    }

    /// <summary>Visits positions in order and holds every decision against the pins and the truth.</summary>
    public IReadOnlyList<VisitOutcome> Visit(IReadOnlyList<Position> positions, IReadOnlyList<int> truth, Overview overview, Action<int>? visited, CancellationToken cancel)
    {
        int firstSite = microscope.Dose.SiteCount;
        world.BlankingEdges.Clear();
        long start = card.Edge;
        IReadOnlyList<Visit> visits = Run.VisitSites(positions, overview.Calibration, visited, cancel);
        VisitClocks = card.Edge - start;
        double perSample = Settings.ElectronsPerSample * microscope.CurrentFactor;
        return [.. visits.Select(visit => Outcome(visit, truth[visit.Number], microscope.Dose.OfSite(firstSite + visit.Number).Electrons, perSample))];
    }

    /// <summary>This session for methods that are compared on paper: the same specimen, gain and current, and estimates.</summary>
    public Session Study(Overview overview, SiteTruth truth) => new(
        Specimen,
        Settings,
        microscope.GainFactor,
        microscope.CurrentFactor,
        overview.Calibration.Applied(Run.Nominal),
        [.. overview.Sites.Select(site =>
        {
            (Position real, int found) = truth.At(site);
            return new StudySite(new(site.X, site.Y), new(real.X, real.Y), found);
        })]);

    public void Dispose()
    {
        Guard.Dispose();
        card.Dispose();
    }

    private VisitOutcome Outcome(Visit visit, int truth, double electrons, double perSample)
    {
        if (visit.Record is not { } record)
        {
            return new(visit.Number, visit.Position, truth, -1, 0, 0, 0, "record lost", electrons, 0, 0);
        }

        bool moved = (record.Flags & 0x8) != 0;
        LatencyMismatches += moved && !world.BlankingEdges.Contains((long)record.Time) ? 1 : 0;
        int decided = record.Class == EventRecord.NoClass ? -1 : record.Class;
        string cause = record.DwellCause switch
        {
            DwellCause.Sure => "sure",
            DwellCause.MaximumDwell => "maximum dwell",
            DwellCause.Aborted when (record.Flags & EventRecord.PixelCapFlag) != 0 => "dose cap of the site",
            var other => other.ToString(),
        };
        return new(
            visit.Number, visit.Position, truth, decided, record.Samples, record.Sum / 64.0, record.Events, cause, electrons,
            (record.Samples + model.ExtraAlignSamples) * perSample, record.LatencyClocks);
    }
}
