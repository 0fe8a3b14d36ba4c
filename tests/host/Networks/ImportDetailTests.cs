using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Where a careless reading of a model gives other numbers, or a careless reader an exception.</summary>
public sealed class ImportDetailTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0, 1)]
    public void OneSignedBit_IsMinusOrPlusOne(int zeroPoint, int narrow = 0)
    {
        var model = new TestModel(new Random(1), 1);
        string[] parameters = [model.Real([0.5]), model.Real([zeroPoint]), model.Real([1])];
        model.Finish(model.Node("Quant", [model.Node("Relu", [model.Node("Neg", ["x"])]), .. parameters], "onnx.brevitas", TestModel.Integer("narrow", narrow)));
        IntegerNetwork integers = Lowering.ToIntegers(Import(model), new FixedPointFormat(Signed: true, 8, 4));
        Assert.Equal((1 - zeroPoint) * 0.5, Value(integers, 0));
        Assert.Equal((1 - zeroPoint) * 0.5, Value(integers, -2));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 127)]
    [InlineData(true, -3)]
    [InlineData(true, 2)]
    public void QuantizeLinear_AddsItsZeroPointBehindTheRounding(bool signed, int zeroPoint)
    {
        OnnxType type = signed ? OnnxType.Int8 : OnnxType.UInt8;
        var model = new TestModel(new Random(1), 1);
        string[] parameters = [model.Real([], [0.25]), model.Bytes([], type, [(sbyte)zeroPoint])];
        model.Finish(model.Node("DequantizeLinear", [model.Node("QuantizeLinear", ["x", .. parameters]), .. parameters]));
        double[] rows = [.. Enumerable.Range(-300, 600).Select(k => k * 0.125)]; // every other one is a tie
        Network network = Import(model);
        Assert.Equal(model.RunInOnnxRuntime(rows), FloatInterpreter.RunRows(network, rows));
        IntegerNetwork integers = Lowering.ToIntegers(network, null);
        Assert.Equal(model.RunInOnnxRuntime(rows), rows.Select(row => Value(integers, row)));
    }

    [Fact]
    public void OperatorsOnComputedValues_AreRefusedTogether_AndOnConstantsComputed()
    {
        var model = new TestModel(new Random(1), 2);
        string constant = model.Node("Sqrt", [model.Real([4, 9])]);
        string product = model.Node("Mul", ["x", constant]);
        model.Finish(model.Node("Atan", [model.Node("Reciprocal", [product])]));
        string message = Assert.Throws<UnsupportedOperatorException>(() => Import(model)).Message;
        Assert.Contains("2 node(s)", message, StringComparison.Ordinal);
        Assert.Contains("Reciprocal", message, StringComparison.Ordinal);
        Assert.Contains("Atan", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Sqrt", message, StringComparison.Ordinal);
    }

    [Fact]
    public void LogSoftmax_IsRefused_WithWhatToDo()
    {
        var model = new TestModel(new Random(1), 3);
        model.Finish(model.Node("LogSoftmax", ["x"]));
        Assert.Contains("end the model in a Softmax or before it", Assert.Throws<UnsupportedOperatorException>(() => Import(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASmallIntegerInput_SaysItsFormat()
    {
        var model = new TestModel(new Random(1), 1);
        model.Graph.Input[0].Type.TensorType.ElemType = (int)OnnxType.Int8;
        model.Finish(model.Node("DequantizeLinear", ["x", model.Real([], [0.5]), model.Bytes([], OnnxType.Int8, [3])]));
        IntegerNetwork integers = Lowering.ToIntegers(Import(model), null);
        Assert.Equal((-128, 127), (integers.Input.Low, integers.Input.High));
        Assert.Equal((-128 - 3) * 0.5, Value(integers, -128));
    }

    [Fact]
    public void OldBroadcasting_PutsTheConstantAtItsAxis()
    {
        var model = new TestModel(new Random(1), 6);
        string image = model.Node("Reshape", ["x"], TestModel.Integers("shape", 1, 2, 3));
        string sum = model.Node("Add", [image, model.Real([10, 20])], TestModel.Integer("broadcast", 1), TestModel.Integer("axis", 1));
        model.Finish(model.Node("Reshape", [sum], TestModel.Integers("shape", 1, 6)));
        Network network = OnnxImporter.Import(Read(model, opset: 4));
        Assert.Equal([10, 10, 10, 20, 20, 20], FloatInterpreter.RunRows(network, [0, 0, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData(12, new[] { 1.0, 2, 3, 4, 5, 6 }, 1)]
    [InlineData(13, new[] { 1.0, 4, 2, 5, 3, 6 }, 3)]
    public void Softmax_FlattensTheAxesBehindItsOwn_BeforeOperatorSet13(int opset, double[] inOrder, int vectors)
    {
        var model = new TestModel(new Random(1), 6);
        model.Finish(model.Node("Softmax", [model.Node("Reshape", ["x", model.Whole(1, 2, 3)])], TestModel.Integer("axis", 1)));
        double[] shares = FloatInterpreter.RunRows(OnnxImporter.Import(Read(model, opset)), [1, 2, 3, 4, 5, 6]);
        double[] expected = [.. inOrder.Chunk(6 / vectors).SelectMany(vector => vector.Select(value => Math.Exp(value) / vector.Sum(Math.Exp)))];
        Assert.Equal(expected.Zip(inOrder).OrderBy(pair => pair.Second).Select(pair => pair.First), shares, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Theory]
    [InlineData("mask", "a second result")]
    [InlineData("name of a constant", "also an input or a constant")]
    [InlineData("two constants", "two inputs or two constants called")]
    [InlineData("training", "training mode")]
    [InlineData("limits", "min 2 lies above its max 1")]
    [InlineData("computed limit", "must be constants")]
    [InlineData("attribute type", "belongs there")]
    [InlineData("integers", "makes integers of computed values")]
    [InlineData("text input", "not a number that Edge takes")]
    [InlineData("no elements", "no elements")]
    [InlineData("huge input", "at most")]
    [InlineData("huge zero point", "at most 4294967296")]
    public void Traps_AreRefusedInWords(string trap, string said)
    {
        var model = new TestModel(new Random(1), 2);
        string result = trap switch
        {
            "mask" => SecondResult(model),
            "training" => model.Node("BatchNormalization", ["x", model.Positive(2), model.Random(2), model.Random(2), model.Positive(2)], TestModel.Integer("training_mode", 1)),
            "limits" => model.Node("Clip", ["x", model.Real([], [2]), model.Real([], [1])]),
            "computed limit" => model.Node("Clip", ["x", model.Node("Relu", ["x"])]),
            "attribute type" => model.Node("Gemm", ["x", model.Random(2, 2)], TestModel.Integer("alpha", 1)),
            "integers" => model.Node("Cast", ["x"], TestModel.Integer("to", (long)OnnxType.Int32)),
            "no elements" => model.Node("MatMul", ["x", model.Real([2, 0], [])]),
            "huge zero point" => model.Node("Quant", ["x", model.Real([1]), model.Real([1e12]), model.Real([4])], "onnx.brevitas"),
            _ => model.Node("Relu", ["x"]),
        };
        model.Finish(result);
        switch (trap)
        {
            case "name of a constant":
                model.Graph.Node[0].Output[0] = model.Real([1]);
                model.Graph.Node[1].Input[0] = model.Graph.Node[0].Output[0];
                break;
            case "two constants":
                model.Real([1]);
                model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone());
                break;
            case "text input":
                model.Graph.Input[0].Type.TensorType.ElemType = 8;
                break;
            case "huge input":
                model.Graph.Input[0].Type.TensorType.Shape.Dim[1] = new() { DimValue = int.MaxValue };
                break;
        }

        Assert.Contains(said, Refusal(() => Import(model)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t1", "c1")]
    [InlineData("c2", "t3")]
    [InlineData("y_integers", "x")]
    public void TheExportedNetwork_KeepsTheModelsNames_WhateverTheyAre(string input, string result)
    {
        var model = new TestModel(new Random(1), 3);
        model.Build("QDQ per tensor");
        IntegerNetwork integers = Lowering.ToIntegers(Import(model), null);
        using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(OnnxExporter.Write(integers, input, result));
        Assert.Equal([input], session.InputNames);
        Assert.Equal([result + OnnxExporter.IntegersSuffix, result], session.OutputNames);
    }

    [Fact]
    public void FloatInputsOutsideTheDefaultFormat_GetOneThatHoldsThem()
    {
        Random random = RandomTest.Create(output);
        foreach (double size in new[] { 1e-4, 3000, 2e6 })
        {
            var model = new TestModel(random, 4);
            model.Finish(model.Node("Gemm", [model.Node("Relu", [model.Node("Gemm", ["x", model.Random(4, 8)])]), model.Random(8, 2)]));
            string path = Write(model, opset: 13);
            double[] rows = [.. Enumerable.Range(0, 400).Select(_ => (double)(float)((random.NextDouble() - 0.5) * size))];
            QuantizedModel quantized = QuantizedModel.Load(path, calibration: new([100, 4], rows, "<f4"));
            var outside = new List<int>();
            quantized.Integers.Input.EncodeRows(rows, outside);
            Assert.Empty(outside);
            Assert.InRange(quantized.CalibrationError!.Value, 0, PostTrainingQuantizer.Tolerance);
        }
    }

    [Fact]
    public void NormalizedInputs_AreFoldedIntoTheFirstWeights()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 6);
        string normalized = model.Node("BatchNormalization", ["x", model.Positive(6), model.Random(6), model.Random(6), model.Positive(6)]);
        model.Finish(model.Node("Gemm", [normalized, model.Random(6, 3), model.Random(3)]));
        double[] rows = [.. Enumerable.Range(0, 600).Select(_ => Math.Round(random.NextDouble() * 2048) / 1024)];
        QuantizedModel quantized = QuantizedModel.Load(Write(model, opset: 13), calibration: new([100, 6], rows, "<f8"));
        Assert.Single(quantized.Integers.Operations.OfType<Affine>());
        Assert.Empty(quantized.Integers.Operations.OfType<Requantize>());
    }

    private static string Refusal(Action action) => Assert.ThrowsAny<InvalidInputException>(action).Message;

    private static string SecondResult(TestModel model)
    {
        string result = model.Node("Dropout", ["x"]);
        model.Graph.Node[^1].Output.Add("mask");
        return model.Node("Add", [result, "mask"]);
    }

    private static double Value(IntegerNetwork network, double input) =>
        network.Output.Decode(ReferenceInterpreter.Run(network, [network.Input.Encode(input, 0, out _)]), 1, beforeSoftmax: false)[0];

    private Network Import(TestModel model) => OnnxImporter.Import(Read(model, opset: 13));

    private OnnxModelFile Read(TestModel model, int opset) => OnnxModelFile.Read(Write(model, opset));

    private string Write(TestModel model, int opset)
    {
        string path = Path.Combine(folder, "model.onnx");
        ModelProto file = ModelProto.Parser.ParseFrom(model.ToBytes());
        file.OpsetImport[0].Version = opset;
        File.WriteAllBytes(path, Google.Protobuf.MessageExtensions.ToByteArray(file));
        return path;
    }
}
