namespace Edge.Networks.Quantization.Calibration;

/// <summary>Rounds the weights of one output so that its sum errs least on calibration rows, not each weight by itself: the
/// mean square error of w x for real weights w and integers n of a step s is (s n - w)^T G (s n - w), G the covariance of x.</summary>
/// <remarks>First in order of falling variance, each weight's error put onto those not rounded yet (as OBQ and GPTQ do,
/// Frantar 2022), then by single steps up or down while one lowers the error.</remarks>
internal sealed class WeightRounding
{
    private const int LargestSweeps = 16;

    private readonly double[,] gram;
    private readonly int[] order;
    private readonly double[,] factor;
    private readonly int width;

    /// <param name="gram">Positive definite.</param>
    public WeightRounding(double[,] gram)
    {
        this.gram = gram;
        width = gram.GetLength(0);
        order = [.. Enumerable.Range(0, width).OrderByDescending(i => gram[i, i])];

        // Rounding weight k moves those after it by the optimum for fixed earlier ones: with the order reversed, columns of
        // the triangular factor hold exactly these ratios.
        var reversed = new double[width, width];
        for (int i = 0; i < width; i++)
        {
            for (int j = 0; j < width; j++)
            {
                reversed[i, j] = gram[order[width - 1 - i], order[width - 1 - j]];
            }
        }

        factor = SymmetricMatrix.Cholesky(reversed);
    }

    /// <summary>Integers within low..high, never worse than the nearest ones, and their error.</summary>
    public (long[] Integers, double Error) Round(ReadOnlySpan<double> weights, double step, long low, long high)
    {
        (long[] nearest, double nearestError) = Nearest(weights, step, low, high);
        long[] rounded = Improved(Fed(weights, step, low, high), weights, step, low, high);
        long[] moved = Improved(nearest, weights, step, low, high);
        double error = ErrorOf(rounded, weights, step);
        double movedError = ErrorOf(moved, weights, step);
        (rounded, error) = movedError < error ? (moved, movedError) : (rounded, error);
        return error < nearestError ? (rounded, error) : (nearest, nearestError);
    }

    public (long[] Integers, double Error) Nearest(ReadOnlySpan<double> weights, double step, long low, long high)
    {
        var integers = new long[width];
        for (int i = 0; i < width; i++)
        {
            integers[i] = (long)Math.Clamp(Math.Round(weights[i] / step), low, high);
        }

        return (integers, ErrorOf(integers, weights, step));
    }

    /// <summary>Conditional optimum: with G = L L^T in reversed order, w_k given all earlier errors d is w_k minus the sum of
    /// L[m, k] / L[k, k] times d_m over the earlier m, which the reversed order puts after k.</summary>
    private long[] Fed(ReadOnlySpan<double> weights, double step, long low, long high)
    {
        var integers = new long[width];
        var errors = new double[width]; // in reversed order
        for (int k = width - 1; k >= 0; k--)
        {
            int index = order[width - 1 - k];
            double target = weights[index];
            for (int m = k + 1; m < width; m++)
            {
                target -= factor[m, k] / factor[k, k] * errors[m];
            }

            integers[index] = (long)Math.Clamp(Math.Round(target / step), low, high);
            errors[k] = (step * integers[index]) - weights[index];
        }

        return integers;
    }

    private long[] Improved(long[] start, ReadOnlySpan<double> weights, double step, long low, long high)
    {
        long[] integers = [.. start];
        var slopes = new double[width]; // G d
        for (int i = 0; i < width; i++)
        {
            for (int j = 0; j < width; j++)
            {
                slopes[i] += gram[i, j] * ((step * integers[j]) - weights[j]);
            }
        }

        bool moved = true;
        for (int sweep = 0; moved && sweep < LargestSweeps; sweep++)
        {
            moved = false;
            for (int i = 0; i < width; i++)
            {
                int direction = slopes[i] > 0 ? -1 : 1;
                double gain = (2 * Math.Abs(slopes[i]) * step) - (gram[i, i] * step * step);
                if (gain > 1e-12 * gram[i, i] * step * step && integers[i] + direction >= low && integers[i] + direction <= high)
                {
                    integers[i] += direction;
                    moved = true;
                    for (int j = 0; j < width; j++)
                    {
                        slopes[j] += gram[j, i] * direction * step;
                    }
                }
            }
        }

        return integers;
    }

    private double ErrorOf(long[] integers, ReadOnlySpan<double> weights, double step)
    {
        double sum = 0;
        for (int i = 0; i < width; i++)
        {
            double row = 0;
            for (int j = 0; j < width; j++)
            {
                row += gram[i, j] * ((step * integers[j]) - weights[j]);
            }

            sum += row * ((step * integers[i]) - weights[i]);
        }

        return sum;
    }
}
