using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Turns a quantized network on real numbers into one on integers. Scales and offsets are carried as exact
/// fractions beside the integers and disappear only where a quantizer rounds, so nothing is ever approximated.</summary>
public sealed partial class Lowering
{
    /// <summary>Steps by which outputs are shifted to be free of an offset; beyond, the host adds it.</summary>
    private const long LargestOutputShift = 1L << 40;

    private const long LargestFactor = 1L << 50;

    private readonly Network network;
    private readonly IntegerNetworkBuilder builder;
    private readonly Dictionary<int, RealVector> values = [];

    private Lowering(Network network, InputEncoding encoding)
    {
        this.network = network;
        builder = new([.. Enumerable.Repeat(new Interval(encoding.Low, encoding.High), network.InputLength)]);
    }

    /// <param name="network">Every layer has quantized weights.</param>
    /// <param name="inputFormat">How inputs become integers; null: the model's own input quantizer, or fixed&lt;16,6&gt;
    /// where it has none.</param>
    /// <exception cref="InvalidInputException">A layer cannot be computed exactly in integers; it is named.</exception>
    public static IntegerNetwork ToIntegers(Network network, FixedPointFormat? inputFormat)
    {
        (InputEncoding encoding, int firstLayer) = InputQuantization.Choose(network, inputFormat);
        return ToIntegers(network, encoding, firstLayer);
    }

    /// <param name="encoding">How inputs become integers.</param>
    /// <param name="firstLayer">How many leading layers that stands for.</param>
    internal static IntegerNetwork ToIntegers(Network network, InputEncoding encoding, int firstLayer)
    {
        var lowering = new Lowering(network, encoding);
        int encoded = firstLayer == 0 ? 0 : network.Layers[firstLayer - 1].Output;
        lowering.values[encoded] = DecodedInput(encoding, firstLayer == 0 ? null : network.Layers[firstLayer - 1]);
        bool softmax = false;
        foreach (Layer layer in network.Layers.Skip(firstLayer))
        {
            if (layer is SoftmaxLayer last)
            {
                softmax = true;
                lowering.values[last.Output] = lowering.values[last.Input];
                continue;
            }

            lowering.values[layer.Output] = Named(layer.Name, () => lowering.Lower(layer));
        }

        return Named(network.OutputName, () => lowering.Finish(encoding, softmax));
    }

    /// <summary>Adds the layer's name to what went wrong in it.</summary>
    private static T Named<T>(string layer, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (InvalidInputException error) when (!error.Message.StartsWith("layer ", StringComparison.Ordinal))
        {
            throw new InvalidInputException($"layer {layer}: {error.Message}", error);
        }
        catch (OverflowException error)
        {
            throw new InvalidInputException($"layer {layer}: {error.Message}. Quantize its inputs or weights to fewer bits.", error);
        }
    }

    private static RealVector DecodedInput(InputEncoding encoding, Layer? quantizer) => quantizer switch
    {
        // The host runs the model's own input quantizer; the network starts from its integers.
        Quantize quantize => Dequantized(0, quantize.Quantizer),
        Bipolar bipolar => new(0, [.. bipolar.Magnitudes.Select(value => value * -2)], bipolar.Magnitudes),
        _ => new(0, [.. encoding.Gain.Select(gain => Rational.One / gain)], [Rational.Zero]),
    };

    private static RealVector Dequantized(int tensor, Quantizer quantizer)
    {
        int count = Math.Max(quantizer.Scales.Length, quantizer.ZeroPoints.Length);
        return new(tensor, quantizer.Scales, [.. Enumerable.Range(0, count).Select(i => -(quantizer.ZeroPointOf(i) * quantizer.ScaleOf(i)))]);
    }

    private RealVector Lower(Layer layer) => layer switch
    {
        Dense dense => LowerDense(dense),
        Convolution convolution => LowerConvolution(convolution),
        MaxPool pool => LowerMaxPool(pool),
        LeakyRelu leaky => LowerLeakyRelu(leaky),
        Concatenation concatenation => LowerConcatenation(concatenation),
        ElementwiseAffine affine => values[affine.Input].Transformed(
            affine.Length, affine.GainOf, affine.OffsetOf, affine.Gains.Length == 1 && affine.Offsets.Length == 1),
        Clip clip => values[clip.Input].Limited(clip.Low, clip.High),
        Quantize quantize => LowerQuantize(quantize),
        Bipolar bipolar => LowerBipolar(bipolar),
        MultiThreshold thresholds => LowerMultiThreshold(thresholds),
        Sum sum => LowerSum(sum),
        Reorder reorder => LowerReorder(reorder),
        IndexOfLargest largest => new(builder.ArgMax(layer.Name, InSameOrder(values[largest.Input], layer.Name)), [Rational.One], [Rational.Zero]),
        _ => throw new InvalidInputException("this layer has no integer form"),
    };

    private RealVector LowerDense(Dense dense)
    {
        RealVector x = WithoutLimits(values[dense.Input], dense.Name);
        int rows = dense.Weights.Shape[0];
        int columns = dense.Weights.Shape[1];
        var integers = new long[rows * columns];
        var scales = new Rational[rows];
        var offsets = new Rational[rows];
        bool anyOffset = x.Offsets.Any(offset => !offset.IsZero);
        for (int i = 0; i < rows; i++)
        {
            scales[i] = KernelRow(dense.Weights, x.Scales, i, integers.AsSpan(i * columns, columns));
            if (anyOffset)
            {
                offsets[i] = Enumerable.Range(0, columns)
                    .Aggregate(Rational.Zero, (sum, j) => sum + (dense.Weights.Exact((i * columns) + j) * x.Offset(j)));
            }
        }

        return new(builder.Affine(dense.Name, x.Tensor, new(rows, columns, integers), new long[rows]), scales, offsets);
    }

