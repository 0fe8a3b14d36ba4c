namespace Edge.Networks.Quantization.Calibration;

/// <summary>Factors of symmetric positive definite matrices.</summary>
internal static class SymmetricMatrix
{
    /// <summary>L with A = L L^T, lower triangular.</summary>
    /// <exception cref="ArgumentException">Not positive definite.</exception>
    public static double[,] Cholesky(double[,] a)
    {
        int n = a.GetLength(0);
        var l = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = a[i, j];
                for (int k = 0; k < j; k++)
                {
                    sum -= l[i, k] * l[j, k];
                }

                if (i == j && !(sum > 0))
                {
                    throw new ArgumentException($"pivot {i} is {sum}", nameof(a));
                }

                l[i, j] = i == j ? Math.Sqrt(sum) : sum / l[j, j];
            }
        }

        return l;
    }

    /// <summary>x with A x = b, for A = L L^T.</summary>
    public static double[] Solve(double[,] l, ReadOnlySpan<double> b)
    {
        int n = b.Length;
        double[] x = b.ToArray();
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
            {
                x[i] -= l[i, k] * x[k];
            }

            x[i] /= l[i, i];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                x[i] -= l[k, i] * x[k];
            }

            x[i] /= l[i, i];
        }

        return x;
    }
}
