using Edge.Networks.Graph;
using Edge.Networks.Onnx;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>Counts that can be made by hand.</summary>
public sealed class LayerTableTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Convolutions_CountProductsWithDataOnly()
    {
        var model = new TestModel(new Random(1), 16);
        string x = model.Node("Reshape", ["x", model.Whole(1, 1, 4, 4)]);
        string kernels = model.Real([2, 1, 3, 3], [.. Enumerable.Range(0, 18).Select(k => k % 3 == 0 ? 0.0 : k)]);
        string y = model.Node("Conv", [x, kernels, model.Real([0.5, 0.5])], Integers("pads", 1, 1, 1, 1));
        LayerSummary row = Table(model, y).Single(summary => summary.Node.StartsWith("Conv", StringComparison.Ordinal));

        // A 3 x 3 window on 4 x 4 with padding reads 10 x 10 elements: 3 + 4 + 3 minus what lies outside, squared.
        Assert.Equal(2 * 10 * 10, row.Multiplies);
        Assert.Equal(18 + 1, row.Parameters); // both biases are alike: one number
        Assert.Equal(1 / 3.0, row.ZeroWeights!.Value, 12);
        Assert.Equal([2, 4, 4], row.Shape);
        Assert.Equal("float", row.Format);
    }

    [Fact]
    public void NumbersPerChannel_CountOnce()
    {
        var model = new TestModel(new Random(1), 24);
        string x = model.Node("Reshape", ["x", model.Whole(1, 3, 4, 2)]);
        string y = model.Node("Add", [model.Node("Mul", [x, model.Real([3, 1, 1], [0.5, 2, -1])]), model.Real([], [0.25])]);
        IReadOnlyList<LayerSummary> rows = Table(model, y);
        LayerSummary gain = rows.Single(row => row.Node.StartsWith("Mul", StringComparison.Ordinal));
        Assert.Equal(3, gain.Parameters);
        Assert.Equal(16, gain.Multiplies); // a change of sign is no product
        Assert.Equal(1, rows.Single(row => row.Node.StartsWith("Add", StringComparison.Ordinal)).Parameters);
    }

    [Fact]
    public void Pooling_HasNothingTrained_AndQuantizersSayTheirFormat()
    {
        var model = new TestModel(new Random(1), 16);
        string[] format = [model.Real([0.25]), model.Real([0]), model.Real([4])];
        string x = model.Node("Quant", ["x", .. format], "qonnx.custom_op.general", Integer("signed", 0), Integer("narrow", 0));
        string y = model.Node("AveragePool", [model.Node("Reshape", [x, model.Whole(1, 1, 4, 4)])], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2));
        IReadOnlyList<LayerSummary> rows = Table(model, y);
        Assert.Equal("uint4, step 0.25", rows[0].Format);
        LayerSummary pool = rows.Single(row => row.Node.StartsWith("AveragePool", StringComparison.Ordinal));
        Assert.Null(pool.ZeroWeights);
        Assert.Equal([-1], rows[0].Inputs);
    }

    [Fact]
    public void Functions_SayTheirName_AsWrittenOut()
    {
        var model = new TestModel(new Random(1), 4);
        string swish = model.Node("Mul", ["x", model.Node("Sigmoid", ["x"])]);
        string y = model.Node("Softmax", [model.Node("Gemm", [model.Node("Tanh", [swish]), model.Random(4, 3)])]);
        Assert.Equal(["swish", "tanh", "float", "softmax"], Table(model, y).Select(row => row.Format));
    }

    [Fact]
    public void Branches_NameTheirInputs()
    {
        var model = new TestModel(new Random(1), 4);
        string left = model.Node("Relu", ["x"]);
        string right = model.Node("Mul", ["x", model.Real([], [2])]);
        IReadOnlyList<LayerSummary> rows = Table(model, model.Node("Add", [left, right]));
        Assert.Equal([-1], rows[0].Inputs);
        Assert.Equal([-1], rows[1].Inputs);
        Assert.Equal([0, 1], rows[2].Inputs);
    }

    private IReadOnlyList<LayerSummary> Table(TestModel model, string result)
    {
        model.Finish(result);
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToBytes());
        return LayerTable.Of(OnnxImporter.Import(OnnxModelFile.Read(path)));
    }
}
