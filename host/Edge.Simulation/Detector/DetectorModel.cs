using Edge.Simulation.Noise;

namespace Edge.Simulation.Detector;

/// <summary>Expected electrons of one sample period -> ADC count, sample after sample. One electron that is detected gives
/// a pulse of light with charge q (gamma, mean 1) anywhere in the period; it decays exponentially with a fast and a
/// slow part, and what is left at the end of the period is carried into the next.
/// <code>
/// n ~ Poisson(electrons * efficiency + dark * period)
/// y = charge that arrives in the period, tails of earlier pulses included      sum over time of y = sum of q
/// count = clip(round(offset + gain * y + normal(0, read)), 0, 2^bits - 1)      offset - gain * y with negative polarity
/// </code></summary>
public sealed class DetectorModel
{
    // Light of a decay that is below this is dropped: a thousandth of an ADC count at the default gain. So a dwell after
    // a long settle is the same whatever came before.
    private const double LeastChargeLeft = 1e-6;

    private readonly DetectorSettings _settings;
    private readonly double _darkPerSample, _gainCounts, _shape, _largestCount, _periodNanoseconds;
    private readonly double _fastShare, _fastRate, _fastKept, _slowShare, _slowRate, _slowKept;
    private double _fastLeft, _slowLeft;

    /// <param name="settings">Valid settings.</param>
    /// <param name="samplePeriodNanoseconds">Over which the ADC integrates.</param>
    /// <param name="gainFactor">True gain over nominal.</param>
    public DetectorModel(DetectorSettings settings, double samplePeriodNanoseconds, double gainFactor = 1)
    {
        settings.Validate();
        _settings = settings;
        _periodNanoseconds = samplePeriodNanoseconds;
        _darkPerSample = settings.DarkPerSecond * samplePeriodNanoseconds * 1e-9;
        _gainCounts = settings.GainCountsPerElectron * (settings.NegativePolarity ? -gainFactor : gainFactor);
        _shape = settings.PulseSpread > 0 ? 1 / (settings.PulseSpread * settings.PulseSpread) : 0;
        _largestCount = (1 << settings.AdcBits) - 1;
        (_fastShare, _fastRate) = (1 - settings.SlowFraction, 1 / settings.DecayNanoseconds);
        (_slowShare, _slowRate) = (settings.SlowFraction, 1 / settings.SlowDecayNanoseconds);
        _fastKept = Math.Exp(-samplePeriodNanoseconds * _fastRate);
        _slowKept = Math.Exp(-samplePeriodNanoseconds * _slowRate);
    }

    /// <summary>Detected electrons in the last period.</summary>
    public int LastDetected { get; private set; }

    /// <summary>Charge integrated in the last period, in electrons, before gain and noise.</summary>
    public double LastCharge { get; private set; }

    /// <summary>Charge of pulses so far that is still to come, in electrons.</summary>
    public double ChargeLeft => _fastLeft + _slowLeft;

    /// <summary>One sample period.</summary>
    /// <param name="electrons">Expected electrons that reach the detector in this period.</param>
    /// <param name="noise">Random numbers of this sample.</param>
    /// <returns>The ADC count, without pipeline delay.</returns>
    public ushort Integrate(double electrons, ref SiteNoise noise) => Integrate(electrons, [], ref noise);

    /// <summary>One sample period in which the beam was not steady.</summary>
    /// <param name="electrons">Expected electrons that reach the detector in this period.</param>
    /// <param name="parts">Those of equal parts of the period, in order; empty: they arrive evenly.</param>
    /// <param name="noise">Random numbers of this sample.</param>
    /// <returns>The ADC count, without pipeline delay.</returns>
    public ushort Integrate(double electrons, ReadOnlySpan<double> parts, ref SiteNoise noise)
    {
        int detected = noise.NextPoisson((electrons * _settings.Efficiency) + _darkPerSample);
        double read = noise.NextNormal();
        double charge = (_fastLeft * (1 - _fastKept)) + (_slowLeft * (1 - _slowKept));
        _fastLeft = Carry(_fastLeft, _fastKept);
        _slowLeft = Carry(_slowLeft, _slowKept);
        for (int i = 0; i < detected; i++)
        {
            double untilEnd = noise.NextUniform() * _periodNanoseconds;
            if (parts.Length > 0)
            {
                untilEnd = Arrival(untilEnd / _periodNanoseconds, parts, electrons) * _periodNanoseconds;
            }

            double pulse = _shape > 0 ? noise.NextGammaOfMeanOne(_shape) : 1;
            double fast = pulse * _fastShare, slow = pulse * _slowShare;
            double fastLate = fast * Math.Exp(-untilEnd * _fastRate), slowLate = slow * Math.Exp(-untilEnd * _slowRate);
            charge += fast - fastLate + slow - slowLate;
            _fastLeft += fastLate;
            _slowLeft += slowLate;
        }

        LastDetected = detected;
        LastCharge = charge;
        double counts = _settings.OffsetCounts + (_gainCounts * charge) + (_settings.ReadNoiseCounts * read);
        return (ushort)Math.Clamp(Math.Round(counts), 0, _largestCount);
    }

    /// <summary>A uniform number -> time to the end of the period, as a part of it, for arrivals as likely as the parts say.</summary>
    private static double Arrival(double uniform, ReadOnlySpan<double> parts, double electrons)
    {
        double left = uniform * electrons;
        for (int k = parts.Length - 1; k >= 0; k--)
        {
            if (left <= parts[k] && parts[k] > 0)
            {
                return (parts.Length - 1 - k + (left / parts[k])) / parts.Length;
            }

            left -= parts[k];
        }

        return uniform;
    }

    private static double Carry(double left, double kept)
    {
        double carried = left * kept;
        return carried < LeastChargeLeft ? 0 : carried;
    }
}
