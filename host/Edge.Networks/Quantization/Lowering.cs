using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Turns a quantized network on real numbers into one on integers. Scales and offsets are carried as exact
/// fractions beside the integers and disappear only where a quantizer rounds, so nothing is ever approximated.</summary>
public sealed class Lowering
{
    private readonly Network network;
    private readonly IntegerNetworkBuilder builder;
    private readonly Dictionary<int, RealVector> values = [];

    private Lowering(Network network, InputEncoding encoding)
    {
        this.network = network;
        builder = new([.. Enumerable.Repeat(new Interval(encoding.Low, encoding.High), network.InputLength)]);
    }

    /// <param name="network">Every Dense layer has quantized weights.</param>
    /// <param name="inputFormat">How inputs become integers; null: the model's own input quantizer, or fixed&lt;16,6&gt;
    /// where it has none.</param>
    /// <exception cref="InvalidInputException">A layer cannot be computed exactly in integers; it is named.</exception>
    public static IntegerNetwork ToIntegers(Network network, FixedPointFormat? inputFormat)
    {
        (InputEncoding encoding, int firstLayer) = InputQuantization.Choose(network, inputFormat);
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
        ElementwiseAffine affine => values[affine.Input].Transformed(
            affine.Length, affine.GainOf, affine.OffsetOf, affine.Gains.Length == 1 && affine.Offsets.Length == 1),
        Clip clip => values[clip.Input].Limited(clip.Low, clip.High),
        Quantize quantize => LowerQuantize(quantize),
        Bipolar bipolar => LowerBipolar(bipolar),
        Sum sum => LowerSum(sum),
        Reorder reorder => LowerReorder(reorder),
        IndexOfLargest largest => new(builder.ArgMax(layer.Name, OnCommonGrid(largest.Input, layer.Name, common: true).Tensor), [Rational.One], [Rational.Zero]),
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
            scales[i] = DenseRow(dense, x, i, integers.AsSpan(i * columns, columns));
            if (anyOffset)
            {
                offsets[i] = Enumerable.Range(0, columns)
                    .Aggregate(Rational.Zero, (sum, j) => sum + (dense.Weights.Exact((i * columns) + j) * x.Offset(j)));
            }
        }

