using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Detectors;
using Edge.Cli.Output;
using Edge.Images;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Onnx;

namespace Edge.Cli.Commands;

internal static class InspectCommand
{
    public static Command Create()
    {
        var command = new Command("inspect", "Say what is in a file: model, array, recorded image or card image");
        var file = new Argument<string>("FILE") { Description = ".onnx, .npy, .ser or .card" };
        var png = new Option<string?>("--png") { Description = "Also write the image as a picture", HelpName = "FILE.png" };
        var index = new Option<int>("--image") { Description = "Which image of a series or stack, counted from 0", HelpName = "N" };
        command.Add(file);
        command.Add(png);
        command.Add(index);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            var picture = new PictureRequest(parsed.GetValue(png), parsed.GetValue(index));
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".onnx":
                    picture.Refuse(path);
                    InspectModel(path, terminal);
                    break;
                case ".npy":
                    InspectArray(path, terminal, picture);
                    break;
                case ".ser":
                    InspectSeries(path, terminal, picture);
                    break;
                case ".card":
                    picture.Refuse(path);
                    CardImage image = CardImage.Read(path);
                    terminal.Result(image.Manifest, text => text.WriteLine($"card image, {image.Manifest.Kind}: network {image.Manifest.NetworkName}, {image.Payload.Length} bytes, checksum holds"));
                    break;
                default:
                    throw new InvalidInputException($"{path}: files ending in .onnx, .npy, .ser and .card can be inspected.");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void InspectModel(string path, Terminal terminal)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path));
        var layers = network.Layers.Select(layer => new { Kind = layer.GetType().Name, Node = layer.Name, layer.Shape }).ToArray();
        terminal.Result(
            new { network.Name, Input = new { Name = network.InputName, Shape = network.InputShape }, Output = network.OutputName, network.IsQuantized, Layers = layers, network.Notes },
            text =>
            {
                text.WriteLine($"{network.Name}: input {network.InputName} {Shapes.Text(network.InputShape)}, output {network.OutputName}, {(network.IsQuantized ? "quantized" : "float: needs --calibrate")}");
                foreach (var layer in layers)
                {
                    text.WriteLine($"  {layer.Kind,-18} {Shapes.Text(layer.Shape),-14} {layer.Node}");
                }
            });
    }

    private static void InspectArray(string path, Terminal terminal, PictureRequest picture)
    {
        NpyArray array = NpyArray.Read(path);
        var statistics = Statistics.Of(array.Values);
        if (picture.Path is { } png)
        {
            if (array.Shape.Length < 2)
            {
                throw new InvalidInputException($"{path}: an array of {array.Shape.Length} axis is no image; --png needs two axes or more.");
            }

            int width = array.Shape[^1];
            int height = array.Shape[^2];
            int count = width * height == 0 ? 0 : array.Values.Length / (width * height);
            int chosen = picture.Checked(count, path);
            Picture.WriteGrey(png, width, height, array.Values.AsSpan(chosen * width * height, width * height));
        }

        terminal.Result(
            new { array.Shape, array.Type, Statistics = statistics, Picture = picture.Path },
            text => text.WriteLine($"{path}: array of shape ({string.Join(", ", array.Shape)}), {array.Type}; {statistics}{picture.Said}"));
    }

    private static void InspectSeries(string path, Terminal terminal, PictureRequest picture)
    {
        TiaSeries series = TiaSeries.Read(path);
        TiaImage image = series.Image(picture.Checked(series.Count, path));
        var statistics = Statistics.Of(image.Values);
        if (picture.Path is { } png)
        {
            Picture.WriteGrey(png, image.Width, image.Height, image.Values);
        }

        terminal.Result(
            new { series.Version, Images = series.Count, image.Width, image.Height, image.ElementType, CalibrationX = image.X, CalibrationY = image.Y, Statistics = statistics, Picture = picture.Path },
            text => text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: TIA series of {series.Count} image(s), {image.Width} x {image.Height} {image.ElementType}, pixel {image.X.DeltaMetres * 1e12:F3} x {image.Y.DeltaMetres * 1e12:F3} pm; {statistics}{picture.Said}")));
    }

    /// <summary>What --png and --image asked for.</summary>
    private sealed record PictureRequest(string? Path, int Index)
    {
        public string Said => Path is null ? string.Empty : $"; picture in {Path}";

        public int Checked(int count, string file) => Index >= 0 && Index < count
            ? Index
            : throw new InvalidInputException($"{file}: --image {Index}: it holds {count} image(s), counted from 0.");

        public void Refuse(string file)
        {
            if (Path is not null)
            {
                throw new InvalidInputException($"{file}: --png: the file holds no image.");
            }
        }
    }

    private sealed record Statistics(double Minimum, double Maximum, double Mean, double Sum, int NotFinite)
    {
        public static Statistics Of(double[] values)
        {
            double[] finite = [.. values.Where(double.IsFinite)];
            return finite.Length == 0
                ? new(double.NaN, double.NaN, double.NaN, 0, values.Length)
                : new(finite.Min(), finite.Max(), finite.Average(), finite.Sum(), values.Length - finite.Length);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"minimum {Minimum:G6}, maximum {Maximum:G6}, mean {Mean:G6}{(NotFinite > 0 ? $", {NotFinite} not finite" : string.Empty)}");
    }
}
