using Edge.Networks.Arrays;
using Edge.Tests.Networks;

namespace Edge.Tests.Cli;

/// <summary>A network small enough to compute by hand, as files: three inputs, four hidden units, two outputs.
/// <code>h = clamp(round(8 relu(x A)), 0, 255) / 8, half to even;   y = h B;   softmax after it if asked</code></summary>
internal static class SmallModel
{
    public const int Inputs = 3;
    public const int Outputs = 2;

    private static readonly double[,] A = { { 0.5, -1.25, 1.75, -0.25 }, { 1.5, 0.75, -2, 0.25 }, { -0.75, 1, 0.5, 1.25 } };
    private static readonly double[,] B = { { 1.25, -0.5 }, { -1.75, 0.25 }, { 0.5, 1.5 }, { 0.75, -2 } };

    /// <summary>Weights as QONNX <c>Quant</c> nodes: fixed(signed, 4 bits, step 1/4).</summary>
    public static string WriteQuantized(TemporaryFolder folder, string name = "small.onnx", bool softmax = false) => Write(folder, name, quantized: true, softmax);

    /// <summary>The same without any quantizer.</summary>
    public static string WriteFloat(TemporaryFolder folder, string name = "float.onnx") => Write(folder, name, quantized: false, softmax: false);

    /// <summary>Rows on the grid of fixed&lt;16,6&gt;; the first ones make ties in the hidden units.</summary>
    public static double[] Rows(int count)
    {
        var random = new Random(11);
        double[] rows = [.. Enumerable.Range(0, count * Inputs).Select(_ => random.Next(-8 * 1024, 8 * 1024) / 1024.0)];
        double[] ties = [0.125, 0, 0, 0, 0.25, 0, 0, 0, 0.0625, -0.125, 0.375, 0.1875];
        ties.AsSpan(0, Math.Min(ties.Length, rows.Length)).CopyTo(rows);
        return rows;
    }

    public static string WriteRows(TemporaryFolder folder, double[] rows, string name = "x.npy", int width = Inputs)
    {
        NpyArray.Write(folder.File(name), [rows.Length / width, width], rows.AsSpan());
        return folder.File(name);
    }

    /// <summary>(count, Outputs), exact.</summary>
    public static double[] Results(double[] rows, bool quantized = true)
    {
        var results = new double[rows.Length / Inputs * Outputs];
        for (int row = 0; row < rows.Length / Inputs; row++)
        {
            for (int hidden = 0; hidden < 4; hidden++)
            {
                double sum = Enumerable.Range(0, Inputs).Sum(i => rows[(row * Inputs) + i] * A[i, hidden]);
                double activation = Math.Max(sum, 0);
                activation = quantized ? Math.Min(Math.Round(activation * 8, MidpointRounding.ToEven), 255) / 8 : activation;
                for (int k = 0; k < Outputs; k++)
                {
                    results[(row * Outputs) + k] += activation * B[hidden, k];
                }
            }
        }

        return results;
    }

    private static string Write(TemporaryFolder folder, string name, bool quantized, bool softmax)
    {
        var model = new TestModel(new Random(1), Inputs);
        string hidden = model.Node("Relu", [model.Node("MatMul", ["x", Weights(model, A, quantized)])]);
        hidden = quantized ? Quant(model, hidden, 0.125, bits: 8, signed: 0) : hidden;
        string output = model.Node("MatMul", [hidden, Weights(model, B, quantized)]);
        model.Finish(softmax ? model.Node("Softmax", [output], TestModel.Integer("axis", 1)) : output);
        return folder.Write(name, model.ToBytes());
    }

    private static string Weights(TestModel model, double[,] values, bool quantized)
    {
        string constant = model.Real([values.GetLength(0), values.GetLength(1)], [.. values.Cast<double>()]);
        return quantized ? Quant(model, constant, 0.25, bits: 4, signed: 1) : constant;
    }

    private static string Quant(TestModel model, string value, double scale, int bits, int signed) => model.Node(
        "Quant",
        [value, model.Real([1], [scale]), model.Real([1], [0]), model.Real([1], [bits])],
        "qonnx.custom_op.general",
        TestModel.Integer("signed", signed),
        TestModel.Integer("narrow", 0),
        TestModel.Text("rounding_mode", "ROUND"));
}
