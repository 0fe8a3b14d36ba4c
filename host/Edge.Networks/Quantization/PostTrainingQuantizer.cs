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

    private const int LargestRowCount = 256;

    /// <summary>Raises the precision until the quantized network agrees with the float one on the calibration rows.</summary>
    /// <param name="rows">(count, InputLength).</param>
    /// <param name="format">Format of the inputs.</param>
    /// <param name="progress">Told each try.</param>
    public static (Network Network, Precision Precision, double Error) Quantize(
        Network network, ReadOnlySpan<double> rows, FixedPointFormat format, Action<string>? progress = null)
    {
        Network folded = GainFolding.Apply(network);
        int count = Math.Min(rows.Length / network.InputLength, LargestRowCount);
        double[] calibration = Grid(rows[..(count * network.InputLength)], format);
        Dictionary<int, double> largest = Calibrate(folded, calibration);
        double[] expected = FloatInterpreter.RunRows(network, calibration);
        double fullScale = Math.Max(expected.Max(Math.Abs), double.Epsilon);
        for (Precision precision = new(8, 8); ; precision = new(precision.WeightBits + 1, precision.ActivationBits + 1))
        {
            Network quantized = With(folded, largest, precision, format);
            double error = FloatInterpreter.RunRows(quantized, calibration).Zip(expected, (a, b) => Math.Abs(a - b)).Max() / fullScale;
            progress?.Invoke($"{precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations: largest error {error:P3} of full scale");
            if (error <= Tolerance || precision.WeightBits == 18)
            {
                string note = $"quantized after training: {precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations, calibrated with {count} rows";
                return (quantized with { Notes = [.. network.Notes, note] }, precision, error);
            }
        }
    }

    private static double[] Grid(ReadOnlySpan<double> rows, FixedPointFormat format)
    {
        var result = new double[rows.Length];
        for (int i = 0; i < result.Length; i++)
        {
            double scaled = Math.Clamp(Math.Round(Math.ScaleB(rows[i], format.FractionBits)), format.Min, format.Max);
            result[i] = Math.ScaleB(scaled, -format.FractionBits);
        }

        return result;
    }

    /// <summary>The largest magnitude each value takes on the rows.</summary>
    private static Dictionary<int, double> Calibrate(Network network, double[] rows)
    {
        var largest = new Dictionary<int, double>();
        for (int start = 0; start < rows.Length; start += network.InputLength)
        {
            foreach ((int value, double[] elements) in FloatInterpreter.Trace(network, rows.AsSpan(start, network.InputLength)))
            {
                largest[value] = Math.Max(largest.GetValueOrDefault(value), elements.Max(Math.Abs));
            }
        }

        return largest;
    }

    private static Network With(Network network, Dictionary<int, double> largest, Precision precision, FixedPointFormat format)
    {
        int next = network.Layers.Max(layer => layer.Output);
        var scales = new Dictionary<int, Rational> { [0] = format.Step }; // values that are few bits wide
        var quantized = new Dictionary<int, int>();                       // value -> the same after its quantizer
        var units = new Dictionary<int, Rational>();                      // accumulators -> their grid
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            switch (layer)
            {
                case Dense dense:
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
                    units[dense.Output] = weights.Quantized!.Scales[0] * scales[input];
                    break;

                case ElementwiseAffine { Gains: [var gain] } bias when gain == Rational.One && units.TryGetValue(bias.Input, out Rational unit):
                    layers.Add(bias with { Offsets = [.. bias.Offsets.Select(offset => Rounding.HalfEven.Round(offset / unit) * unit)] });
                    break;

                case Reorder reorder when scales.TryGetValue(reorder.Input, out Rational scale):
                    scales[reorder.Output] = scale;
                    layers.Add(reorder);
                    break;

                default:
                    layers.Add(layer);
                    break;
            }
        }

        return network with { Layers = layers };
    }

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

        double largest = weights.Values.Max(Math.Abs);
        int integerBits = largest > 0 ? (int)Math.Floor(Math.Log2(largest)) + 1 : 0;
        int fractionBits = bits - 1 - integerBits;
        (long low, long high) = Quantizer.Limits(bits, signed: true, narrow: false);
        long[] integers = [.. weights.Values.Select(value => (long)Math.Clamp(Math.Round(Math.ScaleB(value, fractionBits)), low, high))];
        Rational scale = Rational.PowerOfTwo(-fractionBits);
        return new(weights.Shape, [.. integers.Select(integer => integer * scale.ToDouble())]) { Quantized = new(integers, [scale]) };
    }
}
