using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>Operators on images and series: each form against ONNX Runtime on real numbers, and random quantized networks of
/// them against exact fractions, the fast interpreter, and ONNX Runtime on the export.</summary>
public sealed class ConvolutionTests(ITestOutputHelper output) : IDisposable
{
    private const int Width = 2 * 6 * 5;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("Conv")]
    [InlineData("Conv strides pads dilations")]
    [InlineData("Conv SAME_UPPER")]
    [InlineData("Conv SAME_LOWER")]
    [InlineData("Conv VALID")]
    [InlineData("Conv groups")]
    [InlineData("Conv depthwise")]
    [InlineData("Conv 1-D")]
    [InlineData("MaxPool")]
    [InlineData("MaxPool ceil pads dilations")]
    [InlineData("AveragePool")]
    [InlineData("AveragePool pads")]
    [InlineData("AveragePool counts padding")]
    [InlineData("AveragePool ceil")]
    [InlineData("GlobalAveragePool")]
    [InlineData("GlobalMaxPool")]
    [InlineData("LeakyRelu")]
    [InlineData("PRelu per channel")]
    [InlineData("Concat")]
    [InlineData("Split")]
    [InlineData("Split by sizes")]
    [InlineData("Slice")]
    [InlineData("Slice backwards")]
    [InlineData("Gather")]
    [InlineData("Pad")]
    [InlineData("Pad with a constant")]
    [InlineData("Pad edge")]
    [InlineData("Pad reflect")]
    [InlineData("Resize asymmetric floor")]
    [InlineData("Resize half_pixel")]
    [InlineData("Resize align_corners to sizes")]
    [InlineData("BatchNormalization")]
    public void Forms_MeanWhatOnnxRuntimeSays(string form)
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, Width);
        string x = model.Node("Reshape", ["x", model.Whole(1, 2, 6, 5)]);
        string y = form switch
        {
            "Conv" => model.Node("Conv", [x, model.Random(3, 2, 3, 2), model.Random(3)]),
            "Conv strides pads dilations" => model.Node("Conv", [x, model.Random(3, 2, 3, 2)], Integers("strides", 2, 1), Integers("pads", 1, 0, 2, 3), Integers("dilations", 1, 2)),
            "Conv SAME_UPPER" or "Conv SAME_LOWER" or "Conv VALID" => model.Node("Conv", [x, model.Random(3, 2, 2, 4)], Text("auto_pad", form[5..]), Integers("strides", 2, 2)),
            "Conv groups" => model.Node("Conv", [x, model.Random(4, 1, 3, 3), model.Random(4)], Integer("group", 2)),
            "Conv depthwise" => model.Node("Conv", [x, model.Random(2, 1, 3, 3)], Integer("group", 2), Integers("pads", 1, 1, 1, 1)),
            "Conv 1-D" => model.Node("Conv", [model.Node("Reshape", [x, model.Whole(1, 3, -1)]), model.Random(2, 3, 4)], Integers("strides", 3), Integers("pads", 0, 1)),
            "MaxPool" => model.Node("MaxPool", [x], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2)),
            "MaxPool ceil pads dilations" => model.Node("MaxPool", [x], Integers("kernel_shape", 2, 2), Integers("strides", 3, 2), Integers("pads", 1, 1, 1, 1), Integers("dilations", 2, 2), Integer("ceil_mode", 1)),
            "AveragePool" => model.Node("AveragePool", [x], Integers("kernel_shape", 3, 2)),
            "AveragePool pads" => model.Node("AveragePool", [x], Integers("kernel_shape", 3, 3), Integers("pads", 1, 1, 1, 1), Integers("strides", 2, 2)),
            "AveragePool counts padding" => model.Node("AveragePool", [x], Integers("kernel_shape", 3, 3), Integers("pads", 1, 1, 1, 1), Integer("count_include_pad", 1)),
            "AveragePool ceil" => model.Node("AveragePool", [x], Integers("kernel_shape", 3, 3), Integers("strides", 2, 2), Integer("ceil_mode", 1)),
            "GlobalAveragePool" or "GlobalMaxPool" => model.Node(form, [x]),
            "LeakyRelu" => model.Node("LeakyRelu", [x], Float("alpha", 0.3f)),
            "PRelu per channel" => model.Node("PRelu", [x, model.Random(2, 1, 1)]),
            "Concat" => model.Node("Concat", [x, model.Node("Relu", [x]), x], Integer("axis", -3)),
            "Split" => Joined(model, x, model.Whole(3, 3), 2),
            "Split by sizes" => Joined(model, x, model.Whole(1, 3, 2), 3),
            "Slice" => model.Node("Slice", [x, model.Whole(1, -4), model.Whole(9, -1), model.Whole(2, 3)]),
            "Slice backwards" => model.Node("Slice", [x, model.Whole(-1), model.Whole(-100), model.Whole(2), model.Whole(-2)]),
            "Gather" => model.Node("Gather", [x, model.Whole(4, 0, -2)], Integer("axis", 3)),
            "Pad" => model.Node("Pad", [x, model.Whole(0, 0, 1, 2, 0, 1, 0, -1)]),
            "Pad with a constant" => model.Node("Pad", [x, model.Whole(0, 0, 1, 2, 0, 0, 0, 1), model.Real([], [-1.5])]),
            "Pad edge" or "Pad reflect" => model.Node("Pad", [x, model.Whole(0, 0, 1, 2, 0, 0, 3, 1)], Text("mode", form[4..])),
            "Resize asymmetric floor" => Resized(model, x, "asymmetric", "floor"),
            "Resize half_pixel" => Resized(model, x, "half_pixel", "round_prefer_floor"),
            "Resize align_corners to sizes" => model.Node("Resize", [x, string.Empty, string.Empty, model.Whole(1, 2, 11, 4)], Text("coordinate_transformation_mode", "align_corners"), Text("nearest_mode", "ceil")),
            "BatchNormalization" => model.Node("BatchNormalization", [x, model.Random(2), model.Random(2), model.Random(2), model.Positive(2)]),
            _ => throw new ArgumentOutOfRangeException(nameof(form)),
        };
        model.Finish(y);
        double[] rows = [.. Enumerable.Range(0, 8 * Width).Select(_ => (double)(float)((random.NextDouble() * 4) - 2))];
        double[] ours = FloatInterpreter.RunRows(Import(model), rows);
        double[] theirs = model.RunInOnnxRuntime(rows);
        Assert.Equal(theirs.Length, ours.Length);
        Assert.All(theirs.Zip(ours), pair => Assert.InRange(pair.Second - pair.First, -2e-5 * (1 + Math.Abs(pair.First)), 2e-5 * (1 + Math.Abs(pair.First))));
    }

    [Fact]
    public void RandomQuantizedNetworks_AreTheSameIntegersEverywhere()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 40; k++)
        {
            TestModel model = RandomModel(random);
            Network network = Import(model);
            IntegerNetwork integers = Lowering.ToIntegers(network, null);
            long[] rows = RandomNetworks.Rows(integers, random, 10);
            long[] expected = ReferenceInterpreter.RunRows(integers, rows);
            Assert.Equal(expected, FastOnEveryProcessor.RunRows(integers, rows));
            for (int row = 0; row < 3; row++)
            {
                Rational[] exact = RationalModel.Run(network, integers.Input, rows[(row * Width)..((row + 1) * Width)]);
                Assert.Equal(exact, exact.Select((_, i) => (expected[(row * exact.Length) + i] * RealVector.At(integers.Output.Scale, i)) + RealVector.At(integers.Output.Offset, i)));
            }

            Quantize input = network.Layers.OfType<Quantize>().First();
            double[] real = [.. rows.Select(value => input.Quantizer.ValueOf(value, 0).ToDouble())];
            using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(integers), optimize: k % 2 == 0);
            Assert.Equal(expected, runtime.RunIntegers(integers, real));
        }
    }

    [Theory]
    [InlineData(1, 2, 9, "its window of 9 is larger")]
    [InlineData(1, 3, 3, "do not fit 2 channels in 1 groups")]
    [InlineData(3, 2, 3, "do not fit 2 channels in 3 groups")]
    public void ConvolutionsThatDoNotFit_AreRefusedByName(int groups, int channels, int kernel, string said)
    {
        var model = new TestModel(new Random(1), Width);
        string x = model.Node("Reshape", ["x", model.Whole(1, 2, 6, 5)]);
        model.Finish(model.Node("Conv", [x, model.Random(3, channels, kernel, 1)], Integer("group", groups)));
        string message = Assert.Throws<InvalidInputException>(() => Import(model)).Message;
        Assert.Contains("node Conv", message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    /// <summary>Both halves of a split, the last first.</summary>
    private static string Joined(TestModel model, string x, string sizes, int parts)
    {
        string first = model.Node("Split", [x, sizes], Integer("axis", 2));
        string[] names = [first, .. Enumerable.Range(1, parts - 1).Select(part => $"{first}_{part}")];
        model.Graph.Node[^1].Output.Add(names[1..]);
        return model.Node("Concat", [.. names.Reverse()], Integer("axis", 2));
    }

    private static string Resized(TestModel model, string x, string coordinates, string nearest) =>
        model.Node("Resize", [x, string.Empty, model.Real([1, 1, 2, 3])], Text("coordinate_transformation_mode", coordinates), Text("nearest_mode", nearest));

    private static TestModel RandomModel(Random random)
    {
        var model = new TestModel(random, Width);
        int channels = 2;
        string x = Quantized(model, model.Node("Reshape", [Quantized(model, "x", 1.0 / 8, 6), model.Whole(1, 2, 6, 5)]), 1.0 / 8, 6);
        for (int layer = random.Next(1, 4); layer > 0; layer--)
        {
            switch (random.Next(6))
            {
                case 0:
                    x = model.Node("MaxPool", [x], Integers("kernel_shape", 2, 2), Integers("pads", 1, 0, 0, 1));
                    break;
                case 1:
                    x = model.Node("AveragePool", [x], Integers("kernel_shape", 2, 2), Integers("pads", 0, 1, 1, 0), Integer("count_include_pad", random.Next(2)));
                    break;
                case 2:
                    x = model.Node("Concat", [x, Quantized(model, model.Node("LeakyRelu", [x], Float("alpha", 0.125f)), random.Pick(0.25, 0.3), 4)], Integer("axis", 1));
                    channels *= 2;
                    break;
                case 3:
                    x = model.Node("Resize", [model.Node("Slice", [x, model.Whole(1), model.Whole(3), model.Whole(2)]), string.Empty, model.Real([1, 1, 2, 1])], Text("coordinate_transformation_mode", "asymmetric"), Text("nearest_mode", "floor"));
                    break;
                default:
                    int groups = random.Next(2) == 0 ? 1 : channels;
                    string scale = random.Next(2) == 0 ? model.Real([], [0.25]) : model.Real([channels, 1, 1, 1], [.. Enumerable.Range(0, channels).Select(_ => 0.1 + random.NextDouble())]);
                    string weights = model.Node("Quant", [model.Random(channels, channels / groups, 2, 3), scale, model.Real([], [0]), model.Real([], [4])], "qonnx.custom_op.general");
                    x = model.Node("Conv", [x, weights, model.Random(channels)], Integer("group", groups), Integers("pads", 1, 1, 0, 1));
                    x = random.Next(2) == 0 ? model.Node("Relu", [x]) : x;
                    break;
            }

            x = Quantized(model, x, random.Pick(0.25, 0.3, 0.07), random.Next(2, 7));
        }

        model.Finish(x);
        return model;
    }

    private static string Quantized(TestModel model, string x, double scale, int bits) =>
        model.Node("Quant", [x, model.Real([], [scale]), model.Real([], [0]), model.Real([], [bits])], "qonnx.custom_op.general");

    private Network Import(TestModel model)
    {
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return OnnxImporter.Import(OnnxModelFile.Read(path));
    }
}
