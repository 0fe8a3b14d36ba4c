using System.CommandLine;
using System.Globalization;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Edge.Networks.Quantization.Search;

namespace Edge.Cli.Commands.Quantize;

internal static class QuantizeCommand
{
    public static Command Create()
    {
        var command = new Command("quantize", "Choose fixed-point formats for a float network from typical inputs");
        var model = new Argument<string>("MODEL") { Description = "ONNX file with float weights" };
        var calibrate = new Option<string>("--calibrate") { Description = "Typical inputs, a row each (.npy)", Required = true, HelpName = "X.npy" };
        var labels = new Option<string?>("--labels") { Description = "Class of each row (.npy), for the accuracy before and after", HelpName = "Y.npy" };
        var test = new Option<string?>("--test") { Description = "Other rows, to measure with only", HelpName = "X.npy" };
        var testLabels = new Option<string?>("--test-labels") { Description = "Class of each of these", HelpName = "Y.npy" };
        var bits = new Option<int?>("--bits") { Description = "Bits of weights and activations (default: the fewest that keep within 1/512 of full scale)", HelpName = "N" };
        var weightBits = new Option<int?>("--weight-bits") { Description = "Bits of weights, in place of --bits", HelpName = "N" };
        var activationBits = new Option<int?>("--activation-bits") { Description = "Bits of activations, in place of --bits", HelpName = "N" };
        var accuracy = new Option<double?>("--budget-accuracy") { Description = "Choose bits layer by layer: at least so many % of the rows in their class (without --labels: the float network's), for the fewest LUTs", HelpName = "%" };
        var error = new Option<double?>("--budget-error") { Description = "The same with an rms error of at most so many % of full scale", HelpName = "%" };
        var luts = new Option<long?>("--budget-luts") { Description = "Choose bits layer by layer: at most so many LUTs (estimated), for the least error", HelpName = "N" };
        var meanBits = new Option<double?>("--budget-bits") { Description = "The same with at most so many bits, the mean of weights and activations over all multiplications", HelpName = "B" };
        var method = new Option<string>("--method") { Description = "How ranges are chosen: minmax, percentile or mse", DefaultValueFactory = _ => "minmax", HelpName = "METHOD" };
        var perTensor = new Option<bool>("--per-tensor") { Description = "One range for all channels of a value (default: to each its own)" };
        var inputFormat = new Option<string?>("--input-format") { Description = "Fixed-point format of the inputs, for example 'fixed<16,6>' (default: chosen from the rows)", HelpName = "fixed<W,I>" };
        var inputBits = new Option<int?>("--input-bits") { Description = "Bits of the inputs, in place of --input-format: each feature or channel gets a scale of its own", HelpName = "N" };
        var inputShape = new Option<string?>("--input-shape") { Description = "Shape of the input, batch first, where the model leaves it open: 1,16", HelpName = "SHAPE" };
        var output = new Option<string>("--output", "-o") { Description = "Folder to write", Required = true, HelpName = "DIR" };
        method.CompletionSources.Add([.. Enum.GetNames<CalibrationMethod>().Select(name => name.ToLowerInvariant())]);
        command.Add(model);
        foreach (Option option in new Option[] { calibrate, labels, test, testLabels, bits, weightBits, activationBits, accuracy, error, luts, meanBits, method, perTensor, inputFormat, inputBits, inputShape, output })
        {
            command.Add(option);
        }

        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            Precision? precision = PrecisionOf(parsed.GetValue(bits), parsed.GetValue(weightBits), parsed.GetValue(activationBits));
            SearchBudget? budget = BudgetOf(parsed.GetValue(accuracy), parsed.GetValue(error), parsed.GetValue(luts), parsed.GetValue(meanBits));
            FixedPointFormat? format = parsed.GetValue(inputFormat) is { } text ? ModelOptions.Format(text) : null;
            if (budget is not null && precision is not null)
            {
                throw new InvalidInputException("a --budget option chooses the bits itself; leave out --bits, --weight-bits and --activation-bits.");
            }

            if (parsed.GetValue(inputBits) is { } own)
            {
                CheckBits("--input-bits", own);
                if (format is not null)
                {
                    throw new InvalidInputException("--input-bits and --input-format are two ways to say the same; give one of them.");
                }
            }

            if (parsed.GetValue(testLabels) is not null && parsed.GetValue(test) is null)
            {
                throw new InvalidInputException("--test-labels needs --test beside it.");
            }

            string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(output));
            OutputPath.CheckFolder(folder, "--output");
            QuantizedFolder.CheckFree(folder);
            var job = new QuantizeJob(
                parsed.GetRequiredValue(model),
                ModelOptions.Shape(parsed.GetValue(inputShape)),
                new("--calibrate", parsed.GetRequiredValue(calibrate), "--labels", parsed.GetValue(labels)),
                parsed.GetValue(test) is { } rows ? new("--test", rows, "--test-labels", parsed.GetValue(testLabels)) : null,
                new QuantizationSettings(precision, MethodOf(parsed.GetValue(method))) { InputBits = parsed.GetValue(inputBits), Equalizes = !parsed.GetValue(perTensor) },
                format,
                budget,
                folder);
            QuantizationReport report = job.Run(terminal, cancel);
            terminal.Result(new { Folder = Path.GetFullPath(folder), Report = report }, result => report.Print(result, folder));
            return ExitCode.Success;
        });
        return command;
    }

    private static SearchBudget? BudgetOf(double? accuracy, double? error, long? luts, double? bits)
    {
        (string Option, double? Value, double Least, double Most)[] given =
        [
            ("--budget-accuracy", accuracy, 0, 100), ("--budget-error", error, 0, 100), ("--budget-luts", luts, 1, 1e12), ("--budget-bits", bits, 1, QuantizationSettings.MostBits),
        ];
        foreach ((string option, double? value, double least, double most) in given)
        {
            if (value is { } number && !(number >= least && number <= most))
            {
                throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{option} {number}: {least} to {most} are allowed."));
            }
        }

        return given.Count(option => option.Value is not null) switch
        {
            0 => null,
            1 => new(accuracy / 100, error / 100, luts, bits),
            _ => throw new InvalidInputException($"{string.Join(" and ", given.Where(option => option.Value is not null).Select(option => option.Option))}: one budget at a time."),
        };
    }

    private static void CheckBits(string option, int value)
    {
        if (value is < QuantizationSettings.FewestBits or > QuantizationSettings.MostBits)
        {
            throw new InvalidInputException($"{option} {value}: {QuantizationSettings.FewestBits} to {QuantizationSettings.MostBits} are allowed.");
        }
    }

    private static Precision? PrecisionOf(int? both, int? weights, int? activations)
    {
        foreach ((string option, int? value) in new[] { ("--bits", both), ("--weight-bits", weights), ("--activation-bits", activations) })
        {
            if (value is { } number)
            {
                CheckBits(option, number);
            }
        }

        return ((weights ?? both), (activations ?? both)) switch
        {
            (null, null) => null,
            (int w, int a) => new(w, a),
            (null, _) => throw new InvalidInputException("--activation-bits needs --weight-bits (or --bits) beside it."),
            (_, null) => throw new InvalidInputException("--weight-bits needs --activation-bits (or --bits) beside it."),
        };
    }

    private static CalibrationMethod MethodOf(string? name) =>
        Enum.GetNames<CalibrationMethod>().FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known
            ? Enum.Parse<CalibrationMethod>(known)
            : throw new InvalidInputException($"--method {name}: minmax, percentile and mse are known.");
}
