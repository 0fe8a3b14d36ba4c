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
        var indices = new int[Count(to)];
        int[] position = new int[to.Length];
        for (int k = 0; k < indices.Length; k++)
        {
            int index = 0;
            for (int axis = 1; axis <= from.Length; axis++)
            {
                index += from[^axis] == 1 ? 0 : position[^axis] * strides[^axis];
            }

            indices[k] = index;
            Advance(position, to);
        }

        return indices;
    }

    /// <summary>Index map and shape of a transposition.</summary>
    public static (int[] Shape, int[] Indices) Transpose(int[] shape, int[] permutation)
    {
        int[] strides = Strides(shape);
        int[] result = [.. permutation.Select(axis => shape[axis])];
        var indices = new int[Count(shape)];
        int[] position = new int[shape.Length];
        for (int k = 0; k < indices.Length; k++)
        {
            indices[k] = permutation.Select((axis, i) => position[i] * strides[axis]).Sum();
            Advance(position, result);
        }

        return (result, indices);
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

    private static void Advance(int[] position, int[] shape)
    {
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (++position[axis] < shape[axis])
            {
                return;
            }

            position[axis] = 0;
        }
    }
}
