using System.Text;
using Edge.Cli.Output;
using Edge.Networks.Graph;
using Edge.Networks.Onnx;

namespace Edge.Cli.Commands;

/// <summary>What <c>edge inspect</c> says of a model: its nodes as a table and, if asked, as a drawing.</summary>
internal static class ModelInspection
{
    public static void Show(string path, int[]? inputShape, string? drawing, Terminal terminal)
    {
        if (drawing is not null)
        {
            OutputPath.CheckFile(drawing, "--svg");
        }

        Network network = OnnxImporter.Import(OnnxModelFile.Read(path), inputShape);
        IReadOnlyList<LayerSummary> rows = LayerTable.Of(network);
        if (drawing is not null)
        {
            string svg = NetworkDrawing.Svg(network, rows);
            WholeFile.Write(drawing, file => file.Write(Encoding.UTF8.GetBytes(svg)));
        }

        terminal.Result(
            new
            {
                network.Name,
                Input = new { Name = network.InputName, Shape = network.InputShape },
                Output = network.OutputName,
                network.IsQuantized,
                Layers = rows,
                Multiplies = rows.Sum(row => row.Multiplies),
                Parameters = rows.Sum(row => row.Parameters),
                network.Notes,
                Drawing = drawing,
            },
            text =>
            {
                LayerTableText.Write(text.WriteLine, network, rows);
                foreach (string note in network.Notes)
                {
                    text.WriteLine($"  note: {note}");
                }

                if (drawing is not null)
                {
                    text.WriteLine($"  drawing in {drawing}");
                }
            });
    }
}
