using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>One integer operation as ONNX nodes, in the narrowest element type that holds every intermediate exactly.</summary>
internal static class IntegerOperationWriter
{
    private const double Float32Limit = 1 << 24;
    private const double Float64Limit = 1L << 53;

    public static string Write(OnnxGraphWriter graph, IntegerNetwork network, IntegerOperation operation, Dictionary<int, string> names)
    {
        Interval[] input = network.Tensors[operation.Inputs[0]].Ranges;
        Interval[] output = network.Tensors[operation.Output].Ranges;
        double largest = Math.Max(Largest(operation, input), Math.Max(input.Max(range => (double)range.Magnitude), output.Max(range => (double)range.Magnitude)));
        OnnxType type = largest < Float32Limit ? OnnxType.Float : largest < Float64Limit ? OnnxType.Double : OnnxType.Int64;
        string x = graph.Cast(names[operation.Inputs[0]], type);
        switch (operation)
        {
            case Affine affine:
                int rows = affine.Weights.Rows;
                int columns = affine.Weights.Columns;
                (_, int[] transposed) = Edge.Networks.Graph.Shapes.Transpose([rows, columns], [1, 0]);
                long[] weights = [.. transposed.Select(index => affine.Weights.Values[index])];
                string product = graph.Node("MatMul", [x, graph.Constant([columns, rows], weights, type)]);
                return graph.Node("Add", [product, graph.Constant(affine.Bias, type)]);

            case Scale scale:
                return graph.Node("Add", [graph.Node("Mul", [x, graph.Constant(scale.Multipliers, type)]), graph.Constant(scale.Addends, type)]);

            case Requantize requantize:
                return graph.Clamp(Shift(graph, x, requantize, type), requantize.Low, requantize.High, type);

            case Thresholds thresholds:
                return Count(graph, x, thresholds, type);

            case Add add:
                return graph.Node("Add", [x, graph.Cast(names[add.Right], type)]);

            case ArgMax:
                string best = type == OnnxType.Int64 ? Reached(graph, x) : x;
                string index = graph.Node("ArgMax", [best], type: OnnxType.Int64, attributes: [OnnxGraphWriter.Attribute("axis", 1), OnnxGraphWriter.Attribute("keepdims", 1)]);
                return graph.Cast(index, OnnxType.Float);

            case Rearrange rearrange:
                return graph.Node("Gather", [x, graph.Constant([.. rearrange.Indices.Select(i => (long)i)])], type: type, attributes: OnnxGraphWriter.Attribute("axis", 1));

            case WindowedAffine windowed:
                return Convolve(graph, x, windowed, type);

            case WindowedMax windowed:
                return Largest(graph, x, windowed.Windows, type);

            case Concatenate concatenate:
                return graph.Node("Concat", [.. concatenate.Parts.Select(part => graph.Cast(names[part], type))], attributes: OnnxGraphWriter.Attribute("axis", 1));

            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation");
        }
    }

    /// <summary>A bound on every intermediate: partial sums may be formed in any order.</summary>
    private static double Largest(IntegerOperation operation, Interval[] input) => operation switch
    {
        Affine affine => Enumerable.Range(0, affine.Weights.Rows).Max(i =>
        {
            double sum = Math.Abs((double)affine.Bias[i]);
            ReadOnlySpan<long> row = affine.Weights.Row(i);
            for (int j = 0; j < row.Length; j++)
            {
                sum += Math.Abs((double)row[j]) * input[j].Magnitude;
            }

            return sum;
        }),
        WindowedAffine windowed => windowed.Bias.Select((bias, i) =>
        {
            double sum = Math.Abs((double)bias);
            int kernel = i / windowed.Windows.Positions;
            ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
            ReadOnlySpan<int> window = windowed.Windows.Of(windowed.GroupOf(kernel), i % windowed.Windows.Positions);
            for (int tap = 0; tap < window.Length; tap++)
            {
                sum += window[tap] < 0 ? 0 : Math.Abs((double)weights[tap]) * input[window[tap]].Magnitude;
            }

            return sum;
        }).Max(),
        Scale scale => input.Select((range, i) => (Math.Abs((double)scale.Multipliers[i]) * range.Magnitude) + Math.Abs((double)scale.Addends[i])).Max(),
        // Room for the half that a rounding adds below the shifted value.
        Requantize => 4 * input.Max(range => (double)range.Magnitude),
        Thresholds thresholds => thresholds.Levels.SelectMany(levels => levels).Select(level => Math.Abs((double)level)).DefaultIfEmpty(0).Max(),
        _ => 0,
    };

