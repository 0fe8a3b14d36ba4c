using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Quantizers of QONNX and FINN other than Quant: lists of thresholds, dropped bits, pooling in integers.</content>
internal sealed partial class OperatorImport
{
    /// <summary>Limits of a quantizer that only rounds.</summary>
    private const long Unlimited = 1L << 52;

    private const int LargestShift = 40;

    /// <summary>MultiThreshold (inputs: data, thresholds (channels or 1, count)): out_scale * (how many thresholds of its
    /// channel an element reaches) + out_bias.</summary>
    private RealValue Thresholds(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        ConstantTensor table = Known(node, constants, 1);
        if (table.Shape is not [var channels, var perChannel])
        {
            throw node.Error($"thresholds of shape {Shapes.Text(table.Shape)}; (channels, thresholds) or (1, thresholds) is needed.");
        }

        int axis = ThresholdAxis(node, x.Shape, channels);
        Rational[][] lists = [.. table.Values.Chunk(Math.Max(perChannel, 1)).Take(channels).Select(list => Ascending(node, list))];
        if (perChannel == 0)
        {
            lists = [.. Enumerable.Repeat(Array.Empty<Rational>(), channels)];
        }

        Rational step = Rational.From(Real(node, "out_scale", 1));
        Rational offset = Rational.From(Real(node, "out_bias", 0));
        int inner = Shapes.Count(x.Shape[(axis + 1)..]);
        int[] channelOf = [.. Enumerable.Range(0, Shapes.Count(x.Shape)).Select(i => channels == 1 ? 0 : i / inner % channels)];
        RealValue counted = Array.TrueForAll(table.Values, double.IsFinite) && Array.TrueForAll(lists, IsEven)
            ? Even(node, x, lists, channelOf, step, offset)
            : Append(new MultiThreshold(Next(), node.Description, Plain(x.Shape), x.Number, [.. channelOf.Select(channel => lists[channel])], step, offset), x.Shape);
        if (step.IsInteger && offset.IsInteger)
        {
            wholeNumbers.Add(counted.Number);
        }

        return counted;
    }

