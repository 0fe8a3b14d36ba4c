using Edge.Networks;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using Complex = System.Numerics.Complex;

namespace Edge.Appliance.Sites;

/// <summary>Finds a honeycomb lattice in a low-dose overview. The reciprocal vectors come from the strongest first-order
/// Fourier amplitudes; origin and final vectors maximise the Poisson likelihood of the counts under columns of Gaussian
/// shape on a background.</summary>
public sealed class LatticeFit
{
    /// <summary>Root mean square radius of a column's image along one axis, angstrom: probe and source of a corrected
    /// microscope. The fit is flat around it.</summary>
    private const double ColumnSigma = 0.55;

    /// <summary>Gain in log-likelihood that two useless parameters reach once in 3,000 fits (chi squared of two).</summary>
    private const double SignificantGain = 8;

    private readonly OverviewImage image;
    private readonly double latticeConstant;
    private readonly double chalcogenWeight;

    private LatticeFit(OverviewImage image, double latticeConstant, double chalcogenWeight)
    {
        this.image = image;
        this.latticeConstant = latticeConstant;
        this.chalcogenWeight = chalcogenWeight;
    }

    /// <param name="latticeConstant">Of the material, angstrom; the image may be off by some per cent.</param>
    /// <param name="chalcogenWeight">Brightness of a chalcogen column against a metal column.</param>
    /// <exception cref="InvalidInputException">No lattice stands out of the noise.</exception>
    public static Lattice Fit(OverviewImage image, double latticeConstant, double chalcogenWeight)
    {
        var fit = new LatticeFit(image, latticeConstant, chalcogenWeight);
        (Position a, Position b) = fit.LatticeVectors();
        Lattice start = fit.BestOrigin(a, b);
        return fit.Refine(start);
    }

    /// <summary>First-order reciprocal vectors by amplitude, over rotation and 6 % of scale; then the real vectors.</summary>
    private (Position A, Position B) LatticeVectors()
    {
        double expected = 2 / (Math.Sqrt(3) * latticeConstant);
        double best = 0;
        double bestAngle = 0;
        double bestLength = expected;
        for (int scale = -6; scale <= 6; scale++)
        {
            double length = expected * (1 + (0.01 * scale));
            for (double angle = 0; angle < Math.PI / 3; angle += 0.01)
            {
                double power = Enumerable.Range(0, 3).Sum(k => Power(length, angle + (k * Math.PI / 3)));
                if (power > best)
                {
                    (best, bestAngle, bestLength) = (power, angle, length);
                }
            }
        }

        // Counts at random positions have a mean power of their sum; three vectors of a lattice stand far above.
        double noise = 3 * image.Signal.Sum(value => Math.Max(value, 0));
        if (best < 12 * noise)
        {
            throw new InvalidInputException(
                $"the overview shows no lattice of {latticeConstant:F2} A: its strongest triple of Fourier amplitudes is {best / noise:F1} times the noise (12 are needed). Raise overview.dose, or correct material.lattice_constant.");
        }

        // Reciprocal vectors g1, g2 at 60 degrees give real vectors at 120 degrees, which A + B over 3 expects at 60.
        Position g1 = Direction(bestLength, bestAngle);
        Position g2 = Direction(bestLength, bestAngle + (Math.PI / 3));
        double determinant = (g1.X * g2.Y) - (g1.Y * g2.X);
        var a = new Position(g2.Y / determinant, -g2.X / determinant);
        var b = new Position(-g1.Y / determinant, g1.X / determinant);
        return (a, a + b);
    }

    private Lattice BestOrigin(Position a, Position b)
    {
        const int Steps = 24;
        Lattice? best = null;
        double bestLikelihood = double.NegativeInfinity;
        foreach (double mirror in new[] { 1.0, -1.0 })
        {
            for (int i = 0; i < Steps; i++)
            {
                for (int j = 0; j < Steps; j++)
                {
                    Position centre = new(image.X[image.Columns / 2], image.Y[image.Rows / 2]);
                    var lattice = new Lattice(centre + ((double)i / Steps * a) + ((double)j / Steps * b), mirror * a, mirror * b);
                    double likelihood = Likelihood(lattice);
                    if (likelihood > bestLikelihood)
                    {
                        (best, bestLikelihood) = (lattice, likelihood);
                    }
                }
            }
        }

        return best!;
    }

