using System.Globalization;
using System.Text;

namespace Edge.Bench;

/// <summary>A model's line of docs/coverage.md.</summary>
/// <param name="Milliseconds">Import and lowering; null where the model is refused.</param>
internal sealed record CoverageLine(string Model, string Imports, string Exact, string Ties, string Fabric, Timing? Milliseconds, double Target)
{
    public bool? InTime => Milliseconds is null ? null : Milliseconds.Median < Target;
}

/// <summary>docs/coverage.md: what becomes of every model that the project knows.</summary>
internal static class CoveragePage
{
    public const string FileName = "coverage.md";

    /// <summary>Writes the page beside the file of measurements; it changes as a whole or not at all.</summary>
    public static void Write(string folder, IReadOnlyList<(string Heading, IReadOnlyList<CoverageLine> Lines)> parts, IReadOnlyList<string> notes)
    {
        var text = new StringBuilder("# Coverage\n\nWhat becomes of every model that the project knows. Written by `make bench BENCH=coverage`; do not edit.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, {Machine.Description}\n");
        foreach ((string heading, IReadOnlyList<CoverageLine> lines) in parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {heading}\n\n");
            text.Append("| model | imports | exact | exact ties | fabric | import + lowering, ms | below 1 s |\n|---|---|---|---|---|---|---|\n");
            foreach (CoverageLine line in lines)
            {
                string time = line.Milliseconds is { } timing ? Row.Rough(timing.Median) : string.Empty;
                string inTime = line.InTime switch { true => "yes", false => "**no**", null => string.Empty };
                text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", new[] { line.Model, line.Imports, line.Exact, line.Ties, line.Fabric, time, inTime }.Select(MeasurementsFile.Cell))} |\n");
            }
        }

        text.Append(string.Concat(notes.Select(note => $"\n{note}\n")));
        string path = Path.Combine(folder, FileName);
        File.WriteAllText(path + ".partial", text.ToString());
        File.Move(path + ".partial", path, overwrite: true);
    }
}
