using Edge.Networks;

namespace Edge.Appliance.Sites;

/// <summary>Rotation and scale of a hexagonal lattice: the triple of first-order Fourier amplitudes, 60 degrees apart, that
/// stands highest above the noise.</summary>
internal static class ReciprocalSearch
{
    /// <summary>How far the image's scale may be off, and beyond.</summary>
    private const double ScaleRange = 0.06;

    /// <summary>Mean power of the triple over the noise. Noise alone exceeds it once in 10^5 images (the mean of three
    /// exponential variables, about 10^3 places that are independent).</summary>
    private const double Needed = 8;

    /// <summary>Two real vectors at 60 degrees, angstrom.</summary>
    /// <exception cref="InvalidInputException">Nothing stands out, or only fringes of one direction do.</exception>
    public static (Position A, Position B) LatticeVectors(OverviewImage image, double latticeConstant)
    {
        double expected = 2 / (Math.Sqrt(3) * latticeConstant);
        double extent = Math.Max(image.X[^1] - image.X[0], image.Y[^1] - image.Y[0]);
        double step = 0.16 / extent; // a sixth of a peak's width, 1/angstrom
        int scales = (int)Math.Ceiling(ScaleRange * expected / step);
        int angles = (int)Math.Ceiling(Math.PI / 3 * expected / step);
        double mean = image.Total / image.Signal.Length;
        double[] powers = new double[((2 * scales) + 1) * angles];
        int best = 0;
        for (int i = 0; i < powers.Length; i++)
        {
            (double length, double angle) = Place(i);
            powers[i] = Enumerable.Range(0, 3).Average(k => Power(image, mean, Direction(length, angle + (k * Math.PI / 3))));
            best = powers[i] > powers[best] ? i : best;
        }

        // Noise of counts has their variance as mean power. Slow structure (contamination, steps) leaks into all places alike;
        // the lower quartile, 0.576 for the mean of three exponential variables, is free of the lattice.
        double noise = Math.Max(image.Signal.Sum(value => (value - mean) * (value - mean)), LowerQuartile(powers) / 0.576);
        (double bestLength, double bestAngle) = Place(best);
        double weakest = Enumerable.Range(0, 3).Min(k => Power(image, mean, Direction(bestLength, bestAngle + (k * Math.PI / 3))));
        if (!(powers[best] >= Needed * noise) || weakest < 2 * noise || weakest < 0.1 * powers[best])
        {
            throw new InvalidInputException(FormattableString.Invariant(
                $"the overview shows no lattice of {latticeConstant:F2} A: the best three Fourier amplitudes, 60 degrees apart, reach {powers[best] / noise:F1} times the noise in power ({Needed:F0} are needed), the weakest {weakest / noise:F1} times. Raise overview.dose, correct material.lattice_constant, or move to a place with the crystal in focus."));
        }

        // Reciprocal vectors g1, g2 at 60 degrees give real vectors at 120 degrees; their sum makes it 60.
        Position g1 = Direction(bestLength, bestAngle);
        Position g2 = Direction(bestLength, bestAngle + (Math.PI / 3));
        double determinant = (g1.X * g2.Y) - (g1.Y * g2.X);
        var a = new Position(g2.Y / determinant, -g2.X / determinant);
        var b = new Position(-g1.Y / determinant, g1.X / determinant);
        return (a, a + b);

        (double Length, double Angle) Place(int index) => (expected + (((index / angles) - scales) * step), index % angles * Math.PI / 3 / angles);
    }

    /// <summary>|sum of (signal - mean) exp(2 pi i g r)|^2.</summary>
    private static double Power(OverviewImage image, double mean, Position g)
    {
        var cosines = new double[image.Columns];
        var sines = new double[image.Columns];
        for (int column = 0; column < image.Columns; column++)
        {
            (sines[column], cosines[column]) = Math.SinCos(2 * Math.PI * g.X * image.X[column]);
        }

        double real = 0;
        double imaginary = 0;
        for (int row = 0; row < image.Rows; row++)
        {
            ReadOnlySpan<double> signal = image.Signal.AsSpan(row * image.Columns, image.Columns);
            double a = 0;
            double b = 0;
            for (int column = 0; column < signal.Length; column++)
            {
                a += (signal[column] - mean) * cosines[column];
                b += (signal[column] - mean) * sines[column];
            }

            (double sine, double cosine) = Math.SinCos(2 * Math.PI * g.Y * image.Y[row]);
            real += (a * cosine) - (b * sine);
            imaginary += (a * sine) + (b * cosine);
        }

        return (real * real) + (imaginary * imaginary);
    }

    private static double LowerQuartile(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[sorted.Length / 4];
    }

    private static Position Direction(double length, double angle) => new(length * Math.Cos(angle), length * Math.Sin(angle));
}
