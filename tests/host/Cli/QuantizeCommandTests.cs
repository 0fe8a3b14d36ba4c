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
        Assert.Equal(["network.onnx", "network.qonnx.onnx", "quantization.json", "report.html"], Directory.EnumerateFileSystemEntries(folder.File("q")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
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
        Assert.Matches("calibration rows read in [0-9]+ passes", result.Errors);
        byte[] perChannel = File.ReadAllBytes(folder.File("q/network.onnx"));
        EdgeProgram.Run(folder.Path, [.. arguments, "--weight-bits", "5", "--activation-bits", "9", "--method", "percentile", "--per-tensor"]).Succeeded();
        Assert.NotEqual(perChannel, File.ReadAllBytes(folder.File("q/network.onnx")));
    }

    [Fact]
    public void WithoutBits_TheFewestWithinTheToleranceAreTaken()
    {
        JsonElement report = EdgeProgram.Run(folder.Path, "quantize", "float.onnx", "--calibrate", "x.npy", "-o", "q", "--json").Succeeded().Json.GetProperty("report");
        Assert.InRange(report.GetProperty("largest_error_of_full_scale").GetDouble(), 0, 1.0 / 512);
        Assert.InRange(report.GetProperty("weight_bits").GetInt32(), 8, 12);
    }

    [Fact]
    public void ABudget_ChoosesBitsByLayer_AndASecondCallGoesOnWhereTheFirstWasStopped()
    {
        WriteLabels();
        string[] arguments = ["quantize", "float.onnx", "--calibrate", "x.npy", "--labels", "y.npy", "-o", "q", "--json"];
        EdgeResult first = EdgeProgram.Run(folder.Path, [.. arguments, "--budget-bits", "5"]).Succeeded();
        JsonElement search = first.Json.GetProperty("report").GetProperty("search");
        double bits = search.GetProperty("chosen").GetProperty("mean_bits").GetDouble();
        Assert.InRange(bits, 2, 5);
        Assert.All(search.GetProperty("measured").EnumerateArray(), point =>
            Assert.True(point.GetProperty("mean_bits").GetDouble() > 5 || point.GetProperty("rms_error").GetDouble() >= search.GetProperty("chosen").GetProperty("rms_error").GetDouble()));
        double[] luts = [.. search.GetProperty("front").EnumerateArray().Select(point => point.GetProperty("luts").GetDouble())];
        double[] errors = [.. search.GetProperty("front").EnumerateArray().Select(point => point.GetProperty("rms_error").GetDouble())];
        Assert.Equal(luts.Order(), luts);
        Assert.Equal(errors.OrderDescending(), errors);
        Assert.Contains("sensitivity 1: ", first.Errors, StringComparison.Ordinal);
        Assert.StartsWith("<svg", File.ReadAllText(folder.File("q/pareto.svg")), StringComparison.Ordinal);

        // As after an interruption: only what was measured is there.
        string kept = File.ReadAllText(folder.File("q/search.json"));
        Directory.Delete(folder.File("q"), recursive: true);
        Directory.CreateDirectory(folder.File("q"));
        File.WriteAllText(folder.File("q/search.json"), kept);
        EdgeResult second = EdgeProgram.Run(folder.Path, [.. arguments, "--budget-accuracy", "90"]).Succeeded();
        Assert.Contains("going on with", second.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("sensitivity 1: ", second.Errors, StringComparison.Ordinal);
        Assert.InRange(second.Json.GetProperty("report").GetProperty("search").GetProperty("chosen").GetProperty("accuracy").GetDouble(), 0.9, 1);
        Assert.InRange(second.Json.GetProperty("report").GetProperty("luts").GetDouble(), 1, first.Json.GetProperty("report").GetProperty("search").GetProperty("measured")[0].GetProperty("luts").GetDouble());

        // Other rows: what was measured does not fit them.
        SmallModel.WriteRows(folder, [.. SmallModel.Rows(200).Select(value => value / 2)]);
        EdgeResult other = EdgeProgram.Run(folder.Path, [.. arguments, "--budget-luts", "1500"]).Succeeded();
        Assert.Contains("sensitivity 1: ", other.Errors, StringComparison.Ordinal);
        Assert.InRange(other.Json.GetProperty("report").GetProperty("luts").GetDouble(), 1, 1500);
        EdgeProgram.Run(folder.Path, [.. arguments, "--budget-luts", "1"]).Refused("no choice of 2 to 10 bits meets the budget");
        File.WriteAllText(folder.File("q/search.json"), "{");
        EdgeProgram.Run(folder.Path, [.. arguments, "--budget-error", "1"]).Refused("not what a search writes");
    }

    [Fact]
    public void TestRows_AreMeasured_AndTheReportShowsRangesAndProof()
    {
        WriteLabels();
        SmallModel.WriteRows(folder, SmallModel.Rows(50), "t.npy");
        NpyArray.Write(folder.File("ty.npy"), [50], NpyArray.Read(folder.File("y.npy")).Values.AsSpan(0, 50));
        JsonElement report = EdgeProgram.Run(folder.Path, "quantize", "float.onnx", "--calibrate", "x.npy", "--test", "t.npy", "--test-labels", "ty.npy", "--bits", "8", "--input-bits", "8", "-o", "q", "--json")
            .Succeeded().Json.GetProperty("report");
        JsonElement test = report.GetProperty("on_test_rows");
        Assert.Equal(50, test.GetProperty("rows").GetInt32());
        Assert.Equal(1, test.GetProperty("accuracy").GetProperty("float").GetDouble());
        Assert.InRange(test.GetProperty("rms_error").GetDouble(), 1e-6, test.GetProperty("full_scale").GetDouble() / 50);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("accuracy").ValueKind);
        Assert.Equal(200, report.GetProperty("proof").GetProperty("rows").GetInt32());
        Assert.InRange(report.GetProperty("proof").GetProperty("extreme_rows").GetInt32(), 20, 100);
        Assert.Equal("8 bits, scaled by the calibration rows", report.GetProperty("input").GetString());
        foreach (JsonElement layer in report.GetProperty("layers").EnumerateArray())
        {
            JsonElement weights = layer.GetProperty("weights");
            Assert.Equal(layer.GetProperty("shape").EnumerateArray().Aggregate(1, (product, size) => product * size.GetInt32()), weights.GetProperty("counts").EnumerateArray().Sum(count => count.GetInt32()));
            Assert.Equal(layer.GetProperty("input_count").GetInt64(), layer.GetProperty("inputs").GetProperty("counts").EnumerateArray().Sum(count => count.GetInt64()));
        }

        string page = File.ReadAllText(folder.File("q/report.html"));
        Assert.Equal(4, page.Split("<svg").Length - 1);
        Assert.Contains("are equal in the interpreter and in ONNX Runtime", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        EdgeProgram.Run(folder.Path, "inspect", "q/network.onnx").Succeeded();
        EdgeProgram.Run(folder.Path, "inspect", "q/network.qonnx.onnx").Succeeded();
        EdgeProgram.Run(folder.Path, "compile", "q/network.onnx", "-o", "c").Refused("a network as Edge exports it for ONNX Runtime");
        Assert.Equal(report.GetProperty("network_hash").GetString(), JsonDocument.Parse(Compiled("q/network.qonnx.onnx")).RootElement.GetProperty("network_hash").GetString());
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void RowsLargerThanMemory_AreStreamed()
    {
        const int Count = 2_000_000; // 48 MB of float64, under a heap of 40 MB
        var random = new Random(2);
        using (FileStream file = File.Create(folder.File("large.npy")))
        {
            byte[] header = [0x93, .. "NUMPY\u0001\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (2000000, 3), }"u8];
            byte[] padded = [.. header, .. Enumerable.Repeat((byte)' ', 128 - header.Length - 1), (byte)'\n'];
            padded[8] = 118;
            file.Write(padded);
            var block = new double[3 * 1000];
            for (int k = 0; k < Count / 1000; k++)
            {
                for (int i = 0; i < block.Length; i++)
                {
                    block[i] = random.Next(-8 * 1024, 8 * 1024) / 1024.0;
                }

                file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(block.AsSpan()));
            }
        }

        EdgeResult result = EdgeProgram.Run(
            folder.Path, new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x2800000" }, "quantize", "float.onnx", "--calibrate", "large.npy", "--bits", "8", "-o", "q", "--json").Succeeded();
        Assert.Equal(Count, result.Json.GetProperty("report").GetProperty("calibration_rows").GetInt32());
        Assert.Equal(Count, result.Json.GetProperty("report").GetProperty("proof").GetProperty("rows").GetInt32());
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
    [InlineData("--budget-luts and --budget-bits", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--budget-luts", "5", "--budget-bits", "5")]
    [InlineData("--budget-accuracy 101: 0 to 100 are allowed", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--budget-accuracy", "101")]
    [InlineData("a --budget option chooses the bits itself", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--budget-bits", "5", "--bits", "8")]
    [InlineData("--input-bits and --input-format", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--input-bits", "5", "--input-format", "fixed<8,4>")]
    [InlineData("--test-labels needs --test", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--test-labels", "y.npy")]
    [InlineData("--test y.npy: an array of shape", "float.onnx", "-o", "q", "--calibrate", "x.npy", "--test", "y.npy")]
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

    private string Compiled(string model)
    {
        EdgeProgram.Run(folder.Path, "compile", model, "-o", "compiled").Succeeded();
        return File.ReadAllText(folder.File("compiled/report.json"));
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
