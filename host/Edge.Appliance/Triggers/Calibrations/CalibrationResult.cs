using Edge.Appliance.Triggers.Calibrations.Fits;

namespace Edge.Appliance.Triggers.Calibrations;

/// <summary>What a calibration belongs to.</summary>
/// <param name="Microscope">Name in the run file.</param>
/// <param name="Detector">Name in the run file.</param>
/// <param name="NegativePolarity">Light lowers the ADC counts.</param>
/// <param name="SamplePeriodSeconds">Of the ADC.</param>
/// <param name="PipelineSamples">That the run file says the ADC has.</param>
/// <param name="FieldOfView">Angstrom; jumps are parts of it.</param>
public sealed record CalibrationIdentity(string Microscope, string Detector, bool NegativePolarity, double SamplePeriodSeconds, int PipelineSamples, double FieldOfView);

/// <summary>Settling of the probe after a jump.</summary>
/// <param name="Jump">Length, as a part of the field.</param>
/// <param name="Nanoseconds">Until the probe is within <see cref="CardCalibration.SettleWithin"/>.</param>
public sealed record SettleTime(double Jump, Measured Nanoseconds);

/// <summary>What was measured of detector, blanker and scan. ADC counts as the converter gives them; times in nanoseconds.</summary>
public sealed record CardCalibration
{
    public required CalibrationIdentity Identity { get; init; }

    public required DateTimeOffset MeasuredAt { get; init; }

    public required DateTimeOffset ValidUntil { get; init; }

    /// <summary>ADC counts without light.</summary>
    public required Measured Pedestal { get; init; }

    /// <summary>ADC counts, standard deviation of a sample without light.</summary>
    public required Measured ReadNoise { get; init; }

    /// <summary>ADC counts of the whole charge of a mean electron.</summary>
    public required Measured Gain { get; init; }

    /// <summary>ADC counts at which the charge of one electron is most likely.</summary>
    public required Measured SingleElectronPeak { get; init; }

    /// <summary>Standard deviation of one electron's charge over its mean.</summary>
    public required Measured PulseSpread { get; init; }

    public required Measured FastDecay { get; init; }

    /// <summary>Share of the light that is slow.</summary>
    public required Measured SlowShare { get; init; }

    public required Measured SlowDecay { get; init; }

    /// <summary>ADC count at which light is clipped: the highest, or the lowest with negative polarity.</summary>
    public required Measured ClippingLevel { get; init; }

    /// <summary>From the pin that permits to the first change of the beam.</summary>
    public required Measured OpeningDelay { get; init; }

    /// <summary>10 % to 90 %.</summary>
    public required Measured Rise { get; init; }

    /// <summary>From the pin that blanks to the first change of the beam.</summary>
    public required Measured ClosingDelay { get; init; }

    /// <summary>90 % to 10 %.</summary>
    public required Measured Fall { get; init; }

    /// <summary>From new codes to the first movement of the probe.</summary>
    public required Measured ScanDelay { get; init; }

    /// <summary>Time constant with which the probe follows.</summary>
    public required Measured ScanTimeConstant { get; init; }

    /// <summary>Behind the codes at constant speed, as in a raster line.</summary>
    public required Measured ScanLag { get; init; }

    /// <summary>Distance from its target at which a probe counts as settled, angstrom.</summary>
    public required double SettleWithin { get; init; }

    public required IReadOnlyList<SettleTime> Settle { get; init; }

    /// <summary>Longest of the jumps that were measured.</summary>
    public double LongestSettle => Settle.Max(settle => settle.Nanoseconds.Value);

    /// <summary>From the pin that blanks until 99 % of the change is over, with its uncertainty; an exponential needs as
    /// long as 2.1 times its 90 % to 10 % for the last tenth to fall to a hundredth.</summary>
    public double DarkAfter => ClosingDelay.Value + (2.1 * Fall.Value) + (2 * (ClosingDelay.Uncertainty + Fall.Uncertainty));

    /// <summary>Ingress registers that turn this detector's counts into electrons.</summary>
    public IngressSettings Applied(IngressSettings nominal) => nominal with
    {
        Offset = (ushort)Math.Clamp(Math.Round(Identity.NegativePolarity ? ushort.MaxValue - Pedestal.Value : Pedestal.Value), 0, ushort.MaxValue),
        Gain = GainRegister(Gain.Value),
    };

    /// <summary>Register for a gain: 1/2^20 electron per ADC count.</summary>
    public static ushort GainRegister(double countsPerElectron) => (ushort)Math.Clamp(Math.Round((1 << 20) / countsPerElectron), 1, ushort.MaxValue);
}

/// <summary>Curves behind the numbers, for the report.</summary>
public sealed record CalibrationCurves(
    PulseHeights Pulses, double WindowShare, TimingData Timing, TimingFit TimingFit, ScanData Scan, ScanFit ScanFit, long Samples, ulong BeamClocks, IReadOnlyList<string> Notes);
