using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Edge.Networks.Quantization;
using Google.Protobuf;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Graphs built here, imported, and run on real numbers against ONNX Runtime on the same file.</summary>
public sealed class ImportTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string> Forms => new(
        "Gemm transB", "Gemm transA", "Gemm alpha beta", "Gemm no bias", "MatMul Add", "Add on the left", "constant times column",
        "Sub from constant", "Mul Div Neg", "BatchNormalization", "Clip", "Flatten Transpose", "Reshape by shape arithmetic",
        "Squeeze Unsqueeze", "Pow written out", "residual Sum and Sub", "Softmax", "ArgMax", "QDQ per tensor", "QDQ per channel weights", "Dropout Identity Cast");

    [Theory]
    [MemberData(nameof(Forms))]
    public void Forms_MeanWhatOnnxRuntimeSays(string form)
    {
        Random random = RandomTest.Create(output);
        int width = form == "BatchNormalization" ? 6 : random.Next(2, 7);
        var model = new TestModel(random, width);
        model.Build(form);
        string path = Write(model);
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path));

        double[] rows = [.. Enumerable.Range(0, 20 * width).Select(_ => (double)(float)((random.NextDouble() * 4) - 2))];
        double[] ours = FloatInterpreter.RunRows(network, rows);
        double[] theirs = model.RunInOnnxRuntime(rows);
        Assert.Equal(theirs.Length, ours.Length);
        Assert.All(theirs.Zip(ours), pair => Assert.InRange(pair.Second - pair.First, -2e-5 * (1 + Math.Abs(pair.First)), 2e-5 * (1 + Math.Abs(pair.First))));
    }

    [Theory]
    [InlineData("qonnx.custom_op.general")]
    [InlineData("finn.custom_op.general")]
    [InlineData("onnx.brevitas")]
    public void Quant_OfEveryDomain_ClampsThenRounds(string domain)
    {
        var model = new TestModel(new Random(1), 1);
        string[] parameters = [model.Real([0.25]), model.Real([0]), model.Real([3])];
        string quantized = model.Node("Quant", ["x", .. parameters], domain, TestModel.Integer("signed", 1), TestModel.Integer("narrow", 0), TestModel.Text("rounding_mode", "ROUND"));
        model.Finish(model.Node("MatMul", [quantized, model.Node("Quant", [model.Real([1, 1], [0.5]), model.Real([0.5]), parameters[1], parameters[2]], domain)]));
        IntegerNetwork integers = Lowering.ToIntegers(OnnxImporter.Import(OnnxModelFile.Read(Write(model))), new FixedPointFormat(Signed: true, 16, 6));

        // Steps of 0.25, limits -4 and 3; 0.125 and 0.375 are ties.
        double[] inputs = [0.125, 0.375, -0.125, -0.375, 5, -5, 0.7];
        double[] expected = [0, 0.5, 0, -0.5, 0.75, -1, 0.75];
        for (int k = 0; k < inputs.Length; k++)
        {
            long[] result = ReferenceInterpreter.Run(integers, [integers.Input.Encode(inputs[k], 0, out _)]);
            Assert.Equal(expected[k] * 0.5, integers.Output.Decode(result, 1, beforeSoftmax: false)[0]);
        }
    }

    [Theory]
    [InlineData("CEIL", Rounding.Ceiling)]
    [InlineData("FLOOR", Rounding.Floor)]
    [InlineData("UP", Rounding.AwayFromZero)]
    [InlineData("DOWN", Rounding.TowardsZero)]
    [InlineData("HALF_UP", Rounding.HalfAwayFromZero)]
    [InlineData("HALF_DOWN", Rounding.HalfTowardsZero)]
    [InlineData("ROUND", Rounding.HalfEven)]
    public void Quant_KnowsEveryRoundingMode(string mode, Rounding rounding)
    {
        var model = new TestModel(new Random(1), 1);
        model.Finish(model.Node("Quant", ["x", model.Real([1]), model.Real([0]), model.Real([4])], "onnx.brevitas", TestModel.Text("rounding_mode", mode)));
        Network network = OnnxImporter.Import(OnnxModelFile.Read(Write(model)));
        Assert.Equal(rounding, Assert.IsType<Quantize>(Assert.Single(network.Layers)).Quantizer.Rounding);
    }

    [Fact]
    public void InitializersListedAsInputs_AndABatchOfThousands_AreNoObstacle()
    {
        var model = new TestModel(new Random(3), 4);
        model.Build("Gemm transB");
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            model.Graph.Input.Add(new ValueInfoProto { Name = tensor.Name });
        }

        model.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new() { DimValue = 789444 };
        Assert.Equal([4], OnnxImporter.Import(OnnxModelFile.Read(Write(model))).InputShape);
    }

    [Fact]
    public void UnknownOperators_AreAllNamedAtOnce()
    {
        var model = new TestModel(new Random(1), 2);
        model.Finish(model.Node("LpPool", [model.Node("Einsum", ["x"])]));
        string message = Assert.Throws<UnsupportedOperatorException>(() => OnnxImporter.Import(OnnxModelFile.Read(Write(model)))).Message;
        Assert.Contains("LpPool", message, StringComparison.Ordinal);
        Assert.Contains("Einsum", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("product of two computed tensors", "products")]
    [InlineData("Softmax of the batch", "works along axis 0")]
    [InlineData("reshape to another count", "cannot become")]
    [InlineData("fractional bit width", "bit width 2.5")]
    [InlineData("negative scale", "must be positive")]
    [InlineData("NaN bias", "NaN")]
    [InlineData("two producers", "one producer")]
    [InlineData("division by zero", "divides by 0")]
    [InlineData("external data outside", "not inside the model's folder")]
    [InlineData("huge shape", "at most")]
    [InlineData("short data", "The file is damaged")]
    public void Nonsense_IsRefusedByName(string kind, string said)
    {
        var model = new TestModel(new Random(1), 2);
        switch (kind)
        {
            case "product of two computed tensors":
                model.Finish(model.Node("Mul", ["x", model.Node("Relu", ["x"])]));
                break;
            case "Softmax of the batch":
                model.Finish(model.Node("Softmax", ["x"], TestModel.Integer("axis", 0)));
                break;
            case "reshape to another count":
                model.Finish(model.Node("Reshape", ["x", model.Whole([1, 3])]));
                break;
            case "fractional bit width":
                model.Finish(model.Node("Quant", ["x", model.Real([1]), model.Real([0]), model.Real([2.5])], "onnx.brevitas"));
                break;
            case "negative scale":
                model.Finish(model.Node("Quant", ["x", model.Real([-1]), model.Real([0]), model.Real([4])], "onnx.brevitas"));
                break;
            case "NaN bias":
                model.Finish(model.Node("Add", ["x", model.Real([double.NaN])]));
                break;
            case "two producers":
                model.Finish(model.Node("Relu", ["x"]));
                model.Graph.Node.Add(model.Graph.Node[0].Clone());
                break;
            case "division by zero":
                model.Finish(model.Node("Div", ["x", model.Real([0])]));
                break;
            default:
                string constant = model.Real([1, 2]);
                TensorProto tensor = model.Graph.Initializer.Single(initializer => initializer.Name == constant);
                if (kind == "external data outside")
                {
                    tensor.RawData = ByteString.Empty;
                    tensor.DataLocation = 1;
                    tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "../../etc/passwd" });
                }
                else
                {
                    tensor.Dims.Clear();
                    tensor.Dims.Add(kind == "huge shape" ? long.MaxValue : 3);
                }

                model.Finish(model.Node("Add", ["x", constant]));
                break;
        }

        string path = Write(model);
        string message = Assert.ThrowsAny<InvalidInputException>(() => OnnxImporter.Import(OnnxModelFile.Read(path))).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExternalData_MayNotBeALinkOutOfTheFolder()
    {
        var model = new TestModel(new Random(1), 2);
        string constant = model.Real([1, 2]);
        TensorProto tensor = model.Graph.Initializer.Single(initializer => initializer.Name == constant);
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = 1;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
        model.Finish(model.Node("Add", ["x", constant]));
        using var elsewhere = new TemporaryFolder();
        File.WriteAllBytes(elsewhere.File("weights.bin"), new byte[8]);
        File.CreateSymbolicLink(Path.Combine(folder, "weights.bin"), elsewhere.File("weights.bin"));
        string message = Assert.Throws<InvalidInputException>(() => OnnxImporter.Import(OnnxModelFile.Read(Write(model)))).Message;
        Assert.Contains("a link that leads out", message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "weights.bin"));
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), new byte[8]);
        Assert.Equal([2], OnnxImporter.Import(OnnxModelFile.Read(Write(model))).InputShape);
    }

    [Fact]
    public void EveryPrefixAndFlippedByteOfAFile_IsReadOrRefused_NeverMore()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 6);
        model.Build(random.Pick("MatMul Add", "QDQ per tensor", "BatchNormalization", "Reshape by shape arithmetic", "Gemm transB"));
        byte[] bytes = File.ReadAllBytes(Write(model));
        string path = Path.Combine(folder, "broken.onnx");
        for (int k = 0; k < 3000; k++)
        {
            byte[] broken = [.. bytes];
            if (k < 300)
            {
                broken = broken[..(k * bytes.Length / 300)];
            }
            else
            {
                broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(path, broken);
            try
            {
                OnnxImporter.Import(OnnxModelFile.Read(path));
            }
            catch (InvalidInputException)
            {
                // Refused in words.
            }
        }
    }

    [Fact]
    public void FloatNetworks_AreQuantizedToTheStatedTolerance()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 6);
        string hidden = model.Node("Relu", [model.Node("BatchNormalization", [model.Node("Gemm", ["x", model.Random(6, 12), model.Random(12)]), model.Random(12), model.Random(12), model.Random(12), model.Positive(12)])]);
        model.Finish(model.Node("Gemm", [hidden, model.Random(12, 3), model.Random(3)]));
        string path = Write(model);
        double[] rows = [.. Enumerable.Range(0, 300 * 6).Select(_ => Math.Round(random.NextDouble() * 1024) / 256)];
        QuantizedModel quantized = QuantizedModel.Load(path, calibration: new NpyArray([300, 6], rows, "<f8"));
        Assert.InRange(quantized.CalibrationError!.Value, 0, PostTrainingQuantizer.Tolerance);
        double[] expected = FloatInterpreter.RunRows(quantized.Source, rows);
        long[] integers = ReferenceInterpreter.RunRows(quantized.Integers, quantized.Integers.Input.EncodeRows(rows, []));
        double[] ours = quantized.Integers.Output.Decode(integers, 3, beforeSoftmax: false);
        double fullScale = expected.Max(Math.Abs);
        Assert.InRange(expected.Zip(ours, (a, b) => Math.Abs(a - b)).Max(), 0, fullScale / 256);
    }

    private string Write(TestModel model)
    {
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return path;
    }
}
