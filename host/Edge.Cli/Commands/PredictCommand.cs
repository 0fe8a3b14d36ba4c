using System.CommandLine;
using Edge.Cli.Output;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;

namespace Edge.Cli.Commands;

internal static class PredictCommand
{
    public static Command Create()
    {
        var command = new Command("predict", "Run a network on the rows of an array");
        ModelOptions model = ModelOptions.AddTo(command);
        var input = new Option<string>("--input") { Description = "Inputs, a row each (.npy)", Required = true, HelpName = "X.npy" };
        var output = new Option<string>("--output") { Description = "Where to write the results (.npy)", Required = true, HelpName = "Y.npy" };
        var on = new Option<string>("--on") { Description = "reference, onnxruntime, verilator or icarus", DefaultValueFactory = _ => "reference", HelpName = "BACKEND" };
        var integers = new Option<bool>("--integers") { Description = "Write the integers (int64) instead of values (float64)" };
        on.CompletionSources.Add([.. Enum.GetValues<Backend>().Select(BackendRunner.NameOf)]);
        command.Add(input);
        command.Add(output);
        command.Add(on);
        command.Add(integers);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            IReadOnlyList<Backend> backends = BackendRunner.Parse(parsed.GetValue(on));
            if (backends.Count != 1)
            {
                throw new InvalidInputException($"--on {parsed.GetValue(on)}: give one backend.");
            }

            string file = parsed.GetRequiredValue(output);
            OutputPath.CheckFile(file, "--output");
            if (BackendRunner.Missing(backends[0]) is { } missing)
            {
                throw new InvalidInputException(missing);
            }

            QuantizedModel quantized;
            try
            {
                quantized = model.Load(parsed, terminal);
            }
            catch (UnsupportedOperatorException error) when (error.IsRecurrent && backends[0] == Backend.OnnxRuntime)
            {
                if (parsed.GetValue(integers) || model.BeforeSoftmax(parsed))
                {
                    throw new InvalidInputException("--integers and --before-softmax need the network's integers, which recurrent layers do not have. Leave these options out.", error);
                }

                return PredictAsItIs(model, parsed, terminal, parsed.GetRequiredValue(input), file, cancel);
            }

            NpyArray rows = ModelOptions.Rows(parsed.GetRequiredValue(input), quantized, "--input");
            double[] values = [.. rows.Values.Select(value => (double)(float)value)];
            var outside = new List<int>();
            IntegerNetwork network = quantized.Integers;
            long[] encoded = network.Input.EncodeRows(values, outside);
            RowsOutside.Report(terminal, outside, network.Input.Origin);

            var runner = new BackendRunner(network, model.LevelsPerStage(parsed), terminal.Progress);
            long[] results = runner.Run(backends[0], values, encoded, cancel);
            cancel.ThrowIfCancellationRequested();
            int[] shape = [rows.Rows, .. network.Output.Shape];
            if (parsed.GetValue(integers))
            {
                NpyArray.Write(file, shape, results.AsSpan());
            }
            else
            {
                NpyArray.Write(file, shape, network.Output.Decode(results, network.OutputLength, model.BeforeSoftmax(parsed)).AsSpan());
            }

            terminal.Result(
                new { Rows = rows.Rows, Outputs = network.OutputLength, Backend = BackendRunner.NameOf(backends[0]), File = file, RowsOutsideInputFormat = outside },
                text => text.WriteLine($"{rows.Rows} rows, {network.OutputLength} outputs each, on {BackendRunner.NameOf(backends[0])}: written to {file}"));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A recurrent model: ONNX Runtime runs the file itself, in float32.</summary>
    private static int PredictAsItIs(ModelOptions model, ParseResult parsed, Terminal terminal, string input, string file, CancellationToken cancel)
    {
        NpyArray rows = NpyArray.Read(input);
        using var original = new OriginalModel(OnnxModelFile.Read(model.Path(parsed)), model.InputShape(parsed), rows.RowLength);
        terminal.Progress("recurrent layers: ONNX Runtime runs the model as it is, in float32; there are no integers, and nothing else runs it");
        (double[] results, int[] shape) = original.RunRows(rows.Values, cancel);
        NpyArray.Write(file, [rows.Rows, .. shape], results.AsSpan());
        int outputs = shape.Aggregate(1, (product, size) => product * size);
        terminal.Result(
            new { Rows = rows.Rows, Outputs = outputs, Backend = BackendRunner.NameOf(Backend.OnnxRuntime), File = file, RowsOutsideInputFormat = Array.Empty<int>() },
            text => text.WriteLine($"{rows.Rows} rows, {outputs} outputs each, on onnxruntime in float32: written to {file}"));
        return ExitCode.Success;
    }
}

/// <summary>Names the rows whose inputs the format does not hold.</summary>
internal static class RowsOutside
{
    public static void Report(Terminal terminal, IReadOnlyList<int> rows, string format)
    {
        if (rows.Count > 0)
        {
            terminal.Progress($"{rows.Count} rows hold values outside the input format ({format}); they were rounded or limited to it: {Names(rows)}");
        }
    }

    /// <summary>Rows counted from 0; of many, the first.</summary>
    public static string Names(IReadOnlyList<int> rows)
    {
        const int Shown = 12;
        return "row " + string.Join(", ", rows.Take(Shown)) + (rows.Count > Shown ? ", ..." : string.Empty);
    }
}
