using Edge.Networks.Graph;

namespace Edge.Networks.Onnx;

/// <summary>Shapes of operators that only rename elements.</summary>
internal static class ShapeInference
{
    public static int Axis(OnnxNode node, long axis, int rank) => axis >= -rank && axis < Math.Max(rank, 1)
        ? (int)(axis < 0 ? axis + rank : axis)
        : throw node.Error($"axis {axis} does not exist in a tensor of {rank} axes.");

    /// <param name="batch">A batch size the file was fixed to, which counts as 1 here; null if none.</param>
    public static int[] Reshape(OnnxNode node, int[] shape, int[] target, int? batch)
    {
        int[] result = [.. target.Select((size, axis) => size == 0 && node.Integer("allowzero", 0) == 0 && axis < shape.Length ? shape[axis] : size)];
        if (result.Length > 0 && batch is > 1 && result[0] == batch)
        {
            result[0] = 1;
        }

        int count = Shapes.Count(shape);
        int free = Array.IndexOf(result, -1);
        long known = result.Where(size => size != -1).Aggregate(1L, (product, size) => product * Math.Max(size, -1));
        if (free >= 0 && known > 0 && count % known == 0)
        {
            result[free] = (int)(count / known);
            known = count;
        }

        return known == count && Array.TrueForAll(result, size => size >= 0)
            ? result
            : throw node.Error($"a tensor of shape {Shapes.Text(shape)} ({count} elements) cannot become {Shapes.Text(target)}.");
    }

    public static int[] Flatten(OnnxNode node, int[] shape)
    {
        long attribute = node.Integer("axis", 1);
        int axis = attribute == shape.Length ? shape.Length : Axis(node, attribute, shape.Length);
        return [Shapes.Count(shape[..axis]), Shapes.Count(shape[axis..])];
    }

    public static int[] Squeeze(OnnxNode node, int[] shape, int[]? axes)
    {
        HashSet<int> dropped = axes is null
            ? [.. Enumerable.Range(0, shape.Length).Where(axis => shape[axis] == 1)]
            : [.. axes.Select(axis => Axis(node, axis, shape.Length))];
        return dropped.All(axis => shape[axis] == 1)
            ? [.. shape.Where((_, axis) => !dropped.Contains(axis))]
            : throw node.Error($"only axes of size 1 can be squeezed; the shape is {Shapes.Text(shape)}.");
    }

    public static int[] Unsqueeze(OnnxNode node, int[] shape, int[]? axes)
    {
        int rank = shape.Length + (axes?.Length ?? 0);
        HashSet<int> added = [.. (axes ?? throw node.Error("it has no axes.")).Select(axis => Axis(node, axis, rank))];
        var sizes = new Queue<int>(shape);
        return added.Count == axes.Length
            ? [.. Enumerable.Range(0, rank).Select(axis => added.Contains(axis) ? 1 : sizes.Dequeue())]
            : throw node.Error("an axis is given twice.");
    }

    public static int[] Permutation(OnnxNode node, int[] shape)
    {
        int[] permutation = node.Integers("perm") is { Length: > 0 } given ? given : [.. Enumerable.Range(0, shape.Length).Reverse()];
        return permutation.Order().SequenceEqual(Enumerable.Range(0, shape.Length))
            ? permutation
            : throw node.Error($"perm {Shapes.Text(permutation)} does not reorder the axes of {Shapes.Text(shape)}.");
    }
}
