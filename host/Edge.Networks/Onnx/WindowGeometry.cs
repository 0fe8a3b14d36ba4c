using Edge.Networks.Graph;

namespace Edge.Networks.Onnx;

/// <summary>How a window moves over the spatial axes of a tensor, as the attributes of Conv and the pools say it
/// (ONNX operators, Conv and MaxPool).</summary>
internal sealed record WindowGeometry(int[] Size, int[] Result, int[] Kernel, int[] Strides, int[] Dilations, int[] Before)
{
    private const int LargestAttribute = 1 << 16;

    /// <param name="size">Spatial sizes of the data.</param>
    /// <param name="kernel">Of the weights; null: the attribute kernel_shape.</param>
    public static WindowGeometry Of(OnnxNode node, int[] size, int[]? kernel)
    {
        int axes = size.Length;
        int[] given = node.Integers("kernel_shape") ?? kernel ?? throw node.Error("it has no kernel_shape.");
        if (axes == 0 || (kernel is not null && !given.SequenceEqual(kernel)))
        {
            throw node.Error($"kernel_shape {Shapes.Text(given)} against weights of {Shapes.Text(kernel ?? [])} and data of {axes} spatial axes.");
        }

        int[] kernelShape = Checked(node, "kernel_shape", given, axes, 1);
        int[] ones = [.. Enumerable.Repeat(1, axes)];
        int[] strides = Checked(node, "strides", node.Integers("strides") ?? ones, axes, 1);
        int[] dilations = Checked(node, "dilations", node.Integers("dilations") ?? ones, axes, 1);
        int[] extent = [.. kernelShape.Select((taps, i) => ((taps - 1) * dilations[i]) + 1)];
        (int[] before, int[] behind) = Pads(node, size, extent, strides);
        var result = new int[axes];
        for (int i = 0; i < axes; i++)
        {
            int room = size[i] + before[i] + behind[i] - extent[i];
            if (room < 0)
            {
                throw node.Error($"its window of {extent[i]} is larger than axis {i} of the data, {size[i]} elements and {before[i] + behind[i]} of padding.");
            }

            bool up = node.Integer("ceil_mode", 0) != 0;
            result[i] = (up ? (room + strides[i] - 1) / strides[i] : room / strides[i]) + 1;

            // A window that would begin behind the data and its padding in front is left out.
            result[i] -= up && (result[i] - 1) * strides[i] >= size[i] + before[i] ? 1 : 0;
        }

        return new(size, result, kernelShape, strides, dilations, before);
    }

    /// <summary>Of ConvTranspose: strides spread the inputs, the result is cropped by the pads.</summary>
    public static WindowGeometry OfTransposed(OnnxNode node, int[] size, int[] kernel)
    {
        int axes = size.Length;
        int[] given = node.Integers("kernel_shape") ?? kernel;
        if (!given.SequenceEqual(kernel))
        {
            throw node.Error($"kernel_shape {Shapes.Text(given)} against weights of {Shapes.Text(kernel)}.");
        }

        int[] kernelShape = Checked(node, "kernel_shape", given, axes, 1);
        int[] ones = [.. Enumerable.Repeat(1, axes)];
        int[] strides = Checked(node, "strides", node.Integers("strides") ?? ones, axes, 1);
        int[] dilations = Checked(node, "dilations", node.Integers("dilations") ?? ones, axes, 1);
        int[] more = Checked(node, "output_padding", node.Integers("output_padding") ?? new int[axes], axes, 0);
        string mode = node.Text("auto_pad", "NOTSET");
        int[]? asked = node.Integers("output_shape") is { Length: > 0 } shape ? shape[^Math.Min(axes, shape.Length)..]
            : mode.StartsWith("SAME", StringComparison.Ordinal) ? [.. size.Select((length, i) => checked(length * strides[i]))]
            : null;
        long[] full = [.. size.Select((length, i) => ((length - 1L) * strides[i]) + more[i] + ((kernelShape[i] - 1L) * dilations[i]) + 1)];
        int[] before;
        long[] result;
        if (asked is not null)
        {
            asked = Checked(node, "output_shape", asked, axes, 1);
            int[] total = [.. asked.Select((length, i) => (int)Math.Max(0, full[i] - length))];
            before = [.. total.Select(pad => mode == "SAME_UPPER" ? pad / 2 : pad - (pad / 2))];
            result = [.. asked.Select(length => (long)length)];
        }
        else if (mode is "NOTSET" or "" or "VALID")
        {
            int[] pads = mode == "VALID" ? new int[2 * axes] : Checked(node, "pads", node.Integers("pads") ?? new int[2 * axes], 2 * axes, 0);
            before = pads[..axes];
            result = [.. full.Select((length, i) => length - pads[i] - pads[i + axes])];
        }
        else
        {
            throw node.Error($"auto_pad \"{mode}\"; allowed are NOTSET, VALID, SAME_UPPER, SAME_LOWER.");
        }

        return Array.TrueForAll(result, length => length is > 0 and <= Windows.LargestSize)
            ? new(size, [.. result.Select(length => (int)length)], kernelShape, strides, dilations, before)
            : throw node.Error($"its result would have {string.Join(" x ", result)} elements a channel. Correct its pads, strides or output_shape.");
    }

