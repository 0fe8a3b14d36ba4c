namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>What the detector showed while the beam was switched on and off.</summary>
/// <param name="Rise">Samples above the pedestal from the edge that permits the beam, rows one after the other.</param>
/// <param name="RiseFirst">Number of the first, 0: exposed from that edge on.</param>
/// <param name="Fall">The same around the edge that blanks.</param>
/// <param name="OnSamples">Samples between the two edges.</param>
/// <param name="Steady">Samples under a steady beam.</param>
public sealed record TimingData(
    double Period, double[] Rise, int RiseColumns, int RiseFirst, double[] Fall, int FallColumns, int FallFirst, int OnSamples, double[] Steady, int SteadyColumns, double ReadNoise);

/// <summary>Blanker and light of the detector, told apart: the decay of the light shows in the noise of a steady beam as
/// well, the blanker does not.</summary>
public sealed record TimingFit(LightDecay Decay, BeamEdge Rise, BeamEdge Fall, double Level, double ReducedChiSquared, double[] Values, double[] Uncertainties)
{
    private const int Lags = 24;
    private const int Groups = 8;

    // Parameters: level, delay and rise on, delay and fall off, fast decay, slow share, slow decay, shot noise.
    private const int Parameters = 9;

    public Measured Value(int k) => new(Values[k], Uncertainties[k]);

    /// <param name="delay">Roughly: from the pin to the first light, ns.</param>
    public static TimingFit Of(TimingData data, double delay)
    {
        TimingFit exponential = Best(data, delay, linear: false), linear = Best(data, delay, linear: true);
        double worse = Math.Abs(exponential.ReducedChiSquared - linear.ReducedChiSquared) * Freedom(data);
        (TimingFit better, TimingFit other) = exponential.ReducedChiSquared <= linear.ReducedChiSquared ? (exponential, linear) : (linear, exponential);
        double[] spread = Jackknife.Uncertainties(Groups, k => Run(data, better.Values, better.Rise.Linear, k).Values);

        // Where the data do not tell which shape an edge has, the two answers differ by something that is not known.
        double doubt = Math.Exp(-worse / 4);
        double[] uncertainties = [.. spread.Select((value, k) => Math.Sqrt((value * value) + Math.Pow(doubt * (better.Values[k] - other.Values[k]), 2)))];
        return better with { Uncertainties = uncertainties };
    }

    public static double[] Model(TimingData data, double[] p, bool linear, int samples) =>
        BeamResponse.Samples(data.Period, samples, data.OnSamples * data.Period, new(p[1], p[2], linear), new(p[3], p[4], linear), new(p[5], p[6], p[7]));

    private static TimingFit Best(TimingData data, double delay, bool linear)
    {
        double level = data.Steady.Average(), t = data.Period;
        double[] start = [level, delay, 0.4 * t, delay, 0.4 * t, 0.6 * t, 0.03, 8 * t, 1];
        Fit coarse = Run(data, start, linear, -1);

        // A second start, with the roles of blanker and light the other way round, guards against a wrong valley.
        Fit again = Run(data, [level, Math.Max(0, delay - (0.5 * t)), t, Math.Max(0, delay - (0.5 * t)), t, 1.5 * t, 0.1, 20 * t, 1], linear, -1);
        Fit fit = coarse.ChiSquared <= again.ChiSquared ? coarse : again;
        double[] v = fit.Values;
        return new(new(v[5], v[6], v[7]), new(v[1], v[2], linear), new(v[3], v[4], linear), v[0], fit.Reduced, v, fit.Uncertainties);
    }

    private static Fit Run(TimingData data, double[] start, bool linear, int without)
    {
        (double[] rise, double[] riseError) = new RowStatistics(data.Rise, data.RiseColumns).Of(without, Groups);
        (double[] fall, double[] fallError) = new RowStatistics(data.Fall, data.FallColumns).Of(without, Groups);
        (double[] noise, double[] noiseError) = new RowStatistics(data.Steady, data.SteadyColumns).Covariance(Lags, without, Groups);
        double level = data.Steady.Average(), t = data.Period;
        noise[0] -= (data.ReadNoise * data.ReadNoise) + (1.0 / 12);
        double shot = Math.Max(1e-9, noise[0] + (2 * noise.Skip(1).Sum())) / t;
        int last = Math.Max(data.RiseFirst + data.RiseColumns, data.FallFirst + data.FallColumns);

        double[] Residuals(double[] p)
        {
            double[] light = Model(data, p, linear, last);
            double[] covariance = BeamResponse.Covariance(t, Lags, new(p[5], p[6], p[7]));
            var r = new double[rise.Length + fall.Length + Lags];
            int n = 0;
            for (int k = 0; k < rise.Length; k++)
            {
                r[n++] = (rise[k] - (p[0] * At(data.RiseFirst + k))) / riseError[k];
            }

            for (int k = 0; k < fall.Length; k++)
            {
                r[n++] = (fall[k] - (p[0] * At(data.FallFirst + k))) / fallError[k];
            }

            for (int k = 0; k < Lags; k++)
            {
                r[n++] = (noise[k] - (p[8] * shot * covariance[k])) / noiseError[k];
            }

            return r;

            double At(int k) => k < 0 ? 0 : light[k];
        }

        return LeastSquares.Minimize(
            Residuals,
            start,
            [level * 0.5, 0, 0, 0, 0, t / 50, 0, 2 * t, 0.2],
            [level * 2, 200 * t, 50 * t, 200 * t, 50 * t, 50 * t, 0.9, 2000 * t, 5],
            [level, t, t, t, t, t, 0.1, 10 * t, 1]);
    }

    private static int Freedom(TimingData data) => data.RiseColumns + data.FallColumns + Lags - Parameters;
}
