using Edge.Simulation.Noise;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Studies;

/// <summary>The ideal uniform scan: every pixel of the specimen gets the same dose, the positions of the sites are known,
/// and a matched filter with the true patterns of the classes decides.</summary>
internal sealed class UniformScanStudy(Session session, int classes, int visitsPerClass, ulong seed)
{
    /// <summary>Pixels and radius of the pattern around a site, angstrom.</summary>
    private const double Pixel = 31.8 / 256;
    private const double Radius = 1.5;

    private static readonly double[] Doses = [200, 300, 450, 650, 850, 1100, 1400, 1800, 2300, 3000];

    private readonly PointAngstrom[] offsets = Offsets();

    /// <param name="areaPerSite">Square angstrom that the scan spends on each site.</param>
    /// <param name="ideal">Counts without detector noise; otherwise pulse heights and read noise, as the ADC integrates them.</param>
    public MethodCurve Run(double areaPerSite, bool ideal, CancellationToken cancel)
    {
        double[][] templates = [.. Enumerable.Range(0, classes).Select(Template)];
        var points = new List<MethodPoint>();
        foreach (double dose in Doses)
        {
            cancel.ThrowIfCancellationRequested();
            points.Add(Point(templates, dose, dose * areaPerSite, ideal));
        }

        return new(ideal ? "uniform scan, ideal counts" : "uniform scan, same detector", MethodKind.Scan, points);
    }

    private MethodPoint Point(double[][] templates, double dose, double electronsPerSite, bool ideal)
    {
        double perPixel = dose * Pixel * Pixel;
        double samples = perPixel / session.Microscope.ElectronsPerSample;
        double efficiency = session.Microscope.Detector.Efficiency;
        double dark = session.Microscope.Detector.DarkPerSecond * session.Microscope.SamplePeriodNanoseconds * 1e-9 * samples;
        double[][] logs = [.. templates.Select(template => template.Select(fraction => Math.Log((fraction * perPixel * efficiency) + dark)).ToArray())];
        double[] sums = [.. templates.Select(template => template.Sum(fraction => (fraction * perPixel * efficiency) + dark))];
        var visits = new (double[] Scores, int Class)[2 * classes * visitsPerClass];
        for (int visit = 0; visit < visits.Length; visit++)
        {
            int truth = visit % classes;
            PointAngstrom[] sites = TrueSites(truth);
            var scores = new double[classes];
            if (sites.Length > 0)
            {
                Score(sites[visit / classes % sites.Length], visit, perPixel * efficiency, dark, samples, ideal, logs, scores);
            }

            visits[visit] = ([.. scores.Select((score, k) => score - sums[k])], truth);
        }

        int half = visits.Length / 2;
        double[] offsetsOfClasses = ClassOffsets.Find(visits[..half], classes);
        var counter = new OutcomeCounter(classes);
        foreach ((double[] scores, int truth) in visits[half..])
        {
            counter.Add(truth, ClassOffsets.Largest(scores, offsetsOfClasses), electronsPerSite);
        }

        return counter.ToPoint(dose);
    }

    private void Score(PointAngstrom site, int visit, double perFraction, double dark, double samples, bool ideal, double[][] logs, double[] scores)
    {
        double spread = session.Microscope.Detector.PulseSpread;
        double readNoise = session.Microscope.Detector.ReadNoiseCounts / session.Microscope.Detector.GainCountsPerElectron * Math.Sqrt(samples);
        for (int p = 0; p < offsets.Length; p++)
        {
            var noise = new SiteNoise(seed + 2, NoisePurpose.DwellSample, visit, p);
            double signal = noise.NextPoisson((session.Specimen.FractionAt(site + offsets[p]) * perFraction) + dark);
            if (!ideal)
            {
                // The charge of n pulses, each gamma distributed with shape 1 / spread^2, is gamma with n times that shape.
                signal = (signal > 0 ? signal * noise.NextGammaOfMeanOne(signal / (spread * spread)) : 0) + (readNoise * noise.NextNormal());
            }

            for (int k = 0; k < classes; k++)
            {
                scores[k] += signal * logs[k][p];
            }
        }
    }

    private double[] Template(int k)
    {
        PointAngstrom[] sites = TrueSites(k);
        return [.. offsets.Select(offset => sites.Select(site => session.Specimen.FractionAt(site + offset)).DefaultIfEmpty(0).Average())];
    }

    private PointAngstrom[] TrueSites(int k) => [.. session.Sites.Where(site => site.Class == k).Select(site => site.True)];

    private static PointAngstrom[] Offsets()
    {
        int reach = (int)(Radius / Pixel);
        return [.. from i in Enumerable.Range(-reach, (2 * reach) + 1)
            from j in Enumerable.Range(-reach, (2 * reach) + 1)
            where Math.Sqrt((i * i) + (j * j)) * Pixel <= Radius
            select new PointAngstrom(i * Pixel, j * Pixel)];
    }
}
