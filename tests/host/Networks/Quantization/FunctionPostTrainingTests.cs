using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks.Quantization;

/// <summary>Float networks with functions, quantized after training.</summary>
public sealed class FunctionPostTrainingTests(ITestOutputHelper output) : IDisposable
{
    private const int Width = 12;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TablesOfAFunction_HaveTheBitsOfTheLayerThatReadsIt()
    {
        var model = new TestModel(RandomTest.Create(output), Width);
        string first = model.Node("Tanh", [model.Node("MatMul", ["x", model.Random(Width, 6)])]);
        string second = model.Node("Sigmoid", [model.Node("MatMul", [model.Node("Relu", [first]), model.Random(6, 5)])]);
        model.Finish(model.Node("MatMul", [second, model.Random(5, 3)]));
        Network network = Import(model);
        double[] rows = Rows();
        IntegerNetwork narrow = Quantized(network, rows, new() { LayerPrecisions = [new(8, 8), new(8, 4), new(8, 9)] }).Integers;
        Lookup[] tables = [.. narrow.Operations.OfType<Lookup>()];
        Assert.Equal(1 << 6, tables[0].Tables.Max(table => table.Values.Length));
        Assert.InRange(tables[1].Tables.Max(table => table.Values.Length), (1 << 10) + 1, 1 << 11); // what the sums reach of it

        // Six elements, with 2^10 entries of 8 bits instead of 2^6 of 4.
        long smaller = LutEstimate.Of(narrow);
        long larger = LutEstimate.Of(Quantized(network, rows, new() { LayerPrecisions = [new(8, 8), new(8, 8), new(8, 9)] }).Integers);
        output.WriteLine($"{smaller}, {larger} LUTs");
        Assert.InRange(larger - smaller, 6 * ((1 << 10) * 8 / 64) / 2, 3 * 6 * ((1 << 10) * 8 / 64));
    }

    [Theory]
    [InlineData(13, -1, 2)]
    [InlineData(11, 1, 1)]
    [InlineData(11, 2, 2)]
    public void SoftmaxOfVectors_IsReadBackFromQonnx(int opset, int axis, int vectors)
    {
        var model = new TestModel(RandomTest.Create(output), Width) { Opset = opset };
        string sums = model.Node("Reshape", [model.Node("MatMul", ["x", model.Random(Width, 6)]), model.Whole(1, 2, 3)]);
        model.Finish(model.Node("Softmax", [sums], Integer("axis", axis)));
        double[] rows = Rows();
        QuantizedModel quantized = Quantized(Import(model), rows, new(new Precision(8, 8)));
        byte[] qonnx = QonnxExporter.Write(quantized.PostTraining!.Network, quantized.PostTraining.InputFormat);
        Assert.Equal(rows.Length / Width * 6, QonnxProof.Of(qonnx, quantized.Integers, new(rows, Width)));
        SoftmaxLayer softmax = Assert.Single(OnnxImporter.Import(OnnxModelFile.Of("again", qonnx)).Layers.OfType<SoftmaxLayer>());
        Assert.Equal(vectors, softmax.Vectors);

        // Its shares are those of ONNX Runtime.
        double[] expected = model.RunInOnnxRuntime(rows);
        IntegerNetwork integers = quantized.Integers;
        double[] ours = integers.Output.Decode(new FastInterpreter(integers).RunRows(integers.Input.EncodeRows(rows, [])), 6, beforeSoftmax: false);
        Assert.InRange(expected.Zip(ours, (a, b) => Math.Abs(a - b)).Max(), 0, 0.05);
    }

    private static double[] Rows()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, 200 * Width).Select(_ => (double)(float)((random.NextDouble() * 2) - 1))];
    }

    private Network Import(TestModel model)
    {
        string path = folder.File("model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return OnnxImporter.Import(OnnxModelFile.Read(path));
    }

    private static QuantizedModel Quantized(Network network, double[] rows, QuantizationSettings settings) =>
        QuantizedModel.Quantize(network, new(rows, network.InputLength), null, settings);
}
