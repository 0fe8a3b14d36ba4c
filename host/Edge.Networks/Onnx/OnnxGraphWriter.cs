using System.Runtime.InteropServices;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;

namespace Edge.Networks.Onnx;

/// <summary>Appends nodes and constants to an ONNX graph and names what they make.</summary>
/// <param name="reserved">Names of inputs and outputs, which nothing else may have.</param>
internal sealed class OnnxGraphWriter(string name, params string[] reserved)
{
    private readonly Dictionary<string, OnnxType> types = new(StringComparer.Ordinal);
    private int count;

    public GraphProto Graph { get; } = new() { Name = name };

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, I = value, Type = 2 };

    public OnnxType TypeOf(string tensor) => types[tensor];

    public void DeclareInput(string tensor, int[] shape)
    {
        types[tensor] = OnnxType.Float;
        Graph.Input.Add(Declaration(tensor, shape, OnnxType.Float));
    }

    public void DeclareOutput(string tensor, int[] shape, OnnxType type) => Graph.Output.Add(Declaration(tensor, shape, type));

    /// <summary>A node whose result has the type of its first input, unless <paramref name="type"/> says otherwise.</summary>
    public string Node(string operation, string[] inputs, string? output = null, OnnxType? type = null, params AttributeProto[] attributes)
    {
        output ??= NewName('t');
        types[output] = type ?? types[inputs[0]];
        Graph.Node.Add(new NodeProto { OpType = operation, Name = $"{operation}_{output}", Input = { inputs }, Output = { output }, Attribute = { attributes } });
        return output;
    }

    public string Cast(string tensor, OnnxType type) => types[tensor] == type
        ? tensor
        : Node("Cast", [tensor], type: type, attributes: Attribute("to", (int)type));

    public string Constant(long[] values) => Initializer([values.Length], OnnxType.Int64, MemoryMarshal.AsBytes(values.AsSpan()));

    public string Constant(double[] values, OnnxType type) => Constant([values.Length], values, type);

    /// <summary>Values are exact in the type: the caller has chosen it by range.</summary>
    public string Constant(long[] values, OnnxType type) => Constant([values.Length], values, type);

    /// <summary>One value where all are alike: ONNX repeats it.</summary>
    public string Constant(PerElement<long> values, OnnxType type) => values.IsUniform ? Constant([values[0]], type) : Constant(values.ToArray(), type);

    public string Constant(PerElement<double> values, OnnxType type) => values.IsUniform ? Constant([values[0]], type) : Constant(values.ToArray(), type);

    public string Constant(int[] shape, long[] values, OnnxType type) => type == OnnxType.Int64
        ? Initializer(shape, type, MemoryMarshal.AsBytes(values.AsSpan()))
        : Constant(shape, [.. values.Select(value => (double)value)], type);

    public string Constant(int[] shape, double[] values, OnnxType type)
    {
        if (type == OnnxType.Float)
        {
            float[] narrow = [.. values.Select(value => (float)value)];
            return Initializer(shape, type, MemoryMarshal.AsBytes(narrow.AsSpan()));
        }

        return Initializer(shape, type, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    /// <summary>Limits to low..high. ONNX Runtime 1.31 compares int64 by their low halves in Max, Min, Clip, Sign and ReduceMax
    /// where the high halves agree; its Less, Greater and Where are right.</summary>
    public string Clamp(string x, PerElement<long> low, PerElement<long> high, OnnxType type)
    {
        if (type == OnnxType.Int64)
        {
            string least = Constant(low, type);
            string atLeast = Node("Where", [Node("Less", [x, least], type: OnnxType.Bool), least, x], type: type);
            string most = Constant(high, type);
            return Node("Where", [Node("Greater", [atLeast, most], type: OnnxType.Bool), most, atLeast], type: type);
        }

        string raised = Node("Max", [x, Constant(low, type)]);
        return Node("Min", [raised, Constant(high, type)]);
    }

    /// <summary>Rounds a float32 or float64 tensor to integers.</summary>
    public string Round(string x, Rounding rounding)
    {
        OnnxType type = types[x];
        string Number(double value) => Constant([value], type);
        string Magnitude() => Node("Abs", [x]);
        string Signed(string magnitude) => Node("Mul", [magnitude, Node("Sign", [x])]);
        return rounding switch
        {
            Rounding.HalfEven => Node("Round", [x]),
            Rounding.HalfUp => Node("Floor", [Node("Add", [x, Number(0.5)])]),
            Rounding.Floor => Node("Floor", [x]),
            Rounding.Ceiling => Node("Ceil", [x]),
            Rounding.HalfAwayFromZero => Signed(Node("Floor", [Node("Add", [Magnitude(), Number(0.5)])])),
            Rounding.HalfTowardsZero => Signed(Node("Ceil", [Node("Sub", [Magnitude(), Number(0.5)])])),
            Rounding.TowardsZero => Signed(Node("Floor", [Magnitude()])),
            Rounding.AwayFromZero => Signed(Node("Ceil", [Magnitude()])),
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
    }

    private string NewName(char kind)
    {
        string candidate;
        do
        {
            candidate = $"{kind}{++count}";
        }
        while (reserved.Contains(candidate, StringComparer.Ordinal));
        return candidate;
    }

    private string Initializer(int[] shape, OnnxType type, ReadOnlySpan<byte> data)
    {
        string constant = NewName('c');
        types[constant] = type;
        Graph.Initializer.Add(new TensorProto
        {
            Name = constant,
            DataType = (int)type,
            Dims = { shape.Select(size => (long)size) },
            RawData = ByteString.CopyFrom(data),
        });
        return constant;
    }

    private static ValueInfoProto Declaration(string tensor, int[] shape, OnnxType type)
    {
        var dimensions = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } };
        dimensions.Dim.AddRange(shape.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new() { Name = tensor, Type = new() { TensorType = new() { ElemType = (int)type, Shape = dimensions } } };
    }
}