    /// <summary>Evenly spaced thresholds are a quantizer that rounds down.</summary>
    private RealValue Even(OnnxNode node, RealValue x, Rational[][] lists, int[] channelOf, Rational step, Rational offset)
    {
        Rational[] spacing = [.. lists.Select(list => list[1] - list[0])];
        Rational[] zero = [.. lists.Select((list, channel) => Rational.One - (list[0] / spacing[channel]))];
        Rational[] Each(Func<int, Rational> function) => lists.Length == 1 ? [function(0)] : [.. channelOf.Select(function)];
        var quantizer = new Quantizer(Each(channel => spacing[channel]), Each(channel => zero[channel]), 0, lists[0].Length, Rounding.Floor);
        RealValue rounded = Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, quantizer), x.Shape);
        return Affine(node, rounded, Each(channel => step / spacing[channel]), Each(channel => (zero[channel] * step) + offset));
    }

    private static bool IsEven(Rational[] list)
    {
        if (list.Length < 2 || list[1] == list[0])
        {
            return false;
        }

        Rational spacing = list[1] - list[0];
        return !Enumerable.Range(2, list.Length - 2).Any(k => list[k] - list[k - 1] != spacing);
    }

    /// <summary>Thresholds count the same in any order. One of +infinity is never reached; one of -infinity always.</summary>
    private static Rational[] Ascending(OnnxNode node, double[] list) => Array.Exists(list, double.IsNaN)
        ? throw node.Error("one of its thresholds is NaN. Export the model again.")
        : [.. list.Where(level => level < double.PositiveInfinity).Order().Select(level => Rational.From(Math.Max(level, double.MinValue)))];

    /// <summary>The axis of the channels: what data_layout says; for data of neither 2 nor 4 axes the last, as QONNX takes it,
    /// where the thresholds fit there.</summary>
    private static int ThresholdAxis(OnnxNode node, int[] shape, int channels)
    {
        bool last = IsLast(node) || shape.Length is not (2 or 4);
        int axis = shape.Length == 0 ? 0 : last ? shape.Length - 1 : Math.Min(1, shape.Length - 1);
        if (channels == 1 || shape.Length == 0)
        {
            return axis;
        }

        axis = shape[axis] != channels && shape.Length > 2 && !IsLast(node) ? 1 : axis;
        return shape[axis] == channels
            ? axis
            : throw node.Error($"thresholds for {channels} channels against data of shape {Shapes.Text(shape)} with {shape[axis]}. Export the model again, or correct data_layout.");
    }

    private static bool IsLast(OnnxNode node) => node.Text("data_layout", "NCHW") switch
    {
        "" or "NCHW" or "NC" or "NCW" => false,
        "NHWC" or "NWC" => true,
        var other => throw node.Error($"data_layout \"{other}\"; NCHW and NHWC are allowed."),
    };

    /// <summary>Trunc: drops the lowest bits. Inputs: data, scale, zero point, input bits, output bits; since QONNX 1.0 data, scale,
    /// zero point, input bits, output scale (and output zero point), output bits.</summary>
    private RealValue Trunc(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        int outputs = node.Inputs.Count;
        if (outputs is < 5 or > 7)
        {
            throw node.Error($"it has {outputs} inputs; 5 (data, scale, zero point, input bits, output bits), 6 (with an output scale) or 7 are allowed.");
        }

        Rational[] scales = QuantizerImport.Scales(node, QuantizerImport.Required(node, constants, 1, "scale"), x.Shape);
        Rational[] zeros = QuantizerImport.PerElement(node, QuantizerImport.Required(node, constants, 2, "zero point"), x.Shape, "zero point");
        int inputBits = QuantizerImport.BitWidth(node, constants, 3);
        int outputBits = QuantizerImport.BitWidth(node, constants, outputs - 1);
        Rational[] outputScales = outputs == 5 ? [] : QuantizerImport.Scales(node, QuantizerImport.Required(node, constants, 4, "output scale"), x.Shape);
        int elements = new[] { scales, zeros, outputScales }.Max(values => values.Length);
        T At<T>(T[] values, int i) => values[values.Length == 1 ? 0 : i];
        int[] shifts = [.. Enumerable.Range(0, elements).Select(i => outputs == 5
            ? inputBits - outputBits
            : (int)Math.Round(Math.Log2((At(outputScales, i) / At(scales, i)).ToDouble())))];
        if (Array.Exists(shifts, shift => Math.Abs(shift) > LargestShift))
        {
            throw node.Error($"it drops {shifts.Max()} bits; up to {LargestShift} are allowed.");
        }

        Rational[] factors = [.. shifts.Select(Rational.PowerOfTwo)];
        Rational[] Each(Func<int, Rational> function) => [.. Enumerable.Range(0, elements).Select(function)];
        Rational[] truncatedZeros = Each(i => At(zeros, i) / factors[i]);
        if (outputs == 7)
        {
            Rational[] given = QuantizerImport.PerElement(node, QuantizerImport.Required(node, constants, 5, "output zero point"), x.Shape, "output zero point");
            if (Enumerable.Range(0, Math.Max(elements, given.Length)).Any(i => At(given, i) != At(truncatedZeros, i)))
            {
                throw node.Error("its output zero point is not the zero point divided by the dropped factor, which QONNX takes in any case. Export the model again.");
            }
        }

        RealValue whole = Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, new(scales, zeros, -Unlimited, Unlimited, Rounding.HalfEven)), x.Shape);
        (long low, long high) = outputs == 5 ? (-Unlimited, Unlimited) : Quantizer.Limits(outputBits, node.Integer("signed", 1) != 0, node.Integer("narrow", 0) != 0);
        var dropped = new Quantizer(Each(i => At(scales, i) * factors[i]), truncatedZeros, low, high, QuantizerImport.RoundingOf(node, "FLOOR"));
        RealValue truncated = Append(new Quantize(Next(), node.Description, Plain(x.Shape), whole.Number, dropped), x.Shape);

        // The old form gives the integer the scale of its input, and takes the whole zero point off it.
        return outputs == 5
            ? Affine(node, truncated, Each(i => Rational.One / factors[i]), Each(i => (truncatedZeros[i] - At(zeros, i)) * At(scales, i)))
            : Affine(node, truncated, Each(i => At(outputScales, i) / (At(scales, i) * factors[i])), [Rational.Zero]);
    }

    /// <summary>QuantAvgPool2d: sums of windows of integers, of which as many low bits are dropped as the largest sum has more
    /// than obits.</summary>
    private RealValue QuantizedAveragePool(OnnxNode node, RealValue x)
    {
        (int channels, int[] size, bool last) = Layout(node, x);
        int kernel = (int)Math.Clamp(node.Integer("kernel", 1), 1, 1 << 12);
        int stride = (int)Math.Clamp(node.Integer("stride", 1), 1, 1 << 12);
        long bits = node.Integer("ibits", 1);
        if (size.Length != 2 || size.Any(length => length < kernel) || bits is < 1 or > 32)
        {
            throw node.Error($"a kernel of {kernel} and {bits} bits on data of shape {Shapes.Text(x.Shape)}; an image at least as large as the kernel, and 1 to 32 bits, are needed.");
        }

        int[] twice = [kernel, kernel];
        WindowGeometry geometry = new(size, [.. size.Select(length => ((length - kernel) / stride) + 1)], twice, [stride, stride], [1, 1], [0, 0]);
        int sumBits = (int)((((1L << (int)bits) - 1) * kernel * kernel) is var largest ? long.Log2(largest) + 1 : 0);
        int shift = (int)Math.Max(0, sumBits - node.Integer("obits", 1));
        RealValue sums = WindowSums(node, x, channels, geometry, geometry.Places(node, channels), last, Rational.One);
        RealValue whole = Append(new Quantize(Next(), node.Description, Plain(sums.Shape), sums.Number, new([Rational.One], [Rational.Zero], -Unlimited, Unlimited, Rounding.HalfEven)), sums.Shape);
        Rational factor = Rational.PowerOfTwo(shift);
        RealValue dropped = Append(new Quantize(Next(), node.Description, Plain(sums.Shape), whole.Number, new([factor], [Rational.Zero], -Unlimited, Unlimited, Rounding.Floor)), sums.Shape);
        return InLayout(node, Affine(node, dropped, [Rational.One / factor], [Rational.Zero]), last);
    }

    /// <summary>Im2Col: (1, height, width, channels) to the windows of a convolution side by side, (1, positions down, positions
    /// across, kernel down * kernel across * channels).</summary>
    private RealValue WindowsSideBySide(OnnxNode node, RealValue x)
    {
        if (x.Shape is not [1, var height, var width, var channels])
        {
            throw node.Error($"its data has the shape {Shapes.Text(x.Shape)}; (1, height, width, channels) is needed.");
        }

        // Old files give one number for both axes.
        int[] Pair(string name, int missing) => node.Find(name) switch
        {
            null => [missing, missing],
            { Type: (int)AttributeType.Integer } single => [(int)Math.Clamp(single.I, 0, 1 << 12), (int)Math.Clamp(single.I, 0, 1 << 12)],
            _ => node.Integers(name)!,
        };
        int[] kernel = Pair("kernel_size", 1);
        int[] strides = Pair("stride", 1);
        int[] dilations = Pair("dilations", 1);
        int[] pads = Pair("pad_amount", 0) is [var down, var across] ? [down, across, down, across] : node.Integers("pad_amount")!;
        int[] all = [.. kernel, .. strides, .. dilations];
        if (all.Length != 6 || pads.Length != 4 || Array.Exists(all, value => value is < 1 or > 1 << 12) || Array.Exists(pads, pad => pad is < 0 or > 1 << 12))
        {
            throw node.Error($"kernel_size {Shapes.Text(kernel)}, stride {Shapes.Text(strides)}, dilations {Shapes.Text(dilations)}, pad_amount {Shapes.Text(pads)}; two positive numbers each, four pads, are needed.");
        }

        int[] size = [height, width];
        int[] room = [.. size.Select((length, i) => length + pads[i] + pads[i + 2] - ((kernel[i] - 1) * dilations[i]) - 1)];
        if (Array.Exists(room, more => more < 0))
        {
            throw node.Error($"its window of {Shapes.Text(kernel)} is larger than the padded data of shape {Shapes.Text(x.Shape)}.");
        }

        WindowGeometry geometry = new(size, [.. room.Select((more, i) => (more / strides[i]) + 1)], kernel, strides, dilations, pads[..2]);
        int[] map = [.. from place in geometry.Places(node, channels) from channel in Enumerable.Range(0, channels) select place < 0 ? -1 : (place * channels) + channel];
        int[] shape = [1, .. geometry.Result, kernel[0] * kernel[1] * channels];
        Rational value = node.Integer("pad_value", 0);
        return Placed(node, x, shape, map, _ => value);
    }

    /// <summary>Floor, Ceil, Round: to whole numbers.</summary>
    private RealValue Rounded(OnnxNode node, RealValue x, Rounding rounding)
    {
        RealValue whole = Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, new([Rational.One], [Rational.Zero], -Unlimited, Unlimited, rounding)), x.Shape);
        wholeNumbers.Add(whole.Number);
        return whole;
    }
}
