using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Compiler;

public sealed class LutEstimateTests(ITestOutputHelper output)
{
    [SharedTheory]
    [InlineData("three_layer_keras", 4)]
    [InlineData("three_layer_keras", 8)]
    [InlineData("conv2d_small_keras", 4)]
    [InlineData("torch_conv1d_autoencoder", 4)]
    public void TheEstimate_IsNearTheAdderBitsOfTheCompiler(string name, int bits)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(Repository.SharedPath("models", name, $"{name}.onnx")));
        NpyArray rows = NpyArray.Read(Repository.SharedPath("models", name, "inputs.npy"));
        QuantizedModel model = QuantizedModel.Quantize(network, new(rows.Values[..(256 * rows.RowLength)], rows.RowLength), null, new(new Precision(bits, bits)));
        double estimate = LutEstimate.Of(model.Integers);
        double made = FabricNetwork.Compile(model.Integers).AdderBits;
        output.WriteLine($"{name}, {bits} bits: estimated {estimate}, made {made}");
        Assert.InRange(estimate / made, 0.75, 1.35);
    }
}
