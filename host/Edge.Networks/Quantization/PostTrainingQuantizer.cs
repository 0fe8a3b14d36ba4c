using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Bits of weights and activations of a network that was quantized after training.</summary>
public readonly record struct Precision(int WeightBits, int ActivationBits);

/// <summary>Gives a float network power-of-two formats: ranges from calibration rows, precision by trying.</summary>
public static class PostTrainingQuantizer
{
    /// <summary>The largest difference between float and quantized network on the calibration rows, in parts of full scale.</summary>
    public const double Tolerance = 1.0 / 512;

    internal const int LargestRowCount = 256;
    private const int LargestWidth = 18;

    /// <summary>Bits that a gain has more than a weight.</summary>
    private const int GainBits = 2;

    /// <summary>A limit is rounded where this keeps so many of its bits.</summary>
    private const int LimitBits = 12;

    /// <summary>Raises the precision until the quantized network agrees with the float one on the calibration rows.</summary>
    /// <param name="rows">(count, InputLength).</param>
    /// <param name="format">Format of the inputs.</param>
    /// <param name="progress">Told each try.</param>
    public static (Network Network, Precision Precision, double Error) Quantize(
        Network network, ReadOnlySpan<double> rows, FixedPointFormat format, Action<string>? progress = null)
    {
        if (network.Layers.Count == 0)
        {
            throw new InvalidInputException("the model has no layers");
        }

        Network folded = GainFolding.Apply(network);
        int count = Math.Min(rows.Length / network.InputLength, LargestRowCount);
        double[] limited = InputQuantization.Limited(rows[..(count * network.InputLength)], format);
        double[] calibration = InputQuantization.Rounded(limited, format);
        Dictionary<int, double> largest = Calibrate(folded, calibration);
        double[] expected = FloatInterpreter.RunRows(network, limited);
        double fullScale = Math.Max(expected.Max(Math.Abs), double.Epsilon);
        for (Precision precision = new(8, 8); ; precision = new(precision.WeightBits + 1, precision.ActivationBits + 1))
        {
            Network quantized = With(folded, largest, precision, format);
            double error = FloatInterpreter.RunRows(quantized, calibration).Zip(expected, (a, b) => Math.Abs(a - b)).Max() / fullScale;
            progress?.Invoke($"{precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations: largest error {error:P3} of full scale");
            if (error <= Tolerance || precision.WeightBits == LargestWidth)
            {
                string doubt = error <= Tolerance ? string.Empty : $"; they differ from the float network by up to {error:P2} of full scale, more than the {Tolerance:P2} aimed at";
                string note = $"quantized after training: {precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations, calibrated with {count} rows{doubt}";
                return (quantized with { Notes = [.. network.Notes, note] }, precision, error);
            }
        }
    }

    /// <summary>The largest magnitude each value takes on the rows.</summary>
    private static Dictionary<int, double> Calibrate(Network network, double[] rows)
    {
        var largest = new Dictionary<int, double>();
        for (int start = 0; start < rows.Length; start += network.InputLength)
        {
            foreach ((int value, double[] elements) in FloatInterpreter.Trace(network, rows.AsSpan(start, network.InputLength)))
            {
                double magnitude = elements.Max(Math.Abs);
                largest[value] = double.IsFinite(magnitude)
                    ? Math.Max(largest.GetValueOrDefault(value), magnitude)
                    : throw new InvalidInputException($"calibration row {start / network.InputLength} makes the float network overflow at {network.Producer(value)?.Name ?? "its input"}. Check the weights and the rows.");
            }
        }

        return largest;
    }

