using System.Globalization;
using System.Net;
using System.Text;
using Edge.Cli.Output;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Edge.Networks.Quantization.Search;

namespace Edge.Cli.Commands.Quantize;

/// <summary>The report as a page that needs no other file.</summary>
internal static class QuantizationPage
{
    public static string Of(QuantizationReport report)
    {
        var page = new StringBuilder($"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Edge: {H(report.Model)}, quantized</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>
            {PageStyle.Css}
            </style></head><body>
            <h1>{H(report.Model)}, quantized</h1>

            """);
        Summary(page, report);
        Comparisons(page, report);
        if (report.Search is { } search)
        {
            Search(page, search);
        }

        Layers(page, report);
        Histograms(page, report);
        page.Append("<h2>Exports</h2>\n<p>");
        page.Append(CultureInfo.InvariantCulture, $"network.onnx: {report.Proof.Integers:N0} integers of {report.Proof.Rows:N0} calibration rows and {report.Proof.ExtremeRows} extreme rows (all at the ends of the input format, spikes, random corners) are equal in the interpreter and in ONNX Runtime {H(report.Proof.OnnxRuntime)}, with its graph optimizations on and off.<br>{H(report.Qonnx)}.</p>\n");
        page.Append("<h2>Notes</h2>\n<ul>\n");
        foreach (string note in report.Notes)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>{H(note)}</li>\n");
        }

        return page.Append(CultureInfo.InvariantCulture, $"</ul>\n<p class=\"note\">Network hash {report.NetworkHash}. All numbers stand in quantization.json too.</p>\n</body></html>\n").ToString();
    }

    /// <summary>Error against hardware of every measured network.</summary>
    public static string Pareto(SearchResult search) => SvgChart.Pareto(
        [.. search.Measured.Select(point => ((double)point.Luts, 100 * point.RmsError, search.Front.Contains(point), point == search.Chosen))],
        "LUTs, estimated",
        "rms error, % of full scale");

    private static void Summary(StringBuilder page, QuantizationReport report)
    {
        string bits = report.Search is null && report.Layers.Select(layer => layer.WeightBits).Distinct().Count() <= 1
            ? $"{report.WeightBits}-bit weights, {report.ActivationBits}-bit activations"
            : $"weights of up to {report.WeightBits} bits, activations of up to {report.ActivationBits}, layer by layer";
        string accuracy = (report.OnTestRows?.Accuracy ?? report.Accuracy) is { } share
            ? string.Create(CultureInfo.InvariantCulture, $" Accuracy on the {(report.OnTestRows?.Accuracy is null ? "calibration" : "test")} rows: {100 * share.Float:F2} % as floats, {100 * share.Quantized:F2} % quantized.")
            : string.Empty;
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"big\">{H(bits)}: largest error of the model's own output {100 * report.LargestErrorOfFullScale:G3} % of full scale on {report.CalibrationRows:N0} calibration rows, about {report.Luts:N0} LUTs.{accuracy}</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">Inputs: {H(report.Input)}. Ranges: {report.Method.ToString().ToLowerInvariant()}. LUTs are estimated for the network unrolled into the fabric, a LUT for each bit of an adder; nothing was synthesised.</p>\n");
    }

    private static void Comparisons(StringBuilder page, QuantizationReport report)
    {
        page.Append("<h2>Against the float network</h2>\n<table><tr><th>rows</th><th>count</th><th>mean error</th><th>rms error</th><th>largest</th><th>full scale</th><th>same class</th><th>accuracy, float</th><th>accuracy, quantized</th></tr>\n");
        foreach ((string name, Comparison? on) in new[] { ("calibration", report.OnCalibrationRows), ("test", report.OnTestRows) })
        {
            if (on is not null)
            {
                string before = on.Accuracy is { } share ? Percent(share.Float) : "no labels";
                string after = on.Accuracy is { } other ? Percent(other.Quantized) : "no labels";
                page.Append(CultureInfo.InvariantCulture, $"<tr><td>{name}</td><td>{on.Rows:N0}</td><td>{on.MeanError:G3}</td><td>{on.RmsError:G3}</td><td>{on.LargestError:G3}</td><td>{on.FullScale:G4}</td><td>{Percent(on.SameClass)}</td><td>{before}</td><td>{after}</td></tr>\n");
            }
        }

        page.Append("</table>\n<p class=\"note\">Errors of outputs before a softmax (the line above counts behind it). Same class: the largest output is the same one; without meaning where outputs are no classes.</p>\n");
    }

    private static void Search(StringBuilder page, SearchResult search)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>Choice of bits</h2>\n{Pareto(search)}\n<table><tr><th>mean bits</th><th>LUTs</th><th>rms error</th><th>largest error</th><th>class</th><th>weights / activations, layer by layer</th><th></th></tr>\n");
        foreach (SearchPoint point in search.Measured)
        {
            string mark = point == search.Chosen ? "<b>chosen</b>" : search.Front.Contains(point) ? "front" : string.Empty;
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{point.MeanBits:F2}</td><td>{point.Luts:N0}</td><td>{100 * point.RmsError:F3} %</td><td>{100 * point.LargestError:F3} %</td><td>{Percent(point.Accuracy)}</td><td>{string.Join(' ', point.Precisions.Select(Bits))}</td><td>{mark}</td></tr>\n");
        }

        page.Append("</table>\n<p class=\"note\">Errors in parts of full scale, on up to 1,024 calibration rows. Class: share of rows in the labelled class, or without labels in the float network's. Mean bits: of weights and activations over all multiplications.</p>\n");
    }

    private static string Bits(Precision precision) => $"{precision.WeightBits}/{precision.ActivationBits}";

    private static void Layers(StringBuilder page, QuantizationReport report)
    {
        page.Append("<h2>Layers</h2>\n<table><tr><th>layer</th><th>weights</th><th>bits and steps of weights</th><th>inputs</th><th>signal to noise</th><th>saturated</th></tr>\n");
        foreach (LayerFidelity layer in report.Layers)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{H(layer.Layer)}</td><td>{string.Join(" x ", layer.Shape)}</td><td>{H(QuantizationReport.WeightsOf(layer))}</td><td>{H(layer.InputFormat ?? "-")}</td><td>{QuantizationReport.Decibels(layer)}</td><td>{layer.Saturated:N0} of {layer.InputCount:N0}</td></tr>\n");
        }

        page.Append("</table>\n<p class=\"note\">Signal to noise: of a layer's sums on the calibration rows, with all errors made before it. Saturated: inputs of the layer that were clipped to the range of their format.</p>\n");
    }

    private static void Histograms(StringBuilder page, QuantizationReport report)
    {
        page.Append("<h2>Ranges</h2>\n<p class=\"note\">Green: the range of the format. Counts are logarithmic; values outside the range are orange and are clipped; the outermost bars hold everything beyond.</p>\n<div class=\"pictures\">\n");
        foreach (LayerFidelity layer in report.Layers)
        {
            Figure(page, layer.Weights, "weights, in steps", $"{layer.Layer}: weights, {QuantizationReport.WeightsOf(layer)}");
            if (layer.Inputs is { } inputs)
            {
                Figure(page, inputs, "inputs before rounding, in steps", $"{layer.Layer}: inputs, {layer.InputFormat ?? "-"}");
            }
        }

        page.Append("</div>\n");
    }

    private static void Figure(StringBuilder page, RangeHistogram histogram, string axis, string caption) => page.Append(
        CultureInfo.InvariantCulture,
        $"<figure>{SvgChart.Histogram(histogram.First, histogram.BinWidth, histogram.Counts, histogram.Low - 0.5, histogram.High + 0.5, axis, caption)}<figcaption>{H(caption)}</figcaption></figure>\n");

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture) + " %";

    private static string H(string text) => WebUtility.HtmlEncode(text);
}
