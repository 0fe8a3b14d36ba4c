using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Tests.Networks;

/// <summary>Writes small ONNX files of many forms: input "x" of shape [1, width], output "y".</summary>
internal sealed class TestModel
{
    private readonly Random random;
    private readonly int width;
    private int count;

    public TestModel(Random random, int width)
    {
        this.random = random;
        this.width = width;
        Graph.Input.Add(Value("x", [1, width]));
    }

    public int Opset { get; set; } = 13;

    /// <summary>Other domains that the file declares.</summary>
    public List<string> Domains { get; } = [];

    public List<FunctionProto> Functions { get; } = [];

    public GraphProto Graph { get; } = new() { Name = "test" };

    public static AttributeProto Integer(string name, long value) => new() { Name = name, I = value, Type = 2 };

    public static AttributeProto Float(string name, float value) => new() { Name = name, F = value, Type = 1 };

    public static AttributeProto Text(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = 3 };

    public static AttributeProto Integers(string name, params long[] values) => new() { Name = name, Ints = { values }, Type = 7 };

    public string Node(string operation, string[] inputs, params AttributeProto[] attributes) => Node(operation, inputs, string.Empty, attributes);

    public string Node(string operation, string[] inputs, string domain, params AttributeProto[] attributes)
    {
        string name = $"v{++count}";
        Graph.Node.Add(new NodeProto { OpType = operation, Domain = domain, Input = { inputs }, Output = { name }, Attribute = { attributes } });
        return name;
    }

    public void Finish(string result)
    {
        Graph.Node.Add(new NodeProto { OpType = "Identity", Input = { result }, Output = { "y" } });
        Graph.Output.Add(new ValueInfoProto { Name = "y", Type = new() { TensorType = new() { ElemType = (int)OnnxType.Float } } });
    }

    public string Real(double[] values) => Real([values.Length], values);

    public string Real(int[] shape, double[] values) => Constant(shape, OnnxType.Float, [.. values.SelectMany(value => BitConverter.GetBytes((float)value))]);

    public string Whole(params long[] values) => Constant([values.Length], OnnxType.Int64, [.. values.SelectMany(BitConverter.GetBytes)]);

    public string Bytes(int[] shape, OnnxType type, sbyte[] values) => Constant(shape, type, [.. values.Select(value => (byte)value)]);