    /// <summary>(positions, taps) of a transposed convolution: the input whose kernel puts this tap on that position; -1 where
    /// there is none.</summary>
    public int[] TransposedPlaces(OnnxNode node, int channels)
    {
        int positions = Bounded(node, Result, 1);
        int taps = Bounded(node, Kernel, (long)positions * channels);
        var places = new int[positions * taps];
        for (int k = 0; k < places.Length; k++)
        {
            int position = k / taps;
            int tap = k % taps;
            int place = 0;
            int factor = 1;
            for (int axis = Size.Length - 1; axis >= 0; axis--)
            {
                int spread = (position % Result[axis]) + Before[axis] - (tap % Kernel[axis] * Dilations[axis]);
                bool hit = spread >= 0 && spread % Strides[axis] == 0 && spread / Strides[axis] < Size[axis];
                place = place < 0 || !hit ? Windows.Padding : place + (spread / Strides[axis] * factor);
                factor *= Size[axis];
                position /= Result[axis];
                tap /= Kernel[axis];
            }

            places[k] = place;
        }

        return places;
    }

    /// <summary>(positions, taps): the place among the data that each tap reads; -1 outside of it.</summary>
    public int[] Places(OnnxNode node, int channels)
    {
        int[] kernel = Kernel;
        int positions = Bounded(node, Result, 1);
        int taps = Bounded(node, Kernel, (long)positions * channels);
        var places = new int[positions * taps];
        int[] at = new int[Size.Length];
        for (int k = 0; k < places.Length; k++)
        {
            int position = k / taps;
            int tap = k % taps;
            int place = 0;
            int factor = 1;
            for (int axis = Size.Length - 1; axis >= 0; axis--)
            {
                int index = (position % Result[axis] * Strides[axis]) + (tap % kernel[axis] * Dilations[axis]) - Before[axis];
                place = place < 0 || index < 0 || index >= Size[axis] ? Windows.Padding : place + (index * factor);
                factor *= Size[axis];
                position /= Result[axis];
                tap /= kernel[axis];
            }

            places[k] = place;
        }

        return places;
    }

    private static int Bounded(OnnxNode node, int[] sizes, long others)
    {
        long count = sizes.Aggregate(1L, (product, size) => Math.Min(product * size, Windows.LargestSize + 1));
        return count * others <= Windows.LargestSize
            ? (int)count
            : throw node.Error($"its windows would read more than {Windows.LargestSize} elements. Give the model a smaller input: --input-shape.");
    }

    private static (int[] Before, int[] Behind) Pads(OnnxNode node, int[] size, int[] extent, int[] strides)
    {
        string mode = node.Text("auto_pad", "NOTSET");
        switch (mode)
        {
            case "NOTSET" or "":
                int[] pads = Checked(node, "pads", node.Integers("pads") ?? new int[2 * size.Length], 2 * size.Length, 0);
                return (pads[..size.Length], pads[size.Length..]);
            case "VALID":
                return (new int[size.Length], new int[size.Length]);
            case "SAME_UPPER" or "SAME_LOWER":
                int[] total = [.. size.Select((length, i) => Math.Max(0, ((((length + strides[i] - 1) / strides[i]) - 1) * strides[i]) + extent[i] - length))];
                int[] less = [.. total.Select(pad => pad / 2)];
                int[] more = [.. total.Select(pad => pad - (pad / 2))];
                return mode == "SAME_UPPER" ? (less, more) : (more, less);
            default:
                throw node.Error($"auto_pad \"{mode}\"; allowed are NOTSET, VALID, SAME_UPPER, SAME_LOWER.");
        }
    }

    private static int[] Checked(OnnxNode node, string name, int[] values, int count, int least) =>
        values.Length == count && Array.TrueForAll(values, value => value >= least && value <= LargestAttribute)
            ? values
            : throw node.Error($"{name} {Shapes.Text(values)}; {count} numbers from {least} to {LargestAttribute} are needed.");
}
