using System.Text;
using Edge.Cli.Output;
using Edge.Networks;
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

        OnnxModelFile file = OnnxModelFile.Read(path);
        if (OnnxExporter.DescriptionOf(file) is { } description)
        {
            if (drawing is not null)
            {
                throw new InvalidInputException($"{path}: a network as Edge exports it for ONNX Runtime has no layers to draw. Give --svg with the model that it was made from, or the QONNX file beside it.");
            }

            terminal.Result(new { Exported = true, Description = description.Split('\n') }, text => text.WriteLine(description));
            return;
        }

        Network network = OnnxImporter.Import(file, inputShape);
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
