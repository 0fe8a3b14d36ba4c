using System.Globalization;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Quantizers as real files hold them: QONNX Quant and BipolarQuant (all three domains), and the pair
/// QuantizeLinear, DequantizeLinear.</summary>
internal static class QuantizerImport
{
    private const int LargestBitWidth = 32;
    private const long LargestZeroPoint = 1L << 32;

    /// <summary>Quant (inputs: data, scale, zero point, bit width) on data of the given shape.</summary>
    public static Quantizer Quant(OnnxNode node, ConstantTensor?[] inputs, int[] shape)
    {
        int bits = BitWidth(node, inputs, 3);
        (long low, long high) = Quantizer.Limits(bits, node.Integer("signed", 1) != 0, node.Integer("narrow", 1) != 0);
        Rounding rounding = RoundingOf(node, "ROUND");
        Rational[] zeroPoints = PerElement(node, Required(node, inputs, 2, "zero point"), shape, "zero point");
        return Array.TrueForAll(zeroPoints, zero => zero.Abs() <= LargestZeroPoint)
            ? new(Scales(node, Required(node, inputs, 1, "scale"), shape), zeroPoints, low, high, rounding)
            : throw node.Error($"zero point {Number(Array.Find(zeroPoints, zero => zero.Abs() > LargestZeroPoint).ToDouble())}; at most {LargestZeroPoint} is allowed.");
    }

    /// <summary>A bit width: one whole number, the same for all channels.</summary>
    public static int BitWidth(OnnxNode node, ConstantTensor?[] inputs, int index)
    {
        double bits = Required(node, inputs, index, "bit width").Values is [double single, .. var rest] && rest.All(value => value == single)
            ? single
            : throw node.Error("a bit width per channel is not supported; give one for the tensor.");
        return bits is >= 1 and <= LargestBitWidth && bits == Math.Truncate(bits)
            ? (int)bits
            : throw node.Error($"bit width {Number(bits)}; whole numbers from 1 to {LargestBitWidth} are allowed.");
    }

    /// <summary>The attribute rounding_mode, in any spelling: QONNX and Brevitas write "HALF_UP", "half-up", "RoundToZero".</summary>
    public static Rounding RoundingOf(OnnxNode node, string missing)
    {
        string mode = node.Text("rounding_mode", missing);
        return string.Concat(mode.Where(char.IsLetter)).ToUpperInvariant() switch
        {
            "ROUND" or "HALFEVEN" or "ROUNDHALFEVEN" or "RNE" => Rounding.HalfEven,
            "CEIL" or "CEILING" => Rounding.Ceiling,
            "FLOOR" => Rounding.Floor,
            "UP" or "ROUNDUP" => Rounding.AwayFromZero,
            "DOWN" or "ROUNDDOWN" or "ROUNDTOZERO" or "TOZERO" or "TRUNC" => Rounding.TowardsZero,
            "HALFUP" or "ROUNDHALFUP" => Rounding.HalfAwayFromZero,
            "HALFDOWN" or "ROUNDHALFDOWN" => Rounding.HalfTowardsZero,
            _ => throw node.Error($"rounding_mode \"{mode}\"; allowed are ROUND (half to even), CEIL, FLOOR, UP, DOWN, HALF_UP, HALF_DOWN, ROUND_TO_ZERO."),
        };
    }

    /// <summary>One signed bit: QONNX means -1 and +1 then, whatever narrow says.</summary>
    public static bool IsBipolar(OnnxNode node, ConstantTensor?[] inputs) =>
        node.Integer("signed", 1) != 0 && Required(node, inputs, 3, "bit width").Values[0] == 1;

    /// <summary>QuantizeLinear (inputs: data, scale, zero point): round(x / scale) half to even, plus the zero point,
    /// saturated to the zero point's type. The zero point is added behind the rounding: an odd one would turn a tie round,
    /// so the quantizer has the even number below it, and its result lacks <c>Behind</c>. Where some channels have odd ones and
    /// others even ones, it only rounds, and all of the zero point and the limits come behind it.</summary>
    public static LinearQuantizer QuantizeLinear(OnnxNode node, ConstantTensor?[] inputs, int[] shape, int zeroPointType)
    {
        var type = (OnnxType)(zeroPointType != 0 ? zeroPointType : (int)node.Integer("output_dtype", (int)OnnxType.UInt8));
        (int bits, bool signed) = type switch
        {
            OnnxType.UInt8 => (8, false),
            OnnxType.Int8 => (8, true),
            OnnxType.UInt16 => (16, false),
            OnnxType.Int16 => (16, true),
            OnnxType.UInt4 => (4, false),
            OnnxType.Int4 => (4, true),
            OnnxType.UInt2 => (2, false),
            OnnxType.Int2 => (2, true),
            _ => throw node.Error($"quantizing to element type {type} is not supported; use uint8, int8, uint16, int16, uint4, int4, uint2 or int2."),
        };
        (long low, long high) = Quantizer.Limits(bits, signed, narrow: false);
        Rational[] scales = Scales(node, Along(node, Required(node, inputs, 1, "scale"), shape), shape);
        Rational[] zeros = inputs.Length > 2 && inputs[2] is { } zero ? PerElement(node, Along(node, zero, shape), shape, "zero point") : [Rational.Zero];
        if (Array.Exists(zeros, value => !value.IsInteger))
        {
            throw node.Error("its zero point is no whole number. Export the model again.");
        }

        long behind = zeros[0].Numerator.IsEven ? 0 : 1;
        const long Unlimited = 1L << 52;
        return Array.TrueForAll(zeros, value => value.Numerator.IsEven == (behind == 0))
            ? new(new(scales, [.. zeros.Select(value => value - behind)], low - behind, high - behind, Rounding.HalfEven), [behind], null)
            : new(new(scales, [Rational.Zero], -Unlimited, Unlimited, Rounding.HalfEven), zeros, (low, high));
    }

