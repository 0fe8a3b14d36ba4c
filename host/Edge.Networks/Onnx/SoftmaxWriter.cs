using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>The integer softmax as ONNX nodes: its steps one by one, in int64 from the tables on.</summary>
internal static class SoftmaxWriter
{
    private const double LargestDifference = 1L << 51;

    public static string Write(OnnxGraphWriter graph, string x, Softmax softmax, PerElement<Interval> input, OnnxType type)
    {
        // float64 holds integers and their differences where it can: ONNX Runtime's largest of int64 is not to be trusted.
        bool real = input.Max(range => (double)range.Magnitude) < LargestDifference;
        string given = graph.Node("Reshape", [graph.Cast(x, real ? OnnxType.Double : OnnxType.Int64), graph.Constant([-1L, input.Length / softmax.Length, softmax.Length])]);
        string largest = Largest(graph, given, softmax.Length, real);
        string distance = graph.Node("Sub", [largest, given]);
        if (!real)
        {
            distance = Shifted(graph, distance, softmax.Drop);
        }

        // Beyond the end of the tables all distances mean the same.
        int drop = real ? softmax.Drop : 0;
        double last = Math.ScaleB(softmax.Coarse.Length, softmax.FineBits + drop) - 1;
        distance = real
            ? Shifted(graph, graph.Cast(graph.Node("Min", [distance, graph.Constant([last], OnnxType.Double)]), OnnxType.Int64), drop)
            : graph.Node("Where", [graph.Node("Less", [distance, graph.Constant([(long)last])], type: OnnxType.Bool), distance, graph.Constant([(long)last])], type: OnnxType.Int64);
        string coarse = Shifted(graph, distance, softmax.FineBits);
        string fine = graph.Node("Sub", [distance, graph.Node("Mul", [coarse, graph.Constant([1L << softmax.FineBits])])]);
        string product = graph.Node("Mul", [graph.Node("Gather", [graph.Constant(softmax.Coarse), coarse]), graph.Node("Gather", [graph.Constant(softmax.Fine), fine])]);
        string power = Shifted(graph, product, Softmax.ProductShift);
        string sum = graph.Node("ReduceSum", [power, graph.Constant([2L])]);
        string scaled = graph.Node("Mul", [power, graph.Constant([1L << Softmax.Bits])]);
        string share = graph.Node("Div", [graph.Node("Add", [scaled, Shifted(graph, sum, 1)]), sum]);
        if (softmax.LiftsLargest)
        {
            string isLargest = graph.Node("Equal", [given, largest], type: OnnxType.Bool);
            share = graph.Node("Add", [share, graph.Cast(isLargest, OnnxType.Int64)]);
        }

        return graph.Node("Reshape", [share, graph.Constant([-1L, input.Length])]);
    }

    private static string Largest(OnnxGraphWriter graph, string x, int length, bool real)
    {
        if (real)
        {
            return graph.Node("ReduceMax", [x], attributes: [new() { Name = "axes", Ints = { 2 }, Type = 7 }, OnnxGraphWriter.Attribute("keepdims", 1)]);
        }

        string Element(int i) => graph.Node("Gather", [x, graph.Constant([(long)i])], attributes: OnnxGraphWriter.Attribute("axis", 2));
        return Enumerable.Range(0, length).Select(Element).Aggregate((best, other) =>
            graph.Node("Where", [graph.Node("Greater", [other, best], type: OnnxType.Bool), other, best], type: OnnxType.Int64));
    }

    /// <summary>x / 2^shift for int64 x that is not negative: Div rounds towards zero.</summary>
    private static string Shifted(OnnxGraphWriter graph, string x, int shift) => shift == 0 ? x : graph.Node("Div", [x, graph.Constant([1L << shift])]);
}
