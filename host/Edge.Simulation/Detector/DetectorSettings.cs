namespace Edge.Simulation.Detector;

/// <summary>The dark-field channel from electron to ADC count. Defaults are those of the reference model that the tests
/// compare with, but for the slow light, which is not zero here. They are orders of magnitude from the literature
/// (scintillator data sheets for YAP:Ce; Ishikawa et al., Microsc. Microanal. 20 (2014) 99; Sang and LeBeau,
/// Ultramicroscopy 161 (2016) 3; Mittelberger et al., Ultramicroscopy 188 (2018) 1; Mullarkey et al., Microsc.
/// Microanal. 27 (2021) 99): measure your own detector.</summary>
public sealed record DetectorSettings
{
    /// <summary>Electrons on the detector that give a pulse of light, 0 to 1.</summary>
    public double Efficiency { get; init; } = 0.9;

    /// <summary>Stray electrons and dark counts, per second.</summary>
    public double DarkPerSecond { get; init; } = 2e3;

    /// <summary>Standard deviation of a pulse's charge over its mean; gamma distributed. 0: all alike.</summary>
    public double PulseSpread { get; init; } = 0.5;

    /// <summary>Decay of the fast light, nanoseconds (YAP:Ce).</summary>
    public double DecayNanoseconds { get; init; } = 28;

    /// <summary>Share of the light that is slow, 0 to 1.</summary>
    public double SlowFraction { get; init; } = 0.03;

    /// <summary>Decay of the slow light, nanoseconds.</summary>
    public double SlowDecayNanoseconds { get; init; } = 400;

    /// <summary>ADC counts for the whole charge of one electron, at nominal gain.</summary>
    public double GainCountsPerElectron { get; init; } = 300;

    /// <summary>ADC counts without signal.</summary>
    public double OffsetCounts { get; init; } = 400;

    /// <summary>Read noise, ADC counts, standard deviation.</summary>
    public double ReadNoiseCounts { get; init; } = 20;

    /// <summary>Light lowers the counts: a preamplifier that inverts.</summary>
    public bool NegativePolarity { get; init; }

    /// <summary>Electrons arrive within a sample when the beam is on, which matters while it is switched. False: anywhere in
    /// the sample, as in the reference model.</summary>
    public bool ResolveArrivals { get; init; }

    /// <summary>Bits of the ADC, 1 to 16; it clips at 0 and 2^bits - 1.</summary>
    public int AdcBits { get; init; } = 14;

    /// <summary>Samples on their way through the ADC: a sample comes out this many periods after the one it measured.</summary>
    public int AdcPipelineSamples { get; init; } = 3;

    /// <exception cref="InvalidSettingException">A value outside its range; all of them are named.</exception>
    public void Validate()
    {
        var check = new RangeCheck();
        check.Within(Efficiency, 0, 1, "Efficiency", "");
        check.Within(DarkPerSecond, 0, 1e9, "DarkPerSecond", "1/s");
        check.Within(PulseSpread, 0, 3, "PulseSpread", "");
        check.Within(DecayNanoseconds, 1e-3, 1e6, "DecayNanoseconds", "ns");
        check.Within(SlowFraction, 0, 1, "SlowFraction", "");
        check.Within(SlowDecayNanoseconds, 1e-3, 1e9, "SlowDecayNanoseconds", "ns");
        check.Within(GainCountsPerElectron, 0, 1e6, "GainCountsPerElectron", "ADC counts");
        check.Within(OffsetCounts, 0, 65535, "OffsetCounts", "ADC counts");
        check.Within(ReadNoiseCounts, 0, 65535, "ReadNoiseCounts", "ADC counts");
        check.Within(AdcBits, 1, 16, "AdcBits", "");
        check.Within(AdcPipelineSamples, 0, 1024, "AdcPipelineSamples", "samples");
        check.ThrowIfAny();
    }
}
