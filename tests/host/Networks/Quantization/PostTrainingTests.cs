using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Quantization;

/// <summary>Networks of dense layers with Relu between, quantized after training.</summary>
public sealed class PostTrainingTests(ITestOutputHelper output)
{
    // ../shared/peers/README.md, section F: ONNX Runtime's best static 8-bit quantization.
    private const double TheirMean = 0.183;
    private const double TheirRms = 0.275;
    private const double TheirAgreement = 0.973;

    [SharedFact]
    public void EightBits_ErrAtMostHalfAsMuchAsOnnxRuntime_AndSixBitsLessThanPlainRounding()
    {
        (double mean, double rms, double agreement) = Measure(new(new Precision(8, 8)));
        Assert.InRange(mean, 0, TheirMean / 2);
        Assert.InRange(rms, 0, TheirRms / 2);
        Assert.InRange(agreement, TheirAgreement, 1);

        (double sixMean, double sixRms, double sixAgreement) = Measure(new(new Precision(6, 6)));
        (double plainMean, double plainRms, double plainAgreement) = Measure(new(new Precision(6, 6)) { RoundsAdaptively = false, Equalizes = false });
        Assert.InRange(sixMean, mean, plainMean / 2);
        Assert.InRange(sixRms, rms, plainRms / 2);
        Assert.True(sixAgreement > plainAgreement);
    }

    [SharedTheory]
    [InlineData(CalibrationMethod.Percentile)]
    [InlineData(CalibrationMethod.Mse)]
    public void OtherMethods_StayNearTheFloatNetwork(CalibrationMethod method)
    {
        (double mean, double rms, double agreement) = Measure(new(new Precision(8, 8), method));
        Assert.InRange(mean, 0, TheirMean);
        Assert.InRange(rms, 0, 2 * TheirRms);
        Assert.InRange(agreement, TheirAgreement, 1);
    }

    [Fact]
    public void WeightsOnTheGrid_AreKeptExactly()
    {
        // Weights in quarters, inputs in the format, sums that fit 12 bits: nothing is left to err.
        var random = new Random(4);
        Network network = Perceptron(random, 0.25, 3, 5, 2);
        double[] rows = [.. Enumerable.Range(0, 300).Select(_ => random.Next(-16, 16) / 4.0)];
        QuantizedModel model = QuantizedModel.Quantize(network, new(rows, 3), new FixedPointFormat(Signed: true, Width: 8, IntegerBits: 6), new(new Precision(6, 14)));
        double[] expected = FloatInterpreter.RunRows(network, rows);
        Assert.Equal(expected, Run(model, rows));
        Assert.Equal(0, model.CalibrationError!.Value);
        Assert.All(model.PostTraining!.Layers, layer =>
        {
            Assert.True(double.IsPositiveInfinity(layer.SignalToNoise));
            Assert.Equal(0, layer.SaturatedShare);
        });
    }

    [Fact]
    public void MoreBits_ErrLess_AndIntegersEqualTheReportedNetwork()
    {
        Random random = RandomTest.Create(output);
        Network network = Perceptron(random, 0, 6, 12, 8, 3);
        double[] rows = [.. Enumerable.Range(0, 600 * 6).Select(_ => Math.Round(random.NextDouble() * 2048) / 1024)];
        double last = double.PositiveInfinity;
        foreach (int bits in new[] { 4, 8, 12 })
        {
            QuantizedModel model = QuantizedModel.Quantize(network, new(rows, 6), FixedPointFormat.Default, new(new Precision(bits, bits)));
            Assert.InRange(model.CalibrationError!.Value, 0, last / 2);
            last = model.CalibrationError.Value;
            double[] reported = FloatInterpreter.RunRows(model.PostTraining!.Network, rows);
            double[] integers = Run(model, rows);
            Assert.Equal(0, reported.Zip(integers, (a, b) => Math.Abs(a - b)).Max(), 12);
            Assert.Equal(bits, model.PostTraining.Layers[1].InputFormat is { } format ? FixedPointFormat.Parse(format).Width : 0);
        }
    }

