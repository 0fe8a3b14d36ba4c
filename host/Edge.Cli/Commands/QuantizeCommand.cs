using System.CommandLine;
using System.Globalization;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Cli.Commands;

internal static class QuantizeCommand
{
    public static Command Create()
    {
        var command = new Command("quantize", "Choose fixed-point formats for a float network from typical inputs");
        var model = new Argument<string>("MODEL") { Description = "ONNX file with float weights" };
        var calibrate = new Option<string>("--calibrate") { Description = "Typical inputs, a row each (.npy)", Required = true, HelpName = "X.npy" };
        var labels = new Option<string?>("--labels") { Description = "Class of each row (.npy), for the accuracy before and after", HelpName = "Y.npy" };
        var bits = new Option<int?>("--bits") { Description = "Bits of weights and activations (default: the fewest that keep within 1/512 of full scale)", HelpName = "N" };
        var weightBits = new Option<int?>("--weight-bits") { Description = "Bits of weights, in place of --bits", HelpName = "N" };
        var activationBits = new Option<int?>("--activation-bits") { Description = "Bits of activations, in place of --bits", HelpName = "N" };
        var method = new Option<string>("--method") { Description = "How ranges are chosen: minmax, percentile or mse", DefaultValueFactory = _ => "minmax", HelpName = "METHOD" };
        var inputFormat = new Option<string?>("--input-format") { Description = "Fixed-point format of the inputs, for example 'fixed<16,6>' (default: chosen from the rows)", HelpName = "fixed<W,I>" };
        var inputShape = new Option<string?>("--input-shape") { Description = "Shape of the input, batch first, where the model leaves it open: 1,16", HelpName = "SHAPE" };
        var output = new Option<string>("--output", "-o") { Description = "Folder to write", Required = true, HelpName = "DIR" };
        method.CompletionSources.Add([.. Enum.GetNames<CalibrationMethod>().Select(name => name.ToLowerInvariant())]);
        command.Add(model);
        foreach (Option option in new Option[] { calibrate, labels, bits, weightBits, activationBits, method, inputFormat, inputShape, output })
        {
            command.Add(option);
        }

        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            var settings = new QuantizationSettings(PrecisionOf(parsed.GetValue(bits), parsed.GetValue(weightBits), parsed.GetValue(activationBits)), MethodOf(parsed.GetValue(method)));
            FixedPointFormat? format = parsed.GetValue(inputFormat) is { } text ? ModelOptions.Format(text) : null;
            string path = parsed.GetRequiredValue(model);
            string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(output));
            OutputPath.CheckFolder(folder, "--output");
            QuantizedFolder.CheckFree(folder);
            Network network = OnnxImporter.Import(OnnxModelFile.Read(path), ModelOptions.Shape(parsed.GetValue(inputShape)));
            if (network.IsQuantized)
            {
                throw new InvalidInputException($"{path}: the model is quantized already; there is nothing to choose. 'edge compile' takes it as it is.");
            }

            CalibrationRows rows = CalibrationRows.Open(parsed.GetRequiredValue(calibrate), network, "--calibrate");
            NpyArray? classes = parsed.GetValue(labels) is { } file ? Labels(file, rows.Count, network) : null;
            terminal.Progress($"{rows.Count} calibration rows");
            QuantizedModel quantized = Named(path, () => QuantizedModel.Quantize(network, rows, format, settings, message =>
            {
                cancel.ThrowIfCancellationRequested();
                terminal.Progress(message);
            }));
            Accuracy? accuracy = classes is null ? null : Accuracy.Measure(quantized, rows, classes.Values);
            QuantizationReport report = QuantizationReport.Of(quantized, rows.Count, Path.GetFileName(path), accuracy);
            QuantizedFolder.Write(folder, quantized, report);
            terminal.Result(new { Folder = Path.GetFullPath(folder), Report = report }, result => report.Print(result, folder));
            return ExitCode.Success;
        });
        return command;
    }

    private static QuantizedModel Named(string path, Func<QuantizedModel> work)
    {
        try
        {
            return work();
        }
        catch (InvalidInputException error)
        {
            throw new InvalidInputException($"{path}: {error.Message}", error);
        }
    }

    private static Precision? PrecisionOf(int? both, int? weights, int? activations)
    {
        foreach ((string option, int? value) in new[] { ("--bits", both), ("--weight-bits", weights), ("--activation-bits", activations) })
        {
            if (value is < QuantizationSettings.FewestBits or > QuantizationSettings.MostBits)
            {
                throw new InvalidInputException($"{option} {value}: {QuantizationSettings.FewestBits} to {QuantizationSettings.MostBits} are allowed.");
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

    private static NpyArray Labels(string path, int rows, Network network)
    {
        NpyArray labels = NpyArray.Read(path);
        int classes = network.Producer(network.OutputValue)?.Length ?? network.InputLength;
        if (labels.Rows != rows || labels.RowLength != 1)
        {
            throw new InvalidInputException($"--labels {path}: an array of shape ({string.Join(", ", labels.Shape)}); expected one class for each of the {rows} rows.");
        }

        int bad = Array.FindIndex(labels.Values, label => !(label >= 0 && label < classes && label == Math.Floor(label)));
        return bad < 0
            ? labels
            : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"--labels {path}: row {bad} says class {labels.Values[bad]}; the model has classes 0 to {classes - 1}."));
    }
}

/// <summary>Share of rows whose largest output is the labelled class.</summary>
internal sealed record Accuracy(double Float, double Quantized)
{
    public static Accuracy Measure(QuantizedModel model, CalibrationRows rows, double[] labels)
    {
        int before = 0;
        int after = 0;
        int index = 0;
        IntegerNetwork network = model.Integers;
        foreach (double[] row in rows.Each())
        {
            int label = (int)labels[index++];
            long[] integers = ReferenceInterpreter.RunRows(network, network.Input.EncodeRows(row, []));
            before += Largest(FloatInterpreter.RunRows(model.Source, row)) == label ? 1 : 0;
            after += Largest(network.Output.Decode(integers, network.OutputLength, beforeSoftmax: true)) == label ? 1 : 0;
        }

        return new((double)before / index, (double)after / index);
    }

    private static int Largest(double[] values) => values.Length == 1 ? (int)values[0] : Array.IndexOf(values, values.Max());
}
