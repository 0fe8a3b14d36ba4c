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

    /// <summary>Takes what the user should know of the decisions made; null: nobody asks.</summary>
    private readonly ICollection<string>? notes;

    private Lowering(Network network, PerElement<Interval> input, ICollection<string>? notes)
    {
        this.notes = notes;
        this.network = network;
        builder = new(input);
    }

    /// <param name="network">Every layer has quantized weights.</param>
    /// <param name="inputFormat">How inputs become integers; null: the model's own input quantizer, or fixed&lt;16,6&gt;
    /// where it has none.</param>
    /// <param name="notes">Gets a line for each function whose float32 evaluation may differ from the exact one.</param>
    /// <exception cref="InvalidInputException">A layer cannot be computed exactly in integers; it is named.</exception>
    public static IntegerNetwork ToIntegers(Network network, FixedPointFormat? inputFormat, ICollection<string>? notes = null)
    {
        (InputEncoding encoding, int firstLayer) = InputQuantization.Choose(network, inputFormat);
        return ToIntegers(network, encoding, firstLayer, notes);
    }

    /// <param name="encoding">How inputs become integers.</param>
    /// <param name="firstLayer">How many leading layers that stands for.</param>
    internal static IntegerNetwork ToIntegers(Network network, InputEncoding encoding, int firstLayer, ICollection<string>? notes = null)
    {
        network = ReorderSinking.Apply(network, firstLayer);
        var lowering = new Lowering(network, PerElement.Uniform(network.InputLength, new Interval(encoding.Low, encoding.High)), notes);
        int encoded = firstLayer == 0 ? 0 : network.Layers[firstLayer - 1].Output;
        lowering.values[encoded] = DecodedInput(encoding, network.InputLength, firstLayer == 0 ? null : network.Layers[firstLayer - 1]);
        int left = CountOnHost(network, firstLayer);
        foreach (Layer layer in network.Layers.Skip(firstLayer).SkipLast(left))
        {
            if (!Named(layer.Name, () => lowering.LowerFunction(layer)))
            {
                lowering.values[layer.Output] = Named(layer.Name, () => lowering.Lower(layer));
            }
        }

        return Named(network.OutputName, () => lowering.Finish(encoding, [.. network.Layers.TakeLast(left)]));
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

    private static RealVector DecodedInput(InputEncoding encoding, int length, Layer? quantizer) => quantizer switch
    {
        // The host runs the model's own input quantizer; the network starts from its integers.
        Quantize quantize => Dequantized(0, length, quantize.Quantizer),
        Bipolar bipolar => new(0, PerElement.Spread(length, bipolar.Magnitudes).Map(value => new RealForm(value * -2, value, null, null))),
        _ => new(0, PerElement.Spread(length, encoding.Gain).Map(gain => new RealForm(Rational.One / gain, Rational.Zero, null, null))),
    };

    private static RealVector Dequantized(int tensor, int length, Quantizer quantizer) => new(
        tensor,
        PerElement.Map(
            PerElement.Spread(length, quantizer.Scales),
            PerElement.Spread(length, quantizer.ZeroPoints),
            (scale, zero) => new RealForm(scale, -(zero * scale), null, null)).Compacted());

    private RealVector Lower(Layer layer) => layer switch
    {
        Dense dense => LowerDense(dense),
        Convolution convolution => LowerConvolution(convolution),
        MaxPool pool => LowerMaxPool(pool),
        LeakyRelu leaky => LowerLeakyRelu(leaky),
        Concatenation concatenation => LowerConcatenation(concatenation),
        ElementwiseAffine affine => values[affine.Input].Transformed(PerElement.Spread(affine.Length, affine.Gains), PerElement.Spread(affine.Length, affine.Offsets)),
        Clip clip => values[clip.Input].Limited(clip.Low, clip.High),
        Quantize quantize => LowerQuantize(quantize),
        Bipolar bipolar => LowerBipolar(bipolar),
        MultiThreshold thresholds => LowerMultiThreshold(thresholds),
        Sum sum => LowerSum(sum),
        Reorder reorder => LowerReorder(reorder),
        SoftmaxLayer softmax => LowerSoftmax(softmax),
        ElementFunction function when onHost => LowerFinal(function),
        IndexOfLargest largest => new(builder.ArgMax(layer.Name, InSameOrder(values[largest.Input], layer.Name)), [new RealForm(Rational.One, Rational.Zero, null, null)]),
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
        bool anyOffset = x.HasOffset;
        Rational[] inputScales = x.Forms.Kinds.Count == 1 ? [x.Scale(0)] : x.Scales is { IsUniform: true } one ? [one[0]] : x.Scales.ToArray();
        for (int i = 0; i < rows; i++)
        {
            scales[i] = KernelRow(dense.Weights, inputScales, i, integers.AsSpan(i * columns, columns));
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
            exact[j] = weights.Exact(start + j) * scales[scales.Length == 1 ? 0 : j];
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
        SumOf(sum.Name, WithoutLimits(values[sum.Left], sum.Name), values[sum.Right], sum.RightSign);

    private RealVector SumOf(string name, RealVector left, RealVector right, int rightSign)
    {
        right = WithoutLimits(right, name);
        var sums = PerElement.Map(left.Forms, right.Forms, (a, b) =>
        {
            Rational unit = Rational.GreatestCommonDivisor([a.Scale, b.Scale]);
            unit = unit.IsZero ? Rational.One : unit;
            return (Left: Factor(a.Scale / unit), Right: Factor(b.Scale * rightSign / unit), Form: new RealForm(unit, a.Offset + (b.Offset * rightSign), null, null));
        });
        int a = builder.Scale(name, left.Tensor, sums.Map(sum => sum.Left), Zeros(left.Length));
        int b = builder.Scale(name, right.Tensor, sums.Map(sum => sum.Right), Zeros(right.Length));
        return new(builder.Add(name, a, b), sums.Map(sum => sum.Form).Compacted());
    }

    private static PerElement<long> Zeros(int length) => PerElement.Uniform(length, 0L);

    private RealVector LowerReorder(Reorder reorder) => Reordered(values[reorder.Input], reorder);

    private RealVector Reordered(RealVector x, Reorder reorder) =>
        reorder.Indices is { } indices ? new(builder.Rearrange(reorder.Name, x.Tensor, indices), x.Forms.Picked(indices)) : x;

    /// <param name="last">Layers that the host computes.</param>
    private IntegerNetwork Finish(InputEncoding encoding, Layer[] last)
    {
        int output = last.Length > 0 ? last[0].Inputs[0] : network.OutputValue;
        if (chains.TryGetValue(output, out ElementChain? chain))
        {
            throw new InvalidInputException($"it is the result of {chain.Steps[0].Name}, which no quantizer has rounded. Put a quantizer behind that function.");
        }

        RealVector result = values[output];
        RealVector limits = result;
        if (LimitsOnGrid(result))
        {
            result = limits = WithoutLimits(result, network.OutputName);
        }

        bool onGrid = result.Forms.All(form => !form.Scale.IsZero
            && (form.Offset / form.Scale) is { IsInteger: true } steps && steps.Abs() <= LargestOutputShift);
        if (onGrid && result.HasOffset)
        {
            // Offsets of whole steps become part of the integers.
            PerElement<long> addends = result.Forms.Map(form => Factor(form.Offset / form.Scale));
            result = new(
                builder.Scale(network.OutputName, result.Tensor, PerElement.Uniform(result.Length, 1L), addends),
                result.Forms.Map(form => form with { Offset = Rational.Zero }));
        }

        Layer layer = network.Layers.Count > 0 ? network.Layers[^1] : throw new InvalidInputException("the model has no layers");
        int[] shape = network.Producer(network.OutputValue)?.Shape ?? layer.Shape;
        IntegerNetwork? final = last.Length > 0 ? OnHost(result with { Forms = PerElement.Map(result.Forms, limits.Forms, (form, limit) => form with { Low = limit.Low, High = limit.High }) }, last) : null;
        var decoding = new OutputDecoding(shape, OneOrEach(result.Scales), OneOrEach(result.Offsets), final is not null)
        {
            Lows = limits.Forms.Any(form => form.Low is not null) ? OneOrEach(limits.Forms.Map(form => form.Low)) : null,
            Highs = limits.Forms.Any(form => form.High is not null) ? OneOrEach(limits.Forms.Map(form => form.High)) : null,
            Final = final,
        };
        return ScaleFolding.Apply(builder.Build(network.Name, encoding, result.Tensor, decoding));
    }

    private static T[] OneOrEach<T>(PerElement<T> elements) => elements.IsUniform ? [elements[0]] : elements.ToArray();

    private static long Factor(Rational value) => value.IsInteger && BigInteger.Abs(value.Numerator) <= LargestFactor
        ? (long)value.Numerator
        : throw new InvalidInputException("its inputs have no common unit that fits 50 bits. Quantize them on scales whose ratio is a power of two.");
}
