using System.Text.Json;
using System.Text.RegularExpressions;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Numerics;

namespace Edge.Bench;

/// <summary>A model with inputs and the outputs that somebody else computed: NAME.onnx, inputs.npy, outputs*.npy, about.json.</summary>
/// <param name="Ordinary">Inputs as they occur; those after them are extreme.</param>
/// <param name="InputShape">Shape to use where the model leaves it open, batch first; null: the model's own.</param>
internal sealed partial record ModelFolder(string Name, string ModelPath, NpyArray Inputs, int Ordinary, int[]? InputShape)
{
    private const int MostFractionBits = 40;

    public string Folder => Path.GetDirectoryName(ModelPath)!;

    /// <summary>Every model folder below a folder, by name.</summary>
    public static IEnumerable<ModelFolder> Below(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "inputs.npy", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read).OfType<ModelFolder>()
        : [];

    /// <summary>Models beside the source tree, or why there are none.</summary>
    public static (ModelFolder[] Folders, string? Absent) Shared(BenchContext context)
    {
        try
        {
            return ([.. Below(context.Shared("models"))], null);
        }
        catch (SectionSkippedException reason)
        {
            return ([], reason.Message);
        }
    }

    /// <summary>The outputs to compare with, and whether they are those before a softmax at the end. float64 before float32.</summary>
    public (NpyArray Values, bool BeforeSoftmax) Expected(bool softmax)
    {
        string[] names = [.. softmax ? ["outputs_before_softmax_f64.npy", "outputs_before_softmax.npy"] : Array.Empty<string>(), "outputs_f64.npy", "outputs.npy"];
        string name = names.First(file => File.Exists(Path.Combine(Folder, file)));
        return (NpyArray.Read(Path.Combine(Folder, name)), name.StartsWith("outputs_before", StringComparison.Ordinal));
    }

    /// <summary>Reads and lowers; a float model is quantized with its ordinary inputs, and a model without input quantizer
    /// gets a format that holds them exactly where the default does not.</summary>
    public QuantizedModel Load()
    {
        QuantizedModel model = Load(format: null);
        if (model.Precision is null && model.Integers.Input.RequiresGrid)
        {
            var outside = new List<int>();
            double[] ordinary = First(Inputs, Ordinary).Values;
            model.Integers.Input.EncodeRows(ordinary, outside);
            return outside.Count == 0 || FormatHolding(ordinary) is not { } format ? model : Load(format);
        }

        return model;
    }

    public static NpyArray First(NpyArray rows, int count) =>
        new([count, .. rows.Shape[1..]], rows.Values[..(count * rows.RowLength)], rows.Type);

    private QuantizedModel Load(FixedPointFormat? format)
    {
        NpyArray ordinary = First(Inputs, Ordinary);
        return QuantizedModel.Load(ModelPath, format, InputShape, ordinary);
    }

    private static ModelFolder? Read(string inputs)
    {
        string folder = Path.GetDirectoryName(inputs)!;
        string[] models = Directory.GetFiles(folder, "*.onnx");
        if (models.Length != 1 || Directory.GetFiles(folder, "outputs*.npy").Length == 0)
        {
            return null;
        }

        NpyArray rows = NpyArray.Read(inputs);
        string about = Path.Combine(folder, "about.json");
        JsonElement golden = default;
        bool known = File.Exists(about) && JsonDocument.Parse(File.ReadAllText(about)).RootElement.TryGetProperty("golden", out golden);
        int ordinary = rows.Rows;
        if (known && golden.TryGetProperty("files", out JsonElement files) && files.TryGetProperty("inputs.npy", out JsonElement said)
            && OrdinaryPattern().Match(said.GetString() ?? string.Empty) is { Success: true } match)
        {
            ordinary = Math.Min(ordinary, int.Parse(match.Groups["count"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
        }

        int[]? shape = known && golden.TryGetProperty("input_shape_used", out JsonElement used) ? [.. used.EnumerateArray().Select(size => size.GetInt32())] : null;
        return new(Path.GetFileName(folder), models[0], rows, ordinary, shape);
    }

    /// <summary>The narrowest signed format whose grid holds every value; null when none up to 63 bits does.</summary>
    private static FixedPointFormat? FormatHolding(double[] values)
    {
        int fraction = 0;
        while (fraction <= MostFractionBits && values.Any(value => Math.ScaleB(value, fraction) != Math.Round(Math.ScaleB(value, fraction))))
        {
            fraction++;
        }

        double largest = values.Max(value => value < 0 ? -value - Math.ScaleB(1, -fraction) : value);
        int integer = 1 + Math.Max(0, largest > 0 ? (int)Math.Floor(Math.Log2(largest)) + 1 : 0);
        return fraction <= MostFractionBits && integer + fraction <= 63 ? new FixedPointFormat(Signed: true, integer + fraction, integer) : null;
    }

    [GeneratedRegex(@"first (?<count>\d+) ordinary", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OrdinaryPattern();
}
