using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Computes nodes whose inputs are all constants: shape arithmetic, written-out batch normalizations,
/// quantized weights.</summary>
internal static partial class ConstantFolding
{
    public static bool Supports(string operation) => IsElementwise(operation) || operation is
        "Identity" or "Dropout" or "Cast" or "CastLike" or "Gather" or "Unsqueeze" or "Squeeze" or "Concat" or "Slice" or "Split" or "Reshape" or "Flatten"
        or "Transpose" or "Shape" or "Size" or "Constant" or "ConstantOfShape" or "Range" or "Expand" or "Tile" or "Where" or "Clip" or "MatMul"
        or "ReduceProd" or "ReduceSum" or "ReduceMax" or "ReduceMin" or "ReduceMean"
        or "Quant" or "IntQuant" or "BipolarQuant" or "QuantizeLinear" or "DequantizeLinear";

    /// <param name="types">Element types of the inputs; 0 where not known.</param>
    /// <exception cref="InvalidInputException">The node makes no sense on these constants.</exception>
    public static ConstantTensor Evaluate(OnnxNode node, ConstantTensor?[] inputs, params int[] types)
    {
        ConstantTensor x = inputs.Length > 0 && inputs[0] is { } first ? first : throw node.Error("its first input is missing.");
        int TypeOf(int input) => input < types.Length ? types[input] : 0;
        ConstantTensor Input(int input) => inputs.Length > input && inputs[input] is { } given ? given : throw node.Error($"its input {input} is missing.");
        switch (node.Operator)
        {
            case "Identity" or "Dropout":
                return x;
            case "Cast" or "CastLike":
                return Cast(x, (OnnxType)TypeOf(0), node.Operator == "Cast" ? CastImport.Target(node) : (OnnxType)TypeOf(1));
            case "Shape":
                return ShapeOf(node, x.Shape);
            case "Size":
                return ConstantTensor.Scalar(x.Length);
            case "ConstantOfShape":
                double fill = node.Find("value") is { T: { } tensor } && OnnxTensors.Read(tensor, ".").Values is [var value, ..] ? value : 0;
                int[] filled = Integers(x);
                return new(filled, [.. Enumerable.Repeat(fill, CheckedCount(node, filled))]);
            case "Reshape":
                return x.Reshaped(ShapeInference.Reshape(node, x.Shape, inputs.Length > 1 ? Integers(Input(1)) : node.Integers("shape")!, null));
            case "Flatten":
                return x.Reshaped(ShapeInference.Flatten(node, x.Shape));
            case "Squeeze":
                return x.Reshaped(ShapeInference.Squeeze(node, x.Shape, Axes(node, inputs)));
            case "Unsqueeze":
                return x.Reshaped(ShapeInference.Unsqueeze(node, x.Shape, Axes(node, inputs)));
            case "Transpose":
                (int[] transposed, int[] order) = Shapes.Transpose(x.Shape, ShapeInference.Permutation(node, x.Shape));
                return x.Gathered(transposed, order);
            case "Gather":
                return Gather(node, x, Input(1));
            case "Concat":
                return Concat(node, [.. inputs.Select(input => input ?? throw node.Error("one of its inputs is missing."))]);
            case "Slice":
                return Slice(node, x, inputs);
            case "Expand":
                return Expanded(node, x, Shapes.Broadcast(x.Shape, Integers(Input(1))));
            case "Tile":
                return Tiled(node, x, Integers(Input(1)));
            case "Range":
                return Range(node, x.Values[0], Input(1).Values[0], Input(2).Values[0]);
            case "Where":
                return Where(node, x, Input(1), Input(2));
            case "MatMul":
                return MatMul(node, x, Input(1));
            case "Quant" or "IntQuant" or "BipolarQuant" or "QuantizeLinear" or "DequantizeLinear":
                return QuantizerImport.OnConstant(node, x, inputs, TypeOf(2));
            case "Clip":
                double low = inputs.Length > 1 && inputs[1] is { } minimum ? minimum.Values[0] : node.Real("min", double.NegativeInfinity);
                double high = inputs.Length > 2 && inputs[2] is { } maximum ? maximum.Values[0] : node.Real("max", double.PositiveInfinity);
                return Each(x, value => Math.Min(Math.Max(value, low), high));
            case "ReduceProd" or "ReduceSum" or "ReduceMax" or "ReduceMin" or "ReduceMean":
                return Reduced(node, x, Axes(node, inputs));
            default:
                return Elementwise(node, inputs, IsInteger((OnnxType)TypeOf(0)))
                    ?? throw node.Error("it reads only constants, and computing it in advance is not supported. Run a constant-folding pass over the model first.");
        }
    }

    /// <summary>The element type of what a node makes of constants.</summary>
    public static int ResultType(OnnxNode node, params int[] types) => node.Operator switch
    {
        "Cast" => (int)CastImport.Target(node),
        "Shape" or "Size" => (int)OnnxType.Int64,
        "ConstantOfShape" => node.Find("value")?.T?.DataType ?? (int)OnnxType.Float,
        "Equal" or "Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" or "And" or "Or" or "Xor" or "Not" => (int)OnnxType.Bool,
        "Where" or "CastLike" => types.ElementAtOrDefault(1),
        "QuantizeLinear" => types.ElementAtOrDefault(2) is var zero and not 0 ? zero : (int)node.Integer("output_dtype", (int)OnnxType.UInt8),
        "DequantizeLinear" => (int)OnnxType.Float,
        _ => types.ElementAtOrDefault(0),
    };

    public static int[] Integers(ConstantTensor tensor) =>
        [.. tensor.Values.Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))];

    /// <summary>Axes from the second input (opset 13 and later) or the attribute; null if absent.</summary>
    public static int[]? Axes(OnnxNode node, ConstantTensor?[] inputs) =>
        inputs.Length > 1 && inputs[1] is { } axes ? Integers(axes) : node.Integers("axes");

    /// <summary>A shape, or (since operator set 15) a part of it.</summary>
    public static ConstantTensor ShapeOf(OnnxNode node, int[] shape)
    {
        int At(string name, int missing)
        {
            long index = node.Integer(name, missing);
            return (int)Math.Clamp(index < 0 ? index + shape.Length : index, 0, shape.Length);
        }

        int start = At("start", 0);
        int[] part = shape[start..Math.Max(start, At("end", shape.Length))];
        return new([part.Length], [.. part.Select(size => (double)size)]);
    }

    private static bool IsInteger(OnnxType type) => type is not (OnnxType.Undefined or OnnxType.Bool) && !CastImport.IsReal(type);

    /// <summary>Integers that become reals are weights on a grid of 1.</summary>
    private static ConstantTensor Cast(ConstantTensor x, OnnxType from, OnnxType to)
    {
        if (to == OnnxType.Bool)
        {
            return Each(x, value => value == 0 ? 0 : 1);
        }

        if (!CastImport.IsReal(to))
        {
            return new(x.Shape, [.. x.Values.Select(Math.Truncate)]);
        }

        return IsInteger(from) && x.Quantized is null && Array.TrueForAll(x.Values, value => Math.Abs(value) < 1L << 53)
            ? x with { Quantized = new([.. x.Values.Select(value => (long)value)], [Rational.One]) }
            : x;
    }
}
