using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Constants in another order or shape.</content>
internal static partial class ConstantFolding
{
    /// <summary>Shape of each part of a Split, and the elements it takes.</summary>
    public static (int[] Shape, int[] Indices)[] Split(OnnxNode node, int[] shape, ConstantTensor? sizes)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), shape.Length);
        int size = shape[axis];
        int outputs = node.Outputs.Count;
        int chunk = (size + outputs - 1) / outputs;
        int[] parts = sizes is not null ? Integers(sizes) : node.Integers("split") ?? [.. Enumerable.Range(0, outputs).Select(i => Math.Clamp(size - (i * chunk), 0, chunk))];
        if (parts.Length != outputs || Array.Exists(parts, part => part < 1 || part > size) || parts.Sum(part => (long)part) != size)
        {
            throw node.Error($"it splits {size} elements of axis {axis} into {outputs} parts of {Shapes.Text(parts)}.");
        }

        int inner = Shapes.Count(shape[(axis + 1)..]);
        int outer = Shapes.Count(shape[..axis]);
        var results = new (int[] Shape, int[] Indices)[outputs];
        for (int part = 0, start = 0; part < outputs; start += parts[part++])
        {
            int[] indices = [.. from o in Enumerable.Range(0, outer) from k in Enumerable.Range(start, parts[part]) from i in Enumerable.Range(0, inner) select (((o * size) + k) * inner) + i];
            results[part] = ([.. shape[..axis], parts[part], .. shape[(axis + 1)..]], indices);
        }

        return results;
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

        shape[axis] = checked(parts.Sum(part => part.Shape[axis]));
        CheckedCount(node, shape);
        int outer = Shapes.Count(shape[..axis]);
        bool quantized = Array.TrueForAll(parts, part => part.Quantized is not null);
        var values = new List<double>();
        var integers = new List<long>();
        var scales = new List<Rational>();
        for (int o = 0; o < outer; o++)
        {
            foreach (ConstantTensor part in parts)
            {
                int block = part.Length / outer;
                values.AddRange(part.Values.AsSpan(o * block, block));
                if (quantized)
                {
                    integers.AddRange(part.Quantized!.Integers.AsSpan(o * block, block));
                    scales.AddRange(Enumerable.Range(o * block, block).Select(part.Quantized.ScaleOf));
                }
            }
        }

        return new(shape, [.. values]) { Quantized = quantized ? new([.. integers], [.. scales]) : null };
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

    private static ConstantTensor Expanded(OnnxNode node, ConstantTensor x, int[]? shape)
    {
        int[] expanded = shape ?? throw node.Error($"a constant of shape {Shapes.Text(x.Shape)} cannot be expanded so.");
        CheckedCount(node, expanded);
        return x.Gathered(expanded, Shapes.BroadcastIndices(x.Shape, expanded));
    }

    private static ConstantTensor Tiled(OnnxNode node, ConstantTensor x, int[] repeats)
    {
        if (repeats.Length != x.Shape.Length || Array.Exists(repeats, repeat => repeat < 0))
        {
            throw node.Error($"repeats {Shapes.Text(repeats)} for a constant of shape {Shapes.Text(x.Shape)}.");
        }

        CheckedCount(node, [.. repeats, .. x.Shape]);
        int[] map = [0];
        for (int axis = 0; axis < repeats.Length; axis++)
        {
            int size = x.Shape[axis];
            map = [.. from index in map from k in Enumerable.Range(0, size * repeats[axis]) select (index * size) + (k % size)];
        }

        return x.Gathered([.. x.Shape.Select((size, axis) => size * repeats[axis])], map);
    }

    private static ConstantTensor Range(OnnxNode node, double start, double limit, double step)
    {
        double count = Math.Max(0, Math.Ceiling((limit - start) / step));
        int length = count <= 1 << 24 ? (int)count : throw node.Error($"a range from {start} to {limit} in steps of {step} has too many elements (at most {1 << 24}).");
        return new([length], [.. Enumerable.Range(0, length).Select(i => start + (i * step))]);
    }

    private static int CheckedCount(OnnxNode node, int[] shape)
    {
        const long Largest = 1 << 24;
        long count = shape.Aggregate(1L, (product, size) => size < 0 || product > Largest ? Largest + 1 : product * size);
        return count <= Largest ? (int)count : throw node.Error($"a constant of shape {Shapes.Text(shape)} is too large (at most {Largest} elements).");
    }
}
