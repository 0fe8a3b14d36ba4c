using System.Text.Json;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

public sealed class PredictTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("reference")]
    [InlineData("onnxruntime")]
    [InlineData("icarus")]
    public void EveryBackend_WritesTheIntegersAndValuesOfTheModel(string backend)
    {
        SmallModel.WriteQuantized(folder);
        double[] rows = SmallModel.Rows(60);
        SmallModel.WriteRows(folder, rows);
        double[] expected = SmallModel.Results(rows);

        EdgeResult result = EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", backend, "--json").Succeeded();
        Assert.Equal(60, result.Json.GetProperty("rows").GetInt32());
        Assert.Equal(backend, result.Json.GetProperty("backend").GetString());
        NpyArray values = NpyArray.Read(folder.File("y.npy"));
        Assert.Equal("<f8", values.Type);
        Assert.Equal([60, 2], values.Shape);
        Assert.Equal(expected, values.Values);

        EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "n.npy", "--on", backend, "--integers").Succeeded();
        NpyArray integers = NpyArray.Read(folder.File("n.npy"));
        Assert.Equal("<i8", integers.Type);
        Assert.Equal(expected.Select(value => value * 32), integers.Values); // steps of 1/8 * 1/4
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void Verilator_WritesTheIntegersAndValuesOfTheModel() => EveryBackend_WritesTheIntegersAndValuesOfTheModel("verilator");

    [Fact]
    public void RecurrentModels_RunOnOnnxRuntimeAlone()
    {
        var model = new Networks.TestModel(new Random(5), 12);
        string steps = model.Node("Reshape", ["x", model.Whole(3, 1, 4)]);
        string hidden = model.Node("LSTM", [steps, model.Random(1, 20, 4), model.Random(1, 20, 5)], Networks.TestModel.Integer("hidden_size", 5));
        model.Finish(model.Node("Gemm", [model.Node("Reshape", [hidden, model.Whole(1, 15)]), model.Random(15, 2)]));
        File.WriteAllBytes(folder.File("lstm.onnx"), model.ToBytes());
        double[] rows = [.. Enumerable.Range(0, 120).Select(i => (double)(float)Math.Sin(i))];
        NpyArray.Write(folder.File("x.npy"), [10, 3, 4], rows.AsSpan());

        EdgeProgram.Run(folder.Path, "predict", "lstm.onnx", "--input", "x.npy", "--output", "y.npy", "--on", "onnxruntime").Succeeded();
        NpyArray values = NpyArray.Read(folder.File("y.npy"));
        Assert.Equal([10, 2], values.Shape);
        Assert.Equal(model.RunInOnnxRuntime(rows), values.Values);
        foreach (string[] refused in new[] { new[] { "predict", "lstm.onnx", "--input", "x.npy", "--output", "z.npy" }, ["predict", "lstm.onnx", "--input", "x.npy", "--output", "z.npy", "--on", "onnxruntime", "--integers"], ["inspect", "lstm.onnx"], ["compile", "lstm.onnx", "-o", "out"] })
        {
            EdgeProgram.Run(folder.Path, refused).Refused(refused[^1] == "--integers" ? "recurrent" : "edge predict --on onnxruntime");
        }

        Assert.False(File.Exists(folder.File("z.npy")));
    }

    [Fact]
    public void Softmax_IsLeftOut_BeforeSoftmax()
    {
        SmallModel.WriteQuantized(folder, softmax: true);
        double[] rows = SmallModel.Rows(20);
        SmallModel.WriteRows(folder, rows);
        double[] logits = SmallModel.Results(rows);

        EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "l.npy", "--before-softmax").Succeeded();
        Assert.Equal(logits, NpyArray.Read(folder.File("l.npy")).Values);

        EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "p.npy").Succeeded();
        double[] probabilities = NpyArray.Read(folder.File("p.npy")).Values;
        for (int row = 0; row < 20; row++)
        {
            Assert.Equal(1 / (1 + Math.Exp(logits[(2 * row) + 1] - logits[2 * row])), probabilities[2 * row], 6);
        }
    }

    [Fact]
    public void RowsOutsideTheInputFormat_AreCountedAndNamed()
    {
        SmallModel.WriteQuantized(folder);
        double[] rows = SmallModel.Rows(8);
        rows[3] = 40; // beyond fixed<16,6>
        rows[6] = 1.0 / 4096; // between its steps
        rows[9] = double.PositiveInfinity;
        SmallModel.WriteRows(folder, rows);
        EdgeResult result = EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--input-format", "fixed<16,6>", "--json").Succeeded();
        Assert.Equal([1, 2, 3], result.Json.GetProperty("rows_outside_input_format").EnumerateArray().Select(row => row.GetInt32()));
        Assert.Contains("3 rows hold values outside the input format", result.Errors, StringComparison.Ordinal);
        Assert.Contains("row 1, 2, 3", result.Errors, StringComparison.Ordinal);

        // 40 was limited to the format's largest value, a value between steps went to the nearest.
        rows[3] = 32 - (1.0 / 1024);
        rows[6] = 0;
        rows[9] = rows[3];
        Assert.Equal(SmallModel.Results(rows), NpyArray.Read(folder.File("y.npy")).Values);
    }

    [Fact]
    public void OtherInputFormats_RoundTheInputsToTheirSteps()
    {
        SmallModel.WriteQuantized(folder);
        double[] rows = SmallModel.Rows(30);
        SmallModel.WriteRows(folder, rows);
        EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--input-format", " ap_fixed< 7, 4 > ").Succeeded();
        double[] rounded = [.. rows.Select(value => Math.Clamp(Math.Round(value * 8, MidpointRounding.ToEven), -64, 63) / 8)];
        Assert.Equal(SmallModel.Results(rounded), NpyArray.Read(folder.File("y.npy")).Values);
    }

    [Fact]
    public void FloatModels_AreCalibrated()
    {
        SmallModel.WriteFloat(folder);
        double[] rows = SmallModel.Rows(200);
        SmallModel.WriteRows(folder, rows);
        EdgeProgram.Run(folder.Path, "predict", "float.onnx", "--input", "x.npy", "--output", "y.npy", "--calibrate", "x.npy").Succeeded();
        double[] expected = SmallModel.Results(rows, quantized: false);
        double fullScale = expected.Max(Math.Abs);
        double[] values = NpyArray.Read(folder.File("y.npy")).Values;
        Assert.All(expected.Zip(values), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / fullScale, 0, 1.0 / 256));
    }

    [Theory]
    [InlineData("no.onnx: there is no such file", "no.onnx", "--input", "x.npy", "--output", "y.npy")]
    [InlineData("--input is missing", "small.onnx", "--output", "y.npy")]
    [InlineData("--output is missing", "small.onnx", "--input", "x.npy")]
    [InlineData("no.npy: there is no such file", "small.onnx", "--input", "no.npy", "--output", "y.npy")]
    [InlineData("holds 6 rows of 2 values; the model takes 3 values a row", "small.onnx", "--input", "narrow.npy", "--output", "y.npy")]
    [InlineData("holds 0 rows", "small.onnx", "--input", "empty.npy", "--output", "y.npy")]
    [InlineData("row 2 holds NaN at element 1", "small.onnx", "--input", "nan.npy", "--output", "y.npy")]
    [InlineData("text.npy: not a NumPy .npy file", "small.onnx", "--input", "text.npy", "--output", "y.npy")]
    [InlineData("--on abacus: backends are reference, onnxruntime, verilator, icarus", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", "abacus")]
    [InlineData("give one backend", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", "reference,icarus")]
    [InlineData("give one backend", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", "")]
    [InlineData("there is no folder", "small.onnx", "--input", "x.npy", "--output", "no/y.npy")]
    [InlineData("is a folder; give the name of a file", "small.onnx", "--input", "x.npy", "--output", ".")]
    [InlineData("a path is missing", "small.onnx", "--input", "x.npy", "--output", "")]
    [InlineData("--levels-per-stage 0: 1 to 64 are allowed", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--levels-per-stage", "0")]
    [InlineData("--levels-per-stage few: expected a whole number", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--levels-per-stage", "few")]
    [InlineData("--input-shape 1,x: expected positive numbers", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--input-shape", "1,x")]
    [InlineData("Give typical inputs to choose its formats from: --calibrate", "float.onnx", "--input", "x.npy", "--output", "y.npy")]
    [InlineData("--calibrate: an array of shape (6, 2)", "float.onnx", "--input", "x.npy", "--output", "y.npy", "--calibrate", "narrow.npy")]
    public void WhatCannotBeUsed_IsRefused_AndNothingIsWritten(string message, params string[] arguments)
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteFloat(folder);
        double[] rows = SmallModel.Rows(4);
        SmallModel.WriteRows(folder, rows);
        SmallModel.WriteRows(folder, rows, "narrow.npy", width: 2);
        SmallModel.WriteRows(folder, [], "empty.npy");
        rows[7] = double.NaN;
        SmallModel.WriteRows(folder, rows, "nan.npy");
        folder.Write("text.npy", "1 2 3\n");
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["predict", .. arguments]).Refused(message));
    }

    [Theory]
    [InlineData("fixed<16>")]
    [InlineData("fixed<16,6")]
    [InlineData("fixed(16,6)")]
    [InlineData("float<16,6>")]
    [InlineData("fixed<0,0>")]
    [InlineData("fixed<64,6>")]
    [InlineData("fixed<16,99>")]
    [InlineData("fixed<16,6>x")]
    [InlineData("fixed<9999999999999,6>")]
    [InlineData("")]
    public void MalformedInputFormats_AreRefused(string format)
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(4));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--input-format", format, "--json")
            .Refused($"--input-format: fixed-point format '{format}'"));
    }

    [Fact]
    public void ProgressGoesToStandardError_AndTheResultToStandardOutput()
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(4));
        EdgeResult result = EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy").Succeeded();
        Assert.Equal("4 rows, 2 outputs each, on reference: written to y.npy", result.Output.Trim());
        Assert.All(result.Errors.Trim().Split('\n'), line => Assert.StartsWith("edge: ", line, StringComparison.Ordinal));
        Assert.Equal(JsonValueKind.Object, EdgeProgram.Run(folder.Path, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--json").Succeeded().Json.ValueKind);
    }
}
