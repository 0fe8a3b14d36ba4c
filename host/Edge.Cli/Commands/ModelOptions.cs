using System.CommandLine;
using System.Globalization;
using Edge.Cli.Output;
using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Cli.Commands;

/// <summary>The options that say how a model file becomes integers; the same for every command that takes a model.</summary>
internal sealed class ModelOptions
{
    private readonly Argument<string> model = new("MODEL") { Description = "ONNX, QONNX or QDQ file" };

    private readonly Option<string?> inputFormat = new("--input-format")
    {
        Description = "Fixed-point format of the inputs, for example 'fixed<16,6>' (default: the model's own input quantizer, or fixed<16,6>)",
        HelpName = "fixed<W,I>",
    };

    private readonly Option<string?> inputShape = new("--input-shape")
    {
        Description = "Shape of the input, batch first, where the model leaves it open: 1,16",
        HelpName = "SHAPE",
    };

    private readonly Option<string?> calibrate = new("--calibrate")
    {
        Description = "Typical inputs (.npy), to choose the formats of a float model",
        HelpName = "X.npy",
    };

    private readonly Option<bool> beforeSoftmax = new("--before-softmax") { Description = "Leave out the softmax at the model's end" };

    private readonly Option<int> levelsPerStage = new("--levels-per-stage")
    {
        Description = "Logic levels between pipeline registers",
        DefaultValueFactory = _ => FabricNetwork.DefaultLevelsPerStage,
        HelpName = "N",
    };

    /// <param name="modelRequired">false: the command also works on something else.</param>
    public static ModelOptions AddTo(Command command, bool modelRequired = true)
    {
        var options = new ModelOptions();
        options.model.Arity = modelRequired ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne;
        command.Add(options.model);
        command.Add(options.inputFormat);
        command.Add(options.inputShape);
        command.Add(options.calibrate);
        command.Add(options.beforeSoftmax);
        command.Add(options.levelsPerStage);
        return options;
    }

    public string Path(ParseResult parsed) => parsed.GetRequiredValue(model);

    public bool HasModel(ParseResult parsed) => parsed.GetResult(model) is { Tokens.Count: > 0 };

    public int[]? InputShape(ParseResult parsed) => Shape(parsed.GetValue(inputShape));

    public bool BeforeSoftmax(ParseResult parsed) => parsed.GetValue(beforeSoftmax);

    public int LevelsPerStage(ParseResult parsed) => parsed.GetValue(levelsPerStage) is >= 1 and <= 64 and var levels
        ? levels
        : throw new InvalidInputException($"--levels-per-stage {parsed.GetValue(levelsPerStage)}: 1 to 64 are allowed.");

    public QuantizedModel Load(ParseResult parsed, Terminal terminal)
    {
        FixedPointFormat? format = parsed.GetValue(inputFormat) is { } text ? Format(text) : null;
        NpyArray? rows = parsed.GetValue(calibrate) is { } file ? NpyArray.Read(file) : null;
        QuantizedModel quantized = QuantizedModel.Load(Path(parsed), format, Shape(parsed.GetValue(inputShape)), rows, terminal.Progress);
        if (!terminal.Json)
        {
            LayerTableText.Write(terminal.Progress, quantized.Source, LayerTable.Of(quantized.Source));
        }

        foreach (string note in quantized.Notes)
        {
            terminal.Progress(note);
        }

        terminal.Progress($"inputs: {quantized.Integers.Input.Origin}");
        return quantized;
    }

    /// <summary>The model for hardware: without its softmax where that was asked for.</summary>
    public QuantizedModel Quantized(ParseResult parsed, Terminal terminal)
    {
        QuantizedModel quantized = Load(parsed, terminal);
        return BeforeSoftmax(parsed)
            ? quantized with { Integers = quantized.Integers with { Output = quantized.Integers.Output with { Softmax = false } } }
            : quantized;
    }

    /// <summary>Reads rows for a model, and checks that they fit it.</summary>
    public static NpyArray Rows(string path, QuantizedModel model, string option)
    {
        NpyArray rows = NpyArray.Read(path);
        QuantizedModel.CheckRows(rows, model.Source, $"{option} {path}");
        return rows;
    }

    internal static FixedPointFormat Format(string text)
    {
        try
        {
            return FixedPointFormat.Parse(text);
        }
        catch (InvalidInputException error)
        {
            throw new InvalidInputException($"--input-format: {error.Message}", error);
        }
    }

    internal static int[]? Shape(string? text)
    {
        if (text is null)
        {
            return null;
        }

        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var shape = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]) || shape[i] < 1)
            {
                throw new InvalidInputException($"--input-shape {text}: expected positive numbers with commas between, batch first, for example 1,16.");
            }
        }

        return shape;
    }
}
