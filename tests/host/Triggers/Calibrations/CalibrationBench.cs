using Edge.Appliance.Cards;
using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.Calibrations.Fits;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs;
using Edge.Simulation;
using Edge.Simulation.Optics;
using Edge.Simulation.Specimens;
using Edge.Tests.Cards;

namespace Edge.Tests.Triggers.Calibrations;

/// <summary>A value, what it really is, and how far it is off in standard deviations.</summary>
internal sealed record Compared(string Name, Measured Measured, double True)
{
    public double Sigmas => Math.Abs(Measured.Value - True) / Measured.Uncertainty;

    public override string ToString() => FormattableString.Invariant($"{Name,-22} {Measured,22}   true {True,10:G6}   {Sigmas,5:F2} sigma");
}

/// <summary>A microscope whose every property is known, calibrated through the simulated card.</summary>
internal sealed class CalibrationBench : IDisposable
{
    private readonly SimulatedCard card;
    private readonly VisitRunFile file;
    private readonly MicroscopeSettings settings;

    public CalibrationBench(BuiltCard built, VisitRunFile file, BlankerShape shape = BlankerShape.Exponential)
    {
        this.file = file;
        settings = SimulatedMicroscope.Settings(file, file.Simulation.Seed);
        settings = settings with { KeepDoseMap = false, Detector = settings.Detector with { ResolveArrivals = true }, Blanker = settings.Blanker with { Shape = shape } };
        Microscope = new(settings, CalibrationWedge.Create(new(file.FieldOfView, file.FieldOfView)));
        card = new(built.Image, new SimulatedMicroscope(Microscope, file.ClocksPerSample), file.ClocksPerSample);
    }

    public Microscope Microscope { get; }

    public SimulatedCard Card => card;

    public (CardCalibration Result, CalibrationCurves Curves) Run(double effort, Action<string>? progress = null) =>
        new Calibrator(file, CalibrationOptions.Usual with { Effort = effort }, card, progress ?? (_ => { }), CancellationToken.None)
            .Run(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero), scale => Microscope.BeamScale = scale);

    /// <summary>Every value beside the truth.</summary>
    public IReadOnlyList<Compared> Against(CardCalibration found)
    {
        var detector = settings.Detector;
        double gain = detector.GainCountsPerElectron * Microscope.GainFactor;
        var scan = new ScanResponse(settings.Probe.DelayNanoseconds, settings.Probe.SettleTimeConstantMicroseconds * 1e3, settings.Probe.SlewAngstromPerMicrosecond > 0 ? file.FieldOfView / settings.Probe.SlewAngstromPerMicrosecond * 1e3 : 0);
        return
        [
            new("pedestal", found.Pedestal, detector.OffsetCounts),
            new("read noise", found.ReadNoise, detector.ReadNoiseCounts),
            new("gain", found.Gain, gain),
            new("single electron peak", found.SingleElectronPeak, gain * Math.Max(0, 1 - (detector.PulseSpread * detector.PulseSpread))),
            new("pulse spread", found.PulseSpread, detector.PulseSpread),
            new("fast decay", found.FastDecay, detector.DecayNanoseconds),
            new("slow share", found.SlowShare, detector.SlowFraction),
            new("slow decay", found.SlowDecay, detector.SlowDecayNanoseconds),
            new("clipping level", found.ClippingLevel, detector.NegativePolarity ? 0 : (1 << detector.AdcBits) - 1),
            new("opening delay", found.OpeningDelay, settings.Blanker.DelayNanoseconds),
            new("rise", found.Rise, settings.Blanker.RiseNanoseconds),
            new("closing delay", found.ClosingDelay, settings.Blanker.DelayNanoseconds),
            new("fall", found.Fall, settings.Blanker.RiseNanoseconds),
            new("scan delay", found.ScanDelay, scan.Delay),
            new("scan time constant", found.ScanTimeConstant, scan.Constant),
            new("scan lag", found.ScanLag, scan.Lag),
            .. found.Settle.Select(settle => new Compared(FormattableString.Invariant($"settle {settle.Jump:F3}"), settle.Nanoseconds, scan.Settle(settle.Jump, found.SettleWithin / file.FieldOfView))),
        ];
    }

    public void Dispose() => card.Dispose();
}