    /// <summary>Scale and zero point of DequantizeLinear.</summary>
    public static (Rational[] Scales, Rational[] ZeroPoints) DequantizeLinear(OnnxNode node, ConstantTensor?[] inputs, int[] shape) =>
        (Scales(node, Along(node, Required(node, inputs, 1, "scale"), shape), shape),
         inputs.Length > 2 && inputs[2] is { } zero ? PerElement(node, Along(node, zero, shape), shape, "zero point") : [Rational.Zero]);

    public static Rational[] BipolarMagnitudes(OnnxNode node, ConstantTensor?[] inputs, int[] shape) =>
        Scales(node, Required(node, inputs, 1, "scale"), shape);

    /// <summary>A quantizer on a constant: the weights keep their integers and exact scale.</summary>
    public static ConstantTensor OnConstant(OnnxNode node, ConstantTensor x, ConstantTensor?[] inputs, int zeroPointType)
    {
        if (node.Operator == "DequantizeLinear")
        {
            (Rational[] scales, Rational[] zeroPoints) = DequantizeLinear(node, inputs, x.Shape);
            long[] zeros = [.. zeroPoints.Select(zero => Whole(node, zero))];
            return Array.TrueForAll(x.Values, value => value == Math.Truncate(value) && Math.Abs(value) < 1L << 53)
                ? Quantized(x.Shape, [.. x.Values.Select((value, i) => (long)value - At(zeros, i))], scales)
                : throw node.Error("it dequantizes a constant that holds no whole numbers. Export the model again.");
        }

        CheckFinite(node, x, 0);
        if (node.Operator == "BipolarQuant")
        {
            return Quantized(x.Shape, [.. x.Values.Select(value => value >= 0 ? 1L : -1L)], BipolarMagnitudes(node, inputs, x.Shape));
        }

        if (node.Operator == "QuantizeLinear")
        {
            LinearQuantizer linear = QuantizeLinear(node, inputs, x.Shape, zeroPointType);
            long[] behind = [.. linear.Behind.Select(zero => (long)zero.Numerator)];
            (long low, long high) = linear.LimitsBehind ?? (long.MinValue, long.MaxValue);
            return new(x.Shape, [.. x.Values.Select((value, i) => (double)Math.Clamp(IntegerOf(linear.Quantizer, value, i) + At(behind, i), low, high))]);
        }

        if (node.Operator is not ("Quant" or "IntQuant"))
        {
            throw node.Error("it quantizes a constant, which is supported for Quant, BipolarQuant, QuantizeLinear and DequantizeLinear. Run a constant-folding pass over the model first.");
        }

        Quantizer quantizer = Quant(node, inputs, x.Shape);
        Func<double, int, long> integerOf = IsBipolar(node, inputs)
            ? (value, i) => (Rational.From(value) / quantizer.ScaleOf(i)) + quantizer.ZeroPointOf(i) >= Rational.Zero ? 1 : -1
            : (value, i) => IntegerOf(quantizer, value, i);
        return Quantized(x.Shape, [.. x.Values.Select((value, i) => Whole(node, integerOf(value, i) - quantizer.ZeroPointOf(i)))], quantizer.Scales);
    }

    /// <summary>Fails on NaN and infinity, and says where they are.</summary>
    public static void CheckFinite(OnnxNode node, ConstantTensor tensor, int input)
    {
        int bad = Array.FindIndex(tensor.Values, value => !double.IsFinite(value));
        if (bad >= 0)
        {
            var position = new int[tensor.Shape.Length];
            for (int axis = position.Length - 1, rest = bad; axis >= 0; axis--)
            {
                position[axis] = rest % tensor.Shape[axis];
                rest /= tensor.Shape[axis];
            }

            string name = input < node.Inputs.Count ? node.Inputs[input] : "constant";
            int count = tensor.Values.Count(value => !double.IsFinite(value));
            throw node.Error(
                $"tensor \"{name}\" holds {Number(tensor.Values[bad])} at {Shapes.Text(position)}{(count > 1 ? $" and {count - 1} more values that are no numbers" : "")}; it cannot be quantized. Train or export the model again.");
        }
    }