        return new(builder.Affine(dense.Name, x.Tensor, new(rows, columns, integers), new long[rows]), scales, offsets);
    }

    /// <summary>Integer weights of one output, and the unit they count.</summary>
    private static Rational DenseRow(Dense dense, RealVector x, int row, Span<long> integers)
    {
        int start = row * integers.Length;
        if (x.Scales.Length == 1 && dense.Weights.Quantized is { } quantized && IsUniform(quantized, start, integers.Length))
        {
            quantized.Integers.AsSpan(start, integers.Length).CopyTo(integers);
            return quantized.ScaleOf(start) * x.Scales[0];
        }

        var exact = new Rational[integers.Length];
        for (int j = 0; j < exact.Length; j++)
        {
            exact[j] = dense.Weights.Exact(start + j) * x.Scale(j);
        }

        Rational unit = Rational.GreatestCommonDivisor(exact);
        unit = unit.IsZero ? Rational.One : unit;
        for (int j = 0; j < exact.Length; j++)
        {
            Rational integer = exact[j] / unit;
            if (BigInteger.Abs(integer.Numerator) > (1L << 50))
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

    private RealVector LowerQuantize(Quantize layer)
    {
        RealVector x = values[layer.Input];
        Quantizer quantizer = layer.Quantizer;
        int length = layer.Length;
        var gains = new Rational[length];
        var offsets = new Rational[length];
        var low = new long[length];
        var high = new long[length];
        for (int i = 0; i < length; i++)
        {
            Rational scale = quantizer.ScaleOf(i);
            gains[i] = x.Scale(i) / scale;
            offsets[i] = (x.Offset(i) / scale) + quantizer.ZeroPointOf(i);
            low[i] = x.Low(i) is { } lowest ? quantizer.IntegerOf(lowest, i) : quantizer.Low;
            high[i] = x.High(i) is { } highest ? quantizer.IntegerOf(highest, i) : quantizer.High;
        }

        int tensor = RequantizeExactly(layer.Name, x.Tensor, gains, offsets, quantizer.Rounding, low, high);
        return Dequantized(tensor, quantizer);
    }

    private int RequantizeExactly(string name, int input, Rational[] gains, Rational[] offsets, Rounding rounding, long[] low, long[] high)
    {
        if (gains.All(gain => gain.IsZero || gain.Abs().Log2IfPowerOfTwo() is not null))
        {
            DyadicStep?[] steps = [.. gains.Select((gain, i) => ExactRequantizer.ForPowerOfTwo(gain, offsets[i], rounding))];
            if (steps.All(step => step is not null))
            {
                return Requantize(name, input, steps, rounding, low, high);
            }
        }

        // A falling step is a rising one of the negated integers.
        if (gains.Any(gain => gain.Sign < 0))
        {
            input = builder.Scale(name, input, [.. gains.Select(gain => gain.Sign < 0 ? -1L : 1L)], new long[gains.Length]);
            gains = [.. gains.Select(gain => gain.Abs())];
        }

        Interval[] ranges = builder.Ranges(input);
        var thresholds = new (long First, long[] Levels)[gains.Length];
        for (int i = 0; i < gains.Length; i++)
        {
            thresholds[i] = gains[i].IsZero
                ? (Math.Clamp((long)rounding.Round(offsets[i]), low[i], high[i]), [])
                : ExactRequantizer.ThresholdsOf(gains[i], offsets[i], rounding, ranges[i], low[i], high[i]);
        }

        const int FewLevels = 3;
        if (thresholds.Any(element => element.Levels.Length > FewLevels))
        {
            DyadicStep?[] steps = [.. thresholds.Select((element, i) => ExactRequantizer.ForThresholds(gains[i], element.First, element.Levels, ranges[i], low[i], high[i]))];
            if (steps.All(step => step is not null))
            {
                return Requantize(name, input, steps, Rounding.Floor, low, high);
            }
        }

        return builder.Thresholds(name, input, [.. thresholds.Select(element => element.Levels)], [.. thresholds.Select(element => element.First)]);
    }

    private int Requantize(string name, int input, DyadicStep?[] steps, Rounding rounding, long[] low, long[] high)
    {
        int scaled = builder.Scale(name, input, [.. steps.Select(step => step!.Value.Multiplier)], [.. steps.Select(step => step!.Value.Addend)]);
        return builder.Requantize(name, scaled, [.. steps.Select(step => step!.Value.Shift)], rounding, low, high);
    }

    private RealVector LowerBipolar(Bipolar layer)
    {
        RealVector x = WithoutLimits(values[layer.Input], layer.Name);
        int length = layer.Length;
        int input = builder.Scale(layer.Name, x.Tensor, [.. Enumerable.Range(0, length).Select(i => x.Scale(i).Sign < 0 ? -1L : 1L)], new long[length]);
        Interval[] ranges = builder.Ranges(input);
        long[][] levels = [.. Enumerable.Range(0, length).Select(i => SignLevel(x, i, ranges[i]))];
        int tensor = builder.Thresholds(layer.Name, input, levels, new long[length]);

        // Integers 0 and 1 stand for -magnitude and +magnitude.
        return new(tensor, [.. layer.Magnitudes.Select(value => value * 2)], [.. layer.Magnitudes.Select(value => -value)]);
    }

    private static long[] SignLevel(RealVector x, int i, Interval range)
    {
        if (x.Scale(i).IsZero)
        {
            return [x.Offset(i).Sign >= 0 ? range.Min : range.Max + 1];
        }

        BigInteger level = (-(x.Offset(i) / x.Scale(i).Abs())).Ceiling();
        return [(long)BigInteger.Max(BigInteger.Min(level, range.Max + 1), range.Min)];
    }

    private RealVector LowerSum(Sum sum)
    {
        RealVector left = WithoutLimits(values[sum.Left], sum.Name);
        RealVector right = WithoutLimits(values[sum.Right], sum.Name);
        int length = sum.Length;
        var units = new Rational[length];
        var leftFactors = new long[length];
        var rightFactors = new long[length];
        for (int i = 0; i < length; i++)
        {
            units[i] = Rational.GreatestCommonDivisor([left.Scale(i), right.Scale(i)]);
            units[i] = units[i].IsZero ? Rational.One : units[i];
            leftFactors[i] = Factor(left.Scale(i) / units[i]);
            rightFactors[i] = Factor(right.Scale(i) * sum.RightSign / units[i]);
        }

        int a = builder.Scale(sum.Name, left.Tensor, leftFactors, new long[length]);
        int b = builder.Scale(sum.Name, right.Tensor, rightFactors, new long[length]);
        Rational[] offsets = [.. Enumerable.Range(0, length).Select(i => left.Offset(i) + (right.Offset(i) * sum.RightSign))];
        return new(builder.Add(sum.Name, a, b), units, offsets);
    }

    private RealVector LowerReorder(Reorder reorder)
    {
        RealVector x = values[reorder.Input];
        if (reorder.Indices is not { } indices)
        {
            return x;
        }

        Rational[] Pick(Rational[] source) => source.Length == 1 ? source : [.. indices.Select(index => source[index])];
        return new(builder.Rearrange(reorder.Name, x.Tensor, indices), Pick(x.Scales), Pick(x.Offsets))
        {
            Lows = x.Lows is null ? null : Pick(x.Lows),
            Highs = x.Highs is null ? null : Pick(x.Highs),
        };
    }

    /// <summary>Turns limits that still wait for a quantizer into integer limits, on a grid fine enough to hold them.</summary>
    private RealVector WithoutLimits(RealVector x, string name)
    {
        if (!x.IsLimited)
        {
            return x;
        }

        int length = builder.Length(x.Tensor);
        var factors = new long[length];
        var low = new long[length];
        var high = new long[length];
        var scales = new Rational[length];
        Interval[] ranges = builder.Ranges(x.Tensor);
        for (int i = 0; i < length; i++)
        {
            Rational scale = x.Scale(i).IsZero ? Rational.One : x.Scale(i);
            Rational? lowest = (x.Low(i) - x.Offset(i)) / scale.Abs();
            Rational? highest = (x.High(i) - x.Offset(i)) / scale.Abs();
            BigInteger finer = BigInteger.Max(lowest?.Denominator ?? 1, 1) * BigInteger.Max(highest?.Denominator ?? 1, 1);
            long factor = Factor((Rational)finer);
            factors[i] = x.Scale(i).IsZero ? 0 : x.Scale(i).Sign * factor;
            scales[i] = scale.Abs() / finer;
            Interval range = ranges[i] * factors[i];
            low[i] = lowest is { } l ? Saturated(l * finer) : range.Min;
            high[i] = highest is { } h ? Saturated(h * finer) : Math.Max(range.Max, low[i]);
            low[i] = Math.Min(low[i], high[i]);
        }

        int finerTensor = builder.Scale(name, x.Tensor, factors, new long[length]);
        int limited = builder.Requantize(name, finerTensor, new int[length], Rounding.Floor, low, high);
        return new(limited, scales.Distinct().Count() == 1 ? [scales[0]] : scales, x.Offsets);
    }

    /// <summary>The same values with offsets inside the integers: per element, or (common) all on one scale.</summary>
    private RealVector OnCommonGrid(int value, string name, bool common)
    {
        RealVector x = WithoutLimits(values[value], name);
        int length = builder.Length(x.Tensor);
        Rational shared = common
            ? Rational.GreatestCommonDivisor(Enumerable.Range(0, length).SelectMany(i => new[] { x.Scale(i), x.Offset(i) - x.Offset(0) }))
            : Rational.Zero;
        shared = shared.IsZero ? Rational.One : shared;
        Rational Unit(int i) => common ? shared : x.Scale(i);
        long[] factors = [.. Enumerable.Range(0, length).Select(i => Factor(x.Scale(i) / Unit(i)))];
        long[] addends = [.. Enumerable.Range(0, length).Select(i => Factor((x.Offset(i) - (common ? x.Offset(0) : 0)) / Unit(i)))];
        return new(builder.Scale(name, x.Tensor, factors, addends), common ? [shared] : x.Scales, [Rational.Zero]);
    }

    private IntegerNetwork Finish(InputEncoding encoding, bool softmax)
    {
        RealVector result = WithoutLimits(values[network.OutputValue], network.OutputName);
        int length = builder.Length(result.Tensor);
        bool onGrid = Enumerable.Range(0, length).All(i => !result.Scale(i).IsZero && (result.Offset(i) / result.Scale(i)).IsInteger);
        if (onGrid && result.Offsets.Any(offset => !offset.IsZero))
        {
            values[network.OutputValue] = result;
            result = OnCommonGrid(network.OutputValue, network.OutputName, common: false);
        }

        Layer last = network.Layers.Count > 0 ? network.Layers[^1] : throw new InvalidInputException("the model has no layers");
        Rational[] scales = result.Scales.Distinct().Count() == 1 ? [result.Scales[0]] : result.Scales;
        Rational[] offsets = result.Offsets.Distinct().Count() == 1 ? [result.Offsets[0]] : result.Offsets;
        int[] shape = network.Producer(network.OutputValue)?.Shape ?? last.Shape;
        return ScaleFolding.Apply(builder.Build(network.Name, encoding, result.Tensor, new(shape, scales, offsets, softmax)));
    }

    private static long Factor(Rational value) => value.IsInteger && BigInteger.Abs(value.Numerator) <= 1L << 50
        ? (long)value.Numerator
        : throw new InvalidInputException("its inputs have no common unit that fits 50 bits. Quantize them on scales whose ratio is a power of two.");

    private static long Saturated(Rational value) =>
        (long)BigInteger.Max(BigInteger.Min(value.Numerator / value.Denominator, Interval.LargestMagnitude), -Interval.LargestMagnitude);
}
