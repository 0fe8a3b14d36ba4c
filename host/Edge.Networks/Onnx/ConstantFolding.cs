using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Computes nodes whose inputs are all constants: shape arithmetic, written-out batch normalizations,
/// quantized weights.</summary>
internal static class ConstantFolding
{
    public static bool Supports(string operation) => operation is
        "Identity" or "Dropout" or "Cast" or "Gather" or "Unsqueeze" or "Squeeze" or "Concat" or "Slice" or "Reshape" or "Flatten"
        or "Transpose" or "Shape" or "Constant" or "ConstantOfShape" or "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Sqrt"
        or "Reciprocal" or "Neg" or "Abs" or "Relu" or "Clip" or "Quant" or "IntQuant" or "BipolarQuant" or "QuantizeLinear" or "DequantizeLinear";

    /// <exception cref="InvalidInputException">The node makes no sense on these constants.</exception>
    public static ConstantTensor Evaluate(OnnxNode node, ConstantTensor?[] inputs, int zeroPointType)
    {
        ConstantTensor x = inputs.Length > 0 && inputs[0] is { } first ? first : throw node.Error("its first input is missing.");
        switch (node.Operator)
        {
            case "Identity" or "Dropout":
                return x;
            case "Cast":
                return CastImport.IsReal(CastImport.Target(node)) ? x : new(x.Shape, [.. x.Values.Select(Math.Truncate)]);
            case "Shape":
                return Vector(x.Shape);
            case "ConstantOfShape":
                double fill = node.Find("value") is { T: { } tensor } ? OnnxTensors.Read(tensor, ".").Values[0] : 0;
                int[] filled = Integers(x);
                return new(filled, [.. Enumerable.Repeat(fill, CheckedCount(node, filled))]);
            case "Reshape":
                return x.Reshaped(ShapeInference.Reshape(node, x.Shape, inputs.Length > 1 ? Integers(inputs[1]!) : node.Integers("shape")!, null));
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
                return Gather(node, x, inputs[1]!);
            case "Concat":
                return Concat(node, [.. inputs.Select(input => input ?? throw node.Error("one of its inputs is missing."))]);
            case "Slice":
                return Slice(node, x, inputs);
            case "Quant" or "IntQuant" or "BipolarQuant" or "QuantizeLinear" or "DequantizeLinear":
                return QuantizerImport.OnConstant(node, x, inputs, zeroPointType);
            case "Add":
                return Binary(node, x, inputs[1]!, (a, b) => a + b);
            case "Sub":
                return Binary(node, x, inputs[1]!, (a, b) => a - b);
            case "Mul":
                return Binary(node, x, inputs[1]!, (a, b) => a * b);
            case "Div":
                return Binary(node, x, inputs[1]!, (a, b) => a / b);
            case "Pow":
                return Binary(node, x, inputs[1]!, Math.Pow);
            case "Sqrt":
                return Each(x, Math.Sqrt);
            case "Reciprocal":
                return Each(x, value => 1 / value);
            case "Neg":
                return Each(x, value => -value);
            case "Abs":
                return Each(x, Math.Abs);
            case "Relu":
                return Each(x, value => Math.Max(value, 0));
            case "Clip":
                double low = inputs.Length > 1 && inputs[1] is { } minimum ? minimum.Values[0] : node.Real("min", double.NegativeInfinity);
                double high = inputs.Length > 2 && inputs[2] is { } maximum ? maximum.Values[0] : node.Real("max", double.PositiveInfinity);
                return Each(x, value => Math.Min(Math.Max(value, low), high));
            default:
                throw node.Error($"it reads only constants, and computing it in advance is not supported. Run a constant-folding pass over the model first.");
        }
    }

