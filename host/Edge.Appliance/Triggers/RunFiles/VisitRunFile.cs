using Edge.Appliance.Triggers.Calibrations;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>Visit, decide, move on: an overview, a lattice, and a dwell on each site that ends when its class is sure.
/// Lengths in angstrom, times in seconds, currents in picoampere.</summary>
public sealed record VisitRunFile(string Path, NetworkChoice Network, CardChoice Card, string OutputFolder)
    : RunFile(Path, Network, Card, OutputFolder)
{
    /// <summary>Shortest heartbeat timeout in ADC samples: what a host that drives the simulated card keeps to with ease.</summary>
    internal const int LeastHeartbeatSamples = 1000;

    /// <summary>The calibration to use; null: nominal values.</summary>
    public string? CalibrationPath { get; init; }

    /// <summary>What was read from it.</summary>
    public CardCalibration? Calibration { get; init; }

    /// <summary>Names that a calibration must share.</summary>
    public string Microscope { get; init; } = "microscope";

    public string DetectorName { get; init; } = "detector";

    /// <summary>Light lowers the ADC counts.</summary>
    public bool NegativePolarity { get; init; }

    public required double CurrentPicoamperes { get; init; }

    public required double AcceleratingKilovolts { get; init; }

    /// <summary>Half angle of the probe.</summary>
    public required double ConvergenceMilliradians { get; init; }

    /// <summary>Full width at half maximum of the source on the specimen, angstrom.</summary>
    public required double SourceFwhm { get; init; }

    public required double SamplePeriodSeconds { get; init; }

    /// <summary>Samples from the detector to the ADC's output.</summary>
    public required int PipelineSamples { get; init; }

    /// <summary>From an electron to the centre of its signal: scintillator and preamplifier.</summary>
    public required double SignalDelaySeconds { get; init; }

    public required double FieldOfView { get; init; }

    public required double SettleSeconds { get; init; }

    public required double LineSettleSeconds { get; init; }

    /// <summary>From blanking to the move: the time the beam takes to go dark.</summary>
    public required double BlankSeconds { get; init; }

    /// <summary>Time constant with which the scan coils follow.</summary>
    public required double ScanTimeConstantSeconds { get; init; }

    /// <summary>The run file names it; else the calibration's is used.</summary>
    public bool ScanTimeConstantGiven { get; init; }

    public required double LatticeConstant { get; init; }

    public required double ChalcogenWeight { get; init; }

    public required double OverviewDose { get; init; }

    public required double OverviewDwellSeconds { get; init; }

    /// <summary>Sites nearer to the edge of the field are left out.</summary>
    public required double Margin { get; init; }

    /// <summary>How often each site is visited.</summary>
    public required int Repeats { get; init; }

    /// <summary>null: what the network's settings say.</summary>
    public required double? MinimumDwellSeconds { get; init; }

    public required double? MaximumDwellSeconds { get; init; }

    /// <summary>Electrons after which the card trips, for the overview and for all visits together.</summary>
    public required double LargestElectrons { get; init; }

    public required double HeartbeatSeconds { get; init; }

    public required SimulationChoice Simulation { get; init; }

    public required ComparisonChoice Comparison { get; init; }

    public int ClocksPerSample => (int)Math.Round(SamplePeriodSeconds * Card.ClockHertz);

    public int OverviewSamples => (int)Math.Round(OverviewDwellSeconds / SamplePeriodSeconds);

    public double ElectronsPerSecond => CurrentPicoamperes * 1e-12 / 1.602176634e-19;

    /// <summary>Pixels along each axis of the overview, so that the dose is the one asked for.</summary>
    public int OverviewPixels => (int)Math.Min(
        int.MaxValue, Math.Round(FieldOfView * Math.Sqrt(OverviewDose / (OverviewSamples * SamplePeriodSeconds * ElectronsPerSecond))));

    internal static VisitRunFile Read(YamlFile file, bool calibrated)
    {
        YamlSection root = file.Root;
        YamlSection beam = root.Section("beam");
        YamlSection detector = root.Section("detector");
        YamlSection scan = root.Section("scan");
        YamlSection material = root.Section("material");
        YamlSection overview = root.Section("overview");
        YamlSection visits = root.Section("visits");
        YamlSection limits = root.Section("limits");
        detector.Choice("link", "adc", "adc");
        var run = new VisitRunFile(
            file.Path,
            NetworkChoice.Read(root.Section("network"), settingsRequired: true),
            CardChoice.Read(root.Section("card")),
            root.Section("output").OutputFolder("folder", "out/visit"))
        {
            CalibrationPath = calibrated ? root.ExistingFile("calibration", required: false) : root.Text("calibration", string.Empty),
            Microscope = root.Text("microscope", "microscope"),
            DetectorName = detector.Text("name", "detector"),
            NegativePolarity = detector.Choice("polarity", "positive", "positive", "negative") == "negative",
            CurrentPicoamperes = beam.Quantity("current", Dimension.Current, null, 0.01, 1e4),
            AcceleratingKilovolts = beam.Quantity("voltage", Dimension.Voltage, 80, 10, 1000),
            ConvergenceMilliradians = beam.Quantity("convergence_angle", Dimension.Angle, 30, 0.1, 100),
            SourceFwhm = beam.Quantity("source_size", Dimension.Length, 0.7, 0, 10),
            SamplePeriodSeconds = detector.Quantity("sample_period", Dimension.Time, 50e-9, 1e-9, 1e-5),
            PipelineSamples = detector.Integer("pipeline_samples", 0, 0, 60),
            SignalDelaySeconds = detector.Quantity("signal_delay", Dimension.Time, 0, 0, 1e-5),
            FieldOfView = scan.Quantity("field_of_view", Dimension.Length, null, 1, 1e5),
            SettleSeconds = scan.Quantity("settle", Dimension.Time, 10e-6, 0, 1e-3),
            LineSettleSeconds = scan.Quantity("line_settle", Dimension.Time, 30e-6, 0, 1.6e-3),
            BlankSeconds = scan.Quantity("blank_delay", Dimension.Time, 200e-9, 0, 1e-4),
            ScanTimeConstantSeconds = scan.Quantity("time_constant", Dimension.Time, 0, 0, 1e-3),
            ScanTimeConstantGiven = scan.Has("time_constant"),
            LatticeConstant = material.Quantity("lattice_constant", Dimension.Length, null, 1, 100),
            ChalcogenWeight = material.Number("chalcogen_weight", 0.6, 0.01, 10),
            OverviewDose = overview.Quantity("dose", Dimension.Dose, 65, 0.1, 1e6),
            OverviewDwellSeconds = overview.Quantity("dwell", Dimension.Time, 100e-9, 50e-9, 1e-3),
            Margin = visits.Quantity("margin", Dimension.Length, 0.5, 0, 1e4),
            Repeats = visits.Integer("repeats", 1, 1, 1000),
            MinimumDwellSeconds = Optional(visits, "minimum_dwell"),
            MaximumDwellSeconds = Optional(visits, "maximum_dwell"),
            LargestElectrons = limits.Quantity("electrons", Dimension.Electrons, null, 1, 1e15),
            HeartbeatSeconds = limits.Quantity("heartbeat", Dimension.Time, 20e-3, 1e-5, 10),
            Simulation = SimulationChoice.Read(root.Section("simulation")),
            Comparison = ComparisonChoice.Read(root.Section("comparison")),
        };
        VisitLimits.Check(file, run, detector, scan, overview, visits, limits);
        return run;
    }

    private static double? Optional(YamlSection section, string field) =>
        section.Has(field) ? section.Quantity(field, Dimension.Time, null, 50e-9, 3e-3) : null;
}

