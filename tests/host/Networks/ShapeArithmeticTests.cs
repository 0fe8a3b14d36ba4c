using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>What exporters write around the network itself: arithmetic on shapes and constants, functions, odd attributes.
/// ONNX Runtime says what the models mean.</summary>
public sealed class ShapeArithmeticTests(ITestOutputHelper output) : IDisposable
{
    private const int Width = 24;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, int> Forms => new()
    {
        { "Shape start end", 15 }, { "Size", 13 }, { "ConstantOfShape Expand", 13 }, { "Range Gather", 13 }, { "Where Equal", 13 }, { "Mod Floor Min Max", 13 },
        { "ReduceProd", 13 }, { "integer Div", 13 }, { "Split of a constant", 13 }, { "attributes for axes", 11 }, { "Resize by Cast", 13 },
        { "Constant values", 13 }, { "Flatten axis 0", 13 }, { "Reshape 0 and -1", 13 }, { "weights written out", 13 }, { "Where of computed", 13 },
        { "product of constants", 13 }, { "Pow 1", 13 }, { "Tile of a constant", 13 }, { "Concat of weights", 13 }, { "old Slice", 9 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Forms_MeanWhatOnnxRuntimeSays(string form, int opset)
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, Width) { Opset = opset };
        string Scalar(long value) => model.Constant([], OnnxType.Int64, BitConverter.GetBytes(value));
        string image = model.Node("Reshape", ["x", model.Whole(1, 2, 3, 4)]);
        string Shaped() => model.Node("Shape", [image]);
        string Int8(int rows, int columns) => model.Bytes([rows, columns], OnnxType.Int8, [.. Enumerable.Range(0, rows * columns).Select(_ => (sbyte)random.Next(-128, 128))]);
        model.Finish(form switch
        {
            "Shape start end" => model.Node("Reshape", [image, model.Node("Concat", [model.Node("Shape", [image], Integer("end", 1)), model.Node("Shape", [image], Integer("start", -2)), model.Whole(-1)], Integer("axis", 0))]),
            "Size" => model.Node("Reshape", [image, model.Node("Unsqueeze", [model.Node("Size", [image]), model.Whole(0)])]),
            "ConstantOfShape Expand" => model.Node("Add", [image, model.Node("Expand", [model.Node("ConstantOfShape", [model.Whole(1, 1), ], new AttributeProto { Name = "value", Type = 4, T = new TensorProto { DataType = 1, Dims = { 1 }, FloatData = { 0.5f } } }), model.Whole(3, 4)])]),
            "Range Gather" => model.Node("Gather", [image, model.Node("Range", [Scalar(3), Scalar(-1), Scalar(-2)])], Integer("axis", 3)),
            "Where Equal" => model.Node("Expand", [model.Node("Slice", [image, model.Whole(0), model.Whole(1), model.Whole(2)]), WhereEqual(model)]),
            "Mod Floor Min Max" => model.Node("Reshape", [image, model.Node("Unsqueeze", [model.Node("Max", [model.Node("Mod", [Scalar(-5), Scalar(7)]), model.Node("Min", [Scalar(24), Scalar(90)])]), model.Whole(0)])]),
            "ReduceProd" => model.Node("Reshape", [image, model.Node("Concat", [model.Whole(1), model.Node("ReduceProd", [Shaped()], Integer("keepdims", 1))], Integer("axis", 0))]),
            "integer Div" => model.Node("Reshape", [image, model.Node("Concat", [model.Node("Unsqueeze", [model.Node("Div", [Scalar(7), Scalar(2)]), model.Whole(0)]), model.Whole(-1)], Integer("axis", 0))]),
            "Split of a constant" => model.Node("Add", [image, SplitConstant(model)]),
            "attributes for axes" => model.Node("Unsqueeze", [model.Node("Squeeze", [image], Integers("axes", 0)), ], Integers("axes", 0, -1)),
            "Resize by Cast" => ResizeByCast(model, image),
            "Constant values" => ConstantValues(model),
            "Flatten axis 0" => model.Node("Flatten", [image], Integer("axis", 0)),
            "Reshape 0 and -1" => model.Node("Reshape", [image, model.Whole(0, 0, -1)]),
            "weights written out" => model.Node("MatMul", ["x", model.Node("Mul", [model.Node("Sub", [model.Node("Cast", [Int8(Width, 3)], Integer("to", 1)), model.Real([], [3])]), model.Real([0.02, 0.3, 0.11])])]),
            "Where of computed" => model.Node("Where", [model.Constant([4], OnnxType.Bool, [1, 0, 0, 1]), model.Node("Relu", [image]), model.Real([3, 1], [5, -6, 7])]),
            "product of constants" => model.Node("MatMul", ["x", model.Node("MatMul", [model.Random(Width, 2), model.Random(2, 5)])]),
            "Pow 1" => model.Node("Pow", [image, model.Real([], [1])]),
            "Tile of a constant" => model.Node("Mul", [image, model.Node("Tile", [model.Random(1, 2), model.Whole(3, 2)])]),
            "Concat of weights" => model.Node("MatMul", ["x", model.Node("Concat", [model.Random(Width, 2), model.Random(Width, 3)], Integer("axis", 1))]),
            "old Slice" => model.Node("Slice", [image], Integers("starts", 1, -2), Integers("ends", 9, 4), Integers("axes", 2, 3)),
            _ => throw new ArgumentOutOfRangeException(nameof(form)),
        });
        double[] rows = [.. Enumerable.Range(0, 5 * Width).Select(_ => random.Next(-32, 32) / 8.0)];
        double[] theirs = model.RunInOnnxRuntime(rows);
        double[] ours = FloatInterpreter.RunRows(Rungs.Import(model, folder), rows);
        Assert.Equal(theirs.Length, ours.Length);
        Assert.All(theirs.Zip(ours), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void WeightsWrittenOutAsIntegers_KeepTheirIntegers()
    {
        var model = new TestModel(new Random(1), 2);
        string whole = model.Node("Cast", [model.Bytes([2, 2], OnnxType.UInt8, [0, 3, 9, 100])], Integer("to", 1));
        model.Finish(model.Node("MatMul", ["x", model.Node("Mul", [model.Node("Sub", [whole, model.Real([], [3])]), model.Real([], [0.1])])]));
        Dense dense = Assert.IsType<Dense>(Rungs.Import(model, folder).Layers[0]);
        Assert.Equal([-3, 6, 0, 97], dense.Weights.Quantized!.Integers);
        Assert.Equal(Edge.Networks.Numerics.Rational.From(0.1f), Assert.Single(dense.Weights.Quantized.Scales));
    }

    [Fact]
    public void FunctionsOfTheFile_AreReplacedByTheirBodies()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, Width) { Opset = 18 };
        model.Domains.Add("local");
        string first = model.Node("Layer", ["x", model.Random(Width, 5), model.Random(5)], "local", Float("slope", 0.25f));
        string second = model.Node("Layer", [first, model.Random(5, 3)], "local");
        model.Finish(second);
        var outer = new FunctionProto { Name = "Layer", Domain = "local", Input = { "a", "w", "b" }, Output = { "r" }, OpsetImport = { new OperatorSetIdProto { Version = 18 }, new OperatorSetIdProto { Domain = "local", Version = 1 } } };
        outer.AttributeProto.Add(Float("slope", 0.5f));
        outer.Node.Add(new NodeProto { OpType = "MatMul", Input = { "a", "w" }, Output = { "p" }, Name = "product" });
        outer.Node.Add(new NodeProto { OpType = "Twice", Domain = "local", Input = { "p" }, Output = { "q" } });
        outer.Node.Add(new NodeProto { OpType = "LeakyRelu", Input = { "q" }, Output = { "r" }, Attribute = { new AttributeProto { Name = "alpha", RefAttrName = "slope", Type = 1 } } });
        var inner = new FunctionProto { Name = "Twice", Domain = "local", Input = { "a" }, Output = { "p" }, OpsetImport = { new OperatorSetIdProto { Version = 18 } } };
        inner.Node.Add(new NodeProto { OpType = "Add", Input = { "a", "a" }, Output = { "p" } });
        model.Functions.AddRange([outer, inner]);
        double[] rows = [.. Enumerable.Range(0, 5 * Width).Select(_ => random.Next(-32, 32) / 8.0)];
        Assert.All(model.RunInOnnxRuntime(rows).Zip(FloatInterpreter.RunRows(Rungs.Import(model, folder), rows)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void FunctionsWithoutEnd_AreRefused()
    {
        var model = new TestModel(new Random(1), 2);
        model.Finish(model.Node("Again", ["x"], "local"));
        var again = new FunctionProto { Name = "Again", Domain = "local", Input = { "a" }, Output = { "b" } };
        again.Node.Add(new NodeProto { OpType = "Again", Domain = "local", Input = { "a" }, Output = { "c" } });
        again.Node.Add(new NodeProto { OpType = "Again", Domain = "local", Input = { "c" }, Output = { "b" } });
        model.Functions.Add(again);
        Assert.Contains("call each other", Refusal(model), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown", "node Conv (node 1) (tensor \"v3\"): attribute \"deformable\" is unknown for Conv: known are auto_pad")]
    [InlineData("none", "it has none")]
    [InlineData("twice", "given twice")]
    [InlineData("text constant", "it holds no number")]
    [InlineData("spatial", "spatial 0")]
    [InlineData("endless Range", "too many elements")]
    [InlineData("huge Tile", "too large")]
    [InlineData("zero divisor", "divides by 0")]
    public void AttributesAndConstantsWithoutMeaning_AreRefused(string kind, string said)
    {
        var model = new TestModel(new Random(1), Width);
        string image = model.Node("Reshape", ["x", model.Whole(1, 2, 3, 4)]);
        string Scalar(long value) => model.Constant([], OnnxType.Int64, BitConverter.GetBytes(value));
        string Start(string name) => model.Node("Gather", [image, name], Integer("axis", 3));
        model.Finish(kind switch
        {
            "unknown" => model.Node("Conv", [image, "weights"], Integer("deformable", 1)),
            "none" => model.Node("Relu", [image], Float("alpha", 1)),
            "twice" => model.Node("LeakyRelu", [image], Float("alpha", 1), Float("alpha", 2)),
            "text constant" => model.Node("Add", [image, model.Node("Constant", [], Text("value_string", "a"))]),
            "spatial" => model.Node("BatchNormalization", [image, model.Random(2), model.Random(2), model.Random(2), model.Positive(2)], Integer("spatial", 0)),
            "endless Range" => Start(model.Node("Range", [Scalar(0), Scalar(long.MaxValue), Scalar(1)])),
            "huge Tile" => Start(model.Node("Tile", [model.Whole(1, 2), model.Whole(1L << 40)])),
            _ => Start(model.Node("Div", [Scalar(1), Scalar(0)])),
        });
        if (kind == "unknown")
        {
            model.Graph.Initializer.Add(new TensorProto { Name = "weights", DataType = 1, Dims = { 1, 2, 1, 1 }, FloatData = { 1, 1 } });
        }

        Assert.Contains(said, Refusal(model), StringComparison.Ordinal);
    }

    private static string WhereEqual(TestModel model)
    {
        string asked = model.Whole(-1, -1, 3, -1);
        string ones = model.Node("ConstantOfShape", [model.Whole(4)], new AttributeProto { Name = "value", Type = 4, T = new TensorProto { DataType = 7, Dims = { 1 }, Int64Data = { 1 } } });
        return model.Node("Where", [model.Node("Equal", [asked, model.Node("Mul", [ones, model.Whole(-1)])]), ones, asked]);
    }

    private static string SplitConstant(TestModel model)
    {
        string first = model.Node("Split", [model.Random(6, 4)], Integer("axis", 0));
        model.Graph.Node[^1].Output.Add($"{first}_second");
        return model.Node("Neg", [$"{first}_second"]);
    }

    private static string ResizeByCast(TestModel model, string image)
    {
        string sizes = model.Node("Cast", [model.Node("Slice", [model.Node("Shape", [image]), model.Whole(2), model.Whole(4)])], Integer("to", 1));
        string twice = model.Node("Cast", [model.Node("Floor", [model.Node("Mul", [sizes, model.Real([], [2.4])])])], Integer("to", 7));
        string all = model.Node("Concat", [model.Node("Slice", [model.Node("Shape", [image]), model.Whole(0), model.Whole(2)]), twice], Integer("axis", 0));
        return model.Node("Resize", [image, string.Empty, string.Empty, all], Text("coordinate_transformation_mode", "asymmetric"), Text("nearest_mode", "floor"));
    }

    private static string ConstantValues(TestModel model)
    {
        string real = model.Node("Constant", [], Float("value_float", 0.5f));
        string reals = model.Node("Constant", [], new AttributeProto { Name = "value_floats", Type = 6, Floats = { 1, 2, 3, 4 } });
        string whole = model.Node("Constant", [], Integer("value_int", 2));
        string wholes = model.Node("Constant", [], Integers("value_ints", 1, 6, 4));
        string scaled = model.Node("Add", [model.Node("Mul", [model.Node("Reshape", ["x", wholes]), real]), reals]);
        return model.Node("Gather", [scaled, whole], Integer("axis", 1));
    }

    private string Refusal(TestModel model) => Assert.ThrowsAny<InvalidInputException>(() => Rungs.Import(model, folder)).Message;
}
