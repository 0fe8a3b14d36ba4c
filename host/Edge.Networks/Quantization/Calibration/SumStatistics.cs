using Edge.Networks.Graph;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>Statistics of what the kernels of a layer read, a set for each group of channels: every position of a window is
/// a sample. Of many samples, evenly spread ones are taken.</summary>
internal sealed class SumStatistics
{
    private const int FewestSamples = 8192;
    private const int SamplesPerInput = 16;

    private readonly Linear layer;
    private readonly InputStatistics[] groups;
    private readonly int positions;
    private readonly int taps;
    private readonly long stride;

    /// <param name="rows">Rows to come.</param>
    public SumStatistics(Linear layer, long rows)
    {
        this.layer = layer;
        taps = layer.Weights.Shape[1];
        Windows? windows = (layer as Convolution)?.Windows;
        positions = windows?.Positions ?? 1;
        groups = [.. Enumerable.Range(0, windows?.Groups ?? 1).Select(_ => new InputStatistics(taps))];
        stride = Math.Max(1, rows * positions / Math.Max(FewestSamples, SamplesPerInput * taps));
        while (System.Numerics.BigInteger.GreatestCommonDivisor(stride, positions) > 1)
        {
            stride++; // else every row would give the same positions
        }
    }

    public InputStatistics GroupOf(int kernel) => groups[layer is Convolution convolution ? convolution.GroupOf(kernel) : 0];

    /// <summary>False where a row gives no sample, so that it need not be computed.</summary>
    public bool Wants(long row) => First(row) < positions;

    public void Add(long row, double[] floats, double[] quantized)
    {
        if (layer is not Convolution { Windows: var windows })
        {
            groups[0].Add(floats, quantized);
            return;
        }

        var float1 = new double[taps];
        var quantized1 = new double[taps];
        for (long position = First(row); position < positions; position += stride)
        {
            for (int group = 0; group < groups.Length; group++)
            {
                ReadOnlySpan<int> window = windows.Of(group, (int)position);
                for (int tap = 0; tap < taps; tap++)
                {
                    float1[tap] = window[tap] < 0 ? 0 : floats[window[tap]];
                    quantized1[tap] = window[tap] < 0 ? 0 : quantized[window[tap]];
                }

                groups[group].Add(float1, quantized1);
            }
        }
    }

    private long First(long row) => (stride - (row * positions % stride)) % stride;
}