    /// <summary>Windows side by side, (batch, groups, positions, taps), times the kernels of each group. Stock kernels for
    /// Conv would sum in an order and precision of their own; a MatMul is exact in the type chosen.</summary>
    private static string Convolve(OnnxGraphWriter graph, string x, WindowedAffine windowed, OnnxType type)
    {
        Edge.Networks.Graph.Windows windows = windowed.Windows;
        int perGroup = windowed.Kernels.Rows / windows.Groups;
        (_, int[] order) = Edge.Networks.Graph.Shapes.Transpose([windows.Groups, perGroup, windows.Taps], [0, 2, 1]);
        string kernels = graph.Constant([windows.Groups, windows.Taps, perGroup], [.. order.Select(index => windowed.Kernels.Values[index])], type);
        string sums = graph.Node("MatMul", [Gathered(graph, x, windows, type), kernels]);
        string inOrder = graph.Node("Transpose", [sums], attributes: new Format.AttributeProto { Name = "perm", Ints = { 0, 1, 3, 2 }, Type = 7 });
        string flat = graph.Node("Reshape", [inOrder, graph.Constant([-1L, windowed.Bias.Length])]);
        return graph.Node("Add", [flat, graph.Constant(windowed.Bias, type)]);
    }

    private static string Largest(OnnxGraphWriter graph, string x, Edge.Networks.Graph.Windows windows, OnnxType type)
    {
        string Tap(int tap) => graph.Node("Gather", [x, graph.Constant([.. windows.Indices.Where((_, k) => k % windows.Taps == tap).Select(index => (long)index)])], attributes: OnnxGraphWriter.Attribute("axis", 1));
        if (type == OnnxType.Int64)
        {
            // ReduceMax of int64 is not to be trusted (see OnnxGraphWriter.Clamp).
            return Enumerable.Range(0, windows.Taps).Select(Tap).Aggregate((best, other) =>
                graph.Node("Where", [graph.Node("Greater", [other, best], type: OnnxType.Bool), other, best], type: type));
        }

        string largest = graph.Node("ReduceMax", [Gathered(graph, x, windows, type)], attributes: [new() { Name = "axes", Ints = { 3 }, Type = 7 }, OnnxGraphWriter.Attribute("keepdims", 0)]);
        return graph.Node("Reshape", [largest, graph.Constant([-1L, (long)windows.Groups * windows.Positions])]);
    }

    /// <summary>(batch, groups, positions, taps) of the elements that all windows read; padding reads a zero put behind x.</summary>
    private static string Gathered(OnnxGraphWriter graph, string x, Edge.Networks.Graph.Windows windows, OnnxType type)
    {
        if (windows.Indices.Contains(Edge.Networks.Graph.Windows.Padding))
        {
            x = graph.Node("Pad", [x, graph.Constant([0L, 0, 0, 1])]);
        }

        // Index -1 is the last element: the zero.
        string indices = graph.Constant([.. windows.Indices.Select(index => (long)index)]);
        string taps = graph.Node("Gather", [x, indices], type: type, attributes: OnnxGraphWriter.Attribute("axis", 1));
        return graph.Node("Reshape", [taps, graph.Constant([-1L, windows.Groups, windows.Positions, windows.Taps])]);
    }

