using Edge.Simulation.Detector;
using Edge.Simulation.Noise;
using Edge.Simulation.Optics;

namespace Edge.Simulation;

/// <summary>All that can be chosen about the simulated microscope. The defaults are the microscope of the main job.</summary>
public sealed record MicroscopeSettings
{
    /// <summary>Charge of the electron, coulomb (SI, exact).</summary>
    public const double ElementaryCharge = 1.602176634e-19;

    /// <summary>Index of every random number. The same seed repeats a run exactly.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Nominal beam current, picoampere.</summary>
    public double BeamCurrentPicoamperes { get; init; } = 10;

    /// <summary>Clock of the card, megahertz.</summary>
    public double ClockMegahertz { get; init; } = 100;

    /// <summary>Clocks in an ADC sample period.</summary>
    public int ClocksPerSample { get; init; } = 5;

    /// <summary>True gain over nominal; null: drawn with the seed, see <see cref="CalibrationError"/>.</summary>
    public double? GainFactor { get; init; }

    /// <summary>True current over nominal; null: drawn with the seed.</summary>
    public double? CurrentFactor { get; init; }

    /// <summary>Gain x current is uniform within this of nominal, where drawn; a uniform share of the deviation is the
    /// gain's: gain = product^share, current = product^(1 - share).</summary>
    public double CalibrationError { get; init; } = 0.15;

    public double AcceleratingKilovolts { get; init; } = 80;

    /// <summary>Half angle of the probe.</summary>
    public double ConvergenceMilliradians { get; init; } = 30;

    /// <summary>Full width at half maximum of the source on the specimen; the specimen's map must have been made with it.</summary>
    public double SourceFwhmAngstrom { get; init; } = 0.7;

    public DetectorSettings Detector { get; init; } = new();

    public BlankerSettings Blanker { get; init; } = new();

    public ProbeSettings Probe { get; init; } = new();

    /// <summary>Keep a map of the dose in electrons per square angstrom.</summary>
    public bool KeepDoseMap { get; init; } = true;

    /// <summary>Length of a clock, nanoseconds.</summary>
    public double ClockNanoseconds => 1e3 / ClockMegahertz;

    /// <summary>Length of an ADC sample, nanoseconds.</summary>
    public double SamplePeriodNanoseconds => ClocksPerSample * ClockNanoseconds;

    /// <summary>Beam electrons in an ADC sample at nominal current: 3.12 by default.</summary>
    public double ElectronsPerSample => BeamCurrentPicoamperes * 1e-12 * SamplePeriodNanoseconds * 1e-9 / ElementaryCharge;

    /// <exception cref="InvalidSettingException">A value outside its range; those of a group are named at once.</exception>
    public void Validate()
    {
        var check = new RangeCheck();
        check.Within(BeamCurrentPicoamperes, 0, 1e6, "BeamCurrentPicoamperes", "pA");
        check.Within(ClockMegahertz, 1, 1e4, "ClockMegahertz", "MHz");
        check.Within(ClocksPerSample, 1, 65536, "ClocksPerSample", "clocks");
        check.Within(GainFactor ?? 1, 0.01, 100, "GainFactor", "");
        check.Within(CurrentFactor ?? 1, 0, 100, "CurrentFactor", "");
        check.Within(CalibrationError, 0, 0.9, "CalibrationError", "");
        check.ThrowIfAny();
        Detector.Validate();
        Blanker.Validate();
        Probe.Validate();
    }

    /// <summary>True gain and current over nominal, as set or drawn.</summary>
    internal (double Gain, double Current) DrawCalibration()
    {
        var noise = new SiteNoise(Seed, NoisePurpose.Calibration, 0, 0);
        double product = 1 + (CalibrationError * ((2 * noise.NextUniform()) - 1));
        double share = noise.NextUniform();
        return (GainFactor ?? Math.Pow(product, share), CurrentFactor ?? Math.Pow(product, 1 - share));
    }
}
