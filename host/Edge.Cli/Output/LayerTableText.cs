using System.Globalization;
using Edge.Networks.Graph;

namespace Edge.Cli.Output;

/// <summary>The table of a model's nodes, for people.</summary>
internal static class LayerTableText
{
    private const int WidestNode = 48;

    public static void Write(Action<string> line, Network network, IReadOnlyList<LayerSummary> rows)
    {
        int nodeWidth = Math.Min(WidestNode, rows.Select(row => row.Node.Length).Append(5).Max());
        int shapeWidth = rows.Select(row => Shapes.Text(row.Shape).Length).Append(5).Max();
        int formatWidth = rows.Select(row => row.Format.Length).Append(6).Max();
        line($"{network.Name}: input {network.InputName} {Shapes.Text(network.InputShape)}, output {network.OutputName}, {(network.IsQuantized ? "quantized" : "float: needs --calibrate")}");
        void Line(string node, string shape, string format, string multiplies, string parameters, string zeros) =>
            line($"  {node.PadRight(nodeWidth)}  {shape.PadRight(shapeWidth)}  {format.PadRight(formatWidth)}  {multiplies,12}  {parameters,10}  {zeros,12}".TrimEnd());
        Line("layer", "shape", "format", "multiplies", "parameters", "zero weights");
        foreach (LayerSummary row in rows)
        {
            Line(Shortened(row.Node, nodeWidth), Shapes.Text(row.Shape), row.Format, Count(row.Multiplies), Count(row.Parameters), Part(row.ZeroWeights));
        }

        Line("total", string.Empty, string.Empty, Count(rows.Sum(row => row.Multiplies)), Count(rows.Sum(row => row.Parameters)), string.Empty);
    }

    public static string Count(long count) => count == 0 ? string.Empty : count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Part(double? part) => part is { } value ? value.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", string.Empty, StringComparison.Ordinal) : string.Empty;

    /// <summary>Operators stand first and names differ at their ends: the middle goes.</summary>
    public static string Shortened(string text, int width) => text.Length <= width ? text : $"{text[..(width / 3)]}...{text[^(width - (width / 3) - 3)..]}";
}