    /// <summary>Origin, rotation and scale first. Shear and unequal axes, which a distorted scan shows, only where the
    /// counts ask for them: two more parameters would otherwise add their own error at every corner of the field.</summary>
    private Lattice Refine(Lattice start)
    {
        // What moves the far corner of the field as far as a step of the origin.
        double reach = Math.Max(1, Math.Max(image.X[^1] - image.X[0], image.Y[^1] - image.Y[0]) / 2);
        Lattice Similar(Vector<double> p) => new(start.Metal + new Position(p[0], p[1]), Turned(start.A, p[2] / reach, p[3] / reach), Turned(start.B, p[2] / reach, p[3] / reach));
        Lattice similar = Best(Similar, 4);
        Lattice Affine(Vector<double> p) => similar with
        {
            Metal = similar.Metal + new Position(p[0], p[1]),
            A = Sheared(similar.A, p, reach),
            B = Sheared(similar.B, p, reach),
        };
        Lattice affine = Best(Affine, 6);
        return Likelihood(affine) - Likelihood(similar) > SignificantGain ? affine : similar;
    }

    private Lattice Best(Func<Vector<double>, Lattice> from, int parameters)
    {
        Vector<double> first = Vector<double>.Build.Dense(parameters);
        for (int round = 0; round < 2; round++)
        {
            MinimizationResult result = NelderMeadSimplex.Minimum(
                ObjectiveFunction.Value(p => -Likelihood(from(p))), first, Vector<double>.Build.Dense(parameters, round == 0 ? 0.1 : 0.02), convergenceTolerance: 1e-5, maximumIterations: 4000);
            first = result.MinimizingPoint;
        }

        return from(first);
    }

    private static Position Turned(Position a, double stretch, double angle) =>
        new(((1 + stretch) * a.X) - (angle * a.Y), (angle * a.X) + ((1 + stretch) * a.Y));

    private static Position Sheared(Position a, Vector<double> p, double reach) =>
        new(a.X + (((p[2] * a.X) + (p[3] * a.Y)) / reach), a.Y + (((p[4] * a.X) + (p[5] * a.Y)) / reach));

    /// <summary>Sum of counts times log intensity, where the intensities are scaled to the counts in total.</summary>
    private double Likelihood(Lattice lattice)
    {
        const double Background = 0.08; // of a metal column's peak
        double determinant = (lattice.A.X * lattice.B.Y) - (lattice.A.Y * lattice.B.X);
        double sum = 0;
        double intensities = 0;
        Position chalcogen = lattice.Metal + lattice.ToChalcogen;
        for (int row = 0; row < image.Rows; row++)
        {
            for (int column = 0; column < image.Columns; column++)
            {
                var here = new Position(image.X[column], image.Y[row]);
                double intensity = Background
                    + Column(here - lattice.Metal, lattice, determinant)
                    + (chalcogenWeight * Column(here - chalcogen, lattice, determinant));
                intensities += intensity;
                double count = image.Signal[(row * image.Columns) + column];
                sum += count * Math.Log(intensity);
            }
        }

        return sum - (image.Total * Math.Log(intensities));
    }

    /// <summary>Gaussian of the distance to the nearest lattice point.</summary>
    private static double Column(Position offset, Lattice lattice, double determinant)
    {
        double u = ((offset.X * lattice.B.Y) - (offset.Y * lattice.B.X)) / determinant;
        double v = ((lattice.A.X * offset.Y) - (lattice.A.Y * offset.X)) / determinant;
        double nearest = double.PositiveInfinity;
        double floorU = Math.Floor(u);
        double floorV = Math.Floor(v);
        for (int corner = 0; corner < 4; corner++)
        {
            double du = u - floorU - (corner & 1);
            double dv = v - floorV - (corner >> 1);
            double x = (du * lattice.A.X) + (dv * lattice.B.X);
            double y = (du * lattice.A.Y) + (dv * lattice.B.Y);
            nearest = Math.Min(nearest, (x * x) + (y * y));
        }

        return Math.Exp(-nearest / (2 * ColumnSigma * ColumnSigma));
    }

    private double Power(double length, double angle)
    {
        Position g = Direction(length, angle);
        double mean = image.Total / image.Signal.Length;
        Complex sum = Complex.Zero;
        Complex[] along = [.. image.X.Select(x => Complex.FromPolarCoordinates(1, 2 * Math.PI * g.X * x))];
        for (int row = 0; row < image.Rows; row++)
        {
            Complex line = Complex.Zero;
            for (int column = 0; column < image.Columns; column++)
            {
                line += (image.Signal[(row * image.Columns) + column] - mean) * along[column];
            }

            sum += line * Complex.FromPolarCoordinates(1, 2 * Math.PI * g.Y * image.Y[row]);
        }

        return (sum.Real * sum.Real) + (sum.Imaginary * sum.Imaginary);
    }

    private static Position Direction(double length, double angle) => new(length * Math.Cos(angle), length * Math.Sin(angle));
}
