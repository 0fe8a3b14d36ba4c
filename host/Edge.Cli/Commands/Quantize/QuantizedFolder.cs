using System.Text.Json;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands.Quantize;

/// <summary>The folder that <c>edge quantize</c> leaves.</summary>
internal static class QuantizedFolder
{
    public const string ModelName = "network.onnx";
    public const string QonnxName = "network.qonnx.onnx";
    public const string ReportName = "quantization.json";
    public const string PageName = "report.html";
    public const string ParetoName = "pareto.svg";

    private static readonly string[] Known = [ModelName, QonnxName, ReportName, PageName, ParetoName, SearchFile.Name, SearchFile.Name + ".partial"];

    /// <summary>The files that a report comes with.</summary>
    public static IEnumerable<string> Files(QuantizationReport report) => new[]
    {
        ModelName, report.Qonnx.Contains("not written", StringComparison.Ordinal) ? null : QonnxName, PageName, ReportName, report.Search is null ? null : ParetoName, report.Search is null ? null : SearchFile.Name,
    }.OfType<string>();

    /// <exception cref="InvalidInputException">The folder holds something that an earlier call did not leave.</exception>
    public static void CheckFree(string folder)
    {
        bool ours = Directory.Exists(folder)
            && (File.Exists(Path.Combine(folder, ReportName)) || File.Exists(SearchFile.PathIn(folder)))
            && Directory.EnumerateFileSystemEntries(folder).All(entry => Known.Contains(Path.GetFileName(entry), StringComparer.Ordinal));
        if (Directory.Exists(folder) && !ours && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new InvalidInputException($"{folder} exists and holds something other than a quantized network. Choose an empty or new folder.");
        }
    }

    /// <summary>Writes the folder; it appears complete or not at all. What a search has measured stays.</summary>
    public static void Write(string folder, byte[] export, byte[]? qonnx, QuantizationReport report)
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
            File.WriteAllBytes(Path.Combine(partial, ModelName), export);
            if (qonnx is not null)
            {
                File.WriteAllBytes(Path.Combine(partial, QonnxName), qonnx);
            }

            File.WriteAllText(Path.Combine(partial, ReportName), JsonSerializer.Serialize(report, Terminal.JsonFormat) + "\n");
            File.WriteAllText(Path.Combine(partial, PageName), QuantizationPage.Of(report));
            if (report.Search is { } search)
            {
                File.WriteAllText(Path.Combine(partial, ParetoName), QuantizationPage.Pareto(search));
            }

            if (File.Exists(SearchFile.PathIn(folder)))
            {
                File.Copy(SearchFile.PathIn(folder), Path.Combine(partial, SearchFile.Name));
            }

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
