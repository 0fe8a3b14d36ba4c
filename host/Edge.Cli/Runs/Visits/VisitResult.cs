using Edge.Appliance.Cards;
using Edge.Cli.Runs.Studies;

namespace Edge.Cli.Runs.Visits;

/// <summary>What one class of sites cost and how often it was decided wrongly.</summary>
internal sealed record ClassResult(string Name, int Sites, int Visits, int Wrong, int Undecided, double MeanElectrons);

/// <summary>From an electron on the detector to the dark beam, in nanoseconds; the card's share is clocks at its clock.</summary>
/// <param name="CardClocks">From the edge that takes the deciding sample to the edge that moves the pin.</param>
internal sealed record LatencyChain(
    double LightNanoseconds,
    double SampleNanoseconds,
    double AdcPipelineNanoseconds,
    int CardClocks,
    double CardNanoseconds,
    double BlankerDelayNanoseconds,
    double BlankerFallNanoseconds)
{
    public double TotalNanoseconds => LightNanoseconds + SampleNanoseconds + AdcPipelineNanoseconds + CardNanoseconds + BlankerDelayNanoseconds + BlankerFallNanoseconds;
}

/// <summary>One way to answer the question, at the cheapest setting at which no class is wrong in more than 1 % of visits.</summary>
/// <param name="ElectronsPerSite">In the mix of classes of this specimen.</param>
/// <param name="TotalElectrons">On the specimen, overview included where there is one.</param>
/// <param name="PeakDose">Electrons per square angstrom at a visited site.</param>
/// <param name="SitesPerSecond">Null where nothing is visited.</param>
internal sealed record MethodResult(
    string Name, double ElectronsPerSite, double TotalElectrons, double PeakDose, double? SitesPerSecond, double[] Wrong, double[] Undecided, string Note);

/// <summary>Everything a visit run found.</summary>
/// <param name="LatencyMismatches">Decisions whose pin moved at another edge than the card's own record says.</param>
internal sealed record VisitResult(
    VisitPlan Plan,
    IReadOnlyList<ClassResult> Classes,
    int Visits,
    int Undecided,
    double TotalElectrons,
    double OverviewElectrons,
    double MeanElectronsPerSite,
    double PeakDose,
    double SitesPerSecond,
    LatencyStatistics Latency,
    LatencyChain Chain,
    int LatencyMismatches,
    CardCounters Counters,
    long RecordsLost,
    double GainEstimate,
    double CurrentEstimate,
    int NetworkLatencyClocks,
    int Adders,
    int AdderBits,
    int RegisterBits,
    double ClockMegahertz,
    IReadOnlyList<MethodResult> Methods,
    string Folder)
{
    public bool Passed => LatencyMismatches == 0 && RecordsLost == 0;
}

/// <summary>What the pictures are made of, besides the result.</summary>
internal sealed record VisitPictures(
    Appliance.Triggers.Overview Overview,
    IReadOnlyList<int> Truth,
    IReadOnlyList<VisitOutcome> Outcomes,
    IReadOnlyList<MethodCurve> Curves,
    double[] Shares,
    Edge.Simulation.Specimens.Specimen Specimen,
    double FieldOfView);
