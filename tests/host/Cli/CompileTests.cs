using System.Text.Json;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

public sealed class CompileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CompileTests() => SmallModel.WriteQuantized(folder);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("built")]
    [InlineData("built/")]
    [InlineData("new/folders/built")]
    public void ACompiledNetwork_IsOnnxRtlAndReport(string output)
    {
        EdgeResult result = EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", output, "--target", "fabric", "--json").Succeeded();
        string built = Path.GetFullPath(Path.Combine(folder.Path, output)).TrimEnd('/');
        Assert.Equal(built, result.Json.GetProperty("folder").GetString());
        Assert.Equal(["network.onnx", "report.json", "rtl"], Directory.EnumerateFileSystemEntries(built).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(built, "rtl"), "*.sv"));
        JsonElement report = JsonDocument.Parse(File.ReadAllText(Path.Combine(built, "report.json"))).RootElement;
        Assert.Equal(3, report.GetProperty("input").GetProperty("elements").GetInt32());
        Assert.Equal(2, report.GetProperty("output").GetProperty("elements").GetInt32());
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public void CompilingAgain_ReplacesWhatWasThere()
    {
        EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "built").Succeeded();
        EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "built", "--levels-per-stage", "1").Succeeded();
        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder.File("built/report.json"))).RootElement;
        Assert.Equal(1, report.GetProperty("hardware").GetProperty("levels_per_stage").GetInt32());
    }

    [Fact]
    public void OtherPeoplesFolders_AreLeftAlone()
    {
        Directory.CreateDirectory(folder.File("full"));
        folder.Write("full/thesis.tex", "years of work");
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "full").Refused("holds something other than a compiled network"));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "full/thesis.tex").Refused("is a file"));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "full/thesis.tex/below").Refused("thesis.tex is a file"));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "").Refused("a path is missing"));
    }

    [Theory]
    [InlineData("--target engine: the only kind so far is fabric", "small.onnx", "--target", "engine")]
    [InlineData("no.onnx: there is no such file", "no.onnx")]
    [InlineData("empty.onnx: the file is empty", "empty.onnx")]
    [InlineData("truncated or no valid ONNX protobuf", "cut.onnx")]
    [InlineData("MODEL is missing", "--json")]
    [InlineData("'more.onnx' is one word too many", "small.onnx", "more.onnx")]
    [InlineData("--calibrate X.npy", "float.onnx")]
    public void WhatCannotBeCompiled_LeavesNothing(string message, params string[] arguments)
    {
        SmallModel.WriteFloat(folder);
        folder.Write("empty.onnx", string.Empty);
        folder.Write("cut.onnx", File.ReadAllBytes(folder.File("small.onnx"))[..^40]);
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["compile", .. arguments, "-o", "built"]).Refused(message));
    }

    [SharedFact]
    public void EveryBrokenFile_IsRefused_AndNothingIsWritten()
    {
        foreach (string file in Directory.GetFiles(Repository.SharedPath("data", "bad")).Where(file => !file.EndsWith(".json", StringComparison.Ordinal)))
        {
            string command = file.EndsWith(".onnx", StringComparison.Ordinal) ? "compile" : "inspect";
            string[] output = command == "compile" ? ["-o", "built"] : [];
            folder.Untouched(() => EdgeProgram.Run(folder.Path, [command, file, .. output, "--json"]).Refused(Path.GetFileName(file)));
        }
    }

    [Fact]
    public void Calibration_ChoosesTheFormatsOfAFloatModel()
    {
        SmallModel.WriteFloat(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(100));
        EdgeProgram.Run(folder.Path, "compile", "float.onnx", "-o", "built", "--calibrate", "x.npy").Succeeded();
        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder.File("built/report.json"))).RootElement;
        Assert.InRange(report.GetProperty("post_training").GetProperty("weight_bits").GetInt32(), 2, 32);
        Assert.InRange(report.GetProperty("post_training").GetProperty("calibration_error_of_full_scale").GetDouble(), 0, 1.0 / 256);
        NpyArray.Write(folder.File("nan.npy"), [2, 3], new double[] { 1, 2, 3, 4, double.NaN, 6 }.AsSpan());
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "compile", "float.onnx", "-o", "other", "--calibrate", "nan.npy").Refused("--calibrate: row 1 holds NaN"));
    }
}
