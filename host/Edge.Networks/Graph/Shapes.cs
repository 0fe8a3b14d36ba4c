namespace Edge.Networks.Graph;

/// <summary>Shapes and index maps of row-major tensors, as NumPy and ONNX define them.</summary>
public static class Shapes
{
    public static int Count(IEnumerable<int> shape) => shape.Aggregate(1, (product, size) => checked(product * size));

    public static string Text(IEnumerable<int> shape) => $"[{string.Join(',', shape)}]";

    /// <summary>The shape that a and b broadcast to, or null.</summary>
    public static int[]? Broadcast(int[] a, int[] b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (int axis = 1; axis <= result.Length; axis++)
        {
            int sizeA = axis <= a.Length ? a[^axis] : 1;
            int sizeB = axis <= b.Length ? b[^axis] : 1;
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
            {
                return null;
            }

            result[^axis] = sizeA == 1 ? sizeB : sizeA;
        }

        return result;
    }

    /// <summary>For each element of <paramref name="to"/>, the element of <paramref name="from"/> that broadcasting puts there.</summary>
    public static int[] BroadcastIndices(int[] from, int[] to)
    {
        int[] strides = Strides(from);
        int missing = to.Length - from.Length;
        return Walk(to, [.. to.Select((_, axis) => axis < missing || from[axis - missing] == 1 ? 0 : strides[axis - missing])]);
    }

    /// <summary>Index map and shape of a transposition.</summary>
    public static (int[] Shape, int[] Indices) Transpose(int[] shape, int[] permutation)
    {
        int[] strides = Strides(shape);
        int[] result = [.. permutation.Select(axis => shape[axis])];
        return (result, Walk(result, [.. permutation.Select(axis => strides[axis])]));
    }

    /// <summary>For each element of a shape, row-major, the sum of its position times these strides.</summary>
    private static int[] Walk(int[] shape, int[] strides)
    {
        var indices = new int[Count(shape)];
        int filled = Math.Min(1, indices.Length);
        for (int axis = shape.Length - 1; axis >= 0 && filled > 0; axis--)
        {
            // What is filled holds for position 0 of this axis; the others lie behind it.
            ReadOnlySpan<int> first = indices.AsSpan(0, filled);
            for (int position = 1; position < shape[axis]; position++)
            {
                int offset = position * strides[axis];
                Span<int> here = indices.AsSpan(position * filled, filled);
                for (int k = 0; k < here.Length; k++)
                {
                    here[k] = first[k] + offset;
                }
            }

            filled *= shape[axis];
        }

        return indices;
    }

    private static int[] Strides(int[] shape)
    {
        var strides = new int[shape.Length];
        int stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
