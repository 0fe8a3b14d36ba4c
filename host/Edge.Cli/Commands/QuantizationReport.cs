using System.Globalization;
using System.Text.Json;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Cli.Commands;

/// <summary>What <c>edge quantize</c> says about its work, on the terminal and in its folder.</summary>
/// <param name="LargestErrorOfFullScale">Against the float network, on the calibration rows.</param>
/// <param name="Accuracy">null without labels.</param>
internal sealed record QuantizationReport(
    string Model,
    string NetworkHash,
    int CalibrationRows,
    CalibrationMethod Method,
    int WeightBits,
    int ActivationBits,
    string Input,
    double LargestErrorOfFullScale,
    IReadOnlyList<LayerFidelity> Layers,
    Accuracy? Accuracy,
    IReadOnlyList<string> Notes)
{
    public static QuantizationReport Of(QuantizedModel model, int rows, string name, Accuracy? accuracy)
    {
        PostTrainingResult result = model.PostTraining!;
        return new(
            name,
            model.Integers.Hash(),
            rows,
            result.Settings.Method,
            result.Precision.WeightBits,
            result.Precision.ActivationBits,
            model.Integers.Input.Origin,
            result.Error,
            result.Layers,
            accuracy,
            model.Notes);
    }

    public void Print(TextWriter text, string folder)
    {
        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        int width = Math.Max(5, Layers.Max(layer => layer.Layer.Length));
        text.WriteLine($"{"layer".PadRight(width)}  {"shape",-9} {"weights",-22} {"inputs",-14} {"SQNR",8} {"saturated",10}");
        foreach (LayerFidelity layer in Layers)
        {
            string steps = layer.WeightSteps[0] == layer.WeightSteps[1] ? $"2^{layer.WeightSteps[0]}" : $"2^{layer.WeightSteps[0]}..2^{layer.WeightSteps[1]}";
            string sqnr = double.IsFinite(layer.SignalToNoise) ? Number(layer.SignalToNoise, "F1") + " dB" : "exact";
            text.WriteLine(
                $"{layer.Layer.PadRight(width)}  {string.Join('x', layer.Shape),-9} {$"{layer.WeightBits} bits, {steps}",-22} {layer.InputFormat ?? "-",-14} {sqnr,8} {Number(100 * layer.SaturatedShare, "F4"),8} %");
        }

        text.WriteLine($"largest error on the calibration rows: {Number(100 * LargestErrorOfFullScale, "G3")} % of full scale");
        if (Accuracy is { } accuracy)
        {
            text.WriteLine($"accuracy on the calibration rows: {Number(100 * accuracy.Float, "F2")} % as floats, {Number(100 * accuracy.Quantized, "F2")} % quantized");
        }

        text.WriteLine($"written to {folder}: {QuantizedFolder.ModelName}, {QuantizedFolder.ReportName}");
    }
}

/// <summary>The folder that <c>edge quantize</c> leaves.</summary>
internal static class QuantizedFolder
{
    public const string ModelName = "network.onnx";
    public const string ReportName = "quantization.json";

    /// <exception cref="InvalidInputException">The folder holds something that an earlier call did not leave.</exception>
    public static void CheckFree(string folder)
    {
        bool ours = File.Exists(Path.Combine(folder, ReportName)) && Directory.EnumerateFileSystemEntries(folder).Count() <= 2;
        if (Directory.Exists(folder) && !ours && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new InvalidInputException($"{folder} exists and holds something other than a quantized network. Choose an empty or new folder.");
        }
    }

    /// <summary>Writes the folder; it appears complete or not at all.</summary>
    public static void Write(string folder, QuantizedModel model, QuantizationReport report)
    {
        folder = Path.GetFullPath(folder);
        CheckFree(folder);
        string partial = folder + ".partial";
        try
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }

            Directory.CreateDirectory(partial);
            File.WriteAllBytes(Path.Combine(partial, ModelName), OnnxExporter.Write(model.Integers, model.Source.InputName, model.Source.OutputName));
            File.WriteAllText(Path.Combine(partial, ReportName), JsonSerializer.Serialize(report, Terminal.JsonFormat) + "\n");
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.Move(partial, folder);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }
}
