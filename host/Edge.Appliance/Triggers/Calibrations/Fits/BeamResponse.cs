namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>How light of the detector decays, nanoseconds.</summary>
public readonly record struct LightDecay(double Fast, double SlowShare, double Slow)
{
    /// <summary>Mean delay of the light.</summary>
    public double Mean => ((1 - SlowShare) * Fast) + (SlowShare * Slow);
}

/// <summary>One edge of the beam after its pin: a delay, then an approach to the new level.</summary>
/// <param name="Delay">Nanoseconds from the pin to the first change.</param>
/// <param name="Rise">From 10 % to 90 %, nanoseconds.</param>
/// <param name="Linear">At a constant rate; else exponentially.</param>
public readonly record struct BeamEdge(double Delay, double Rise, bool Linear)
{
    /// <summary>Integral of the approach from 0 to 1, from the pin to a time, nanoseconds.</summary>
    public double Integral(double nanoseconds)
    {
        double t = nanoseconds - Delay;
        if (t <= 0)
        {
            return 0;
        }

        if (Linear)
        {
            double whole = Rise / 0.8;
            return t >= whole ? t - (whole / 2) : t * t / (2 * whole);
        }

        double constant = Rise / Math.Log(9);
        return constant < 1e-9 ? t : t + (constant * (Math.Exp(-t / constant) - 1));
    }
}

/// <summary>Pin -> beam -> light -> samples, computed on a grid much finer than a sample.</summary>
public static class BeamResponse
{
    private const double GridNanoseconds = 2;

    /// <summary>Light in each sample period over that of a steady beam.</summary>
    /// <param name="period">Of a sample, nanoseconds.</param>
    /// <param name="samples">From the edge at which the pin rises.</param>
    /// <param name="onNanoseconds">After which the pin falls again.</param>
    /// <param name="brightness">Factor on the light at a time since the pin rose; null: 1.</param>
    /// <param name="grid">Of the computation, nanoseconds.</param>
    public static double[] Samples(double period, int samples, double onNanoseconds, BeamEdge rise, BeamEdge fall, LightDecay decay, Func<double, double>? brightness = null, double grid = GridNanoseconds)
    {
        int steps = Math.Max(5, (int)Math.Ceiling(period / grid));
        double h = period / steps;
        double fastKept = Math.Exp(-h / decay.Fast), slowKept = Math.Exp(-h / decay.Slow);
        double fast = 0, slow = 0, lit = 0;
        var result = new double[samples];
        for (int k = 0; k < samples; k++)
        {
            double light = 0;
            for (int i = 0; i < steps; i++)
            {
                double t = ((k * steps) + i + 1) * h;
                double until = rise.Integral(t) - fall.Integral(t - onNanoseconds);
                double beam = (until - lit) / h * (brightness?.Invoke(t - (0.5 * h)) ?? 1);
                lit = until;
                light += beam * h;
                double nextFast = (fast * fastKept) + (beam * (1 - decay.SlowShare) * decay.Fast * (1 - fastKept));
                double nextSlow = (slow * slowKept) + (beam * decay.SlowShare * decay.Slow * (1 - slowKept));
                light += fast - nextFast + slow - nextSlow;
                (fast, slow) = (nextFast, nextSlow);
            }

            result[k] = light / period;
        }

        return result;
    }

    /// <summary>Autocovariance of samples under a steady beam, for unit rate of charge squared: the shot noise of pulses
    /// that decay.</summary>
    /// <param name="lags">Lags 0 to this less 1.</param>
    /// <returns>In units of (rate per nanosecond x mean square charge) x nanoseconds.</returns>
    public static double[] Covariance(double period, int lags, LightDecay decay)
    {
        (double Share, double Constant)[] parts = [(1 - decay.SlowShare, decay.Fast), (decay.SlowShare, decay.Slow)];
        var result = new double[lags];
        foreach ((double share, double constant) in parts)
        {
            double both = parts.Sum(other => share * other.Share / (constant + other.Constant));
            double kept = Math.Exp(-period / constant);
            result[0] += 2 * both * ((period * constant) - (constant * constant * (1 - kept)));
            double first = both * constant * constant * (1 - kept) * (1 - kept);
            for (int k = 1; k < lags; k++)
            {
                result[k] += first;
                first *= kept;
            }
        }

        return result;
    }
}
