namespace Edge.Networks.Graph;

/// <summary>Runs a network on real numbers in double precision: what calibration observes, and what a quantized network
/// is compared with. Weights that the model quantized have their quantized values.</summary>
public static class FloatInterpreter
{
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

    private static double[] Apply(Layer layer, Dictionary<int, double[]> values)
    {
        double[] x = values[layer.Inputs[0]];
        switch (layer)
        {
            case Dense dense:
                double[] weights = dense.Weights.Values;
                var sums = new double[dense.Weights.Shape[0]];
                for (int i = 0; i < sums.Length; i++)
                {
                    for (int j = 0; j < x.Length; j++)
                    {
                        sums[i] += weights[(i * x.Length) + j] * x[j];
                    }
                }

                return sums;

            case Convolution convolution:
                return Convolve(convolution, x);

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
                double[] slopes = [.. leaky.Slopes.Select(slope => slope.ToDouble())];
                return [.. x.Select((value, i) => value >= 0 ? value : value * slopes[slopes.Length == 1 ? 0 : i])];

            case Concatenation concatenation:
                return [.. concatenation.Parts.SelectMany(part => values[part])];

            case ElementwiseAffine affine:
                double[] gains = [.. affine.Gains.Select(gain => gain.ToDouble())];
                double[] offsets = [.. affine.Offsets.Select(offset => offset.ToDouble())];
                return [.. x.Select((value, i) => (gains[gains.Length == 1 ? 0 : i] * value) + offsets[offsets.Length == 1 ? 0 : i])];

            case Clip clip:
                double low = clip.Low?.ToDouble() ?? double.NegativeInfinity;
                double high = clip.High?.ToDouble() ?? double.PositiveInfinity;
                return [.. x.Select(value => Math.Clamp(value, low, high))];

            case Quantize { Quantizer: var quantizer }:
                double[] scales = [.. quantizer.Scales.Select(scale => scale.ToDouble())];
                double[] zeros = [.. quantizer.ZeroPoints.Select(zero => zero.ToDouble())];
                return [.. x.Select((value, i) =>
                {
                    double scale = scales[scales.Length == 1 ? 0 : i];
                    double zero = zeros[zeros.Length == 1 ? 0 : i];
                    double scaled = Math.Clamp((value / scale) + zero, quantizer.Low, quantizer.High);
                    return (Numerics.RoundingExtensions.Round(quantizer.Rounding, scaled) - zero) * scale;
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

            case SoftmaxLayer:
                double largest = x.Max();
                double[] exponentials = [.. x.Select(value => Math.Exp(value - largest))];
                double total = exponentials.Sum();
                return [.. exponentials.Select(value => value / total)];

            default:
                throw new ArgumentOutOfRangeException(nameof(layer), layer.Name, "unknown layer");
        }
    }

    private static double[] Convolve(Convolution convolution, double[] x)
    {
        Windows windows = convolution.Windows;
        double[] weights = convolution.Weights.Values;
        var sums = new double[convolution.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            int kernel = i / windows.Positions;
            ReadOnlySpan<int> window = windows.Of(convolution.GroupOf(kernel), i % windows.Positions);
            for (int tap = 0; tap < window.Length; tap++)
            {
                sums[i] += window[tap] < 0 ? 0 : weights[(kernel * windows.Taps) + tap] * x[window[tap]];
            }
        }

        return sums;
    }
}
