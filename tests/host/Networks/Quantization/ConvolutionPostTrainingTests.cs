using Edge.Bench;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks.Quantization;

/// <summary>Convolutional networks, quantized after training.</summary>
public sealed class ConvolutionPostTrainingTests(ITestOutputHelper output) : IDisposable
{
    private const int Width = 2 * 6 * 6;
    private const int OrdinaryRows = 256;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SharedTheory]
    [InlineData("conv2d_small_keras")]
    [InlineData("torch_conv1d_autoencoder")]
    public void EightBits_ErrAtMostHalfAsMuchAsOnnxRuntimesScheme_AndSixBitsLessThanPlainRounding(string name)
    {
        Network network = WithoutSoftmax(OnnxImporter.Import(OnnxModelFile.Read(Repository.SharedPath("models", name, $"{name}.onnx"))));
        NpyArray all = NpyArray.Read(Repository.SharedPath("models", name, "inputs.npy"));
        double[] rows = all.Values[..(OrdinaryRows * all.RowLength)];
        double[] expected = FloatInterpreter.RunRows(network, rows);
        (double theirMean, double theirRms) = Errors(FloatInterpreter.RunRows(OnnxRuntimeScheme.Quantized(network, new([OrdinaryRows, all.RowLength], rows, "<f8")), rows), expected);
        foreach (int? inputBits in new int?[] { null, 8 })
        {
            (double mean, double rms) = Errors(Run(Quantized(network, rows, new(new Precision(8, 8)) { InputBits = inputBits }), rows), expected);
            output.WriteLine($"8 bits, inputs {inputBits}: mean {mean:G4}, rms {rms:G4}; theirs {theirMean:G4}, {theirRms:G4}");
            Assert.InRange(mean, 0, theirMean / (inputBits is null ? 2 : 1.8));
            Assert.InRange(rms, 0, theirRms / (inputBits is null ? 2 : 1.8));
        }

        (double sixMean, double sixRms) = Errors(Run(Quantized(network, rows, new(new Precision(6, 6))), rows), expected);
        (double plainMean, double plainRms) = Errors(Run(Quantized(network, rows, new(new Precision(6, 6)) { RoundsAdaptively = false, Equalizes = false }), rows), expected);
        Assert.InRange(sixMean, 0, plainMean / 2);
        Assert.InRange(sixRms, 0, plainRms / 2);
        QuantizedModel sixteen = Quantized(network, rows, new(new Precision(16, 16)));
        Assert.InRange(Run(sixteen, rows).Zip(expected, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs), 0, 1.0 / 256);
    }

    [Theory]
    [InlineData("depthwise, pooling by maxima")]
    [InlineData("two branches added")]
    [InlineData("concatenation, LeakyRelu")]
    [InlineData("average pooling")]
    [InlineData("padding by a constant, channels of different size")]
    [InlineData("values far from zero")]
    public void Forms_KeepTheirPrecision_AndIntegersEqualTheReportedNetwork(string form)
    {
        Random random = RandomTest.Create(output);
        Network network = Form(form, random);
        double[] rows = [.. Enumerable.Range(0, 200 * Width).Select(_ => (random.NextDouble() * 2) - 1)];
        double[] expected = FloatInterpreter.RunRows(network, rows);
        double last = double.PositiveInfinity;
        foreach (int bits in new[] { 5, 8, 16 })
        {
            QuantizedModel model = Quantized(network, rows, new(new Precision(bits, bits)));
            double[] values = Run(model, rows);
            double[] limited = [.. rows.Chunk(Width).SelectMany(row => model.Integers.Input.EncodeRows(row, []).Select(integer => (integer / model.Integers.Input.Gain[0]).ToDouble()))];
            double[] reported = FloatInterpreter.RunRows(model.PostTraining!.Network, limited);
            Assert.Equal(0, reported.Zip(values, (a, b) => Math.Abs(a - b)).Max(), 9);
            Assert.Equal(200, ExportProof.Of(OnnxExporter.Write(model.Integers), model.Integers, rows.Chunk(Width)).Rows);
            if (bits < 16)
            {
                // Read back from QONNX: the same integers.
                byte[] qonnx = QonnxExporter.Write(model.PostTraining.Network, model.PostTraining.InputFormat);
                Assert.Equal(values.Length, QonnxProof.Of(qonnx, model.Integers, new(rows, Width)));
            }

            (_, double rms) = Errors(values, expected);
            output.WriteLine($"{bits} bits: rms {rms / expected.Max(Math.Abs):P4} of full scale");
            Assert.InRange(rms, 0, last / 2);
            last = rms;
        }

        Assert.InRange(last / expected.Max(Math.Abs), 0, 1.0 / 4096);
        (_, double plain) = Errors(Run(Quantized(network, rows, new(new Precision(5, 5)) { RoundsAdaptively = false, Equalizes = false }), rows), expected);
        (_, double ours) = Errors(Run(Quantized(network, rows, new(new Precision(5, 5))), rows), expected);
        Assert.InRange(ours, 0, 1.5 * plain); // of random weights, plain rounding is sometimes lucky
    }

    [Fact]
    public void AnExportThatComputesOtherIntegers_IsFound()
    {
        Random random = RandomTest.Create(output);
        Network network = Form("two branches added", random);
        double[] rows = [.. Enumerable.Range(0, 50 * Width).Select(_ => (random.NextDouble() * 2) - 1)];
        QuantizedModel eight = Quantized(network, rows, new(new Precision(8, 8)));
        QuantizedModel seven = Quantized(network, rows, new(new Precision(7, 7)));
        string message = Assert.Throws<ExportMismatchException>(() => ExportProof.Of(OnnxExporter.Write(seven.Integers), eight.Integers, rows.Chunk(Width))).Message;
        Assert.Contains("where the interpreter computes", message, StringComparison.Ordinal);
        Assert.Throws<ExportMismatchException>(() => QonnxProof.Of(QonnxExporter.Write(seven.PostTraining!.Network, seven.PostTraining.InputFormat), eight.Integers, new(rows, Width)));
    }

    [Fact]
    public void ChannelsOfConvolutions_KeepTheirPrecision()
    {
        // The second kernel makes values 500 times smaller, and is read by weights 500 times larger.
        var model = new TestModel(new Random(3), Width);
        string image = model.Node("Reshape", ["x", model.Whole(1, 2, 6, 6)]);
        string first = model.Node("Relu", [model.Node("Conv", [image, model.Real([2, 2, 1, 1], [1, 0.5, 0.002, -0.001])])]);
        string pooled = model.Node("MaxPool", [first], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2));
        model.Finish(model.Node("Conv", [pooled, model.Real([1, 2, 1, 1], [1, 500])]));
        Network network = Import(model);
        var random = new Random(6);
        double[] rows = [.. Enumerable.Range(0, 100 * Width).Select(_ => random.NextDouble())];
        Assert.InRange(Quantized(network, rows, new(new Precision(8, 8))).CalibrationError!.Value, 0, 0.02);
        Assert.InRange(Quantized(network, rows, new(new Precision(8, 8)) { Equalizes = false, RoundsAdaptively = false }).CalibrationError!.Value, 0.1, 1);
    }

    private Network Form(string form, Random random)
    {
        var model = new TestModel(random, Width);
        string image = model.Node("Reshape", ["x", model.Whole(1, 2, 6, 6)]);
        string Conv(string x, int from, int to, int size = 3) => model.Node("Conv", [x, model.Random(to, from, size, size), model.Random(to)], Integers("pads", size / 2, size / 2, size / 2, size / 2));
        string Relu(string x) => model.Node("Relu", [x]);
        string y = form switch
        {
            "depthwise, pooling by maxima" => Conv(
                Relu(model.Node("Conv", [model.Node("MaxPool", [Relu(Conv(image, 2, 4))], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2)), model.Random(4, 1, 3, 3)], Integer("group", 4), Integers("pads", 1, 1, 1, 1))), 4, 2, 1),
            "two branches added" => Conv(Relu(model.Node("Add", [Conv(Relu(Conv(image, 2, 3)), 3, 2), Relu(Conv(image, 2, 2, 1))])), 2, 2),
            "concatenation, LeakyRelu" => Conv(
                model.Node("Concat", [model.Node("LeakyRelu", [Conv(image, 2, 2)], Float("alpha", 0.1f)), Relu(Conv(image, 2, 2, 1))], Integer("axis", 1)), 4, 2),
            "average pooling" => Conv(model.Node("AveragePool", [Relu(Conv(image, 2, 3))], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2)), 3, 2),
            "padding by a constant, channels of different size" => model.Node("Conv", [
                model.Node("Pad", [Relu(model.Node("Mul", [Conv(image, 2, 2), model.Real([2, 1, 1], [1, 0.01])])), model.Whole(0, 0, 1, 1, 0, 0, 1, 1), model.Real([], [0.0])]),
                model.Real([1, 2, 2, 2], [0.5, -0.25, 0.75, 1, 60, -70, 50, 30])]),
            "values far from zero" => Conv(model.Node("Add", [Conv(image, 2, 3), model.Real([3, 1, 1], [30, -40, 0])]), 3, 2),
            _ => throw new ArgumentException(form, nameof(form)),
        };
        model.Finish(model.Node("Flatten", [y]));
        return Import(model);
    }

    private Network Import(TestModel model)
    {
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return OnnxImporter.Import(OnnxModelFile.Read(path));
    }

    private static QuantizedModel Quantized(Network network, double[] rows, QuantizationSettings settings) =>
        QuantizedModel.Quantize(network, new(rows, network.InputLength), null, settings);

    private static double[] Run(QuantizedModel model, double[] rows)
    {
        IntegerNetwork network = model.Integers;
        return network.Output.Decode(new FastInterpreter(network).RunRows(network.Input.EncodeRows(rows, [])), network.OutputLength, beforeSoftmax: true);
    }

    private static Network WithoutSoftmax(Network network) => network.Layers[^1] is SoftmaxLayer softmax
        ? network with { Layers = [.. network.Layers.SkipLast(1)], OutputValue = softmax.Input }
        : network;

    private static (double Mean, double Rms) Errors(double[] values, double[] expected)
    {
        double[] errors = [.. values.Zip(expected, (a, b) => Math.Abs(a - b))];
        return (errors.Average(), Math.Sqrt(errors.Average(error => error * error)));
    }
}
