using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks;

namespace Edge.Bench.Sections;

/// <summary>Every model folder: does it import, is it exact, does it fit the fabric, how long does import take. The table is a
/// page of its own, docs/coverage.md.</summary>
internal sealed class CoverageSection : ISection
{
    private const int Runs = 3;
    private const double MostMilliseconds = 1000;

    public string Name => "coverage";

    public string Title => "Coverage of models";

    public SectionResult Run(BenchContext context)
    {
        (ModelFolder[] shared, string? absent) = ModelFolder.Shared(context);
        ModelFolder[] ours = [.. ModelFolder.Below(context.InTree("tests", "golden", "models"))];
        CoverageLine[] sharedLines = [.. shared.Select(folder => Line(folder, context))];
        CoverageLine[] ourLines = [.. ours.Select(folder => Line(folder, context))];
        CoverageLine[] lines = [.. sharedLines, .. ourLines];
        if (lines.Length == 0)
        {
            throw new SectionSkippedException($"there are no models below tests/golden/models, and {absent}");
        }

        var notes = new List<string>
        {
            "Exact: rows in which the reference interpreter differs from the expected outputs, ONNX Runtime on the exported network (optimizations on and off) from the reference interpreter, the fast interpreter from the reference interpreter; in any integer. Expected outputs were computed by others or by an independent program in float64: half a step or more is a difference, and for a float model, quantized with its ordinary inputs, 2^-8 of full scale (its extreme inputs count between backends only). Exact ties: values halfway between two integers that were rounded to even.",
            "Fabric: adders of the unrolled network, tables not counted; nothing was synthesized or simulated here (`make bench BENCH=models` simulates).",
            $"Import + lowering: from the file to the integer network, in process, median of {Runs} behind a warm-up; for a float model the choice of its formats and rounding of its weights are in it.",
        };
        if (absent is not null)
        {
            notes.Add($"Other models were not measured: {absent}.");
        }

        (string, IReadOnlyList<CoverageLine>)[] parts =
        [
            .. shared.Length > 0 ? [("Reference models (../shared/models)", sharedLines)] : Array.Empty<(string, IReadOnlyList<CoverageLine>)>(),
            .. ours.Length > 0 ? [("Models of the tests (tests/golden/models)", ourLines)] : Array.Empty<(string, IReadOnlyList<CoverageLine>)>(),
        ];
        CoveragePage.Write(context.Pages, parts, notes);
        return new(
            [
                Row.Exactly("models that import", lines.Count(line => line.Imports.StartsWith("yes", StringComparison.Ordinal)), lines.Length),
                Row.Exactly("models without any difference", lines.Count(line => line.Exact.StartsWith("yes", StringComparison.Ordinal)), lines.Length),
                Row.Exactly("models imported and lowered below 1 s", lines.Count(line => line.InTime is true), lines.Length),
                Row.Info("models that the fabric takes", lines.Count(line => line.Fabric.EndsWith("adders", StringComparison.Ordinal)), remark: $" of {lines.Length}"),
                .. shared.Zip(sharedLines).SelectMany(pair => Times(pair.First, pair.Second)),
            ],
            $"The table, model by model: [{CoveragePage.FileName}]({CoveragePage.FileName}). Warm: in process, median of {Runs} behind a warm-up. Fresh process: the first import of a process that was just started, translation of the program's code included, start of the process not.");
    }

    private static IEnumerable<Row> Times(ModelFolder folder, CoverageLine line)
    {
        if (line.Milliseconds is { } warm)
        {
            yield return Row.Below($"{folder.Name}: import and lowering, warm", warm, MostMilliseconds, "ms");
            yield return Row.Below($"{folder.Name}: import and lowering, fresh process", Timing.Of(Enumerable.Range(0, Runs).Select(_ => ModelCheck.MillisecondsInFreshProcess(folder))), MostMilliseconds, "ms");
        }
    }

    private static CoverageLine Line(ModelFolder folder, BenchContext context)
    {
        context.Cancel.ThrowIfCancellationRequested();
        context.Terminal.Progress(folder.Name);
        QuantizedModel model;
        try
        {
            model = folder.Load();
        }
        catch (InvalidInputException error)
        {
            return new(folder.Name, $"**no**: {Reason(error, folder)}", string.Empty, string.Empty, string.Empty, null, MostMilliseconds);
        }

        Timing seconds = Timing.Repeat(Runs, () => folder.Load());
        string bits = model.Precision is { } precision ? $"yes, float: {precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations" : "yes";
        (long ties, int tiedRows) = ModelCheck.ExactTies(model.Integers, ModelCheck.Encoded(folder, model.Integers));
        return new(
            folder.Name,
            bits,
            Exact(folder, model, context.Cancel),
            ties == 0 ? "0" : $"{Row.Text(ties)} in {tiedRows} of {folder.Inputs.Rows} rows",
            Fabric(folder, model),
            new(1e3 * seconds.Median, 1e3 * seconds.Least, 1e3 * seconds.Most, seconds.Runs),
            MostMilliseconds);
    }

    private static string Exact(ModelFolder folder, QuantizedModel model, CancellationToken cancel)
    {
        try
        {
            ModelCheck check = ModelCheck.Of(folder, model, cancel);
            string verdict = check.Wrong == 0 && check.Expected.Rows > 0 ? "yes" : "**no**";
            return $"{verdict}: expected {check.Expected.Mismatches} of {check.Expected.Rows}, ONNX Runtime {check.OnnxRuntime} of {check.Rows}, fast {check.Fast} of {check.Rows}";
        }
        catch (VerificationException error)
        {
            return $"**no**: {error.Message}";
        }
    }

    private static string Fabric(ModelFolder folder, QuantizedModel model)
    {
        try
        {
            return $"{Row.Text(FabricNetwork.Compile(model.Integers).AdderCount)} adders";
        }
        catch (InvalidInputException error)
        {
            return $"refused: {Reason(error, folder)}";
        }
    }

    private static string Reason(InvalidInputException error, ModelFolder folder) => error.Message
        .Replace(folder.ModelPath + ": ", string.Empty, StringComparison.Ordinal)
        .Replace(folder.ModelPath, "it", StringComparison.Ordinal)
        .Replace(folder.Name + ": ", string.Empty, StringComparison.Ordinal);
}
