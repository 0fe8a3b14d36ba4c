using Edge.Appliance.Triggers;
using Edge.Networks.Integers;
using Edge.Simulation;
using Edge.Simulation.Detector;
using Edge.Simulation.Noise;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Studies;

/// <summary>One specimen in one microscope, as all methods that are compared meet it: true gain and current, what the
/// overview made of them, and the sites with their true classes.</summary>
/// <param name="Sites">Where the probe is sent, where the site really is, and its true class.</param>
internal sealed record Session(
    Specimen Specimen,
    MicroscopeSettings Microscope,
    double TrueGain,
    double TrueCurrent,
    IngressSettings Registers,
    IReadOnlyList<StudySite> Sites)
{
    public double ElectronsPerSample => Microscope.ElectronsPerSample * TrueCurrent;
}

internal readonly record struct StudySite(PointAngstrom Sent, PointAngstrom True, int Class);

/// <summary>A dwell in one session, sample by sample, with the same law as the closed loop: placement, detector, light tails.
/// The card's timing is not in it; electrons count up to the deciding sample.</summary>
internal sealed class DwellSimulator
{
    private readonly Session session;
    private readonly IngressModel ingress;
    private readonly ulong seed;

    public DwellSimulator(Session session, ulong seed)
    {
        this.session = session;
        this.seed = seed;
        ingress = new IngressModel(session.Registers);
    }

    /// <summary>Fraction of the beam that the detector gets in a visit: where the probe was sent, with this visit's
    /// placement error.</summary>
    /// <param name="away">From the true site to the probe, angstrom.</param>
    public double Fraction(StudySite site, int visit, out double away)
    {
        var noise = new SiteNoise(seed, NoisePurpose.Placement, visit, 0);
        double radius = session.Microscope.Probe.PlacementRadiusAngstrom * Math.Sqrt(noise.NextUniform());
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * noise.NextUniform());
        PointAngstrom probe = site.Sent + new PointAngstrom(radius * cosine, radius * sine);
        away = (probe - site.True).Length;
        return session.Specimen.FractionAt(probe);
    }

    /// <summary>Features of the first <paramref name="samples"/> samples of a visit: (samples, inputs).</summary>
    public long[] Features(double fraction, int visit, int samples, int inputs)
    {
        var detector = new DetectorModel(session.Microscope.Detector, session.Microscope.SamplePeriodNanoseconds, session.TrueGain);
        double electrons = fraction * session.ElectronsPerSample;
        var features = new long[samples * inputs];
        ingress.Begin();
        for (int n = 0; n < samples; n++)
        {
            var noise = new SiteNoise(seed, NoisePurpose.DwellSample, visit, n);
            ingress.Take(detector.Integrate(electrons, ref noise), features.AsSpan(n * inputs, inputs));
        }

        return features;
    }
}

/// <summary>Outputs of the network for every sample of a dwell, and what a rule makes of them.</summary>
internal sealed class Judge(IntegerNetwork network, SiteModel model)
{
    private readonly FastInterpreter interpreter = new(network);

    public int Classes => model.Classes.Count;

    public int Inputs => network.InputLength;

    public SiteModel Model => model;

    /// <summary>(samples, inputs) to (samples, classes).</summary>
    public long[] Outputs(long[] features) => interpreter.RunRows(features);

    /// <summary>The class that leads all others by its threshold times <paramref name="strictness"/>, or -1.</summary>
    public int Decide(ReadOnlySpan<long> outputs, double strictness)
    {
        int best = 0;
        for (int k = 1; k < outputs.Length; k++)
        {
            best = outputs[k] > outputs[best] ? k : best;
        }

        long second = long.MinValue;
        for (int k = 0; k < outputs.Length; k++)
        {
            second = k != best ? Math.Max(second, outputs[k]) : second;
        }

        return outputs[best] - second >= strictness * model.Thresholds[best] ? best : -1;
    }
}
