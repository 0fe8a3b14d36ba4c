using System.Text.Json;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Speed", "slow")]
    public void AllBackends_AgreeWithEachOtherAndWithTheExpectedValues()
    {
        double[] rows = Prepare(40);
        WriteExpected(SmallModel.Results(rows));
        EdgeResult result = EdgeProgram.Run(folder.Path, "verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy").Succeeded();
        string[] lines = result.Output.Trim().Split('\n');
        Assert.StartsWith("compared ", lines[0], StringComparison.Ordinal);
        Assert.Equal(6, lines.Count(line => line.Contains(" - ", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 0", StringComparison.Ordinal)));
        Assert.Contains("largest distance 0 of a step", lines[7], StringComparison.Ordinal);
        Assert.Equal("passed", lines[^1]);
    }

    [Fact]
    public void AnAlteredExpectedValue_IsFound_AndItsDistancePrinted()
    {
        double[] rows = Prepare(40);
        double[] expected = SmallModel.Results(rows);
        expected[33] += 3.0 / 32;
        expected[50] -= 0.25 / 32; // rounds to ours
        WriteExpected(expected);
        string[] arguments = ["verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference,onnxruntime"];
        EdgeResult result = EdgeProgram.Run(folder.Path, arguments).Ended(1);
        Assert.Contains("largest distance 3 of a step (below 0.5 is allowed); first: row 16, output 1: expected", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("FAILED", result.Output.Trim(), StringComparison.Ordinal);

        JsonElement json = EdgeProgram.Run(folder.Path, [.. arguments, "--json"]).Ended(1).Json;
        Assert.False(json.GetProperty("passed").GetBoolean());
        Assert.Equal(1, json.GetProperty("expected").GetProperty("mismatches").GetInt32());
        Assert.Equal(3, json.GetProperty("expected").GetProperty("largest_distance").GetDouble(), 9);
        Assert.Equal(0, json.GetProperty("comparisons")[0].GetProperty("mismatches").GetInt32());
    }

    [Fact]
    public void ExpectedNan_IsAMismatch()
    {
        double[] expected = SmallModel.Results(Prepare(10));
        expected[4] = double.NaN;
        WriteExpected(expected);
        EdgeResult result = EdgeProgram.Run(folder.Path, "verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference", "--json").Ended(1);
        Assert.Equal(1, result.Json.GetProperty("expected").GetProperty("mismatches").GetInt32());
    }

    [Fact]
    public void RowsOutsideTheInputFormat_AreComparedBetweenBackendsOnly()
    {
        double[] rows = SmallModel.Rows(20);
        rows[10] = -33;
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, rows);
        double[] expected = SmallModel.Results(rows);
        expected[6] = 999; // row 3, which holds the value outside
        WriteExpected(expected);
        string[] arguments = ["verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference,onnxruntime", "--input-format", "fixed<16,6>"];
        EdgeResult result = EdgeProgram.Run(folder.Path, arguments).Succeeded();
        Assert.Contains("compared between backends only: row 3", result.Output, StringComparison.Ordinal);
        JsonElement json = EdgeProgram.Run(folder.Path, [.. arguments, "--json"]).Succeeded().Json;
        Assert.Equal([3], json.GetProperty("rows_outside").EnumerateArray().Select(row => row.GetInt32()));
        Assert.Equal(19, json.GetProperty("expected").GetProperty("rows").GetInt32());
        Assert.Equal(20, json.GetProperty("comparisons")[0].GetProperty("rows").GetInt32());
    }

    [Fact]
    public void Softmax_IsComparedAsProbabilitiesOrAsSteps()
    {
        double[] rows = SmallModel.Rows(20);
        SmallModel.WriteQuantized(folder, softmax: true);
        SmallModel.WriteRows(folder, rows);
        double[] logits = SmallModel.Results(rows);
        WriteExpected(logits);
        EdgeProgram.Run(folder.Path, "verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference", "--before-softmax").Succeeded();
        EdgeProgram.Run(folder.Path, "verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference").Ended(1);
        WriteExpected([.. Enumerable.Range(0, logits.Length).Select(k => 1 / (1 + Math.Exp(logits[k ^ 1] - logits[k])))]);
        EdgeProgram.Run(folder.Path, "verify", "small.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference").Succeeded();
    }

    [Fact]
    public void FloatModels_AreHeldToAPartOfFullScale()
    {
        SmallModel.WriteFloat(folder);
        double[] rows = SmallModel.Rows(200);
        SmallModel.WriteRows(folder, rows);
        double[] expected = SmallModel.Results(rows, quantized: false);
        WriteExpected(expected);
        string[] arguments = ["verify", "float.onnx", "--input", "x.npy", "--expect", "y.npy", "--on", "reference,onnxruntime", "--calibrate", "x.npy"];
        Assert.Contains("of a full scale", EdgeProgram.Run(folder.Path, arguments).Succeeded().Output, StringComparison.Ordinal);
        expected[7] += expected.Max(Math.Abs) / 100;
        WriteExpected(expected);
        EdgeProgram.Run(folder.Path, arguments).Ended(1);
    }

    [Theory]
    [InlineData("nothing to compare. Name two backends or more, or give --expect", "--on", "reference")]
    [InlineData("nothing to compare", "--on", ",")]
    [InlineData("--on abacus: backends are", "--on", "reference,abacus")]
    [InlineData("--expect short.npy: an array of shape (3, 2) holds 3 rows of 2 values; expected are 10 rows", "--expect", "short.npy")]
    [InlineData("--expect wide.npy: an array of shape (10, 3)", "--expect", "wide.npy")]
    [InlineData("no.npy: there is no such file", "--expect", "no.npy")]
    [InlineData("--expct is no option of 'edge verify'; did you mean --expect?", "--expct", "y.npy")]
    [InlineData("--expect needs a value", "--expect")]
    public void WhatCannotBeUsed_IsRefused(string message, params string[] arguments)
    {
        Prepare(10);
        SmallModel.WriteRows(folder, new double[6], "short.npy", width: 2);
        SmallModel.WriteRows(folder, new double[30], "wide.npy");
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["verify", "small.onnx", "--input", "x.npy", .. arguments]).Refused(message));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["verify", "small.onnx", "--input", "x.npy", "--json", .. arguments]).Refused(message));
    }

    [Fact]
    public void AMissingSimulator_IsSkippedUnlessItWasAskedFor()
    {
        Prepare(10);
        var bare = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = folder.Path };
        EdgeResult all = EdgeProgram.Run(folder.Path, bare, "verify", "small.onnx", "--input", "x.npy").Succeeded();
        Assert.Contains("skipped: Icarus Verilog is not installed: sudo apt-get install iverilog", all.Output, StringComparison.Ordinal);
        Assert.Contains("skipped: Verilator or its C++ compiler is not installed", all.Output, StringComparison.Ordinal);
        EdgeProgram.Run(folder.Path, bare, "verify", "small.onnx", "--input", "x.npy", "--on", "reference,icarus").Refused("sudo apt-get install iverilog");
    }

    private double[] Prepare(int count)
    {
        double[] rows = SmallModel.Rows(count);
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, rows);
        return rows;
    }

    private void WriteExpected(double[] values) => NpyArray.Write(folder.File("y.npy"), [values.Length / SmallModel.Outputs, SmallModel.Outputs], values.AsSpan());
}
