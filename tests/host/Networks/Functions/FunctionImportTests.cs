using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Functions;

/// <summary>Every function as ONNX Runtime computes it, in float and quantized after training.</summary>
public sealed class FunctionImportTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Forms => [.. Functions, .. Written];

    /// <summary>Operators of the standard up to set 20.</summary>
    private static readonly string[] Functions =
    [
        "Sigmoid", "Tanh", "Erf", "Exp", "Softplus", "Softsign", "HardSigmoid", "HardSigmoid 0.3", "HardSwish", "Elu", "Elu 0.5", "Selu", "Celu", "Celu 0.5", "ThresholdedRelu",
        "ThresholdedRelu 0.3", "Gelu", "Gelu tanh", "Mish",
    ];

    /// <summary>As exporters write them out.</summary>
    private static readonly string[] Written =
    [
        "x * Sigmoid(x)", "x * Sigmoid(1.702 x)", "x * HardSigmoid(x)", "x * Clip(x + 3) / 6", "x * Tanh(Softplus(x))", "x * (1 + Erf(x / sqrt 2)) / 2", "x / 2 * (1 + Erf)",
        "x / 2 * (1 + Tanh(cubic))", "x * x", "Pow 3",
    ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Functions_AreOnnxRuntimes_InFloatAndQuantized(string form)
    {
        const int Width = 6;
        const int Count = 300;
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, Width) { Opset = 20 };
        string hidden = model.Node("Gemm", ["x", model.Random(Width, 12), model.Random(12)]);
        model.Finish(model.Node("Gemm", [Apply(model, form, hidden), model.Random(12, 3), model.Random(3)]));
        string path = folder.File("model.onnx");
        File.WriteAllBytes(path, model.ToBytes());

        double[] rows = [.. Enumerable.Range(0, Count * Width).Select(_ => (double)(float)((random.NextDouble() - 0.5) * 6))];
        double[] expected = model.RunInOnnxRuntime(rows);
        double fullScale = expected.Max(Math.Abs);
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path));
        Assert.InRange(expected.Zip(FloatInterpreter.RunRows(network, rows), (a, b) => Math.Abs(a - b)).Max(), 0, 4e-6 * (1 + fullScale));

        Assert.Equal(form.StartsWith("HardSigmoid", StringComparison.Ordinal) ? 0 : 1, network.Layers.Count(layer => layer is ElementFunction));
        QuantizedModel quantized = QuantizedModel.Load(path, calibration: new NpyArray([Count, Width], rows, "<f8"));
        long[] encoded = quantized.Integers.Input.EncodeRows(rows, []);
        long[] integers = new FastInterpreter(quantized.Integers).RunRows(encoded);
        double[] ours = quantized.Integers.Output.Decode(integers, 3, beforeSoftmax: false);
        double error = expected.Zip(ours, (a, b) => Math.Abs(a - b)).Max() / fullScale;
        output.WriteLine($"{form}: {quantized.Precision}, {error} of full scale, {string.Join(' ', quantized.Integers.Operations.Select(operation => operation.Kind))}");
        // At a jump, a value that rounds to its other side is that much off.
        int[] far = [.. Enumerable.Range(0, expected.Length).Where(k => Math.Abs(expected[k] - ours[k]) > fullScale / 256)];
        Assert.True(form.StartsWith("ThresholdedRelu", StringComparison.Ordinal) ? far.Length < 0.02 * expected.Length : far.Length == 0);
        // QONNX has it in operators of set 13: read back, the same integers.
        byte[] qonnx = QonnxExporter.Write(quantized.PostTraining!.Network, quantized.PostTraining.InputFormat);
        Assert.Equal(integers.Length, QonnxProof.Of(qonnx, quantized.Integers, new(rows, Width)));
        using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(quantized.Integers), optimize: true);
        Assert.Equal(integers, runtime.RunIntegers(quantized.Integers, rows));
        Assert.Equal(ReferenceInterpreter.RunRows(quantized.Integers, encoded.AsSpan(0, 8 * Width)), integers[..(8 * 3)]);
    }

    private static string OnePlus(TestModel model, string x) => model.Node("Add", [x, model.Real([], [1])]);

    private static string Cubic(TestModel model, string x)
    {
        string cube = model.Node("Mul", [model.Node("Pow", [x, model.Real([], [3])]), model.Real([], [0.044715])]);
        return model.Node("Mul", [model.Node("Add", [x, cube]), model.Real([], [Math.Sqrt(2 / Math.PI)])]);
    }

    private static string Apply(TestModel model, string form, string x)
    {
        string[] parts = form.Split(' ');
        return form switch
        {
            "x * Sigmoid(x)" => model.Node("Mul", [x, model.Node("Sigmoid", [x])]),
            "x * Sigmoid(1.702 x)" => model.Node("Mul", [model.Node("Sigmoid", [model.Node("Mul", [x, model.Real([1.702])])]), x]),
            "x * HardSigmoid(x)" => model.Node("Mul", [x, model.Node("HardSigmoid", [x], TestModel.Float("alpha", 1f / 6))]),
            "x * Clip(x + 3) / 6" => model.Node("Div", [model.Node("Mul", [x, model.Node("Clip", [model.Node("Add", [x, model.Real([], [3])]), model.Real([], [0]), model.Real([], [6])])]), model.Real([6])]),
            "x * Tanh(Softplus(x))" => model.Node("Mul", [x, model.Node("Tanh", [model.Node("Softplus", [x])])]),
            "x * (1 + Erf(x / sqrt 2)) / 2" => model.Node("Mul", [model.Node("Mul", [x, OnePlus(model, model.Node("Erf", [model.Node("Div", [x, model.Real([], [Math.Sqrt(2)])])]))]), model.Real([0.5])]),
            "x / 2 * (1 + Erf)" => model.Node("Mul", [model.Node("Mul", [x, model.Real([0.5])]), OnePlus(model, model.Node("Erf", [model.Node("Mul", [x, model.Real([], [Math.Sqrt(0.5)])])]))]),
            "x / 2 * (1 + Tanh(cubic))" => model.Node("Mul", [model.Node("Mul", [x, model.Real([0.5])]), OnePlus(model, model.Node("Tanh", [Cubic(model, x)]))]),
            "x * x" => model.Node("Mul", [x, x]),
            "Pow 3" => model.Node("Pow", [x, model.Real([], [3])]),
            "Gelu tanh" => model.Node("Gelu", [x], TestModel.Text("approximate", "tanh")),
            _ when parts.Length == 2 => model.Node(parts[0], [x], TestModel.Float("alpha", float.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture))),
            _ => model.Node(form, [x]),
        };
    }
}
