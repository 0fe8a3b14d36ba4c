using System.Text.Json;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public QuantizeCommandTests()
    {
        SmallModel.WriteFloat(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(200));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AQuantizedNetwork_IsOnnxAndReport()
    {
        WriteLabels();
        EdgeResult result = EdgeProgram.Run(folder.Path, "quantize", "float.onnx", "--calibrate", "x.npy", "--labels", "y.npy", "--bits", "8", "-o", "q", "--json").Succeeded();
        Assert.Equal(["network.onnx", "quantization.json"], Directory.EnumerateFileSystemEntries(folder.File("q")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        JsonElement written = JsonDocument.Parse(File.ReadAllText(folder.File("q/quantization.json"))).RootElement;
        JsonElement report = result.Json.GetProperty("report");
        Assert.Equal(JsonSerializer.Serialize(written), JsonSerializer.Serialize(report));
        Assert.Equal(8, report.GetProperty("weight_bits").GetInt32());
        Assert.Equal(200, report.GetProperty("calibration_rows").GetInt32());
        Assert.Equal(1, report.GetProperty("accuracy").GetProperty("float").GetDouble());
        Assert.InRange(report.GetProperty("accuracy").GetProperty("quantized").GetDouble(), 0.95, 1);
        JsonElement[] layers = [.. report.GetProperty("layers").EnumerateArray()];
        Assert.Equal(2, layers.Length);

        // Weights in quarters and inputs on the grid: the first layer is exact.
        Assert.True(double.IsPositiveInfinity(layers[0].GetProperty("signal_to_noise").Deserialize<double>(Named)));
        Assert.InRange(layers[1].GetProperty("signal_to_noise").GetDouble(), 35, 80);
        Assert.StartsWith("ufixed<8,", layers[1].GetProperty("input_format").GetString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.partial"));
    }

    [Fact]
    public void TheTable_NamesLayers_AndOldResultsAreReplaced()
    {
        string[] arguments = ["quantize", "float.onnx", "--calibrate", "x.npy", "-o", "q"];
        EdgeProgram.Run(folder.Path, [.. arguments, "--bits", "6", "--method", "mse"]).Succeeded();
        byte[] first = File.ReadAllBytes(folder.File("q/network.onnx"));
        EdgeResult result = EdgeProgram.Run(folder.Path, [.. arguments, "--weight-bits", "5", "--activation-bits", "9", "--method", "percentile"]).Succeeded();
        Assert.NotEqual(first, File.ReadAllBytes(folder.File("q/network.onnx")));
        string[] lines = result.Output.Trim().Split('\n');
        Assert.StartsWith("layer ", lines[0], StringComparison.Ordinal);
        Assert.Contains("5 bits", lines[1], StringComparison.Ordinal);
        Assert.Contains("ufixed<9,", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("written to q", lines[^1], StringComparison.Ordinal);
        Assert.Contains("5-bit weights, 9-bit activations", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutBits_TheFewestWithinTheToleranceAreTaken()
    {
        JsonElement report = EdgeProgram.Run(folder.Path, "quantize", "float.onnx", "--calibrate", "x.npy", "-o", "q", "--json").Succeeded().Json.GetProperty("report");
        Assert.InRange(report.GetProperty("largest_error_of_full_scale").GetDouble(), 0, 1.0 / 512);
        Assert.InRange(report.GetProperty("weight_bits").GetInt32(), 8, 12);
    }

    [Theory]
    [InlineData("--calibrate is missing", "float.onnx", "-o", "q")]
    [InlineData("--bits 1: 2 to 18 are allowed", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--bits", "1")]
    [InlineData("--weight-bits needs --activation-bits", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--weight-bits", "4")]
    [InlineData("--method median: minmax, percentile and mse are known", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--method", "median")]
    [InlineData("small.onnx: the model is quantized already", "small.onnx", "-o", "q", "--calibrate", "x.npy")]
    [InlineData("no.npy: there is no such file", "float.onnx", "-o", "q", "--calibrate", "no.npy")]
    [InlineData("--calibrate nan.npy: row 1 holds NaN at element 1", "float.onnx", "-o", "q", "--calibrate", "nan.npy")]
    [InlineData("the model takes 3 values a row", "float.onnx", "-o", "q", "--calibrate", "y.npy")]
    [InlineData("expected one class for each of the 2 rows", "float.onnx", "-o", "q", "--calibrate", "two.npy", "--labels", "y.npy")]
    [InlineData("row 0 says class 2; the model has classes 0 to 1", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--labels", "high.npy")]
    [InlineData("holds something other than a quantized network", "float.onnx", "-o", ".", "--calibrate", "x.npy")]
    public void WhatCannotBeQuantized_LeavesNothing(string message, params string[] arguments)
    {
        SmallModel.WriteQuantized(folder);
        WriteLabels();
        NpyArray.Write(folder.File("nan.npy"), [2, 3], new double[] { 1, 2, 3, 4, double.NaN, 6 }.AsSpan());
        NpyArray.Write(folder.File("two.npy"), [2, 3], new double[6].AsSpan());
        NpyArray.Write(folder.File("high.npy"), [200], Enumerable.Repeat(2.0, 200).ToArray().AsSpan());
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["quantize", .. arguments]).Refused(message));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["quantize", .. arguments, "--json"]).Refused(message));
    }

    private static readonly JsonSerializerOptions Named = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The float network's own class of each row.</summary>
    private void WriteLabels()
    {
        double[] results = SmallModel.Results(SmallModel.Rows(200), quantized: false);
        double[] classes = [.. results.Chunk(SmallModel.Outputs).Select(row => row[1] > row[0] ? 1.0 : 0.0)];
        NpyArray.Write(folder.File("y.npy"), [classes.Length], classes.AsSpan());
    }
}
