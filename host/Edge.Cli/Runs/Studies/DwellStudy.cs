using Edge.Simulation.Noise;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Studies;

/// <summary>Methods that put the probe on a site: the trigger at several thresholds, a fixed dwell, a host that blanks
/// after each chunk and thinks, and Wald's test with true rates. All see the same visits.</summary>
internal sealed class DwellStudy(Judge judge, IReadOnlyList<Session> sessions, int visitsPerClass, ulong seed)
{
    private static readonly double[] Strictnesses = [0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.15, 1.3];
    private static readonly double[] ChunkElectrons = [100, 200, 400];

    private readonly int maximum = judge.Model.MaximumSamples;
    private readonly int[] fixedSamples = [.. Enumerable.Range(0, 18).Select(k => (int)Math.Round(24 * Math.Pow(judge.Model.MaximumSamples / 24.0, k / 17.0)))];

    public IReadOnlyList<MethodCurve> Run(Action<int, int>? progress, CancellationToken cancel)
    {
        int classes = judge.Classes;
        OutcomeCounter[] trigger = Counters(Strictnesses.Length);
        OutcomeCounter[] chunked = Counters(ChunkElectrons.Length);
        OutcomeCounter[] wald = Counters(Strictnesses.Length);
        var atFixed = fixedSamples.Select(_ => new List<(long[] Outputs, int Class, double Electrons)>()).ToArray();
        ClassProfile profile = new(sessions[0], classes);
        int total = visitsPerClass * classes;
        for (int visit = 0; visit < total; visit++)
        {
            cancel.ThrowIfCancellationRequested();
            Session session = sessions[visit / classes % sessions.Count];
            int truth = visit % classes;
            if (Site(session, truth, visit) is not { } site)
            {
                continue;
            }

            var simulator = new DwellSimulator(session, seed);
            double fraction = simulator.Fraction(site, visit, out double away);
            long[] outputs = judge.Outputs(simulator.Features(fraction, visit, maximum, judge.Inputs));
            double perSample = session.ElectronsPerSample;
            for (int s = 0; s < Strictnesses.Length; s++)
            {
                (int decided, int samples) = FirstSure(outputs, Strictnesses[s], judge.Model.MinimumSamples, 1);
                trigger[s].Add(truth, decided, samples * perSample);
            }

            for (int c = 0; c < ChunkElectrons.Length; c++)
            {
                int chunk = (int)Math.Ceiling(ChunkElectrons[c] / session.Microscope.ElectronsPerSample);
                (int decided, int samples) = FirstSure(outputs, 1, chunk, chunk);
                chunked[c].Add(truth, decided, samples * perSample);
            }

            for (int f = 0; f < fixedSamples.Length; f++)
            {
                atFixed[f].Add((outputs[((fixedSamples[f] - 1) * classes)..(fixedSamples[f] * classes)], truth, fixedSamples[f] * perSample));
            }

            TrueRates(session, profile, fraction, away, truth, visit, wald);
            progress?.Invoke(visit + 1, total);
        }

        return
        [
            Curve("trigger", MethodKind.Trigger, trigger, Strictnesses),
            Curve("host between chunks", MethodKind.Chunks, chunked, ChunkElectrons),
            new("fixed dwell", MethodKind.Fixed, [.. fixedSamples.Select((samples, f) => FixedPoint(samples, atFixed[f]))]),
            Curve("Wald's test, true rates", MethodKind.Bound, wald, Strictnesses),
        ];
    }

    private (int Decided, int Samples) FirstSure(long[] outputs, double strictness, int first, int step)
    {
        int classes = judge.Classes;
        for (int n = first; n <= maximum; n += step)
        {
            int decided = judge.Decide(outputs.AsSpan((n - 1) * classes, classes), strictness);
            if (decided >= 0)
            {
                return (decided, n);
            }
        }

        return (-1, maximum);
    }

    /// <summary>The largest output decides, after offsets of the classes that make the worst class best: found on the first
    /// half of the visits, counted on the second.</summary>
    private MethodPoint FixedPoint(int samples, List<(long[] Outputs, int Class, double Electrons)> visits)
    {
        int half = visits.Count / 2;
        double[] offsets = ClassOffsets.Find([.. visits.Take(half).Select(visit => (visit.Outputs.Select(value => (double)value).ToArray(), visit.Class))], judge.Classes);
        var counter = new OutcomeCounter(judge.Classes);
        foreach ((long[] outputs, int truth, double electrons) in visits.Skip(half))
        {
            counter.Add(truth, ClassOffsets.Largest([.. outputs.Select(value => (double)value)], offsets), electrons);
        }

        return counter.ToPoint(samples);
    }