    private static Network With(Network network, Dictionary<int, double> largest, Precision precision, FixedPointFormat format)
    {
        int next = network.Layers.Max(layer => layer.Output);
        var scales = new Dictionary<int, Rational> { [0] = format.Step }; // values that are few bits wide
        var quantized = new Dictionary<int, int>();                       // value -> the same after its quantizer
        var units = new Dictionary<int, Rational[]>();                    // accumulators -> their grid, per element
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            switch (layer)
            {
                case Linear dense:
                    if (!scales.ContainsKey(dense.Input) && !quantized.ContainsKey(dense.Input))
                    {
                        Quantize quantize = Activation(network, dense.Input, ++next, largest[dense.Input], precision.ActivationBits);
                        layers.Add(quantize);
                        quantized[dense.Input] = next;
                        scales[next] = quantize.Quantizer.Scales[0];
                    }

                    int input = quantized.GetValueOrDefault(dense.Input, dense.Input);
                    ConstantTensor weights = QuantizedWeights(dense.Weights, precision.WeightBits);
                    layers.Add(dense with { Input = input, Weights = weights });
                    int columns = weights.Shape[1];
                    units[dense.Output] = [.. Enumerable.Range(0, dense.Length).Select(i => weights.Quantized!.ScaleOf(i / dense.OutputsPerKernel * columns) * scales[input])];
                    break;

                case ElementwiseAffine affine:
                    Rational[] gains = [.. affine.Gains.Select(gain => Rounded(gain, precision.WeightBits + GainBits))];
                    if (UnitsOf(affine.Input) is { } before)
                    {
                        units[affine.Output] = [.. Enumerable.Range(0, affine.Length).Select(i => PowerBelow(RealVector.At(before, i) * RealVector.At(gains, i)))];
                        layers.Add(affine with { Gains = gains, Offsets = [.. units[affine.Output].Select((unit, i) => Rounding.HalfEven.Round(affine.OffsetOf(i) / unit) * unit)] });
                    }
                    else
                    {
                        layers.Add(affine with { Gains = gains });
                    }

                    break;

                case Clip clip when UnitsOf(clip.Input) is { } grid:
                    units[clip.Output] = grid;
                    Rational coarsest = grid.Max();
                    layers.Add(clip with { Low = Limit(clip.Low, coarsest), High = Limit(clip.High, coarsest) });
                    break;

                case Reorder reorder when scales.TryGetValue(reorder.Input, out Rational scale):
                    scales[reorder.Output] = scale;
                    layers.Add(reorder);
                    break;

                case Reorder reorder when UnitsOf(reorder.Input) is { } moved:
                    units[reorder.Output] = reorder.Indices is { } indices && moved.Length > 1 ? [.. indices.Select(index => moved[index])] : moved;
                    layers.Add(reorder);
                    break;

                // What the model quantized itself stays as it is.
                case Quantize { Quantizer.Scales: [var own] } quantizer:
                    scales[quantizer.Output] = own;
                    layers.Add(quantizer);
                    break;

                case Bipolar { Magnitudes: [var magnitude] } sign:
                    scales[sign.Output] = magnitude;
                    layers.Add(sign);
                    break;

                default:
                    layers.Add(layer);
                    break;
            }
        }

        return network with { Layers = layers };

        // Inputs have few bits: what is added to them keeps more.
        Rational[]? UnitsOf(int value) => units.GetValueOrDefault(value)
            ?? (scales.TryGetValue(value, out Rational scale) ? [PowerBelow(scale) * Rational.PowerOfTwo(-precision.WeightBits)] : null);
    }

    /// <summary>The nearest value of so many significant bits: gains stay cheap to multiply with.</summary>
    private static Rational Rounded(Rational value, int bits)
    {
        Rational step = value.IsZero ? Rational.One : PowerBelow(value) * Rational.PowerOfTwo(1 - bits);
        return Rounding.HalfEven.Round(value / step) * step;
    }

    /// <summary>The largest power of two that is at most |value|; 1 for 0.</summary>
    private static Rational PowerBelow(Rational value)
    {
        if (value.IsZero)
        {
            return Rational.One;
        }

        Rational power = Rational.PowerOfTwo((int)(value.Abs().Numerator.GetBitLength() - value.Denominator.GetBitLength()));
        return power > value.Abs() ? power / 2 : power;
    }

    /// <summary>A limit on the grid of what it limits, where that changes it by little.</summary>
    private static Rational? Limit(Rational? limit, Rational unit) => limit is { } value && unit <= value.Abs() * Rational.PowerOfTwo(-LimitBits)
        ? Rounding.HalfEven.Round(value / unit) * unit
        : limit;

    private static Quantize Activation(Network network, int value, int output, double largest, int bits)
    {
        Layer producer = network.Producer(value)!;
        bool unsigned = producer is Clip { Low: { Sign: >= 0 } };

        // One bit of headroom above what calibration saw.
        int integerBits = (largest > 0 ? (int)Math.Ceiling(Math.Log2(largest)) : 0) + 1;
        int fractionBits = bits - integerBits - (unsigned ? 0 : 1);
        (long low, long high) = Quantizer.Limits(bits, !unsigned, narrow: false);
        var quantizer = new Quantizer([Rational.PowerOfTwo(-fractionBits)], [Rational.Zero], low, high, Rounding.HalfEven);
        return new(output, $"input of {producer.Name}", producer.Shape, value, quantizer);
    }

    private static ConstantTensor QuantizedWeights(ConstantTensor weights, int bits)
    {
        if (weights.Quantized is not null)
        {
            return weights;
        }

        // A step per output: a shift in hardware, which costs nothing.
        int columns = weights.Shape[1];
        (long low, long high) = Quantizer.Limits(bits, signed: true, narrow: false);
        var integers = new long[weights.Length];
        var values = new double[weights.Length];
        var scales = new Rational[weights.Length];
        for (int start = 0; start < integers.Length; start += columns)
        {
            double largest = weights.Values.AsSpan(start, columns).ToArray().Max(Math.Abs);
            int fractionBits = bits - 1 - (largest > 0 ? (int)Math.Floor(Math.Log2(largest)) + 1 : 0);
            Rational scale = Rational.PowerOfTwo(-fractionBits);
            for (int k = start; k < start + columns; k++)
            {
                integers[k] = (long)Math.Clamp(Math.Round(Math.ScaleB(weights.Values[k], fractionBits)), low, high);
                values[k] = Math.ScaleB(integers[k], -fractionBits);
                scales[k] = scale;
            }
        }

        return new(weights.Shape, values) { Quantized = new(integers, scales) };
    }
}