/// <summary>The simulated microscope that stands in for a real one.</summary>
/// <param name="HostSeconds">Passes between the overview and the first visit, while the host fits the lattice.</param>
public sealed record SimulationChoice(
    string SpecimenPath,
    int Source,
    int Detector,
    int Seed,
    double PlacementError,
    double DriftPerSecond,
    double CalibrationError,
    double BlankerDelaySeconds,
    double BlankerRiseSeconds,
    double ResidualTransmission,
    double SlowFraction,
    double HostSeconds)
{
    public required DetectorPhysics Physics { get; init; }

    /// <summary>From new scan codes to the first movement.</summary>
    public double ScanDelaySeconds { get; init; }

    /// <summary>Largest speed of the probe, angstrom per second; 0: no limit.</summary>
    public double LargestSpeed { get; init; }

    internal static SimulationChoice Read(YamlSection section) => new(
        section.ExistingFile("specimen", required: true) ?? string.Empty,
        section.Integer("source", 1, 0, 15),
        section.Integer("detector", 1, 0, 15),
        section.Integer("seed", 1, 0, int.MaxValue),
        section.Quantity("placement_error", Dimension.Length, 0.3, 0, 100),
        section.Quantity("drift", Dimension.Speed, 0.3, 0, 1e4),
        section.Quantity("calibration_error", Dimension.Fraction, 0.15, 0, 0.9),
        section.Quantity("blanker_delay", Dimension.Time, 40e-9, 0, 1e-3),
        section.Quantity("blanker_rise", Dimension.Time, 20e-9, 0, 1e-3),
        section.Number("residual_transmission", 1e-4, 0, 1),
        section.Number("slow_light", 0.03, 0, 1),
        section.Quantity("host_time", Dimension.Time, 50e-3, 0, 60))
    {
        Physics = DetectorPhysics.Read(section),
        ScanDelaySeconds = section.Quantity("scan_delay", Dimension.Time, 0, 0, 1e-3),
        LargestSpeed = section.Quantity("scan_speed_limit", Dimension.Speed, 0, 0, 1e12),
    };
}

/// <summary>The simulated detector, from light to ADC count.</summary>
/// <param name="GainCounts">ADC counts of an electron at nominal gain.</param>
/// <param name="OffsetCounts">ADC counts without light.</param>
/// <param name="ReadNoiseCounts">Standard deviation.</param>
/// <param name="PulseSpread">Standard deviation of an electron's charge over its mean.</param>
public sealed record DetectorPhysics(
    double GainCounts, double OffsetCounts, double ReadNoiseCounts, int AdcBits, double PulseSpread, double DecaySeconds, double SlowDecaySeconds)
{
    internal static DetectorPhysics Read(YamlSection section) => new(
        section.Number("gain_counts", 300, 0.1, 1e5),
        section.Number("offset_counts", 400, 0, 65535),
        section.Number("read_noise_counts", 20, 0, 65535),
        section.Integer("adc_bits", 14, 1, 16),
        section.Number("pulse_spread", 0.5, 0, 3),
        section.Quantity("light_decay", Dimension.Time, 28e-9, 1e-12, 1e-3),
        section.Quantity("slow_light_decay", Dimension.Time, 400e-9, 1e-12, 1));
}

/// <summary>Other ways to answer the same question, simulated beside the run for its report.</summary>
/// <param name="VisitsPerClass">0: none.</param>
/// <param name="HostSeconds">Round trip of a host that decides between chunks of beam: assumed, not measured.</param>
public sealed record ComparisonChoice(int VisitsPerClass, double HostSeconds)
{
    internal static ComparisonChoice Read(YamlSection section) => new(
        section.Integer("visits_per_class", 400, 0, 100_000),
        section.Quantity("host_round_trip", Dimension.Time, 100e-6, 0, 1));
}
