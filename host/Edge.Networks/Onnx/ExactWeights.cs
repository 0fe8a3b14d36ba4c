using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Files of FINN, and models whose quantizers were folded into their weights, hold quantized weights as plain numbers.
/// In a network with quantizers, weights that are few-bit multiples of a power of two are quantized: exactly as they stand.</summary>
internal static class ExactWeights
{
    private const int LargestBits = 16;

    public static IReadOnlyList<Layer> Mark(IReadOnlyList<Layer> layers) => layers.Any(layer => layer is Quantize or Bipolar or MultiThreshold)
        ? [.. layers.Select(layer => layer is Linear { Weights: { Quantized: null } weights } linear && OnGrid(weights) is { } exact ? linear with { Weights = exact } : layer)]
        : layers;

    private static ConstantTensor? OnGrid(ConstantTensor weights)
    {
        int lowest = int.MaxValue;
        double largest = 0;
        foreach (double value in weights.Values)
        {
            if (value != 0)
            {
                long bits = BitConverter.DoubleToInt64Bits(value);
                long mantissa = (bits & 0xFFFFFFFFFFFFF) | (1L << 52);
                lowest = Math.Min(lowest, Math.ILogB(value) - 52 + (int)long.TrailingZeroCount(mantissa));
                largest = Math.Max(largest, Math.Abs(value));
            }
        }

        if (largest == 0)
        {
            lowest = 0;
        }

        return Math.ScaleB(largest, -lowest) < 1 << (LargestBits - 1) && Math.Abs(lowest) < 64
            ? weights with { Quantized = new([.. weights.Values.Select(value => (long)Math.ScaleB(value, -lowest))], [Rational.PowerOfTwo(lowest)]) }
            : null;
    }
}
