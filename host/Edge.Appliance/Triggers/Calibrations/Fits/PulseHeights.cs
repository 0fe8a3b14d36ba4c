namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>Histogram of the light of many short flashes of beam, and the model that was fitted to it. A flash holds n
/// electrons; n is Poisson, the charge of each is gamma distributed about one electron, and the noise of the window adds up.
/// The same is done with photomultipliers (Bellamy et al., Nucl. Instrum. Methods A 339 (1994) 468).</summary>
/// <param name="Low">Lower end of the first bin, ADC counts above the pedestal of the window.</param>
/// <param name="BinWidth">ADC counts.</param>
/// <param name="Counts">Flashes a bin.</param>
/// <param name="Expected">The same of the model.</param>
/// <param name="Gain">ADC counts of a mean electron, in this window.</param>
/// <param name="Spread">Standard deviation of one electron's charge over its mean.</param>
/// <param name="Occupancy">Mean electrons a flash.</param>
public sealed record PulseHeights(
    double Low, double BinWidth, long[] Counts, double[] Expected, double Noise,
    Measured Gain, Measured Spread, Measured Occupancy, double ReducedDeviance)
{
    /// <summary>Counts at which one electron is most likely.</summary>
    public double Peak => Gain.Value * Math.Max(0, 1 - (Spread.Value * Spread.Value));
}

/// <summary>Fits <see cref="PulseHeights"/>.</summary>
public static class PulseHeightFit
{
    private const int Bins = 160;

    /// <summary>Cells of the model in a bin.</summary>
    private const int Fine = 4;

    private const double LeastSpread = 0.02, LargestSpread = 2.5;

    /// <param name="sums">Window sums above the pedestal, one a flash; light counts up.</param>
    /// <param name="noise">Standard deviation of a window without light.</param>
    /// <exception cref="CalibrationException">Single electrons do not stand out.</exception>
    public static PulseHeights Fit(double[] sums, double noise)
    {
        // Where to begin: what the flashes vary by beyond the noise is occupancy x gain^2 x (1 + spread^2), their mean
        // occupancy x gain.
        double mean = sums.Average();
        double excess = sums.Average(sum => (sum - mean) * (sum - mean)) - (noise * noise);
        double gain = excess / 1.25 / Math.Max(mean, 1e-9);
        double occupancy = Math.Clamp(mean / Math.Max(gain, 1e-9), 0.01, 6);
        if (!(mean > 4 * noise / Math.Sqrt(sums.Length)) || !(excess > 6 * noise * noise / Math.Sqrt(sums.Length)) || gain < 1.2 * noise)
        {
            throw new CalibrationException($"single electrons do not stand out of the noise: a flash of the beam gives {mean:F1} ADC counts on average, the noise of its window is {noise:F1}. Is the beam on the detector? Raise the detector's gain, or lower its noise.");
        }

        (double low, double width) = Range(sums, noise);
        var counts = new long[Bins];
        foreach (double sum in sums)
        {
            int bin = (int)Math.Floor((sum - low) / width);
            counts[Math.Clamp(bin, 0, Bins - 1)]++;
        }

        double[] Residuals(double[] p)
        {
            double[] expected = Model(low, width, sums.Length, p[0], p[1], p[2], p[3], noise * p[4]);
            return [.. expected.Select((m, k) => Deviance(counts[k], m))];
        }

        Fit fit = LeastSquares.Minimize(
            Residuals,
            [gain, 0.4, occupancy, 0, 1],
            [noise * 0.5, LeastSpread, 1e-3, -noise, 0.7],
            [gain * 10, LargestSpread, 12, noise, 1.5],
            [gain, 1, occupancy, noise, 1]);
        double[] v = fit.Values, u = fit.Uncertainties;
        return new(low, width, counts, Model(low, width, sums.Length, v[0], v[1], v[2], v[3], noise * v[4]), noise * v[4], new(v[0], u[0]), new(v[1], u[1]), new(v[2], u[2]), fit.Reduced);
    }

    private static (double Low, double Width) Range(double[] sums, double noise)
    {
        double[] sorted = [.. sums.Order()];
        double low = Math.Min(sorted[0], -5 * noise);
        double high = sorted[(int)(0.998 * (sorted.Length - 1))] + (3 * noise);
        return (low, (high - low) / Bins);
    }

    /// <summary>Root of a bin's share of the Poisson deviance, with the sign of the difference.</summary>
    private static double Deviance(long found, double expected)
    {
        double m = Math.Max(expected, 1e-9);
        double d = 2 * (m - found + (found > 0 ? found * Math.Log(found / m) : 0));
        return Math.Sign(m - found) * Math.Sqrt(Math.Max(0, d));
    }

    /// <summary>Expected flashes in each bin; the first and last hold all that is beyond.</summary>
    private static double[] Model(double low, double width, int flashes, double gain, double spread, double occupancy, double shift, double noise)
    {
        double cell = width / Fine;
        int reach = (int)Math.Ceiling(6 * noise / cell), cells = (Bins * Fine) + (2 * reach);
        double first = low - (reach * cell);
        var charge = new double[cells];
        double probability = Math.Exp(-occupancy), shape = 1 / (spread * spread);
        int zero = (int)Math.Floor((shift - first) / cell);
        if (zero >= 0 && zero < cells)
        {
            charge[zero] += probability;
        }

        for (int n = 1; n < 60; n++)
        {
            probability *= occupancy / n;
            if (probability < 1e-9 && n > occupancy)
            {
                break;
            }

            double below = 0;
            for (int i = Math.Max(0, zero); i < cells; i++)
            {
                double upTo = i == cells - 1 ? 1 : Gamma.Cumulative(n * shape, (first + ((i + 1) * cell) - shift) / gain * shape);
                charge[i] += probability * (upTo - below);
                below = upTo;
                if (upTo >= 1 - 1e-12)
                {
                    break;
                }
            }
        }

        return Blurred(charge, cell, reach, noise, flashes, zero, shift - first - (zero * cell));
    }

    private static double[] Blurred(double[] charge, double cell, int reach, double noise, int flashes, int zero, double within)
    {
        // The dark flashes sit at one point, which need not be the middle of its cell.
        double[] kernel = Kernel(0), dark = Kernel(within - (0.5 * cell));
        var bins = new double[Bins];
        for (int i = 0; i < charge.Length; i++)
        {
            if (charge[i] <= 0)
            {
                continue;
            }

            double[] spread = i == zero ? dark : kernel;
            for (int k = -reach; k <= reach; k++)
            {
                int at = Math.Clamp((int)Math.Floor((double)(i + k - reach) / Fine), 0, Bins - 1);
                bins[at] += flashes * charge[i] * spread[k + reach];
            }
        }

        return bins;

        double[] Kernel(double offset)
        {
            double[] weights = [.. Enumerable.Range(-reach, (2 * reach) + 1).Select(k => Math.Exp(-0.5 * Math.Pow(((k * cell) - offset) / noise, 2)))];
            double sum = weights.Sum();
            return [.. weights.Select(weight => weight / sum)];
        }
    }
}
