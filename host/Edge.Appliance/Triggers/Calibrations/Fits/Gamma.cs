namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>The gamma distribution, for pulse heights.</summary>
public static class Gamma
{
    private static readonly double[] Lanczos =
    [
        676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
        9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>ln of the gamma function, x above 0, to 1e-13 (Lanczos, SIAM J. Numer. Anal. B 1 (1964) 86; g = 7).</summary>
    public static double LogGamma(double x)
    {
        if (x < 0.5)
        {
            return Math.Log(Math.PI / Math.Sin(Math.PI * x)) - LogGamma(1 - x);
        }

        double y = x - 1, sum = 0.99999999999980993, t = y + 7.5;
        for (int i = 0; i < Lanczos.Length; i++)
        {
            sum += Lanczos[i] / (y + i + 1);
        }

        return (0.5 * Math.Log(2 * Math.PI)) + ((y + 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }

    /// <summary>Probability that a gamma number of the given shape and scale 1 is below x: series below shape + 1, continued
    /// fraction above (Abramowitz and Stegun 6.5.29, 6.5.31).</summary>
    public static double Cumulative(double shape, double x)
    {
        if (x <= 0)
        {
            return 0;
        }

        double front = Math.Exp((shape * Math.Log(x)) - x - LogGamma(shape));
        if (x < shape + 1)
        {
            double term = 1 / shape, sum = term;
            for (int n = 1; n < 10_000 && term > 1e-15 * sum; n++)
            {
                term *= x / (shape + n);
                sum += term;
            }

            return Math.Min(1, front * sum);
        }

        // Lentz's method.
        const double tiny = 1e-300;
        double b = x + 1 - shape, c = 1 / tiny, d = 1 / b, h = d;
        for (int n = 1; n < 10_000; n++)
        {
            double a = -n * (n - shape);
            b += 2;
            d = (a * d) + b;
            d = 1 / (Math.Abs(d) < tiny ? tiny : d);
            c = b + (a / c);
            c = Math.Abs(c) < tiny ? tiny : c;
            double change = c * d;
            h *= change;
            if (Math.Abs(change - 1) < 1e-15)
            {
                break;
            }
        }

        return Math.Clamp(1 - (front * h), 0, 1);
    }
}
