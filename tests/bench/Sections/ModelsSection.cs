using System.Globalization;
using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;

namespace Edge.Bench.Sections;

/// <summary>Every model folder that this version can read, against its expected outputs; then post-training quantization.</summary>
internal sealed class ModelsSection : ISection
{
    private const int CompileRuns = 3;
    private const int IcarusRows = 8;

    /// <summary>Larger networks take long under Icarus.</summary>
    private const int IcarusAdders = 5000;

    private const string NoneWrong = "0 rows wrong";

    public string Name => "models";

    public string Title => "Reference models";

    public SectionResult Run(BenchContext context)
    {
        (ModelFolder[] shared, string? absent) = ModelFolder.Shared(context);
        ModelFolder[] folders = [.. ModelFolder.Below(context.InTree("tests", "golden")), .. shared];
        if (folders.Length == 0)
        {
            throw new SectionSkippedException($"there are no models below tests/golden, and {absent}");
        }

        var rows = new List<Row>();
        var unsupported = new List<string>();
        foreach (ModelFolder folder in folders)
        {
            context.Cancel.ThrowIfCancellationRequested();
            context.Terminal.Progress(folder.Name);
            try
            {
                rows.Add(Verify(folder, context.Cancel));
            }
            catch (InvalidInputException error) when (error.Message.Contains("operators that are not supported", StringComparison.Ordinal))
            {
                unsupported.Add(folder.Name);
            }
            catch (InvalidInputException error)
            {
                rows.Add(new(folder.Name, $"refused: {error.Message.Replace(folder.ModelPath, "it", StringComparison.Ordinal)}", NoneWrong, Met: false));
            }
        }

        string rtl = BackendRunner.Missing(Backend.Icarus) is { } missing
            ? $"RTL was not simulated: {missing}."
            : $"RTL was simulated under Icarus, with the first {IcarusRows} rows of networks of up to {Row.Text(IcarusAdders)} adders.";
        var notes = new List<string>
        {
            $"A row is wrong when reference interpreter, fast interpreter, ONNX Runtime (optimizations on and off) and RTL differ in any integer, or when an expected value lies half a step or more from ours; for a network quantized after training, more than 2^-8 of full scale on its ordinary inputs. Rows outside the input format count between backends only. {rtl} Compile: model file to SystemVerilog text, in process, median of {CompileRuns}.",
        };
        if (unsupported.Count > 0)
        {
            notes.Add($"Operators of later versions: {string.Join(", ", unsupported)}.");
        }

        if (absent is not null)
        {
            notes.Add($"Other models were not measured: {absent}.");
        }

        try
        {
            (IReadOnlyList<Row> figures, string note) = PostTraining.Measure(context);
            rows.AddRange(figures);
            notes.Add(note);
        }
        catch (SectionSkippedException reason)
        {
            notes.Add($"Post-training quantization was not measured: {reason.Message}.");
        }

        return new(rows, notes);
    }

    private static Row Verify(ModelFolder folder, CancellationToken cancel)
    {
        QuantizedModel model = folder.Load();
        FabricNetwork fabric = FabricNetwork.Compile(model.Integers);
        Timing compile = Timing.Repeat(CompileRuns, () => FabricNetwork.Compile(folder.Load().Integers));
        int wrong;
        ExpectedComparison against;
        try
        {
            ModelCheck check = ModelCheck.Of(folder, model, cancel);
            (wrong, against) = (check.Wrong, check.Expected);
            if (fabric.AdderCount <= IcarusAdders)
            {
                NpyArray few = ModelFolder.First(folder.Inputs, Math.Min(IcarusRows, folder.Inputs.Rows));
                wrong += Ladder.Climb(model, few, null, [Backend.Reference, Backend.Icarus], demanded: false, beforeSoftmax: false, fabric.LevelsPerStage, cancel: cancel)
                    .Comparisons.Sum(pair => pair.Mismatches);
            }
        }
        catch (VerificationException error)
        {
            return new(folder.Name, error.Message, NoneWrong, Met: false);
        }

        string bits = model.Precision is { } precision ? $", {precision.WeightBits}-bit weights and {precision.ActivationBits}-bit activations" : string.Empty;
        string measured = string.Create(
            CultureInfo.InvariantCulture,
            $"{wrong} of {against.Rows} rows wrong, largest distance {against.LargestDistance:G2} of {(against.Unit == "step" ? "a step" : "full scale")}{bits}; latency {fabric.Latency} clocks, {fabric.AdderCount:N0} adders ({fabric.AdderBits:N0} bits), {fabric.RegisterBits:N0} register bits; compiled in {Row.Rough(compile.Median)} s");
        return new(folder.Name, measured, NoneWrong, wrong == 0 && against.Rows > 0);
    }
}
