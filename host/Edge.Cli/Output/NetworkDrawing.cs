using System.Globalization;
using System.Text;
using System.Xml;
using Edge.Networks.Graph;

namespace Edge.Cli.Output;

/// <summary>A network as an SVG drawing: a box per node, from the input on top to the output below; branches side by
/// side. On the arrows stands the shape of what flows.</summary>
internal static class NetworkDrawing
{
    private const int BoxWidth = 330;
    private const int BoxHeight = 62;
    private const int ColumnWidth = 380;
    private const int RowHeight = 104;
    private const int Margin = 24;
    private const string Namespace = "http://www.w3.org/2000/svg";

    private const int InputRow = -1;

    public static string Svg(Network network, IReadOnlyList<LayerSummary> rows)
    {
        int[] columns = Columns(rows);
        int width = (columns.Append(0).Max() * ColumnWidth) + BoxWidth + (2 * Margin);
        int height = ((rows.Count + 2) * RowHeight) + (2 * Margin);
        var text = new StringBuilder();
        using (var svg = XmlWriter.Create(text, new() { Indent = true, OmitXmlDeclaration = true, CheckCharacters = false }))
        {
            svg.WriteStartElement("svg", Namespace);
            Attributes(svg, ("viewBox", $"0 0 {width} {height}"), ("width", $"{width}"), ("height", $"{height}"), ("font-family", "DejaVu Sans, Helvetica, Arial, sans-serif"));
            Element(svg, "title", network.Name);
            Rectangle(svg, 0, 0, width, height, "#FFFFFF", "none");
            for (int row = 0; row < rows.Count; row++)
            {
                foreach (int from in rows[row].Inputs)
                {
                    Arrow(svg, rows, columns, from, row, Shapes.Text(from == InputRow ? network.InputShape : rows[from].Shape));
                }
            }

            Arrow(svg, rows, [.. columns, columns.Length == 0 ? 0 : columns[^1]], rows.Count - 1, rows.Count, Shapes.Text(rows.Count == 0 ? network.InputShape : rows[^1].Shape));
            Box(svg, 0, InputRow, $"input {network.InputName}", Shapes.Text(network.InputShape), string.Empty, "#EEEEEE");
            for (int row = 0; row < rows.Count; row++)
            {
                LayerSummary layer = rows[row];
                string[] parts = layer.Node.Split(' ', 2);
                Box(svg, columns[row], row, layer.Node, $"{Shapes.Text(layer.Shape)}  {layer.Format}", Cost(layer), Colour(parts[0], layer));
            }

            Box(svg, columns.Length == 0 ? 0 : columns[^1], rows.Count, $"output {network.OutputName}", string.Empty, string.Empty, "#EEEEEE");
            svg.WriteEndElement();
        }

        return text.ToString();
    }

    /// <summary>A node stands below what it reads where that has no other reader yet, else beside it.</summary>
    private static int[] Columns(IReadOnlyList<LayerSummary> rows)
    {
        var columns = new int[rows.Count];
        var busyUntil = new List<int>(); // per column: the last row that an arrow down from it reaches
        int[] lastReader = [.. Enumerable.Range(0, rows.Count).Select(row => LastReader(rows, row))];
        for (int row = 0; row < rows.Count; row++)
        {
            int[] inputs = rows[row].Inputs;
            int wanted = inputs.Length == 0 || inputs[0] == InputRow ? 0 : columns[inputs.Min(input => (columns[input], input)).input];
            int column = wanted;
            while (column < busyUntil.Count && busyUntil[column] > row)
            {
                column++;
            }

            while (busyUntil.Count <= column)
            {
                busyUntil.Add(0);
            }

            columns[row] = column;
            busyUntil[column] = Math.Max(busyUntil[column], lastReader[row]);
        }

        return columns;
    }

    private static int LastReader(IReadOnlyList<LayerSummary> rows, int row)
    {
        for (int reader = rows.Count - 1; reader > row; reader--)
        {
            if (Array.IndexOf(rows[reader].Inputs, row) >= 0)
            {
                return reader;
            }
        }

        return row;
    }

    private static int X(int column) => Margin + (column * ColumnWidth);

    private static int Y(int row) => Margin + ((row + 1) * RowHeight);

