using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Edge.Networks.Quantization;
using Google.Protobuf;
using Xunit.Abstractions;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>Quantizers of QONNX and FINN that ONNX Runtime does not have, against their definitions written out here, and
/// integer operators of ONNX Runtime against itself; the integers on every backend.</summary>
public sealed class QuantizedFormTests(ITestOutputHelper output) : IDisposable
{
    private const string Qonnx = "qonnx.custom_op.general";

    private static readonly FixedPointFormat Eighths = new(Signed: true, 8, 5);

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("uneven per channel", "NCHW", 1, 0)]
    [InlineData("uneven per channel", "NHWC", 0.5, -2)]
    [InlineData("uneven global", "", -0.25, 3)]
    [InlineData("even per channel", "NCHW", 2, -1)]
    [InlineData("even global", "NHWC", 1, -4)]
    [InlineData("one", "NCHW", 2, -1)]
    [InlineData("infinite", "NHWC", 1, 0)]
    public void MultiThreshold_CountsTheThresholdsThatAreReached(string kind, string layout, double scale, double bias)
    {
        Random random = RandomTest.Create(output);
        const int Channels = 3;
        const int Places = 4;
        var model = new TestModel(random, Channels * Places);
        bool last = layout == "NHWC";
        string image = model.Node("Reshape", ["x", last ? model.Whole(1, 2, 2, Channels) : model.Whole(1, Channels, 2, 2)]);
        int lists = kind.EndsWith("global", StringComparison.Ordinal) ? 1 : Channels;
        double[][] thresholds = [.. Enumerable.Range(0, lists).Select(channel => kind switch
        {
            "one" => [random.Next(-9, 9) / 8.0],
            "infinite" => [double.NegativeInfinity, 0.3f, double.PositiveInfinity],
            _ when kind.StartsWith("even", StringComparison.Ordinal) => [.. Enumerable.Range(0, 7).Select(k => ((k - 3) * 0.25 * (channel + 1)) + 0.125)],
            _ => Enumerable.Range(0, 7).Select(_ => (double)(float)((random.NextDouble() * 8) - 4)).ToArray(),
        })];
        string y = model.Node(
            "MultiThreshold",
            [image, model.Real([lists, thresholds[0].Length], [.. thresholds.SelectMany(list => list)])],
            Qonnx, Float("out_scale", (float)scale), Float("out_bias", (float)bias), Text("data_layout", layout), Text("out_dtype", "INT4"));
        model.Finish(y);
        double[] rows = Grid(random, Channels * Places, 60);
        double[] expected = [.. rows.Select((value, i) =>
        {
            int place = i % (Channels * Places);
            double[] list = thresholds[lists == 1 ? 0 : last ? place % Channels : place / Places];
            return (scale * list.Count(level => value >= level)) + bias;
        })];
        Network network = Import(model);
        Assert.All(expected.Zip(FloatInterpreter.RunRows(network, rows)), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        Assert.Equal(expected, Rungs.Run(network, rows, Eighths, simulated: 8));
        Assert.Equal(kind.StartsWith("even", StringComparison.Ordinal) ? typeof(Quantize) : typeof(MultiThreshold), network.Layers[1].GetType());
    }

    /// <summary>A FINN file: integers as plain floats in the weights, thresholds for the activation.</summary>
    [Fact]
    public void WeightsOfPlainIntegers_AreQuantized_AndTheInputTypeIsKnown()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 8);
        double[] ternary = [.. Enumerable.Range(0, 8 * 5).Select(_ => (double)random.Next(-1, 2))];
        string hidden = model.Node("MultiThreshold", [model.Node("MatMul", ["x", model.Real([8, 5], ternary)]), model.Real([5, 3], [.. Enumerable.Range(0, 15).Select(k => (double)((k % 3) - 1) * (40 + k))])], "finn.custom_op.general", Text("out_dtype", "UINT2"));
        model.Finish(model.Node("MatMul", [hidden, model.Real([5, 2], [.. Enumerable.Range(0, 10).Select(k => (double)((k % 3) - 1))])]));
        var annotation = new TensorAnnotation { TensorName = "x" };
        annotation.QuantParameterTensorNames.Add(new StringStringEntryProto { Key = "finn_datatype", Value = "UINT8" });
        model.Graph.QuantizationAnnotation.Add(annotation);
        Network network = Import(model);
        Assert.True(network.IsQuantized);
        Assert.Equal(new FixedPointFormat(Signed: false, 8, 8), network.DeclaredFormat);
        double[] rows = [.. Enumerable.Range(0, 8 * 50).Select(_ => (double)random.Next(256))];
        Assert.Equal(FloatInterpreter.RunRows(network, rows), Rungs.Run(network, rows, simulated: 10));
    }

    [Theory]
    [InlineData("FLOOR", 5)]
    [InlineData("ROUND", 5)]
    [InlineData("ceil", 6)]
    [InlineData("Round-To-Zero", 6)]
    [InlineData("HALF_DOWN", 7)]
    public void Trunc_DropsTheLowestBits(string mode, int inputs)
    {
        Random random = RandomTest.Create(output);
        foreach (double zero in new[] { 0.0, 8 })
        {
            var model = new TestModel(random, 6);
            const double Scale = 0.125;
            const double OutputScale = 1; // drops 3 bits
            string[] names = inputs switch
            {
                5 => [model.Real([], [8]), model.Real([], [5])],
                6 => [model.Real([], [8]), model.Real([], [OutputScale]), model.Real([], [4])],
                _ => [model.Real([], [8]), model.Real([], [OutputScale]), model.Real([], [zero / 8]), model.Real([], [4])],
            };
            model.Finish(model.Node("Trunc", ["x", model.Real([], [Scale]), model.Real([], [zero]), .. names], Qonnx, Text("rounding_mode", mode)));
            double[] rows = Grid(random, 6, 40);
            double[] expected = [.. rows.Select(value =>
            {
                double dropped = (Math.Round(value / Scale) + zero) / 8;
                double limited = inputs == 5 ? dropped : Math.Clamp(dropped, -8, 7);
                double rounded = mode switch
                {
                    "FLOOR" => Math.Floor(limited),
                    "ROUND" => Math.Round(limited),
                    "ceil" => Math.Ceiling(limited),
                    "Round-To-Zero" => Math.Truncate(limited),
                    _ => Math.Sign(limited) * Math.Ceiling(Math.Abs(limited) - 0.5),
                };
                return inputs == 5 ? (rounded - zero) * Scale : (rounded - (zero / 8)) * OutputScale;
            })];
            Network network = Import(model);
            Assert.Equal(expected, FloatInterpreter.RunRows(network, rows));
            Assert.Equal(expected, Rungs.Run(network, rows, Eighths, simulated: 8));
        }
    }

    [Theory]
    [InlineData("NCHW")]
    [InlineData("NHWC")]
    public void QuantAvgPool2d_DropsTheBitsThatASumHasTooMany(string layout)
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 2 * 4 * 4);
        bool last = layout == "NHWC";
        string image = model.Node("Reshape", ["x", last ? model.Whole(1, 4, 4, 2) : model.Whole(1, 2, 4, 4)]);
        model.Finish(model.Node("QuantAvgPool2d", [image], Qonnx, Integer("kernel", 3), Integer("stride", 1), Integer("ibits", 4), Integer("obits", 5), Integer("signed", 0), Text("data_layout", layout)));
        double[] rows = [.. Enumerable.Range(0, 32 * 20).Select(_ => (double)random.Next(16))];
        var expected = new List<double>();
        for (int row = 0; row < 20; row++)
        {
            // 9 values of 4 bits: 135, 8 bits; 5 are kept.
            double At(int c, int h, int w) => rows[(row * 32) + (last ? (((h * 4) + w) * 2) + c : (((c * 4) + h) * 4) + w)];
            double Pooled(int c, int h, int w) => Math.Floor(Enumerable.Range(0, 9).Sum(k => At(c, h + (k / 3), w + (k % 3))) / 8);
            expected.AddRange(Enumerable.Range(0, 8).Select(i => last ? Pooled(i % 2, i / 4, i / 2 % 2) : Pooled(i / 4, i / 2 % 2, i % 2)));
        }

        Network network = Import(model);
        Assert.Equal(expected, FloatInterpreter.RunRows(network, rows));
        Assert.Equal(expected, Rungs.Run(network, rows, new FixedPointFormat(Signed: false, 4, 4), simulated: 4));
    }

    [Fact]
    public void Im2Col_PutsWindowsSideBySide()
    {
        Random random = RandomTest.Create(output);
        var model = new TestModel(random, 5 * 4 * 2);
        string image = model.Node("Reshape", ["x", model.Whole(1, 5, 4, 2)]);
        string columns = model.Node("Im2Col", [image], Qonnx, Integers("kernel_size", 3, 2), Integers("stride", 2, 1), Integers("pad_amount", 1, 0, 1, 1), Text("input_shape", "(1,5,4,2)"), Integer("pad_value", 1));
        model.Finish(columns);
        double[] rows = Grid(random, 40, 10);
        var expected = new List<double>();
        for (int row = 0; row < 10; row++)
        {
            double At(int h, int w, int c) => h is < 0 or > 4 || w is < 0 or > 3 ? 1 : rows[(row * 40) + (((h * 4) + w) * 2) + c];
            expected.AddRange(from h in Enumerable.Range(0, 3) from w in Enumerable.Range(0, 4) from i in Enumerable.Range(0, 3) from j in Enumerable.Range(0, 2) from c in Enumerable.Range(0, 2) select At((2 * h) - 1 + i, w + j, c));
        }

        Network network = Import(model);
        Assert.Equal([3, 4, 12], network.Layers[^1].Shape);
        Assert.Equal(expected, Rungs.Run(network, rows, Eighths));
    }

    [Theory]
    [InlineData("QLinearMatMul")]
    [InlineData("QLinearMatMul per channel")]
    [InlineData("QLinearConv")]
    [InlineData("MatMulInteger")]
    [InlineData("ConvInteger")]
    [InlineData("QGemm")]
    [InlineData("QLinearAdd")]
    [InlineData("QLinearLeakyRelu")]
    [InlineData("QLinearGlobalAveragePool")]
    [InlineData("QLinearConcat")]
    [InlineData("int16")]
    [InlineData("packed int4")]
    [InlineData("QCDQ")]
    [InlineData("odd and even zero points")]
    public void IntegerOperators_MeanWhatOnnxRuntimeSays(string form)
    {
        Random random = RandomTest.Create(output);
        const int Width = 12;
        var model = new TestModel(random, Width);
        string step = model.Real([], [0.03125]);
        string zero = model.Bytes([], OnnxType.UInt8, [100]);
        string x = model.Node("QuantizeLinear", ["x", step, zero]);
        string[] data = [x, step, zero];
        string[] result = [model.Real([], [0.125]), model.Bytes([], OnnxType.UInt8, [90])]; // powers of two: ties are ties in float32 too
        string weightStep = model.Real([], [0.0625]);
        string weightZero = model.Bytes([], OnnxType.Int8, [0]);
        sbyte[] Weights(int count) => [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Next(-60, 60))];
        string Whole32(params int[] values) => model.Constant([values.Length], OnnxType.Int32, [.. values.SelectMany(BitConverter.GetBytes)]);
        string Image() => model.Node("Reshape", [x, model.Whole(1, 2, 2, 3)]);
        string Back(string y, params string[] scale) => model.Node("DequantizeLinear", [y, .. scale.Length > 0 ? scale : result]);
        model.Finish(form switch
        {
            "QLinearMatMul" => Back(model.Node("QLinearMatMul", [.. data, model.Bytes([Width, 3], OnnxType.Int8, Weights(Width * 3)), weightStep, weightZero, .. result])),
            "QLinearMatMul per channel" => Back(model.Node("QLinearMatMul", [.. data, model.Bytes([Width, 3], OnnxType.Int8, Weights(Width * 3)), model.Real([0.0625, 0.125, 0.03125]), model.Bytes([3], OnnxType.Int8, [0, 0, 0]), .. result])),
            "QLinearConv" => Back(model.Node("QLinearConv", [Image(), step, zero, model.Bytes([3, 2, 2, 2], OnnxType.Int8, Weights(24)), model.Real([0.0625, 0.125, 0.03125]), model.Bytes([3], OnnxType.Int8, [0, 0, 0]), .. result, Whole32(100, -700, 3)], Integers("pads", 1, 0, 0, 1))),
            "MatMulInteger" => model.Node("Cast", [model.Node("MatMulInteger", [x, model.Bytes([Width, 3], OnnxType.Int8, Weights(Width * 3)), zero, model.Bytes([], OnnxType.Int8, [3])])], Integer("to", 1)),
            "ConvInteger" => model.Node("Cast", [model.Node("ConvInteger", [Image(), model.Bytes([3, 2, 2, 2], OnnxType.UInt8, Weights(24)), zero, model.Bytes([], OnnxType.UInt8, [5])])], Integer("to", 1)),
            "QGemm" => Back(model.Node("QGemm", [.. data, model.Bytes([3, Width], OnnxType.Int8, Weights(Width * 3)), weightStep, weightZero, Whole32(5, -6, 900), .. result], "com.microsoft", Integer("transB", 1))),
            "QLinearAdd" => Back(model.Node("QLinearAdd", [.. data, model.Bytes([1, Width], OnnxType.UInt8, Weights(Width)), weightStep, zero, .. result], "com.microsoft")),
            "QLinearLeakyRelu" => Back(model.Node("QLinearLeakyRelu", [.. data, .. result], "com.microsoft", Float("alpha", 0.25f))),
            "QLinearGlobalAveragePool" => Back(model.Node("QLinearGlobalAveragePool", [model.Node("Reshape", [x, model.Whole(1, 3, 2, 2)]), step, zero, .. result], "com.microsoft")),
            "QLinearConcat" => Back(model.Node("QLinearConcat", [.. result, .. data, .. data], "com.microsoft", Integer("axis", 1))),
            "int16" => Pair(model, model.Node("MatMul", [Pair(model, "x", 0.0009765625, OnnxType.Int16), model.Node("DequantizeLinear", [model.Bytes([Width, 3], OnnxType.Int8, Weights(Width * 3)), weightStep, weightZero])]), 0.0078125, OnnxType.UInt16),
            "odd and even zero points" => model.Node("MatMul", [Mixed(model, model.Node("DequantizeLinear", data), 0), Mixed(model, model.Random(Width, 3), 1)]),
            "QCDQ" => model.Node("MatMul", [Clipped(model, "x", 0.25), Clipped(model, model.Random(Width, 3), 0.125)]),
            "packed int4" => model.Node("MatMul", [model.Node("DequantizeLinear", data), model.Node("DequantizeLinear", [Packed(model, random, Width), model.Real([0.0625, 0.125, 0.5])], Integer("axis", 1))]),
            _ => throw new ArgumentException(form, nameof(form)),
        });
        model.Opset = 21;
        model.Domains.Add("com.microsoft");
        double[] rows = [.. Enumerable.Range(0, Width * 40).Select(_ => random.Next(-128, 128) / 32.0)];
        double[] theirs = model.RunInOnnxRuntime(rows);
        Network network = Import(model);
        Assert.Equal(theirs, FloatInterpreter.RunRows(network, rows));
        Assert.Equal(theirs, Rungs.Run(network, rows, simulated: form.StartsWith("QLinear", StringComparison.Ordinal) ? 4 : 0));
    }

    [Theory]
    [InlineData("DynamicQuantizeLinear", "depends on the data")]
    [InlineData("FloatQuant", "FloatQuant")]
    [InlineData("rounding", "rounding_mode \"STOCHASTIC\"; allowed are ROUND")]
    [InlineData("thresholds of other channels", "thresholds for 3 channels")]
    [InlineData("NaN threshold", "NaN")]
    [InlineData("layout", "data_layout \"CHWN\"")]
    [InlineData("fractional Trunc", "bit width 4.5")]
    public void WhatHasNoExactMeaning_IsRefusedByName(string kind, string said)
    {
        var model = new TestModel(new Random(1), 2);
        string[] quant = ["x", model.Real([1]), model.Real([0]), model.Real([4])];
        model.Finish(kind switch
        {
            "DynamicQuantizeLinear" => model.Node("DynamicQuantizeLinear", ["x"]),
            "FloatQuant" => model.Node("FloatQuant", quant, Qonnx),
            "rounding" => model.Node("Quant", quant, Qonnx, Text("rounding_mode", "STOCHASTIC")),
            "thresholds of other channels" => model.Node("MultiThreshold", ["x", model.Real([3, 1], [1, 2, 3])], Qonnx),
            "NaN threshold" => model.Node("MultiThreshold", ["x", model.Real([1, 1], [double.NaN])], Qonnx),
            "layout" => model.Node("MultiThreshold", ["x", model.Real([1, 1], [1])], Qonnx, Text("data_layout", "CHWN")),
            _ => model.Node("Trunc", ["x", model.Real([1]), model.Real([0]), model.Real([4.5]), model.Real([2])], Qonnx),
        });
        string message = Assert.ThrowsAny<InvalidInputException>(() => Import(model)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    private static string Pair(TestModel model, string x, double scale, OnnxType type)
    {
        string[] parameters = [model.Real([], [scale]), model.Constant([], type, [0, 2])];
        return model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, .. parameters]), .. parameters]);
    }

    /// <summary>A scale and a zero point for every element of axis 0 or 1.</summary>
    private static string Mixed(TestModel model, string x, int axis)
    {
        int size = axis == 1 ? 3 : 12;
        string steps = model.Real([.. Enumerable.Range(0, size).Select(i => i % 2 == 0 ? 0.25 : 0.5)]);
        string zeros = model.Bytes([size], OnnxType.Int8, [.. Enumerable.Range(0, size).Select(i => (sbyte)((i * 5) - 20))]);
        int along = axis == 1 ? 1 : -1;
        return model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, steps, zeros], Integer("axis", along)), steps, zeros], Integer("axis", along));
    }

    /// <summary>3 bits as Brevitas writes them: QuantizeLinear, Clip of the integers, DequantizeLinear.</summary>
    private static string Clipped(TestModel model, string x, double scale)
    {
        string[] parameters = [model.Real([], [scale]), model.Bytes([], OnnxType.Int8, [0])];
        string clipped = model.Node("Clip", [model.Node("QuantizeLinear", [x, .. parameters]), model.Bytes([], OnnxType.Int8, [-4]), model.Bytes([], OnnxType.Int8, [3])]);
        return model.Node("DequantizeLinear", [clipped, .. parameters]);
    }

    /// <summary>int4 weights (width, 3), two in each entry of int32_data, the first in the lower half.</summary>
    private static string Packed(TestModel model, Random random, int width)
    {
        var tensor = new TensorProto { Name = "packed", DataType = (int)OnnxType.Int4, Dims = { width, 3 } };
        tensor.Int32Data.AddRange(Enumerable.Range(0, ((width * 3) + 1) / 2).Select(_ => random.Next(256)));
        model.Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static double[] Grid(Random random, int width, int count) => [.. Enumerable.Range(0, width * count).Select(_ => random.Next(-128, 128) / 8.0)];

    private Network Import(TestModel model) => Rungs.Import(model, folder);
}
