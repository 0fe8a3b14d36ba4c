using MathNet.Numerics.LinearAlgebra;

namespace Edge.Appliance.Sites;

/// <summary>Moves a lattice to the largest Poisson likelihood of an image's counts, by Fisher scoring: the derivatives of
/// the expected counts give both the direction and the curvature.</summary>
internal sealed class LatticeRefinement(HoneycombModel model)
{
    private const int MostSteps = 40;

    /// <summary>Steps below this, in angstrom at the edge of the image, end the search.</summary>
    private const double SmallStep = 1e-3;

    private readonly double halfSide = Math.Max(1, Math.Max(model.Image.X[^1] - model.Image.X[0], model.Image.Y[^1] - model.Image.Y[0]) / 2);

    /// <summary>Another background, moved, turned and scaled, but still hexagonal.</summary>
    /// <param name="gain">Log likelihood of the result over that of an even image.</param>
    public Honeycomb Similar(Honeycomb start, out double gain) => Refine(start, 5, out gain);

    /// <summary>Sheared too.</summary>
    public Honeycomb Affine(Honeycomb start, out double gain) => Refine(start, 7, out gain);

    private Honeycomb Refine(Honeycomb honeycomb, int parameters, out double gain)
    {
        int pixels = model.Image.Signal.Length;
        var expected = new double[pixels];
        var moved = new double[pixels];
        var derivatives = new double[parameters][];
        model.Expected(honeycomb, expected);
        gain = model.Gain(expected);
        double damping = 1e-3;
        for (int step = 0; step < MostSteps; step++)
        {
            for (int k = 0; k < parameters; k++)
            {
                // Both sides: the model bends within 0.5 A, the background within its own size.
                const double Small = 0.01;
                derivatives[k] ??= new double[pixels];
                model.Expected(Change(honeycomb, Unit(k, parameters, Small)), derivatives[k]);
                model.Expected(Change(honeycomb, Unit(k, parameters, -Small)), moved);
                for (int i = 0; i < pixels; i++)
                {
                    derivatives[k][i] = (derivatives[k][i] - moved[i]) / (2 * Small);
                }
            }

            (Vector<double> score, Matrix<double> information) = Slope(expected, derivatives);
            bool better = false;
            double length = 0;
            while (!better && damping < 1e6)
            {
                Vector<double> change = (information + Matrix<double>.Build.DiagonalOfDiagonalVector((damping * information.Diagonal()) + 1e-9)).Solve(score);
                length = change.AbsoluteMaximum();
                Honeycomb next = Change(honeycomb, [.. change]);
                model.Expected(next, moved);
                double nextGain = model.Gain(moved);
                better = nextGain > gain;
                damping = better ? damping / 10 : damping * 10;
                if (better)
                {
                    (honeycomb, gain) = (next, nextGain);
                    moved.CopyTo(expected, 0);
                }
                else if (length < SmallStep)
                {
                    return honeycomb;
                }
            }

            if (!better || length < SmallStep)
            {
                break;
            }
        }

        return honeycomb;
    }

    /// <summary>First derivative of the log likelihood, and Fisher's information.</summary>
    private (Vector<double> Score, Matrix<double> Information) Slope(double[] expected, double[][] derivatives)
    {
        int parameters = derivatives.Length;
        Vector<double> score = Vector<double>.Build.Dense(parameters);
        Matrix<double> information = Matrix<double>.Build.Dense(parameters, parameters);
        for (int i = 0; i < expected.Length; i++)
        {
            double ratio = model.Image.Signal[i] / expected[i];
            for (int j = 0; j < parameters; j++)
            {
                score[j] += (ratio - 1) * derivatives[j][i];
                for (int k = 0; k <= j; k++)
                {
                    information[j, k] += derivatives[j][i] * derivatives[k][i] / expected[i];
                }
            }
        }

        for (int j = 0; j < parameters; j++)
        {
            for (int k = 0; k < j; k++)
            {
                information[k, j] = information[j, k];
            }
        }

        return (score, information);
    }

    /// <summary>Logarithm of the background; shift in x and y, turn, stretch, two shears, each in angstrom that it moves the
    /// edge of the image.</summary>
    private Honeycomb Change(Honeycomb honeycomb, double[] change)
    {
        Lattice lattice = honeycomb.Lattice;
        double stretch = 1 + (change[4] / halfSide);
        (double p, double q) = change.Length > 5 ? (change[5] / halfSide, change[6] / halfSide) : (0, 0);
        (double sine, double cosine) = Math.SinCos(change[3] / halfSide);
        return new(
            new(lattice.Metal + new Position(change[1], change[2]), Map(lattice.A), Map(lattice.B)),
            Math.Clamp(honeycomb.Background * Math.Exp(Math.Clamp(change[0], -1, 1)), 0.01, 100));

        Position Map(Position vector)
        {
            double x = stretch * (((1 + p) * vector.X) + (q * vector.Y));
            double y = stretch * ((q * vector.X) + ((1 - p) * vector.Y));
            return new((cosine * x) - (sine * y), (sine * x) + (cosine * y));
        }
    }

    private static double[] Unit(int index, int length, double size)
    {
        var unit = new double[length];
        unit[index] = size;
        return unit;
    }
}
