using Edge.Networks.Graph;

namespace Edge.Networks.Onnx;

/// <summary>The kernel, strides, dilations and pads (all begins, then all ends) that a table of windows came from.</summary>
internal sealed record WindowRecovery(int[] Kernel, int[] Strides, int[] Dilations, int[] Pads)
{
    private const int LargestRank = 4;

    /// <param name="shape">Of the data: channels, places.</param>
    /// <param name="result">Of what is made: kernels, places.</param>
    /// <returns>null where the table is not that of an ONNX window on channels-first data.</returns>
    public static WindowRecovery? Of(Windows windows, int[] shape, int[] result)
    {
        int axes = shape.Length - 1;
        if (shape[0] % windows.Groups != 0 || Shapes.Count(result.Skip(1)) != windows.Positions || windows.Taps % (shape[0] / windows.Groups) != 0)
        {
            return null;
        }

        int area = Shapes.Count(shape.Skip(1));
        foreach (int[] kernel in Kernels(windows.Taps / (shape[0] / windows.Groups), axes))
        {
            var strides = new int[axes];
            var dilations = new int[axes];
            var pads = new int[2 * axes];
            for (int axis = 0; axis < axes; axis++)
            {
                (strides[axis], dilations[axis], pads[axis]) = AlongAxis(windows, shape, result, kernel, axis);
                int extent = ((result[axis + 1] - 1) * strides[axis]) + ((kernel[axis] - 1) * dilations[axis]) + 1;
                pads[axes + axis] = Math.Max(0, extent - shape[axis + 1] - pads[axis]);
            }

            var found = new WindowRecovery(kernel, strides, dilations, pads);
            if (pads.All(pad => pad >= 0) && found.Places(shape, result) is { } places
                && Windows.Of(shape[0], windows.Groups, shape[1..], windows.Positions, places, channelsLast: false).Indices.AsSpan().SequenceEqual(windows.Indices))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The pads of a copy, as ONNX Pad takes them, the batch axis included; null: it is no Pad.</summary>
    public static int[]? Padding(Windows windows, int[] shape, int[] result)
    {
        int rank = shape.Length;
        int first = Array.FindIndex(windows.Indices, index => index >= 0);
        if (rank != result.Length || first < 0 || windows.Indices[first] != 0)
        {
            return null;
        }

        int[] before = Coordinates(first, result);
        var kept = new int[Shapes.Count(result)];
        for (int k = 0; k < kept.Length; k++)
        {
            int[] at = Coordinates(k, result);
            int index = 0;
            for (int axis = 0; axis < rank && index >= 0; axis++)
            {
                int place = at[axis] - before[axis];
                index = place < 0 || place >= shape[axis] ? Windows.Padding : (index * shape[axis]) + place;
            }

            kept[k] = index;
        }

        int[] behind = [.. result.Select((size, axis) => size - shape[axis] - before[axis])];
        return kept.AsSpan().SequenceEqual(windows.Indices) && behind.All(pad => pad >= 0) ? [0, .. before, 0, .. behind] : null;
    }

    /// <summary>The permutation of axes that makes this map; null: it is none.</summary>
    public static int[]? Permutation(int[] indices, int[] shape) => shape.Length > LargestRank || indices.Length != Shapes.Count(shape)
        ? null
        : Orders(shape.Length).FirstOrDefault(order => Shapes.Transpose(shape, order).Indices.AsSpan().SequenceEqual(indices));

    private static IEnumerable<int[]> Orders(int count) => count == 0
        ? [[]]
        : Orders(count - 1).SelectMany(order => Enumerable.Range(0, count).Select(at => (int[])[.. order[..at], count - 1, .. order[at..]]));

    private static IEnumerable<int[]> Kernels(int taps, int axes) => axes == 1
        ? [[taps]]
        : Enumerable.Range(1, taps).Where(size => taps % size == 0).OrderBy(size => Math.Abs(size - Math.Sqrt(taps)))
            .SelectMany(size => Kernels(taps / size, axes - 1).Select(rest => (int[])[size, .. rest]));

    /// <summary>Stride, dilation and begin pad on one axis, from two windows' taps that read data.</summary>
    private static (int Stride, int Dilation, int Pad) AlongAxis(Windows windows, int[] shape, int[] result, int[] kernel, int axis)
    {
        int area = Shapes.Count(shape.Skip(1));
        int taps = Shapes.Count(kernel);
        var seen = new List<(int Position, int Tap, int Place)>();
        for (int position = 0; position < windows.Positions; position++)
        {
            for (int tap = 0; tap < Math.Min(taps, windows.Taps); tap++)
            {
                int index = windows.Indices[(position * windows.Taps) + tap];
                if (index >= 0 && index < area)
                {
                    seen.Add((Coordinates(position, result[1..])[axis], Coordinates(tap, kernel)[axis], Coordinates(index, shape[1..])[axis]));
                }
            }
        }

        if (seen.Count == 0)
        {
            return (1, 1, 0);
        }

        (int Position, int Tap, int Place) one = seen[0];
        (int, int, int)? next = seen.Where(other => other.Position != one.Position && other.Tap == one.Tap).Cast<(int, int, int)?>().FirstOrDefault();
        int stride = next is (int p, _, int place) ? (place - one.Place) / (p - one.Position) : 1;
        (int, int, int)? beside = seen.Where(other => other.Position == one.Position && other.Tap != one.Tap).Cast<(int, int, int)?>().FirstOrDefault();
        int dilation = beside is (_, int t, int at) ? (at - one.Place) / (t - one.Tap) : 1;
        return (Math.Max(1, stride), Math.Max(1, dilation), (one.Position * stride) + (one.Tap * dilation) - one.Place);
    }

    private int[]? Places(int[] shape, int[] result)
    {
        int positions = Shapes.Count(result.Skip(1));
        int taps = Shapes.Count(Kernel);
        var places = new int[positions * taps];
        for (int k = 0; k < places.Length; k++)
        {
            int[] position = Coordinates(k / taps, result[1..]);
            int[] tap = Coordinates(k % taps, Kernel);
            int place = 0;
            for (int axis = 0; axis < Kernel.Length && place >= 0; axis++)
            {
                int at = (position[axis] * Strides[axis]) + (tap[axis] * Dilations[axis]) - Pads[axis];
                place = at < 0 || at >= shape[axis + 1] ? Windows.Padding : (place * shape[axis + 1]) + at;
            }

            places[k] = place;
        }

        return places;
    }

    private static int[] Coordinates(int index, int[] shape)
    {
        var coordinates = new int[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            coordinates[axis] = index % shape[axis];
            index /= shape[axis];
        }

        return coordinates;
    }
}
