namespace Edge.Networks.Quantization.Calibration;

/// <summary>Second moments of a layer's inputs over calibration rows: of the quantized ones it gets, and between these and the
/// float ones it was trained for. All that the weights' rounding needs, whatever the number of rows.</summary>
/// <param name="width">Inputs of one output.</param>
internal sealed class InputStatistics(int width)
{
    /// <summary>Share of the mean variance that is added to each, so that the matrix has an inverse.</summary>
    private const double Damping = 1e-3;

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

            Span<double> crossRow = cross.AsSpan(i * width, width);
            Span<double> gramRow = gram.AsSpan(i * width, width);
            for (int j = 0; j < width; j++)
            {
                crossRow[j] += floats[i] * quantized[j];
                gramRow[j] += quantized[i] * quantized[j];
            }
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

        double damping = variance > 0 ? Damping * variance : 1;
        for (int i = 0; i < width; i++)
        {
            g[i, i] += damping;
            c[i, i] += damping;
        }

        return (g, c);
    }
}