    /// <summary>Integer weights of one kernel, and the unit they count.</summary>
    /// <param name="scales">Of the inputs it reads: one for all, or one per weight.</param>
    private static Rational KernelRow(ConstantTensor weights, Rational[] scales, int row, Span<long> integers)
    {
        int start = row * integers.Length;
        if (scales.Length == 1 && weights.Quantized is { } quantized && IsUniform(quantized, start, integers.Length))
        {
            quantized.Integers.AsSpan(start, integers.Length).CopyTo(integers);
            return quantized.ScaleOf(start) * scales[0];
        }

        var exact = new Rational[integers.Length];
        for (int j = 0; j < exact.Length; j++)
        {
            exact[j] = weights.Exact(start + j) * RealVector.At(scales, j);
        }

        Rational unit = Rational.GreatestCommonDivisor(exact);
        unit = unit.IsZero ? Rational.One : unit;
        for (int j = 0; j < exact.Length; j++)
        {
            Rational integer = exact[j] / unit;
            if (BigInteger.Abs(integer.Numerator) > LargestFactor)
            {
                throw new InvalidInputException(
                    $"output {row}: its weights have no common unit that fits 50 bits (input scales or weights that are not quantized alike). Give the inputs of this layer one scale, or quantize the weights.");
            }

            integers[j] = (long)integer.Numerator;
        }

        return unit;
    }

    private static bool IsUniform(QuantizedValues quantized, int start, int count)
    {
        if (quantized.Scales.Length == 1)
        {
            return true;
        }

        Rational first = quantized.Scales[start];
        for (int j = 1; j < count; j++)
        {
            if (quantized.Scales[start + j] != first)
            {
                return false;
            }
        }

        return true;
    }

    private RealVector LowerSum(Sum sum) =>
        SumOf(sum.Name, WithoutLimits(values[sum.Left], sum.Name), values[sum.Right], sum.RightSign, sum.Length);

    private RealVector SumOf(string name, RealVector left, RealVector right, int rightSign, int length)
    {
        right = WithoutLimits(right, name);
        var units = new Rational[length];
        var leftFactors = new long[length];
        var rightFactors = new long[length];
        for (int i = 0; i < length; i++)
        {
            units[i] = Rational.GreatestCommonDivisor([left.Scale(i), right.Scale(i)]);
            units[i] = units[i].IsZero ? Rational.One : units[i];
            leftFactors[i] = Factor(left.Scale(i) / units[i]);
            rightFactors[i] = Factor(right.Scale(i) * rightSign / units[i]);
        }

        int a = builder.Scale(name, left.Tensor, leftFactors, new long[length]);
        int b = builder.Scale(name, right.Tensor, rightFactors, new long[length]);
        Rational[] offsets = [.. Enumerable.Range(0, length).Select(i => left.Offset(i) + (right.Offset(i) * rightSign))];
        return new(builder.Add(name, a, b), OneIfAlike(units), OneIfAlike(offsets));
    }

    private RealVector LowerReorder(Reorder reorder)
    {
        RealVector x = values[reorder.Input];
        if (reorder.Indices is not { } indices)
        {
            return x;
        }

        T[] Pick<T>(T[] source) => source.Length == 1 ? source : [.. indices.Select(index => source[index])];
        return new(builder.Rearrange(reorder.Name, x.Tensor, indices), Pick(x.Scales), Pick(x.Offsets))
        {
            Lows = x.Lows is null ? null : Pick(x.Lows),
            Highs = x.Highs is null ? null : Pick(x.Highs),
        };
    }

    private IntegerNetwork Finish(InputEncoding encoding, bool softmax)
    {
        RealVector result = values[network.OutputValue];
        RealVector limits = result;
        if (LimitsOnGrid(result))
        {
            result = limits = WithoutLimits(result, network.OutputName);
        }

        int length = builder.Length(result.Tensor);
        bool onGrid = Enumerable.Range(0, length).All(i => !result.Scale(i).IsZero
            && (result.Offset(i) / result.Scale(i)) is { IsInteger: true } steps && steps.Abs() <= LargestOutputShift);
        if (onGrid && result.Offsets.Any(offset => !offset.IsZero))
        {
            // Offsets of whole steps become part of the integers.
            long[] addends = [.. Enumerable.Range(0, length).Select(i => Factor(result.Offset(i) / result.Scale(i)))];
            result = new(builder.Scale(network.OutputName, result.Tensor, [.. Enumerable.Repeat(1L, length)], addends), result.Scales, [Rational.Zero]);
        }

        Layer last = network.Layers.Count > 0 ? network.Layers[^1] : throw new InvalidInputException("the model has no layers");
        Rational[] scales = result.Scales.Distinct().Count() == 1 ? [result.Scales[0]] : result.Scales;
        Rational[] offsets = result.Offsets.Distinct().Count() == 1 ? [result.Offsets[0]] : result.Offsets;
        int[] shape = network.Producer(network.OutputValue)?.Shape ?? last.Shape;
        var decoding = new OutputDecoding(shape, scales, offsets, softmax) { Lows = limits.Lows, Highs = limits.Highs };
        return ScaleFolding.Apply(builder.Build(network.Name, encoding, result.Tensor, decoding));
    }

    private static long Factor(Rational value) => value.IsInteger && BigInteger.Abs(value.Numerator) <= LargestFactor
        ? (long)value.Numerator
        : throw new InvalidInputException("its inputs have no common unit that fits 50 bits. Quantize them on scales whose ratio is a power of two.");
}