    /// <summary>Wald's test for several classes on noiseless counts, with current and placement known. A bound, not a method.</summary>
    private void TrueRates(Session session, ClassProfile profile, double fraction, double away, int truth, int visit, OutcomeCounter[] counters)
    {
        int classes = judge.Classes;
        double perFraction = session.ElectronsPerSample * session.Microscope.Detector.Efficiency;
        double dark = session.Microscope.Detector.DarkPerSecond * session.Microscope.SamplePeriodNanoseconds * 1e-9;
        double[] rates = [.. Enumerable.Range(0, classes).Select(k => (profile.Fraction(k, away) * perFraction) + dark)];
        double rate = (fraction * perFraction) + dark;
        var open = Enumerable.Range(0, counters.Length).ToList();
        double count = 0;
        for (int n = 1; n <= maximum && open.Count > 0; n++)
        {
            var noise = new SiteNoise(seed + 1, NoisePurpose.DwellSample, visit, n);
            count += noise.NextPoisson(rate);
            double[] scores = [.. rates.Select(expected => (count * Math.Log(expected)) - (n * expected))];
            int best = Array.IndexOf(scores, scores.Max());
            double lead = scores[best] - scores.Where((_, k) => k != best).Max();
            foreach (int s in open.Where(s => lead >= 4.6 * Strictnesses[s]).ToArray())
            {
                counters[s].Add(truth, best, n * session.ElectronsPerSample);
                open.Remove(s);
            }
        }

        foreach (int s in open)
        {
            counters[s].Add(truth, -1, maximum * session.ElectronsPerSample);
        }
    }

    private StudySite? Site(Session session, int truth, int visit)
    {
        StudySite[] sites = [.. session.Sites.Where(site => site.Class == truth)];
        return sites.Length == 0 ? null : sites[visit / judge.Classes / sessions.Count % sites.Length];
    }

    private OutcomeCounter[] Counters(int count) => [.. Enumerable.Range(0, count).Select(_ => new OutcomeCounter(judge.Classes))];

    private static MethodCurve Curve(string name, MethodKind kind, OutcomeCounter[] counters, double[] settings) =>
        new(name, kind, [.. counters.Select((counter, i) => counter.ToPoint(settings[i]))]);
}

/// <summary>Mean fraction of each class at a distance from its site, over sites and directions of the specimen.</summary>
internal sealed class ClassProfile
{
    private const double Step = 0.025;
    private const int Steps = 25;

    private readonly double[][] fractions;

    public ClassProfile(Session session, int classes)
    {
        fractions = [.. Enumerable.Range(0, classes).Select(k => Enumerable.Range(0, Steps).Select(i => Mean(session, k, i * Step)).ToArray())];
    }

    public double Fraction(int k, double away)
    {
        double at = Math.Min(away / Step, Steps - 1.001);
        int below = (int)at;
        return fractions[k][below] + ((at - below) * (fractions[k][below + 1] - fractions[k][below]));
    }

    private static double Mean(Session session, int k, double radius)
    {
        const int Directions = 24;
        return session.Sites.Where(site => site.Class == k)
            .SelectMany(site => Enumerable.Range(0, Directions).Select(d =>
            {
                (double sine, double cosine) = Math.SinCos(2 * Math.PI * d / Directions);
                return session.Specimen.FractionAt(site.True + new PointAngstrom(radius * cosine, radius * sine));
            }))
            .DefaultIfEmpty(0)
            .Average();
    }
}

/// <summary>Offsets added to the scores of classes so that the worst class is wrong least often.</summary>
internal static class ClassOffsets
{
    public static int Largest(double[] scores, double[] offsets)
    {
        int best = 0;
        for (int k = 1; k < scores.Length; k++)
        {
            best = scores[k] + offsets[k] > scores[best] + offsets[best] ? k : best;
        }

        return best;
    }

    public static double[] Find((double[] Scores, int Class)[] visits, int classes)
    {
        var offsets = new double[classes];
        double spread = visits.Select(visit => visit.Scores.Max() - visit.Scores.Min()).DefaultIfEmpty(1).Average();
        double[] best = Errors(visits, offsets, classes);
        for (double step = spread / 4; step > spread / 2000;)
        {
            double[]? better = null;
            for (int k = 0; k < classes && better is null; k++)
            {
                foreach (double sign in new[] { -step, step })
                {
                    double[] trial = [.. offsets];
                    trial[k] += sign;
                    double[] errors = Errors(visits, trial, classes);
                    if (errors.AsSpan().SequenceCompareTo(best) < 0)
                    {
                        (best, better) = (errors, trial);
                        break;
                    }
                }
            }

            offsets = better ?? offsets;
            step = better is null ? step / 2 : step;
        }

        return offsets;
    }

    /// <summary>Shares of wrong decisions, the worst class first.</summary>
    private static double[] Errors((double[] Scores, int Class)[] visits, double[] offsets, int classes)
    {
        var wrong = new double[classes];
        var count = new double[classes];
        foreach ((double[] scores, int truth) in visits)
        {
            count[truth]++;
            wrong[truth] += Largest(scores, offsets) != truth ? 1 : 0;
        }

        return [.. wrong.Select((value, k) => value / Math.Max(1, count[k])).OrderDescending()];
    }
}
