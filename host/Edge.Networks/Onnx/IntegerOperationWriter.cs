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
        PerElement<Interval> input = network.Tensors[operation.Inputs[0]].Ranges;
        PerElement<Interval> output = network.Tensors[operation.Output].Ranges;
        double largest = Math.Max(Largest(operation, input), Math.Max(input.Values.Max(range => (double)range.Magnitude), output.Values.Max(range => (double)range.Magnitude)));
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
                return WindowWriter.Sums(graph, x, input.Length, windowed, type);

            case WindowedMax windowed:
                return WindowWriter.Largest(graph, x, input.Length, windowed.Windows, type);

            case Softmax softmax:
                return SoftmaxWriter.Write(graph, x, softmax, input, type);

            case Lookup lookup:
                return Entries(graph, x, lookup, type);

            case Concatenate concatenate:
                return graph.Node("Concat", [.. concatenate.Parts.Select(part => graph.Cast(names[part], type))], attributes: OnnxGraphWriter.Attribute("axis", 1));

            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation");
        }
    }

    /// <summary>A bound on every intermediate: partial sums may be formed in any order.</summary>
    private static double Largest(IntegerOperation operation, PerElement<Interval> input) => operation switch
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
        WindowedAffine windowed => WindowWriter.Largest(windowed, input),
        Scale scale => PerElement.Map(input, scale.Multipliers, scale.Addends, (range, multiplier, addend) => (Math.Abs((double)multiplier) * range.Magnitude) + Math.Abs((double)addend)).Values.Max(),

        // Room for the half that a rounding adds below the shifted value.
        Requantize => 4 * input.Values.Max(range => (double)range.Magnitude),

        // Addresses: where in all tables together an entry stands.
        Lookup lookup => lookup.Tables.Max(table => Math.Abs((double)table.First)) + lookup.Tables.Sum(table => (double)table.Values.Length),
        Thresholds thresholds => thresholds.Levels.Values.SelectMany(levels => levels).Select(level => Math.Abs((double)level)).DefaultIfEmpty(0).Max(),
        _ => 0,
    };

    private static string Shift(OnnxGraphWriter graph, string x, Requantize requantize, OnnxType type)
    {
        if (requantize.Shifts.All(shift => shift == 0))
        {
            return x;
        }

        if (type != OnnxType.Int64)
        {
            PerElement<double> factors = requantize.Shifts.Map(shift => Math.ScaleB(1, -shift));
            return graph.Round(graph.Node("Mul", [x, graph.Constant(factors, type)]), requantize.Rounding);
        }

        // (x - x mod 2^s) / 2^s is the floor; ONNX Mod has the divisor's sign.
        string divisor = graph.Constant(requantize.Shifts.Map(shift => 1L << shift), type);
        string FloorDivide(string value) => graph.Node("Div", [graph.Node("Sub", [value, graph.Node("Mod", [value, divisor])]), divisor]);
        PerElement<long> constant = requantize.Shifts.Map(shift => shift == 0 ? 0 : requantize.Rounding.Offset(0, shift));
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
            PerElement<long> factor = requantize.Shifts.Map(shift => shift == 0 ? 0
                : requantize.Rounding == Rounding.HalfEven ? 1 : requantize.Rounding.Offset(-1, shift) - requantize.Rounding.Offset(0, shift));
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

    /// <summary>All tables in one, one behind the other.</summary>
    private static string Entries(OnnxGraphWriter graph, string x, Lookup lookup, OnnxType type)
    {
        var starts = new long[lookup.Tables.Length];
        for (int k = 1; k < starts.Length; k++)
        {
            starts[k] = starts[k - 1] + lookup.Tables[k - 1].Values.Length;
        }

        long[] addends = [.. lookup.TableOf.Select(table => starts[table] - lookup.Tables[table].First)];
        string address = graph.Cast(graph.Node("Add", [x, graph.Constant(addends, type)]), OnnxType.Int64);
        return graph.Node("Gather", [graph.Constant([.. lookup.Tables.SelectMany(table => table.Values)], type), address], type: type);
    }

    private static string Count(OnnxGraphWriter graph, string x, Thresholds thresholds, OnnxType type)
    {
        int longest = Math.Max(1, thresholds.Levels.Values.Max(levels => levels.Length));
        long unreachable = type == OnnxType.Float ? (long)Float32Limit : type == OnnxType.Double ? (long)Float64Limit : long.MaxValue;
        PerElement<long[]> compact = thresholds.Levels.Kinds.Count == 1 ? [thresholds.Levels[0]] : thresholds.Levels;
        long[] levels = [.. compact.SelectMany(element => element.Concat(Enumerable.Repeat(unreachable, longest - element.Length)))];
        string column = graph.Node("Unsqueeze", [x, graph.Constant([2L])], type: type);
        string reached = graph.Node("GreaterOrEqual", [column, graph.Constant([compact.Length, longest], levels, type)], type: OnnxType.Bool);
        string count = graph.Node("ReduceSum", [graph.Cast(reached, OnnxType.Float), graph.Constant([2L])], type: OnnxType.Float, attributes: OnnxGraphWriter.Attribute("keepdims", 0));
        return graph.Node("Add", [graph.Cast(count, type), graph.Constant(thresholds.Base, type)]);
    }
}