    public static int[] Integers(ConstantTensor tensor) =>
        [.. tensor.Values.Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))];

    /// <summary>Axes from the second input (opset 13 and later) or the attribute; null if absent.</summary>
    public static int[]? Axes(OnnxNode node, ConstantTensor?[] inputs) =>
        inputs.Length > 1 && inputs[1] is { } axes ? Integers(axes) : node.Integers("axes");

    public static ConstantTensor Vector(IEnumerable<int> values)
    {
        double[] elements = [.. values.Select(value => (double)value)];
        return new([elements.Length], elements);
    }

    private static ConstantTensor Each(ConstantTensor x, Func<double, double> function) => new(x.Shape, [.. x.Values.Select(function)]);

    public static ConstantTensor Binary(OnnxNode node, ConstantTensor a, ConstantTensor b, Func<double, double, double> function)
    {
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape)
            ?? throw node.Error($"constants of shapes {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)} do not fit together.");
        CheckedCount(node, shape);
        int[] indexA = Shapes.BroadcastIndices(a.Shape, shape);
        int[] indexB = Shapes.BroadcastIndices(b.Shape, shape);
        return new(shape, [.. indexA.Select((index, k) => function(a.Values[index], b.Values[indexB[k]]))]);
    }

    private static ConstantTensor Gather(OnnxNode node, ConstantTensor x, ConstantTensor indices)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), x.Shape.Length);
        int size = x.Shape[axis];
        int inner = Shapes.Count(x.Shape[(axis + 1)..]);
        int outer = Shapes.Count(x.Shape[..axis]);
        int[] chosen = [.. Integers(indices).Select(index => index < 0 ? index + size : index)];
        if (chosen.Any(index => index < 0 || index >= size))
        {
            throw node.Error($"an index lies outside 0 to {size - 1}.");
        }

        int[] shape = [.. x.Shape[..axis], .. indices.Shape, .. x.Shape[(axis + 1)..]];
        CheckedCount(node, shape);
        int[] map = [.. from o in Enumerable.Range(0, outer) from c in chosen from i in Enumerable.Range(0, inner) select (((o * size) + c) * inner) + i];
        return x.Gathered(shape, map);
    }

    private static ConstantTensor Concat(OnnxNode node, ConstantTensor[] parts)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), parts[0].Shape.Length);
        int[] shape = [.. parts[0].Shape];
        if (parts.Any(part => part.Shape.Length != shape.Length || part.Shape.Where((size, i) => i != axis && size != shape[i]).Any()))
        {
            throw node.Error($"constants of shapes {string.Join(" and ", parts.Select(part => Shapes.Text(part.Shape)))} do not fit together on axis {axis}.");
        }

        shape[axis] = parts.Sum(part => part.Shape[axis]);
        CheckedCount(node, shape);
        int outer = Shapes.Count(shape[..axis]);
        var values = new List<double>();
        for (int o = 0; o < outer; o++)
        {
            foreach (ConstantTensor part in parts)
            {
                int block = part.Length / Math.Max(outer, 1);
                values.AddRange(part.Values.AsSpan(o * block, block));
            }
        }

        return new(shape, [.. values]);
    }

    private static ConstantTensor Slice(OnnxNode node, ConstantTensor x, ConstantTensor?[] inputs)
    {
        int[]? Argument(int index, string attribute) => inputs.Length > index && inputs[index] is { } tensor ? Integers(tensor) : node.Integers(attribute);
        int[] starts = Argument(1, "starts") ?? throw node.Error("it has no starts.");
        int[] ends = Argument(2, "ends") ?? throw node.Error("it has no ends.");
        int[] axes = Argument(3, "axes") ?? [.. Enumerable.Range(0, starts.Length)];
        int[] steps = Argument(4, "steps") ?? [.. Enumerable.Repeat(1, starts.Length)];
        int[][] kept = [.. x.Shape.Select(size => Enumerable.Range(0, size).ToArray())];
        for (int k = 0; k < axes.Length; k++)
        {
            int axis = ShapeInference.Axis(node, axes[k], x.Shape.Length);
            int size = x.Shape[axis];
            int step = steps[k] != 0 ? steps[k] : throw node.Error("a step of 0.");
            int At(int index, int low, int high) => Math.Clamp(index < 0 ? Math.Max(index, -size - 1) + size : index, low, high);
            int start = At(starts[k], 0, step > 0 ? size : size - 1);
            int end = At(ends[k], -1, size);
            var chosen = new List<int>();
            for (int index = start; step > 0 ? index < end : index > end; index += step)
            {
                chosen.Add(index);
            }

            kept[axis] = [.. chosen];
        }

        int[] map = [0];
        for (int axis = 0; axis < x.Shape.Length; axis++)
        {
            map = [.. from index in map from k in kept[axis] select (index * x.Shape[axis]) + k];
        }

        return x.Gathered([.. kept.Select(indices => indices.Length)], map);
    }

    private static int CheckedCount(OnnxNode node, int[] shape)
    {
        const long Largest = 1 << 24;
        long count = shape.Aggregate(1L, (product, size) => size < 0 || product > Largest ? Largest + 1 : product * size);
        return count <= Largest ? (int)count : throw node.Error($"a constant of shape {Shapes.Text(shape)} is too large (at most {Largest} elements).");
    }
}
