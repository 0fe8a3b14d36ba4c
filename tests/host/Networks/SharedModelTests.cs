using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;

namespace Edge.Tests.Networks;

/// <summary>The reference models with convolutions: reference interpreter, fast interpreter, ONNX Runtime on the export, and
/// the expected outputs.</summary>
public sealed class SharedModelTests
{
    private const int OrdinaryRows = 256;

    [SharedTheory]
    [InlineData("brevitas_cnn_bn", "outputs_f64", null)]
    [InlineData("branched_model_ch_last", "outputs", "1,16,16,3")]
    public void QuantizedModels_HaveExactlyTheExpectedOutputs(string name, string expected, string? shape)
    {
        QuantizedModel model = QuantizedModel.Load(File(name, $"{name}.onnx"), inputShape: shape?.Split(',').Select(int.Parse).ToArray());
        NpyArray inputs = NpyArray.Read(File(name, "inputs.npy"));
        long[] integers = Everywhere(model.Integers, inputs.Values);
        Assert.Equal(NpyArray.Read(File(name, $"{expected}.npy")).Values.Select(value => (float)value), model.Integers.Output.Decode(integers, model.Integers.OutputLength, beforeSoftmax: false).Select(value => (float)value));
    }

    [SharedTheory]
    [InlineData("conv2d_small_keras")]
    [InlineData("torch_conv1d_autoencoder")]
    public void FloatModels_StayWithinTwoToTheMinusEightOfFullScale(string name)
    {
        NpyArray all = NpyArray.Read(File(name, "inputs.npy"));
        double[] rows = all.Values[..(OrdinaryRows * all.RowLength)];
        QuantizedModel model = QuantizedModel.Load(File(name, $"{name}.onnx"), calibration: new NpyArray([OrdinaryRows, all.RowLength], rows, "<f8"));
        long[] integers = Everywhere(model.Integers, rows);
        double[] ours = model.Integers.Output.Decode(integers, model.Integers.OutputLength, beforeSoftmax: false);
        double[] expected = NpyArray.Read(File(name, "outputs_f64.npy")).Values[..ours.Length];
        double fullScale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(ours), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, fullScale / 256));
    }

    /// <summary>The integers of a few rows by the reference, of all by the fast interpreter and ONNX Runtime, which must agree.</summary>
    private static long[] Everywhere(IntegerNetwork network, double[] rows)
    {
        long[] encoded = network.Input.EncodeRows(rows, []);
        long[] integers = FastOnEveryProcessor.RunRows(network, encoded);
        using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize: true);
        Assert.Equal(integers, runtime.RunIntegers(network, rows));
        const int Few = 8;
        Assert.Equal(ReferenceInterpreter.RunRows(network, encoded.AsSpan(0, Few * network.InputLength)), integers[..(Few * network.OutputLength)]);
        return integers;
    }

    private static string File(string model, string file) => Path.Combine(Repository.Shared, "models", model, file);
}
