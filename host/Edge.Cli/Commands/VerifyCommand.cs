using System.CommandLine;
using System.Globalization;
using Edge.Cli.Output;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;

namespace Edge.Cli.Commands;

internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Check that every backend computes the same integers, and the expected ones");
        ModelOptions model = ModelOptions.AddTo(command);
        var input = new Option<string>("--input") { Description = "Inputs, a row each (.npy)", Required = true, HelpName = "X.npy" };
        var expect = new Option<string?>("--expect") { Description = "Expected outputs, a row each (.npy)", HelpName = "Y.npy" };
        var on = new Option<string?>("--on") { Description = "Backends, with commas between (default: all): reference,onnxruntime,verilator,icarus", HelpName = "LIST" };
        on.CompletionSources.Add([.. Enum.GetValues<Backend>().Select(BackendRunner.NameOf)]);
        command.Add(input);
        command.Add(expect);
        command.Add(on);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            IReadOnlyList<Backend> backends = BackendRunner.Parse(parsed.GetValue(on));
            string? expectedFile = parsed.GetValue(expect);
            if (backends.Count == 0 || (backends.Count == 1 && expectedFile is null))
            {
                throw new InvalidInputException($"--on {parsed.GetValue(on)}: nothing to compare. Name two backends or more, or give --expect.");
            }

            QuantizedModel quantized = model.Load(parsed, terminal);
            NpyArray rows = ModelOptions.Rows(parsed.GetRequiredValue(input), quantized, "--input");
            NpyArray? expected = expectedFile is null ? null : Expected(expectedFile, rows.Rows, quantized);
            LadderResult result;
            try
            {
                result = Ladder.Climb(
                    quantized, rows, expected, backends, parsed.GetValue(on) is not null, model.BeforeSoftmax(parsed), model.LevelsPerStage(parsed), terminal.Progress, cancel);
            }
            catch (VerificationException error)
            {
                terminal.Result(new { Passed = false, Error = error.Message }, text => text.WriteLine($"FAILED: {error.Message}"));
                return ExitCode.Mismatch;
            }

            cancel.ThrowIfCancellationRequested();
            RowsOutside.Report(terminal, [.. result.RowsOutside], quantized.Integers.Input.Origin);
            terminal.Result(result, text => Print(text, result));
            return result.Passed ? ExitCode.Success : ExitCode.Mismatch;
        });
        return command;
    }

    /// <summary>Reads the expected outputs, and checks that they fit the rows.</summary>
    private static NpyArray Expected(string path, int rows, QuantizedModel model)
    {
        NpyArray expected = NpyArray.Read(path);
        int length = model.Integers.OutputLength;
        return expected.Rows == rows && expected.Values.LongLength == (long)rows * length
            ? expected
            : throw new InvalidInputException($"--expect {path}: an array of shape ({string.Join(", ", expected.Shape)}) holds {expected.Rows} rows of {expected.RowLength} values; expected are {rows} rows, as many as --input, of {length} outputs.");
    }

    private static void Print(TextWriter text, LadderResult result)
    {
        text.WriteLine($"{"compared",-32} {"rows",7} {"mismatches",11}");
        foreach (Comparison comparison in result.Comparisons)
        {
            text.WriteLine($"{comparison.Left + " - " + comparison.Right,-32} {comparison.Rows,7} {comparison.Mismatches,11}{(comparison.First is { } first ? "   first: " + first : "")}");
        }

        if (result.Expected is { } expected)
        {
            string distance = expected.LargestDistance.ToString("G3", CultureInfo.InvariantCulture);
            string allowed = expected.Allowed.ToString("G3", CultureInfo.InvariantCulture);
            text.WriteLine($"{"expected values",-32} {expected.Rows,7} {expected.Mismatches,11}   largest distance {distance} of a {expected.Unit} (below {allowed} is allowed){(expected.First is { } first ? "; first: " + first : "")}");
        }

        if (result.RowsOutside.Count > 0)
        {
            text.WriteLine($"{"outside the input format",-32} {result.RowsOutside.Count,7} {"",11}   compared between backends only: {RowsOutside.Names(result.RowsOutside)}");
        }

        foreach ((string backend, string reason) in result.Skipped)
        {
            text.WriteLine($"{backend,-32} skipped: {reason}");
        }

        text.WriteLine(result.Passed ? "passed" : "FAILED");
    }
}