    /// <summary>A constant broadcast to a shape, exactly; one value when all are alike.</summary>
    public static Rational[] PerElement(OnnxNode node, ConstantTensor constant, int[] shape, string what) => Broadcast(node, constant, shape, what).ToArray();

    /// <inheritdoc cref="PerElement"/>
    public static PerElement<Rational> Broadcast(OnnxNode node, ConstantTensor constant, int[] shape, string what)
    {
        if (Shapes.Broadcast(constant.Shape, shape) is not { } joined || Shapes.Count(joined) != Shapes.Count(shape))
        {
            throw node.Error($"{what} of shape {Shapes.Text(constant.Shape)} does not fit data of shape {Shapes.Text(shape)}.");
        }

        int bad = Array.FindIndex(constant.Values, value => !double.IsFinite(value));
        if (bad >= 0)
        {
            throw node.Error($"{what} must be finite; found {Number(constant.Values[bad])}.");
        }

        var exact = new Rational[constant.Length];
        for (int i = 0; i < exact.Length; i++)
        {
            exact[i] = constant.Exact(i);
        }

        return Array.TrueForAll(exact, value => value == exact[0])
            ? [exact.Length > 0 ? exact[0] : Rational.Zero]
            : Numerics.PerElement.Create<Rational>(exact).Picked(Shapes.BroadcastIndices(constant.Shape, joined));
    }

    private static long IntegerOf(Quantizer quantizer, double value, int i)
    {
        // Weights are many and mostly far from a rounding decision: exact arithmetic only near one.
        double scaled = (value / quantizer.ScaleOf(i).ToDouble()) + quantizer.ZeroPointOf(i).ToDouble();
        double doubled = scaled * 2;
        return Math.Abs(doubled - Math.Round(doubled)) < 1e-9 || Math.Abs(scaled) > 1e9
            ? quantizer.IntegerOf(Rational.From(value), i)
            : (long)RoundingExtensions.Round(quantizer.Rounding, Math.Clamp(scaled, quantizer.Low, quantizer.High));
    }

    private static ConstantTensor Quantized(int[] shape, long[] integers, Rational[] scales)
    {
        double[] factors = [.. scales.Select(scale => scale.ToDouble())];
        return new(shape, [.. integers.Select((integer, i) => integer * At(factors, i))]) { Quantized = new(integers, scales) };
    }

    internal static Rational[] Scales(OnnxNode node, ConstantTensor scale, int[] shape)
    {
        int bad = Array.FindIndex(scale.Values, value => !(value > 0) || !double.IsFinite(value));
        return bad < 0
            ? PerElement(node, scale, shape, "scale")
            : throw node.Error($"{node.Operator} scale must be positive and finite; found {Number(scale.Values[bad])}. Export the model again; a scale of 0 means a quantizer that never saw data.");
    }

    /// <summary>A vector of scales lies along the attribute axis of QuantizeLinear (1 unless given).</summary>
    private static ConstantTensor Along(OnnxNode node, ConstantTensor vector, int[] shape)
    {
        if (node.Integer("block_size", 0) != 0)
        {
            throw node.Error("blocked quantization (block_size) is not supported; use one scale per tensor or per channel.");
        }

        if (vector.Length == 1 || shape.Length == 0)
        {
            return vector.Length == 1 ? vector.Reshaped([]) : vector;
        }

        int axis = ShapeInference.Axis(node, node.Integer("axis", shape.Length > 1 ? 1 : 0), shape.Length);
        return vector.Length == shape[axis]
            ? vector.Reshaped([.. Enumerable.Range(0, shape.Length).Select(i => i == axis ? vector.Length : 1)])
            : throw node.Error($"{vector.Length} scales or zero points for axis {axis} of size {shape[axis]}.");
    }

    internal static ConstantTensor Required(OnnxNode node, ConstantTensor?[] inputs, int index, string what) =>
        inputs.Length > index && inputs[index] is { } tensor && tensor.Length > 0
            ? tensor
            : throw node.Error($"its {what} (input {index}) must be a constant.");

    private static long Whole(OnnxNode node, Rational value) => value.IsInteger
        ? (long)value.Numerator
        : throw node.Error("its zero point is no whole number, which weights need.");

    private static T At<T>(T[] values, int i) => values[values.Length == 1 ? 0 : i];

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>QuantizeLinear as a quantizer, what to add to its integers (one number, or one per element), and limits that come
/// after that.</summary>
internal sealed record LinearQuantizer(Quantizer Quantizer, Rational[] Behind, (long Low, long High)? LimitsBehind);
