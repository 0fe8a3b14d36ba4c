using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;

namespace Edge.Tests.Networks;

/// <summary>One network on every backend: all must compute the same integers.</summary>
internal static class Rungs
{
    /// <param name="rows">Real inputs, on the grid of the input format.</param>
    /// <param name="simulated">How many rows the RTL gets; 0: none.</param>
    /// <returns>What the integers stand for.</returns>
    public static double[] Run(Network network, double[] rows, FixedPointFormat? format = null, int simulated = 0)
    {
        IntegerNetwork integers = Lowering.ToIntegers(network, format);
        var outside = new List<int>();
        long[] encoded = integers.Input.EncodeRows(rows, outside);
        Assert.Empty(outside);
        long[] expected = ReferenceInterpreter.RunRows(integers, encoded);
        Assert.Equal(expected, FastOnEveryProcessor.RunRows(integers, encoded));
        Assert.Equal(expected, new BackendRunner(integers, FabricNetwork.DefaultLevelsPerStage).Run(Backend.OnnxRuntime, rows, encoded, default));
        if (simulated > 0)
        {
            long[] first = encoded[..(simulated * integers.InputLength)];
            Assert.Equal(expected[..(simulated * integers.OutputLength)], IcarusNetwork.Run(FabricNetwork.Compile(integers), first));
        }

        return integers.Output.Decode(expected, integers.OutputLength, beforeSoftmax: false);
    }

    public static Network Import(TestModel model, string folder)
    {
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return OnnxImporter.Import(OnnxModelFile.Read(path));
    }
}
