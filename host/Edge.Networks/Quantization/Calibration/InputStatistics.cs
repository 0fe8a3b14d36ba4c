using System.Numerics;
using System.Runtime.InteropServices;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>Second moments of a layer's inputs over calibration rows: of the quantized ones it gets, and between these and the
/// float ones it was trained for. All that the weights' rounding needs, whatever the number of rows.</summary>
/// <param name="width">Inputs of one output.</param>
internal sealed class InputStatistics(int width)
{
    /// <summary>Share of the mean variance that is added to each, so that the matrix has an inverse.</summary>
    private const double Damping = 1e-3;

    /// <summary>The same, times inputs over samples: few samples say little about many inputs.</summary>
    private const double DampingOfFew = 0.01;

    private readonly double[] floatSums = new double[width];
    private readonly double[] quantizedSums = new double[width];
    private readonly double[] cross = new double[width * width];
    private readonly double[] gram = new double[width * width];
    private long count;

    public double[] FloatMeans => [.. floatSums.Select(sum => sum / count)];

    public double[] QuantizedMeans => [.. quantizedSums.Select(sum => sum / count)];

    public void Add(ReadOnlySpan<double> floats, ReadOnlySpan<double> quantized)
    {
        count++;
        for (int i = 0; i < width; i++)
        {
            floatSums[i] += floats[i];
            quantizedSums[i] += quantized[i];
            if (quantized[i] == 0 && floats[i] == 0)
            {
                continue;
            }

            AddScaled(cross.AsSpan(i * width, width), floats[i], quantized);
            AddScaled(gram.AsSpan(i * width, width), quantized[i], quantized);
        }
    }

    private static void AddScaled(Span<double> sums, double factor, ReadOnlySpan<double> x)
    {
        Span<Vector<double>> wide = MemoryMarshal.Cast<double, Vector<double>>(sums);
        ReadOnlySpan<Vector<double>> values = MemoryMarshal.Cast<double, Vector<double>>(x);
        for (int k = 0; k < wide.Length; k++)
        {
            wide[k] += values[k] * factor;
        }

        for (int j = wide.Length * Vector<double>.Count; j < sums.Length; j++)
        {
            sums[j] += factor * x[j];
        }
    }

    /// <summary>Covariance of the quantized inputs (width, width), and of float with quantized ones (float first); both
    /// damped alike, so that the two agree where the inputs do.</summary>
    public (double[,] Gram, double[,] Cross) Covariances()
    {
        double[] means = QuantizedMeans;
        double[] floats = FloatMeans;
        var g = new double[width, width];
        var c = new double[width, width];
        double variance = 0;
        for (int i = 0; i < width; i++)
        {
            for (int j = 0; j < width; j++)
            {
                g[i, j] = (gram[(i * width) + j] / count) - (means[i] * means[j]);
                c[i, j] = (cross[(i * width) + j] / count) - (floats[i] * means[j]);
            }

            variance += g[i, i] / width;
        }

        double damping = variance > 0 ? (Damping + (DampingOfFew * width / count)) * variance : 1;
        for (int i = 0; i < width; i++)
        {
            g[i, i] += damping;
            c[i, i] += damping;
        }

        return (g, c);
    }
}
