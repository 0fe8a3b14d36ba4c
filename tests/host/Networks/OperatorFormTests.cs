using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>Each form of each operator with constants and inputs of few bits: ONNX Runtime on the model, the float interpreter,
/// and the integers on every backend.</summary>
public sealed class OperatorFormTests(ITestOutputHelper output) : IDisposable
{
    private const int Width = 2 * 4 * 6;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, int> Forms => new()
    {
        { "ConvTranspose", 13 }, { "ConvTranspose strides", 13 }, { "ConvTranspose groups dilations", 13 }, { "ConvTranspose depthwise", 13 },
        { "ConvTranspose output_padding", 13 }, { "ConvTranspose output_shape", 13 }, { "ConvTranspose SAME_UPPER", 13 },
        { "ConvTranspose SAME_LOWER", 13 }, { "ConvTranspose VALID", 13 }, { "ConvTranspose 1-D", 13 },
        { "ReduceSum", 13 }, { "ReduceSum all", 13 }, { "ReduceSum attribute", 11 }, { "ReduceMean", 13 }, { "ReduceMean input", 18 },
        { "ReduceMean channels", 13 }, { "ReduceMax", 13 }, { "ReduceMin", 13 }, { "ReduceMax input", 20 }, { "noop", 13 },
        { "Max constant", 13 }, { "Min constants per channel", 13 }, { "Max of three", 13 }, { "Min broadcast", 13 }, { "Sum of three", 13 }, { "Mean of two", 13 },
        { "MatMul of rows", 13 }, { "MatMul of matrices", 13 }, { "MatMul in front of rows", 13 }, { "MatMul in front of matrices", 13 },
        { "MatMul with a vector", 13 }, { "vector MatMul", 13 }, { "MatMul broadcast data", 13 },
        { "Gemm of rows", 13 }, { "Gemm of columns", 13 }, { "Gemm in front", 13 }, { "Gemm with computed bias", 13 },
        { "Concat with constants", 13 }, { "Concat constant first", 13 }, { "Add per channel computed", 13 }, { "Mul repeats", 13 }, { "Sub more axes", 13 },
        { "DepthToSpace", 13 }, { "DepthToSpace CRD", 13 }, { "SpaceToDepth", 13 }, { "Expand", 13 }, { "Tile", 13 },
        { "Floor", 13 }, { "Ceil", 13 }, { "Round", 13 }, { "Abs", 13 }, { "Pad wrap", 19 }, { "Resize axes", 18 }, { "written-out quantizer", 13 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Forms_AreTheSameEverywhere(string form, int opset)
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, Width) { Opset = opset };
        string x = model.Node("Reshape", ["x", model.Whole(1, 2, 4, 6)]);
        string Few(params int[] shape) => model.Real(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.Next(-8, 8) / 4.0)]);
        string Rows() => model.Node("Reshape", ["x", model.Whole(2, 4, 6)]);
        string Matrix() => model.Node("Reshape", ["x", model.Whole(8, 6)]);
        string ConvTranspose(string[] inputs, params Edge.Networks.Onnx.Format.AttributeProto[] attributes) => model.Node("ConvTranspose", inputs, attributes);
        string y = form switch
        {
            "ConvTranspose" => ConvTranspose([x, Few(2, 3, 3, 2), Few(3)]),
            "ConvTranspose strides" => ConvTranspose([x, Few(2, 3, 3, 2), Few(3)], Integers("strides", 2, 3), Integers("pads", 1, 0, 2, 1)),
            "ConvTranspose groups dilations" => ConvTranspose([x, Few(2, 2, 2, 2), Few(4)], Integer("group", 2), Integers("dilations", 2, 1), Integers("strides", 1, 2)),
            "ConvTranspose depthwise" => ConvTranspose([x, Few(2, 1, 2, 2)], Integer("group", 2), Integers("strides", 2, 2)),
            "ConvTranspose output_padding" => ConvTranspose([x, Few(2, 1, 2, 2)], Integers("strides", 3, 3), Integers("output_padding", 2, 1)),
            "ConvTranspose output_shape" => ConvTranspose([x, Few(2, 1, 3, 3)], Integers("strides", 2, 2), Integers("output_shape", 8, 12)),
            "ConvTranspose SAME_UPPER" or "ConvTranspose SAME_LOWER" or "ConvTranspose VALID" => ConvTranspose([x, Few(2, 1, 3, 3)], Integers("strides", 2, 2), Text("auto_pad", form[14..])),
            "ConvTranspose 1-D" => ConvTranspose([model.Node("Reshape", ["x", model.Whole(1, 3, 16)]), Few(3, 2, 4), Few(2)], Integers("strides", 2), Integers("pads", 1, 1)),
            "ReduceSum" => model.Node("ReduceSum", [x, model.Whole(-1, 1)], Integer("keepdims", 0)),
            "ReduceSum all" => model.Node("ReduceSum", [x]),
            "ReduceSum attribute" => model.Node("ReduceSum", [x], Integers("axes", 2)),
            "ReduceMean" => model.Node("ReduceMean", [x], Integers("axes", 2, 3), Integer("keepdims", 0)),
            "ReduceMean input" => model.Node("ReduceMean", [x, model.Whole(2, 3)]),
            "ReduceMean channels" => model.Node("ReduceMean", [x], Integers("axes", 1)),
            "ReduceMax" or "ReduceMin" => model.Node(form, [x], Integers("axes", -2), Integer("keepdims", 0)),
            "ReduceMax input" => model.Node("ReduceMax", [x, model.Whole(1, 3)]),
            "noop" => model.Node("ReduceSum", [x, string.Empty], Integer("noop_with_empty_axes", 1)),
            "Max constant" => model.Node("Max", [x, model.Real([], [-0.25]), Few(1)]),
            "Min constants per channel" => model.Node("Min", [Few(2, 1, 1), x]),
            "Max of three" => model.Node("Max", [x, model.Node("Neg", [x]), model.Node("Mul", [x, Few(6)])]),
            "Min broadcast" => model.Node("Min", [x, model.Node("ReduceMax", [x], Integers("axes", 3)), Few(1)]),
            "Sum of three" => model.Node("Sum", [x, model.Node("Neg", [x]), Few(4, 1), model.Node("ReduceMax", [x], Integers("axes", 2))]),
            "Mean of two" => model.Node("Mean", [x, model.Node("Relu", [x])]),
            "MatMul of rows" => model.Node("MatMul", [Rows(), Few(6, 3)]),
            "MatMul of matrices" => model.Node("MatMul", [Rows(), Few(2, 6, 3)]),
            "MatMul in front of rows" => model.Node("MatMul", [Few(3, 4), Rows()]),
            "MatMul in front of matrices" => model.Node("MatMul", [Few(2, 3, 4), Rows()]),
            "MatMul with a vector" => model.Node("MatMul", [Rows(), Few(6)]),
            "vector MatMul" => model.Node("MatMul", [Few(4), Rows()]),
            "MatMul broadcast data" => model.Node("MatMul", [Matrix(), Few(2, 6, 2)]),
            "Gemm of rows" => model.Node("Gemm", [Matrix(), Few(3, 6), Few(3)], Integer("transB", 1), Float("alpha", 0.5f)),
            "Gemm of columns" => model.Node("Gemm", [Matrix(), Few(8, 3), Few(6, 1)], Integer("transA", 1), Float("beta", -0.5f)),
            "Gemm in front" => model.Node("Gemm", [Few(3, 6), Matrix(), Few(3, 1)], Integer("transB", 1)),
            "Gemm with computed bias" => model.Node("Gemm", [Matrix(), Few(6, 6), Matrix()], Float("beta", 2)),
            "Concat with constants" => model.Node("Concat", [x, Few(1, 1, 4, 6), model.Node("Relu", [x])], Integer("axis", 1)),
            "Concat constant first" => model.Node("Concat", [Few(1, 2, 4, 2), x], Integer("axis", -1)),
            "Add per channel computed" => model.Node("Add", [model.Node("GlobalMaxPool", [x]), x]),
            "Mul repeats" => model.Node("Mul", [model.Node("ReduceMax", [x], Integers("axes", 3)), Few(2, 1, 3)]),
            "Sub more axes" => model.Node("Sub", [Few(3, 1, 1, 1, 1), x]),
            "DepthToSpace" => model.Node("DepthToSpace", [model.Node("Reshape", ["x", model.Whole(1, 8, 2, 3)])], Integer("blocksize", 2)),
            "DepthToSpace CRD" => model.Node("DepthToSpace", [model.Node("Reshape", ["x", model.Whole(1, 8, 2, 3)])], Integer("blocksize", 2), Text("mode", "CRD")),
            "SpaceToDepth" => model.Node("SpaceToDepth", [x], Integer("blocksize", 2)),
            "Expand" => model.Node("Expand", [model.Node("ReduceMax", [x], Integers("axes", 1)), model.Whole(3, 1, 6)]),
            "Tile" => model.Node("Tile", [x, model.Whole(1, 2, 1, 2)]),
            "Floor" or "Ceil" or "Round" or "Abs" => model.Node(form, [x]),
            "Resize axes" => model.Node("Resize", [x, string.Empty, model.Real([1.5, 2])], Integers("axes", 3, -2), Text("coordinate_transformation_mode", "asymmetric"), Text("nearest_mode", "floor")),
            "Pad wrap" => model.Node("Pad", [x, model.Whole(0, 0, 1, 2, 0, 0, 2, 1)], Text("mode", "wrap")),
            "written-out quantizer" => model.Node("Mul", [model.Node("Clip", [model.Node("Round", [model.Node("Div", [x, model.Real([], [0.75])])]), model.Real([], [-4]), model.Real([], [3])]), model.Real([], [0.75])]),
            _ => throw new ArgumentOutOfRangeException(nameof(form)),
        };
        model.Finish(model.Node("Mul", [y, model.Real([], [0.5])]));
        double[] rows = [.. Enumerable.Range(0, 6 * Width).Select(_ => random.Next(-16, 16) / 8.0)];
        Network network = Rungs.Import(model, folder);
        double[] theirs = model.RunInOnnxRuntime(rows);
        double[] ours = Rungs.Run(network, rows, new FixedPointFormat(Signed: true, 6, 3), simulated: 2);
        Equal(theirs, FloatInterpreter.RunRows(network, rows));
        Equal(theirs, ours);
    }

    [Theory]
    [InlineData("product of computed matrices", "products of two computed tensors")]
    [InlineData("groups", "do not fit data")]
    [InlineData("output smaller than nothing", "would have")]
    [InlineData("kernel_shape", "kernel_shape [3,3] against weights of [2,2]")]
    [InlineData("axis", "axis 4 does not exist")]
    [InlineData("computed axes", "axes must be constants")]
    [InlineData("blocksize", "multiples of the block")]
    [InlineData("huge Tile", "at most")]
    [InlineData("Expand", "cannot be expanded")]
    [InlineData("shapes", "do not fit together")]
    [InlineData("MatMul", "shapes [1,2,4,6] and [5,3] do not fit")]
    [InlineData("LSTM", "edge predict --on onnxruntime")]
    [InlineData("If", "Control flow")]
    public void WhatDoesNotFit_IsRefusedByName(string kind, string said)
    {
        var model = new TestModel(new Random(1), Width);
        string x = model.Node("Reshape", ["x", model.Whole(1, 2, 4, 6)]);
        model.Finish(kind switch
        {
            "product of computed matrices" => model.Node("MatMul", [x, model.Node("Transpose", [x], Integers("perm", 0, 1, 3, 2))]),
            "groups" => model.Node("ConvTranspose", [x, model.Random(2, 1, 2, 2)], Integer("group", 3)),
            "output smaller than nothing" => model.Node("ConvTranspose", [x, model.Random(2, 1, 2, 2)], Integers("pads", 9, 9, 9, 9)),
            "kernel_shape" => model.Node("ConvTranspose", [x, model.Random(2, 1, 2, 2)], Integers("kernel_shape", 3, 3)),
            "axis" => model.Node("ReduceSum", [x, model.Whole(4)]),
            "computed axes" => model.Node("ReduceSum", [x, x]),
            "blocksize" => model.Node("SpaceToDepth", [x], Integer("blocksize", 5)),
            "huge Tile" => model.Node("Tile", [x, model.Whole(1, 60000, 60000, 1)]),
            "Expand" => model.Node("Expand", [x, model.Whole(3, 4, 6)]),
            "shapes" => model.Node("Max", [x, model.Random(5)]),
            "MatMul" => model.Node("MatMul", [x, model.Random(5, 3)]),
            "LSTM" => model.Node("LSTM", [x, model.Random(1), model.Random(1)]),
            _ => model.Node("If", [x]),
        });
        string message = Assert.ThrowsAny<InvalidInputException>(() => Rungs.Import(model, folder)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    private static void Equal(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
