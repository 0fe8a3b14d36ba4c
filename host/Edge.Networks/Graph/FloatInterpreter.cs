using System.Numerics;
using System.Runtime.CompilerServices;
using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>Runs a network on real numbers in double precision: what calibration observes, and what a quantized network
/// is compared with. Weights that the model quantized have their quantized values.</summary>
public static class FloatInterpreter
{
    // A layer's fractions become doubles once, not for every row.
    private static readonly ConditionalWeakTable<IReadOnlyCollection<Rational>, double[]> Converted = [];

    /// <summary>Every value, by number, for one input (InputLength).</summary>
    public static Dictionary<int, double[]> Trace(Network network, ReadOnlySpan<double> input)
    {
        var values = new Dictionary<int, double[]> { [0] = input.ToArray() };
        foreach (Layer layer in network.Layers)
        {
            values[layer.Output] = Apply(layer, values);
        }

        return values;
    }

    /// <summary>rows (count, InputLength) to results (count, output length).</summary>
    public static double[] RunRows(Network network, ReadOnlySpan<double> rows)
    {
        var results = new List<double>();
        for (int start = 0; start < rows.Length; start += network.InputLength)
        {
            results.AddRange(Trace(network, rows.Slice(start, network.InputLength))[network.OutputValue]);
        }

        return [.. results];
    }

    /// <summary>What a layer with weights makes of x.</summary>
    internal static double[] SumsOf(Linear layer, double[] x)
    {
        if (layer is Convolution convolution)
        {
            return Convolve(convolution, x);
        }

        double[] weights = layer.Weights.Values;
        var sums = new double[layer.Weights.Shape[0]];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = Dot(weights.AsSpan(i * x.Length, x.Length), x);
        }

        return sums;
    }

    private static double[] Apply(Layer layer, Dictionary<int, double[]> values)
    {
        double[] x = values[layer.Inputs[0]];
        switch (layer)
        {
            case Linear linear:
                return SumsOf(linear, x);

            case MaxPool pool:
                return [.. Enumerable.Range(0, pool.Length).Select(i =>
                {
                    double greatest = double.NegativeInfinity;
                    foreach (int index in pool.Windows.Of(i / pool.Windows.Positions, i % pool.Windows.Positions))
                    {
                        greatest = Math.Max(greatest, x[index]);
                    }

                    return greatest;
                })];

            case LeakyRelu leaky:
                double[] slopes = Doubles(leaky.Slopes);
                return [.. x.Select((value, i) => value >= 0 ? value : value * slopes[slopes.Length == 1 ? 0 : i])];

            case ElementFunction { Function: var function }:
                return [.. x.Select(function.At)];

            case Concatenation concatenation:
                return [.. concatenation.Parts.SelectMany(part => values[part])];

            case ElementwiseAffine affine:
                double[] gains = Doubles(affine.Gains);
                double[] offsets = Doubles(affine.Offsets);
                var transformed = new double[x.Length];
                for (int i = 0; i < x.Length; i++)
                {
                    transformed[i] = (gains[gains.Length == 1 ? 0 : i] * x[i]) + offsets[offsets.Length == 1 ? 0 : i];
                }

                return transformed;

            case Clip clip:
                double low = clip.Low?.ToDouble() ?? double.NegativeInfinity;
                double high = clip.High?.ToDouble() ?? double.PositiveInfinity;
                return [.. x.Select(value => Math.Clamp(value, low, high))];

            case Quantize { Quantizer: var quantizer }:
                double[] scales = Doubles(quantizer.Scales);
                double[] zeros = Doubles(quantizer.ZeroPoints);
                return [.. x.Select((value, i) =>
                {
                    double scale = scales[scales.Length == 1 ? 0 : i];
                    double zero = zeros[zeros.Length == 1 ? 0 : i];
                    double scaled = Math.Clamp((value / scale) + zero, quantizer.Low, quantizer.High);
                    return (RoundingExtensions.Round(quantizer.Rounding, scaled) - zero) * scale;
                })];

            case Bipolar bipolar:
                return [.. x.Select((value, i) => (value >= 0 ? 1 : -1) * bipolar.MagnitudeOf(i).ToDouble())];

            case MultiThreshold thresholds:
                var levels = new Dictionary<Numerics.Rational[], double[]>(ReferenceEqualityComparer.Instance);
                double step = thresholds.Step.ToDouble();
                double offset = thresholds.Offset.ToDouble();
                return [.. x.Select((value, i) =>
                {
                    if (!levels.TryGetValue(thresholds.Levels[i], out double[]? ascending))
                    {
                        levels[thresholds.Levels[i]] = ascending = [.. thresholds.Levels[i].Select(level => level.ToDouble())];
                    }

                    return (step * ascending.Count(level => value >= level)) + offset;
                })];

            case Sum sum:
                double[] right = values[sum.Right];
                return [.. x.Select((value, i) => value + (sum.RightSign * right[i]))];

            case Reorder reorder:
                return reorder.Indices is { } indices ? [.. indices.Select(index => x[index])] : x;

            case IndexOfLargest:
                return [Array.IndexOf(x, x.Max())];

            case SoftmaxLayer softmax:
                return [.. x.Chunk(x.Length / softmax.Vectors).SelectMany(vector =>
                {
                    double largest = vector.Max();
                    double[] exponentials = [.. vector.Select(value => Math.Exp(value - largest))];
                    double total = exponentials.Sum();
                    return exponentials.Select(value => value / total);
                })];

            default:
                throw new ArgumentOutOfRangeException(nameof(layer), layer.Name, "unknown layer");
        }
    }

    private static double[] Doubles(IReadOnlyCollection<Rational> fractions) => Converted.GetValue(fractions, values => [.. values.Select(value => value.ToDouble())]);

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= a.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            sums += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
        }

        double sum = Vector.Sum(sums);
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static double[] Convolve(Convolution convolution, double[] x)
    {
        Windows windows = convolution.Windows;
        double[] weights = convolution.Weights.Values;
        var sums = new double[convolution.Length];
        var taps = new double[windows.Taps];
        int kernels = convolution.Weights.Shape[0] / windows.Groups;
        for (int group = 0; group < windows.Groups; group++)
        {
            for (int position = 0; position < windows.Positions; position++)
            {
                ReadOnlySpan<int> window = windows.Of(group, position);
                for (int tap = 0; tap < window.Length; tap++)
                {
                    taps[tap] = window[tap] < 0 ? 0 : x[window[tap]];
                }

                for (int kernel = group * kernels; kernel < (group + 1) * kernels; kernel++)
                {
                    sums[(kernel * windows.Positions) + position] = Dot(weights.AsSpan(kernel * windows.Taps, windows.Taps), taps);
                }
            }
        }

        return sums;
    }
}