    [Fact]
    public void ChannelsOfDifferentSize_ShareOneStep_AndKeepTheirPrecision()
    {
        // The second unit is 1000 times smaller and its weights are 1000 times larger: one range for both would lose it.
        Rational[] zero = [Rational.Zero];
        Network network = Of(2,
            new Dense(1, "first", [2], 0, new([2, 2], [1, 0, 0, 0.001])),
            new ElementwiseAffine(2, "bias", [2], 1, [Rational.One], zero),
            new Clip(3, "relu", [2], 2, Rational.Zero, null),
            new Dense(4, "second", [1], 3, new([1, 2], [1, 1000])));
        var random = new Random(5);
        double[] rows = [.. Enumerable.Range(0, 1000).Select(_ => random.Next(0, 1024) / 1024.0)];
        QuantizedModel model = QuantizedModel.Quantize(network, new(rows, 2), FixedPointFormat.Default, new(new Precision(8, 8)));
        Assert.InRange(model.CalibrationError!.Value, 0, 0.02);
        QuantizedModel plain = QuantizedModel.Quantize(network, new(rows, 2), FixedPointFormat.Default, new(new Precision(8, 8)) { Equalizes = false, RoundsAdaptively = false });
        Assert.InRange(plain.CalibrationError!.Value, 0.2, 1);
    }

    [Fact]
    public void DeadUnits_AndEmptyLayers_DoNotDisturb()
    {
        Network network = Of(2,
            new Dense(1, "first", [2], 0, new([2, 2], [1, 0.5, 0, 0])),
            new Clip(2, "relu", [2], 1, Rational.Zero, null),
            new Dense(3, "second", [1], 2, new([1, 2], [0.75, 3])));
        double[] rows = [.. Enumerable.Range(0, 64).Select(k => k / 64.0)];
        QuantizedModel model = QuantizedModel.Quantize(network, new(rows, 2), FixedPointFormat.Default, new(new Precision(8, 12)));
        Assert.InRange(model.CalibrationError!.Value, 0, 1e-3);
    }

    private static double[] Run(QuantizedModel model, double[] rows)
    {
        IntegerNetwork network = model.Integers;
        return network.Output.Decode(ReferenceInterpreter.RunRows(network, network.Input.EncodeRows(rows, [])), network.OutputLength, beforeSoftmax: true);
    }

    private static Network Of(int inputs, params Layer[] layers) => new("test", "x", "y", [inputs], layers, layers[^1].Output, []);

    /// <param name="step">Weights are multiples of it; 0: any real numbers.</param>
    private static Network Perceptron(Random random, double step, params int[] sizes)
    {
        double Weight() => step == 0 ? (random.NextDouble() * 2) - 1 : random.Next(-7, 8) * step;
        var layers = new List<Layer>();
        int value = 0;
        for (int k = 1; k < sizes.Length; k++)
        {
            int[] shape = [sizes[k]];
            layers.Add(new Dense(++value, $"dense {k}", shape, value - 1, new([sizes[k], sizes[k - 1]], [.. Enumerable.Range(0, sizes[k] * sizes[k - 1]).Select(_ => Weight())])));
            layers.Add(new ElementwiseAffine(++value, $"bias {k}", shape, value - 1, [Rational.One], [.. Enumerable.Range(0, sizes[k]).Select(_ => Rational.From(Weight()))]));
            if (k < sizes.Length - 1)
            {
                layers.Add(new Clip(++value, $"relu {k}", shape, value - 1, Rational.Zero, null));
            }
        }

        return Of(sizes[0], [.. layers]);
    }

    private (double Mean, double Rms, double Agreement) Measure(QuantizationSettings settings)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(Repository.SharedPath("models", "three_layer_keras", "three_layer_keras.onnx")), null);
        CalibrationRows calibration = CalibrationRows.Open(Repository.SharedPath("peers", "tlk_x_calib1000.npy"), network, "--calibrate");
        double[] rows = NpyArray.Read(Repository.SharedPath("peers", "tlk_x_normal5000.npy")).Values;
        double[] expected = NpyArray.Read(Repository.SharedPath("peers", "tlk_logits_float_normal5000.npy")).Values;
        QuantizedModel model = QuantizedModel.Quantize(network, calibration, null, settings);
        IntegerNetwork integers = model.Integers;
        double[] values = integers.Output.Decode(new FastInterpreter(integers).RunRows(integers.Input.EncodeRows(rows, [])), 5, beforeSoftmax: true);
        double[] errors = [.. values.Zip(expected, (ours, floats) => Math.Abs(ours - floats))];
        int agree = values.Chunk(5).Zip(expected.Chunk(5), (ours, floats) => Array.IndexOf(ours, ours.Max()) == Array.IndexOf(floats, floats.Max())).Count(same => same);
        var result = (Mean: errors.Average(), Rms: Math.Sqrt(errors.Average(error => error * error)), Agreement: agree / (errors.Length / 5.0));
        output.WriteLine($"{settings}: mean {result.Mean:F4}, rms {result.Rms:F4}, largest {errors.Max():F2}, same class {result.Agreement:P2}");
        return result;
    }
}
