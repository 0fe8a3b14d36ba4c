namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>What a fit found.</summary>
/// <param name="Values">One a parameter.</param>
/// <param name="Uncertainties">One standard deviation each; from the curvature at the best point, scaled up when the model
/// leaves more than the noise (reduced chi squared above 1).</param>
/// <param name="ChiSquared">Sum of squares of the residuals.</param>
/// <param name="Freedom">Residuals less parameters.</param>
public sealed record Fit(double[] Values, double[] Uncertainties, double ChiSquared, int Freedom)
{
    public double Reduced => ChiSquared / Math.Max(1, Freedom);
}

/// <summary>Least squares by Levenberg and Marquardt (SIAM J. Appl. Math. 11 (1963) 431) with differences for the
/// derivatives. Few parameters, each kept within its bounds.</summary>
public static class LeastSquares
{
    private const int MostSteps = 200;
    private const double RelativeStep = 1e-4;

    /// <param name="residuals">Parameters -> residuals, each divided by its standard deviation.</param>
    /// <param name="start">Where to begin, within the bounds.</param>
    /// <param name="scales">Typical size of each parameter.</param>
    public static Fit Minimize(Func<double[], double[]> residuals, double[] start, double[] low, double[] high, double[] scales)
    {
        int n = start.Length;
        double[] at = [.. start.Select((value, i) => Math.Clamp(value, low[i], high[i]))];
        double[] r = residuals(at);
        double best = Square(r), damping = 1e-3;
        for (int step = 0; step < MostSteps && damping < 1e10; step++)
        {
            (double[,] normal, double[] gradient) = Normal(residuals, at, r, low, high, scales);
            double before = best;
            while (damping < 1e10)
            {
                double[] moved = Step(normal, gradient, damping, at, low, high);
                double[] there = residuals(moved);
                double square = Square(there);
                if (square < best)
                {
                    (at, r, best, damping) = (moved, there, square, Math.Max(1e-9, damping / 5));
                    break;
                }

                damping *= 4;
            }

            if (before - best < 1e-7 * Math.Max(best, 1e-9))
            {
                break;
            }
        }

        (double[,] curvature, _) = Normal(residuals, at, r, low, high, scales);
        double[] variances = InverseDiagonal(curvature, n);
        int freedom = Math.Max(1, r.Length - n);
        double inflate = Math.Sqrt(Math.Max(1, best / freedom));
        return new(at, [.. variances.Select(variance => Math.Sqrt(Math.Max(0, variance)) * inflate)], best, freedom);
    }

    private static (double[,] Normal, double[] Gradient) Normal(Func<double[], double[]> residuals, double[] at, double[] r, double[] low, double[] high, double[] scales)
    {
        int n = at.Length;
        var columns = new double[n][];
        for (int i = 0; i < n; i++)
        {
            double step = RelativeStep * scales[i];
            double[] up = [.. at], down = [.. at];
            up[i] = Math.Min(high[i], at[i] + step);
            down[i] = Math.Max(low[i], at[i] - step);
            double[] above = residuals(up), below = residuals(down);
            columns[i] = [.. above.Select((value, k) => (value - below[k]) / (up[i] - down[i]))];
        }

        var normal = new double[n, n];
        var gradient = new double[n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = 0;
                for (int k = 0; k < r.Length; k++)
                {
                    sum += columns[i][k] * columns[j][k];
                }

                normal[i, j] = normal[j, i] = sum;
            }

            gradient[i] = columns[i].Zip(r, (a, b) => a * b).Sum();
        }

        return (normal, gradient);
    }

    private static double[] Step(double[,] normal, double[] gradient, double damping, double[] at, double[] low, double[] high)
    {
        int n = at.Length;
        var damped = (double[,])normal.Clone();
        for (int i = 0; i < n; i++)
        {
            damped[i, i] += damping * Math.Max(normal[i, i], 1e-30);
        }

        double[] move = Solve(damped, gradient);
        return [.. at.Select((value, i) => Math.Clamp(value - move[i], low[i], high[i]))];
    }

    private static double[] InverseDiagonal(double[,] matrix, int n) =>
    [
        .. Enumerable.Range(0, n).Select(i =>
        {
            var unit = new double[n];
            unit[i] = 1;
            var guarded = (double[,])matrix.Clone();
            for (int k = 0; k < n; k++)
            {
                guarded[k, k] = (guarded[k, k] * (1 + 1e-12)) + 1e-30;
            }

            return Solve(guarded, unit)[i];
        }),
    ];

    /// <summary>Elimination with pivots; scaled first, as parameters differ in size.</summary>
    private static double[] Solve(double[,] matrix, double[] right)
    {
        int n = right.Length;
        double[] scale = [.. Enumerable.Range(0, n).Select(i => 1 / Math.Sqrt(Math.Max(matrix[i, i], 1e-300)))];
        var a = new double[n, n + 1];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                a[i, j] = matrix[i, j] * scale[i] * scale[j];
            }

            a[i, n] = right[i] * scale[i];
        }

        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(a[row, column]));
            for (int j = 0; j <= n; j++)
            {
                (a[column, j], a[pivot, j]) = (a[pivot, j], a[column, j]);
            }

            double divisor = Math.Abs(a[column, column]) < 1e-15 ? 1e-15 : a[column, column];
            for (int row = 0; row < n; row++)
            {
                double factor = row == column ? 0 : a[row, column] / divisor;
                for (int j = column; j <= n; j++)
                {
                    a[row, j] -= factor * a[column, j];
                }
            }
        }

        return [.. Enumerable.Range(0, n).Select(i => a[i, n] / (Math.Abs(a[i, i]) < 1e-15 ? 1e-15 : a[i, i]) * scale[i])];
    }

    private static double Square(double[] residuals)
    {
        double sum = residuals.Sum(value => value * value);
        return double.IsFinite(sum) ? sum : double.MaxValue;
    }
}