    private static void Arrow(XmlWriter svg, IReadOnlyList<LayerSummary> rows, int[] columns, int from, int to, string shape)
    {
        int x0 = X(from == InputRow ? 0 : columns[from]) + (BoxWidth / 2);
        int y0 = Y(from) + BoxHeight;
        int x1 = X(columns[to]) + (BoxWidth / 2);
        int y1 = Y(to);
        bool blocked = x0 == x1 && Enumerable.Range(from + 1, Math.Max(0, to - from - 1)).Any(row => columns[row] == (from == InputRow ? 0 : columns[from]));
        int aside = X(columns[to]) + BoxWidth + 14;
        string path = blocked
            ? $"M{x0 + 90} {y0} C{x0 + 90} {y0 + 20} {aside} {y0 + 10} {aside} {y0 + 40} V{y1 - 40} C{aside} {y1 - 10} {x1 + 90} {y1 - 20} {x1 + 90} {y1}"
            : x0 == x1 ? $"M{x0} {y0} V{y1}" : $"M{x0} {y0} C{x0} {y0 + 40} {x1} {y0} {x1} {y0 + 42} V{y1}";
        svg.WriteStartElement("path", Namespace);
        Attributes(svg, ("d", path), ("fill", "none"), ("stroke", "#666666"), ("stroke-width", "1.5"));
        svg.WriteEndElement();
        int tip = blocked ? x1 + 90 : x1;
        svg.WriteStartElement("path", Namespace);
        Attributes(svg, ("d", $"M{tip - 5} {y1 - 9} L{tip} {y1} L{tip + 5} {y1 - 9} Z"), ("fill", "#666666"));
        svg.WriteEndElement();
        if (!blocked)
        {
            Text(svg, x1 + 8, y1 - 15, 12, "#666666", shape);
        }
    }

    private static void Box(XmlWriter svg, int column, int row, string first, string second, string third, string colour)
    {
        Rectangle(svg, X(column), Y(row), BoxWidth, BoxHeight, colour, "#444444");
        Text(svg, X(column) + 10, Y(row) + 19, 13, "#000000", LayerTableText.Shortened(first, 38), bold: true);
        Text(svg, X(column) + 10, Y(row) + 36, 11, "#222222", LayerTableText.Shortened(second, 48));
        Text(svg, X(column) + 10, Y(row) + 52, 11, "#222222", third);
    }

    private static string Cost(LayerSummary layer)
    {
        var parts = new List<string>();
        if (layer.Multiplies > 0)
        {
            parts.Add($"{LayerTableText.Count(layer.Multiplies)} multiplies");
        }

        if (layer.Parameters > 0)
        {
            parts.Add($"{LayerTableText.Count(layer.Parameters)} parameters");
        }

        if (layer.ZeroWeights is > 0)
        {
            parts.Add($"{LayerTableText.Part(layer.ZeroWeights)} zeros");
        }

        return string.Join(", ", parts);
    }

    private static string Colour(string kind, LayerSummary layer) => layer.ZeroWeights is not null ? "#CFE8F7"
        : kind is "Quant" or "BipolarQuant" or "QuantizeLinear" or "DequantizeLinear" or "MultiThreshold" or "Trunc" ? "#FBE3BC"
        : layer.Parameters > 0 ? "#D9F0E6"
        : "#F5F5F5";

    private static void Rectangle(XmlWriter svg, int x, int y, int width, int height, string fill, string stroke)
    {
        svg.WriteStartElement("rect", Namespace);
        Attributes(svg, ("x", $"{x}"), ("y", $"{y}"), ("width", $"{width}"), ("height", $"{height}"), ("rx", "5"), ("fill", fill), ("stroke", stroke));
        svg.WriteEndElement();
    }

    private static void Text(XmlWriter svg, int x, int y, int size, string colour, string text, bool bold = false)
    {
        if (text.Length == 0)
        {
            return;
        }

        svg.WriteStartElement("text", Namespace);
        Attributes(svg, ("x", $"{x}"), ("y", $"{y}"), ("font-size", size.ToString(CultureInfo.InvariantCulture)), ("fill", colour), ("font-weight", bold ? "bold" : "normal"));
        svg.WriteString(Printable(text));
        svg.WriteEndElement();
    }

    private static void Element(XmlWriter svg, string name, string text)
    {
        svg.WriteStartElement(name, Namespace);
        svg.WriteString(Printable(text));
        svg.WriteEndElement();
    }

    /// <summary>Names come from files: characters that XML cannot hold become question marks.</summary>
    private static string Printable(string text) => new([.. text.Select(character => XmlConvert.IsXmlChar(character) ? character : '?')]);

    private static void Attributes(XmlWriter svg, params (string Name, string Value)[] attributes)
    {
        foreach ((string name, string value) in attributes)
        {
            svg.WriteAttributeString(name, value);
        }
    }
}