    private static string Shift(OnnxGraphWriter graph, string x, Requantize requantize, OnnxType type)
    {
        if (requantize.Shifts.All(shift => shift == 0))
        {
            return x;
        }

        if (type != OnnxType.Int64)
        {
            double[] factors = [.. requantize.Shifts.Select(shift => Math.ScaleB(1, -shift))];
            return graph.Round(graph.Node("Mul", [x, graph.Constant(factors, type)]), requantize.Rounding);
        }

        // (x - x mod 2^s) / 2^s is the floor; ONNX Mod has the divisor's sign.
        string divisor = graph.Constant([.. requantize.Shifts.Select(shift => 1L << shift)], type);
        string FloorDivide(string value) => graph.Node("Div", [graph.Node("Sub", [value, graph.Node("Mod", [value, divisor])]), divisor]);
        long[] constant = [.. requantize.Shifts.Select(shift => shift == 0 ? 0 : requantize.Rounding.Offset(0, shift))];
        string bit = requantize.Rounding switch
        {
            Rounding.HalfEven => graph.Node("Mod", [FloorDivide(x), graph.Constant([2L], type)]),
            Rounding.HalfUp or Rounding.Floor or Rounding.Ceiling => string.Empty,
            _ => graph.Cast(graph.Node("Less", [x, graph.Constant([0L], type)], type: OnnxType.Bool), type),
        };
        string sum = graph.Node("Add", [x, graph.Constant(constant, type)]);
        if (bit.Length > 0)
        {
            // The second term is bit * (offset with the bit set - offset without).
            long[] factor = [.. requantize.Shifts.Select((shift, i) => shift == 0 ? 0
                : requantize.Rounding == Rounding.HalfEven ? 1 : requantize.Rounding.Offset(-1, shift) - constant[i])];
            sum = graph.Node("Add", [sum, graph.Node("Mul", [bit, graph.Constant(factor, type)])]);
        }

        return FloorDivide(sum);
    }

    /// <summary>How many elements of an int64 vector each of them reaches; the largest reach all. ONNX Runtime's ArgMax and
    /// ReduceMax compare int64 in less than 64 bits (see <see cref="OnnxGraphWriter.Clamp"/>).</summary>
    private static string Reached(OnnxGraphWriter graph, string x)
    {
        string column = graph.Node("Unsqueeze", [x, graph.Constant([2L])]);
        string row = graph.Node("Unsqueeze", [x, graph.Constant([1L])]);
        string reaches = graph.Cast(graph.Node("GreaterOrEqual", [column, row], type: OnnxType.Bool), OnnxType.Float);
        return graph.Node("ReduceSum", [reaches, graph.Constant([2L])], attributes: OnnxGraphWriter.Attribute("keepdims", 0));
    }

    private static string Count(OnnxGraphWriter graph, string x, Thresholds thresholds, OnnxType type)
    {
        int longest = Math.Max(1, thresholds.Levels.Max(levels => levels.Length));
        long unreachable = type == OnnxType.Float ? (long)Float32Limit : type == OnnxType.Double ? (long)Float64Limit : long.MaxValue;
        long[] levels = [.. thresholds.Levels.SelectMany(element => element.Concat(Enumerable.Repeat(unreachable, longest - element.Length)))];
        string column = graph.Node("Unsqueeze", [x, graph.Constant([2L])], type: type);
        string reached = graph.Node("GreaterOrEqual", [column, graph.Constant([thresholds.Levels.Length, longest], levels, type)], type: OnnxType.Bool);
        string count = graph.Node("ReduceSum", [graph.Cast(reached, OnnxType.Float), graph.Constant([2L])], type: OnnxType.Float, attributes: OnnxGraphWriter.Attribute("keepdims", 0));
        return graph.Node("Add", [graph.Cast(count, type), graph.Constant(thresholds.Base, type)]);
    }
}
