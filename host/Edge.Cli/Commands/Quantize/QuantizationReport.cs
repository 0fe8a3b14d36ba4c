using System.Globalization;
using Edge.Networks;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Edge.Networks.Quantization.Search;

namespace Edge.Cli.Commands.Quantize;

/// <summary>What <c>edge quantize</c> says about its work, on the terminal and in its folder.</summary>
/// <param name="WeightBits">The most of any layer, as ActivationBits.</param>
/// <param name="LargestErrorOfFullScale">Against the float network, on the calibration rows.</param>
/// <param name="Accuracy">On the calibration rows; null without labels.</param>
/// <param name="Luts">Estimated, unrolled into the fabric.</param>
/// <param name="Qonnx">What became of the QONNX file.</param>
/// <param name="Search">null: the bits were given, or the same for all.</param>
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
    Comparison OnCalibrationRows,
    Comparison? OnTestRows,
    long Luts,
    ExportProof Proof,
    string Qonnx,
    SearchResult? Search,
    IReadOnlyList<string> Notes)
{
    public static QuantizationReport Of(
        QuantizedModel model, string name, Comparison calibration, Comparison? test, ExportProof proof, string qonnx, long luts, SearchResult? search)
    {
        PostTrainingResult result = model.PostTraining!;
        return new(
            name,
            model.Integers.Hash(),
            calibration.Rows,
            result.Settings.Method,
            result.Precision.WeightBits,
            result.Precision.ActivationBits,
            model.Integers.Input.Origin,
            result.Error,
            result.Layers,
            calibration.Accuracy,
            calibration,
            test,
            luts,
            proof,
            qonnx,
            search,
            model.Notes);
    }

    public void Print(TextWriter text, string folder)
    {
        int width = Math.Max(5, Layers.Max(layer => layer.Layer.Length));
        text.WriteLine($"{"layer".PadRight(width)}  {"shape",-9} {"weights",-22} {"inputs",-14} {"SQNR",8} {"saturated",10}");
        foreach (LayerFidelity layer in Layers)
        {
            text.WriteLine(
                $"{layer.Layer.PadRight(width)}  {string.Join('x', layer.Shape),-9} {WeightsOf(layer),-22} {layer.InputFormat ?? "-",-14} {Decibels(layer),8} {Number(100 * layer.SaturatedShare, "F4"),8} %");
        }

        if (Search is not null)
        {
            text.WriteLine();
            text.WriteLine($"{"bits",6} {"LUTs",10} {"rms error",11} {"class",9}   measured networks; * none is better in both LUTs and error, > chosen");
            foreach (SearchPoint point in Search.Measured)
            {
                string mark = point == Search.Chosen ? ">" : Search.Front.Contains(point) ? "*" : " ";
                text.WriteLine($"{Number(point.MeanBits, "F2"),6} {Number(point.Luts, "N0"),10} {Number(100 * point.RmsError, "F4"),9} % {Number(100 * point.Accuracy, "F2"),7} % {mark}");
            }

            text.WriteLine();
        }

        text.WriteLine($"largest error of the model's own output on the calibration rows: {Number(100 * LargestErrorOfFullScale, "G3")} % of full scale; about {Number(Luts, "N0")} LUTs unrolled (estimated)");
        foreach ((string rows, Comparison? on) in new[] { ("calibration", OnCalibrationRows), ("test", OnTestRows) })
        {
            if (on?.Accuracy is { } accuracy)
            {
                text.WriteLine($"accuracy on the {rows} rows: {Number(100 * accuracy.Float, "F2")} % as floats, {Number(100 * accuracy.Quantized, "F2")} % quantized");
            }
        }

        if (OnTestRows is { } test)
        {
            text.WriteLine($"on the test rows: mean error {Number(test.MeanError, "G3")}, rms {Number(test.RmsError, "G3")}, largest {Number(test.LargestError, "G3")}; same class {Number(100 * test.SameClass, "F2")} %");
        }

        text.WriteLine($"written to {folder}: {string.Join(", ", QuantizedFolder.Files(this))}");
    }

    public static string WeightsOf(LayerFidelity layer)
    {
        string steps = layer.WeightSteps[0] == layer.WeightSteps[1] ? $"2^{layer.WeightSteps[0]}" : $"2^{layer.WeightSteps[0]}..2^{layer.WeightSteps[1]}";
        return $"{layer.WeightBits} bits, {steps}";
    }

    public static string Decibels(LayerFidelity layer) => double.IsFinite(layer.SignalToNoise) ? Number(layer.SignalToNoise, "F1") + " dB" : "exact";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
