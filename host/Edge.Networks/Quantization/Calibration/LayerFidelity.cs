namespace Edge.Networks.Quantization.Calibration;

/// <summary>What quantization did to one dense layer, measured on the calibration rows.</summary>
/// <param name="Layer">The model's node.</param>
/// <param name="Shape">Outputs, inputs.</param>
/// <param name="WeightBits">Bits of the weights, the sign counted.</param>
/// <param name="WeightSteps">Exponents of the smallest and the largest step of an output's weights; the step is 2^exponent.</param>
/// <param name="InputFormat">Format of the inputs; null: not of one format.</param>
/// <param name="SignalToNoise">Of the layer's sums, all errors before it included, in dB; infinite where they are exact.</param>
/// <param name="SaturatedShare">Share of its inputs that were clipped to their format's range.</param>
public sealed record LayerFidelity(
    string Layer, int[] Shape, int WeightBits, int[] WeightSteps, string? InputFormat, double SignalToNoise, double SaturatedShare)
{
    /// <summary>Inputs that were clipped, and all of them.</summary>
    public long Saturated { get; init; }

    public long InputCount { get; init; }

    /// <summary>The weights' integers.</summary>
    public required RangeHistogram Weights { get; init; }

    /// <summary>The inputs before they are rounded, in steps; null: they come as they are.</summary>
    public RangeHistogram? Inputs { get; init; }
}

/// <summary>How often values fall into equal bins, and the range that was chosen for them.</summary>
/// <param name="Low">Lowest and highest integer of the format.</param>
/// <param name="First">Where the first bin begins; values outside all bins count in the outermost ones.</param>
public sealed record RangeHistogram(long Low, long High, double First, double BinWidth, long[] Counts)
{
    private const int Bins = 64;
    private const double Margin = 0.125;

    /// <summary>Empty, with bins over the range and an eighth more on both sides.</summary>
    public static RangeHistogram Over(long low, long high)
    {
        double span = high - low + 1.0;
        bool fine = span <= Bins * 0.75;
        double width = fine ? 1 : Math.Ceiling(span * (1 + (2 * Margin)) / Bins);
        double first = fine ? low - 0.5 - Math.Ceiling(span * Margin) : low - 0.5 - (Math.Ceiling(span * Margin / width) * width);
        int bins = (int)Math.Ceiling((high + 0.5 + (span * Margin) - first) / width);
        return new(low, high, first, width, new long[bins]);
    }

    public void Add(double value) => Counts[(int)Math.Clamp((value - First) / BinWidth, 0, Counts.Length - 1)]++;
}
