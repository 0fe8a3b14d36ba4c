using System.Globalization;
using System.Text;

namespace Edge.Bench;

/// <summary>docs/measurements.md: a part per section between markers, so that a section that runs replaces its own part and
/// leaves the others, with their dates, as they are.</summary>
internal sealed class MeasurementsFile
{
    private const string Opening = """
        # Measurements

        Every figure with the command that makes it. Written by `make bench`; do not edit: a section replaces its own part.
        Where a time was taken more than once, the median counts and the range stands beside it. Times are wall time on a
        machine that other programs share.

        """;

    private readonly string path;
    private readonly Dictionary<string, string> parts = new(StringComparer.Ordinal);

    public MeasurementsFile(string path, IEnumerable<string> sections)
    {
        this.path = path;
        string text = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
        foreach (string name in sections)
        {
            int start = text.IndexOf(Begin(name), StringComparison.Ordinal);
            int end = start < 0 ? -1 : text.IndexOf(End(name), start, StringComparison.Ordinal);
            if (end >= 0)
            {
                parts[name] = text[start..(end + End(name).Length)];
            }
        }
    }

    /// <summary>Replaces a section's part.</summary>
    public void Put(ISection section, string body, string command)
    {
        var text = new StringBuilder();
        text.Append(Begin(section.Name)).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"## {section.Title}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"`{command}`, {DateTime.UtcNow:yyyy-MM-dd}, {Machine.Description}\n\n");
        text.Append(body).Append(End(section.Name));
        parts[section.Name] = text.ToString();
    }

    /// <summary>Writes all parts, in the order of the sections; the file changes as a whole or not at all.</summary>
    public void Write(IEnumerable<string> sections)
    {
        string text = Opening + string.Concat(sections.Where(parts.ContainsKey).Select(name => $"\n{parts[name]}\n"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".partial", text);
        File.Move(path + ".partial", path, overwrite: true);
    }

    /// <summary>A result as a table and its notes.</summary>
    public static string Body(SectionResult result)
    {
        var text = new StringBuilder("| figure | measured | target | met |\n|---|---|---|---|\n");
        foreach (Row row in result.Rows)
        {
            string met = row.Met switch { true => "yes", false => "**no**", null => string.Empty };
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(row.Figure)} | {Cell(row.Measured)} | {Cell(row.Target)} | {met} |\n");
        }

        foreach (string note in result.Notes)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{note}\n");
        }

        return text.ToString();
    }

    /// <summary>Text as it stands in a cell of a table.</summary>
    public static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' ');

    private static string Begin(string name) => $"<!-- section {name} -->";

    private static string End(string name) => $"<!-- end {name} -->";
}
