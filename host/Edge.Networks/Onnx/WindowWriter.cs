using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>Convolutions and pooling of integers as ONNX nodes. Stock kernels for Conv would sum in an order and precision
/// of their own; a MatMul over windows that were taken apart is exact in the type chosen.</summary>
internal static class WindowWriter
{
    /// <summary>Kernels (groups, kernels, taps) times windows (batch, groups, taps, positions).</summary>
    /// <param name="length">Elements of x.</param>
    public static string Sums(OnnxGraphWriter graph, string x, int length, WindowedAffine windowed, OnnxType type)
    {
        Windows windows = windowed.Windows;
        string kernels = graph.Constant([windows.Groups, windowed.Kernels.Rows / windows.Groups, windows.Taps], windowed.Kernels.Values, type);
        string sums = graph.Node("MatMul", [kernels, Gathered(graph, x, length, windows)]);
        string flat = graph.Node("Reshape", [sums, graph.Constant([-1L, windowed.Bias.Length])]);
        return windowed.Bias.All(bias => bias == 0) ? flat : graph.Node("Add", [flat, graph.Constant(windowed.Bias, type)]);
    }

    public static string Largest(OnnxGraphWriter graph, string x, int length, Windows windows, OnnxType type)
    {
        string taps = Gathered(graph, x, length, windows);
        string largest;
        if (type == OnnxType.Int64)
        {
            // ReduceMax of int64 is not to be trusted (see OnnxGraphWriter.Clamp).
            string Tap(long tap) => graph.Node("Gather", [taps, graph.Constant([tap])], attributes: OnnxGraphWriter.Attribute("axis", 2));
            largest = Enumerable.Range(0, windows.Taps).Select(tap => Tap(tap)).Aggregate((best, other) =>
                graph.Node("Where", [graph.Node("Greater", [other, best], type: OnnxType.Bool), other, best], type: type));
        }
        else
        {
            largest = graph.Node("ReduceMax", [taps], attributes: [new() { Name = "axes", Ints = { 2 }, Type = 7 }, OnnxGraphWriter.Attribute("keepdims", 0)]);
        }

        return graph.Node("Reshape", [largest, graph.Constant([-1L, (long)windows.Groups * windows.Positions])]);
    }

    /// <summary>A bound on every partial sum, in any order.</summary>
    public static double Largest(WindowedAffine windowed, PerElement<Interval> input)
    {
        Windows windows = windowed.Windows;
        int perGroup = windowed.Kernels.Rows / windows.Groups;
        double largest = 0;
        for (int group = 0; group < windows.Groups; group++)
        {
            foreach (int position in windows.PositionKinds(group, input.Kinds).Examples())
            {
                double[] magnitudes = Array.ConvertAll(windows.Of(group, position), index => index < 0 ? 0.0 : input[index].Magnitude);
                for (int kernel = group * perGroup; kernel < (group + 1) * perGroup; kernel++)
                {
                    double sum = 0;
                    ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
                    for (int tap = 0; tap < magnitudes.Length; tap++)
                    {
                        sum += Math.Abs((double)weights[tap]) * magnitudes[tap];
                    }

                    largest = Math.Max(largest, sum);
                }
            }
        }

        return largest + windowed.Bias.Values.Max(bias => Math.Abs((double)bias));
    }

    /// <summary>(batch, groups, taps, positions) of the elements that all windows read; padding reads a zero put behind x.</summary>
    private static string Gathered(OnnxGraphWriter graph, string x, int length, Windows windows)
    {
        (int groups, int taps) = (windows.Groups, windows.Taps);
        int channels = groups * windows.ChannelsPerGroup;
        bool first = windows.AreAlike && windows.PlaceStride == 1 && (channels == 1 || windows.ChannelStride * channels == length);
        bool last = windows.AreAlike && !first && windows.ChannelStride == 1 && windows.PlaceStride == channels && length % channels == 0;
        int[] places = first || last ? [.. windows.PlacesByTap()] : [.. Shapes.Transpose([groups, windows.Positions, taps], [0, 2, 1]).Indices.Select(windows.IndexAt)];
        string byPlace = first ? graph.Node("Reshape", [x, graph.Constant([-1L, channels, length / channels])])
            : last ? graph.Node("Transpose", [graph.Node("Reshape", [x, graph.Constant([-1L, length / channels, channels])])], attributes: Permutation(0, 2, 1))
            : x;
        int axis = first || last ? 2 : 1;
        if (places.Contains(Windows.Padding))
        {
            long[] pads = new long[2 * (axis + 1)];
            pads[^1] = 1;
            byPlace = graph.Node("Pad", [byPlace, graph.Constant(pads)]); // index -1 is the last element: the zero
        }

        string gathered = graph.Node("Gather", [byPlace, graph.Constant(Array.ConvertAll(places, index => (long)index))], attributes: OnnxGraphWriter.Attribute("axis", axis));
        return graph.Node("Reshape", [gathered, graph.Constant([-1L, groups, taps, windows.Positions])]);
    }

    private static AttributeProto Permutation(params long[] axes) => new() { Name = "perm", Ints = { axes }, Type = 7 };
}