    public string Random(params int[] shape) => Real(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (random.NextDouble() * 2) - 1)]);

    public string Positive(params int[] shape) => Real(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextDouble() + 0.1)]);

    public void Build(string form)
    {
        int w = width;
        Finish(form switch
        {
            "Gemm transB" => Node("Gemm", ["x", Random(3, w), Random(3)], Integer("transB", 1)),
            "Gemm transA" => Node("Transpose", [Node("Gemm", [Random(w, 3), Node("Transpose", ["x"]), Random(3, 1)], Integer("transA", 1))]),
            "Gemm alpha beta" => Node("Gemm", ["x", Random(w, 3), Random(1, 3)], Float("alpha", 0.5f), Float("beta", -2f)),
            "Gemm no bias" => Node("Gemm", ["x", Random(w, 3)]),
            "MatMul Add" => Node("Relu", [Node("Add", [Node("MatMul", ["x", Random(w, 3)]), Random(3)])]),
            "Add on the left" => Node("Add", [Random(1, w), "x"]),
            "constant times column" => Node("Transpose", [Node("MatMul", [Random(3, w), Node("Transpose", ["x"], Integers("perm", 1, 0))])]),
            "Sub from constant" => Node("Sub", [Random(1), "x"]),
            "Mul Div Neg" => Node("Neg", [Node("Div", [Node("Mul", ["x", Random(w)]), Positive(1)])]),
            "BatchNormalization" => Node("BatchNormalization", ["x", Random(w), Random(w), Random(w), Positive(w)], Float("epsilon", 1e-3f)),
            "Clip" => Node("Clip", ["x", Real([], [-0.5]), Real([], [0.75])]),
            "Flatten Transpose" => Node("Flatten", [Node("Transpose", [Node("Reshape", ["x", Whole(1, w, 1)])], Integers("perm", 0, 2, 1))]),
            "Reshape by shape arithmetic" => ShapeArithmetic(),
            "Squeeze Unsqueeze" => Node("Unsqueeze", [Node("Squeeze", ["x", Whole(0)]), Whole(0)]),
            "Pow written out" => Node("Add", [Node("Mul", [Node("Div", [Node("Sub", ["x", Random(1)]), Node("Pow", [Positive(1), Real([], [0.5])])]), Random(1)]), Random(1)]),
            "residual Sum and Sub" => Node("Sub", [Node("Add", ["x", Node("Relu", ["x"])]), Node("Mul", ["x", Random(w)])]),
            "Softmax" => Node("Softmax", ["x"], Integer("axis", 1)),
            "ArgMax" => Node("Cast", [Node("ArgMax", [Node("Softmax", ["x"])], Integer("axis", 1))], Integer("to", 1)),
            // A last scale that is no multiple of the product of the others: near ties, which float32 decides by noise, are rare.
            "QDQ per tensor" => Qdq(Node("Gemm", [Qdq("x", 0.02, OnnxType.UInt8, 100), Dequantized(w, perChannel: false)]), 0.0503, OnnxType.Int8, -3),
            "QDQ per channel weights" => Node("MatMul", [Qdq("x", 0.02, OnnxType.Int8, 0), Dequantized(w, perChannel: true)]),
            "Dropout Identity Cast" => Node("Cast", [Node("Identity", [Node("Dropout", ["x"])])], Integer("to", 1)),
            _ => throw new ArgumentException(form, nameof(form)),
        });
    }

    public byte[] ToBytes() => new ModelProto
    {
        IrVersion = Opset > 20 ? 10 : 8,
        Graph = Graph,
        Functions = { Functions },
        OpsetImport = { new OperatorSetIdProto { Version = Opset }, Domains.Select(domain => new OperatorSetIdProto { Domain = domain, Version = 1 }) },
    }.ToByteArray();

    public double[] RunInOnnxRuntime(double[] rows)
    {
        using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using var session = new InferenceSession(ToBytes(), options);
        using var run = new RunOptions();
        var results = new List<double>();
        for (int start = 0; start < rows.Length; start += width)
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory([.. rows.Skip(start).Take(width).Select(value => (float)value)], [1L, width]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["x"], [input], ["y"]);
            results.AddRange(outputs[0].GetTensorDataAsSpan<float>().ToArray().Select(value => (double)value));
        }

        return [.. results];
    }

    private string ShapeArithmetic()
    {
        string batch = Node("Gather", [Node("Shape", ["x"]), Constant([], OnnxType.Int64, BitConverter.GetBytes(0L))]);
        string shape = Node("Concat", [Node("Unsqueeze", [batch, Whole(0)]), Whole(-1)], Integer("axis", 0));
        return Node("Reshape", ["x", shape]);
    }

    private string Qdq(string x, double scale, OnnxType type, sbyte zero)
    {
        string[] parameters = [Real([], [scale]), Bytes([], type, [zero])];
        return Node("DequantizeLinear", [Node("QuantizeLinear", [x, .. parameters]), .. parameters]);
    }

    private string Dequantized(int rows, bool perChannel)
    {
        sbyte[] weights = [.. Enumerable.Range(0, rows * 3).Select(_ => (sbyte)random.Next(-128, 128))];
        string[] parameters = perChannel
            ? [Real([0.01, 0.02, 0.005]), Bytes([3], OnnxType.Int8, [0, 5, -7])]
            : [Real([], [0.01]), Bytes([], OnnxType.Int8, [3])];
        return Node("DequantizeLinear", [Bytes([rows, 3], OnnxType.Int8, weights), .. parameters], Integer("axis", 1));
    }

    public string Constant(int[] shape, OnnxType type, byte[] bytes)
    {
        string name = $"c{++count}";
        Graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)type, Dims = { shape.Select(size => (long)size) }, RawData = ByteString.CopyFrom(bytes) });
        return name;
    }

    private static ValueInfoProto Value(string name, int[] shape)
    {
        var dimensions = new TensorShapeProto();
        dimensions.Dim.AddRange(shape.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)OnnxType.Float, Shape = dimensions } } };
    }
}
