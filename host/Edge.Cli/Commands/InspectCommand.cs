using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Detectors;
using Edge.Cli.Commands.Image;
using Edge.Cli.Output;
using Edge.Images.Bitstreams;
using Edge.Networks;
using Edge.Networks.Arrays;

namespace Edge.Cli.Commands;

internal static class InspectCommand
{
    public static Command Create()
    {
        var command = new Command("inspect", "Say what is in a file: model, array, recorded image, card image or bitstream");
        var file = new Argument<string>("FILE") { Description = ".onnx, .npy, .ser, .card, .bit or .bin" };
        var png = new Option<string?>("--png") { Description = "Also write the image as a picture", HelpName = "FILE.png" };
        var svg = new Option<string?>("--svg") { Description = "Also draw the model, a box per layer", HelpName = "FILE.svg" };
        var inputShape = new Option<string?>("--input-shape") { Description = "Shape of the model's input, batch first, where the file leaves it open: 1,16", HelpName = "SHAPE" };
        var index = new Option<int?>("--image") { Description = "Which image of a series or stack, counted from 0", HelpName = "N" };
        command.Add(file);
        command.Add(png);
        command.Add(svg);
        command.Add(inputShape);
        command.Add(index);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            var picture = new PictureRequest(parsed.GetValue(png), parsed.GetValue(index));
            string kind = Path.GetExtension(path).ToLowerInvariant();
            if (kind != ".onnx" && (parsed.GetValue(svg) ?? parsed.GetValue(inputShape)) is not null)
            {
                throw new InvalidInputException($"{path}: --svg and --input-shape are for models (.onnx).");
            }

            switch (kind)
            {
                case ".onnx":
                    picture.Refuse(path);
                    ModelInspection.Show(path, ModelOptions.Shape(parsed.GetValue(inputShape)), parsed.GetValue(svg), terminal);
                    break;
                case ".npy":
                    InspectArray(path, terminal, picture);
                    break;
                case ".ser":
                    InspectSeries(path, terminal, picture);
                    break;
                case ".card":
                    picture.Refuse(path);
                    ImageInspectCommand.Show(path, terminal);
                    break;
                case ".bit" or ".bin":
                    picture.Refuse(path);
                    InspectBitstream(path, terminal);
                    break;
                default:
                    throw new InvalidInputException($"{path}: files ending in .onnx, .npy, .ser, .card, .bit and .bin can be inspected.");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void InspectBitstream(string path, Terminal terminal)
    {
        var bitstream = Bitstream.Read(path);
        terminal.Result(bitstream, text =>
        {
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {(bitstream.IsPartial ? "partial " : string.Empty)}bitstream for {bitstream.Part}{(bitstream.IdCode is { } id ? $" (IDCODE {id:X8})" : string.Empty)}, {bitstream.ConfigurationBytes} bytes of configuration, {bitstream.ChecksumsHeld} checksum(s) hold"));
            foreach ((string name, string value) in bitstream.Header.Append(new("shell", bitstream.ShellId is { } shell ? $"{shell:X8}" : "none named")))
            {
                text.WriteLine($"  {name}: {value}");
            }
        });
    }

    private static void InspectArray(string path, Terminal terminal, PictureRequest picture)
    {
        NpyArray array = NpyArray.Read(path);
        int width = array.Shape.Length < 2 ? 0 : array.Shape[^1];
        int height = array.Shape.Length < 2 ? 0 : array.Shape[^2];
        int chosen = 0;
        if (picture.Asked)
        {
            if (array.Shape.Length < 2)
            {
                throw new InvalidInputException($"{path}: an array of {array.Shape.Length} axes is no image; --png and --image need two axes or more.");
            }

            chosen = picture.Checked(array.Values.Length == 0 ? 0 : array.Values.Length / width / height, path);
        }

        var statistics = Statistics.Of(picture.Index is null ? array.Values : array.Values.AsSpan(chosen * width * height, width * height).ToArray());
        if (picture.Path is { } png)
        {
            Picture.WriteGrey(png, width, height, array.Values.AsSpan(chosen * width * height, width * height));
        }

        terminal.Result(
            new { array.Shape, array.Type, Image = picture.Index, Statistics = statistics, Picture = picture.Path },
            text => text.WriteLine($"{path}: array of shape ({string.Join(", ", array.Shape)}{(array.Shape.Length == 1 ? "," : string.Empty)}), {array.Type}; {(picture.Index is int image ? $"image {image}: " : string.Empty)}{statistics}{picture.Said}"));
    }

    private static void InspectSeries(string path, Terminal terminal, PictureRequest picture)
    {
        TiaSeries series = TiaSeries.Read(path);
        if (series.HoldsSpectra)
        {
            picture.Refuse(path);
        }

        int chosen = picture.Checked(series.Count, path);
        TiaImage image = series.Image(chosen);
        var statistics = Statistics.Of(image.Values);
        if (picture.Path is { } png)
        {
            Picture.WriteGrey(png, image.Width, image.Height, image.Values, lowestFirst: true);
        }

        terminal.Result(
            new
            {
                series.Version,
                Kind = series.HoldsSpectra ? "spectra" : "images",
                series.Count,
                Image = chosen,
                image.Width,
                image.Height,
                image.ElementType,
                CalibrationX = image.X,
                CalibrationY = series.HoldsSpectra ? null : (TiaCalibration?)image.Y,
                Statistics = statistics,
                Picture = picture.Path,
            },
            text => text.WriteLine(series.HoldsSpectra
                ? string.Create(CultureInfo.InvariantCulture, $"{path}: TIA series of {series.Count} spectra; {chosen}: {image.Width} channels of {image.ElementType}, {image.X.Delta:G6} a channel from {image.X.Offset:G6}; {statistics}")
                : string.Create(CultureInfo.InvariantCulture, $"{path}: TIA series of {series.Count} image(s); {chosen}: {image.Width} x {image.Height} {image.ElementType}, pixel {image.X.Delta * 1e12:G6} x {image.Y.Delta * 1e12:G6} pm; {statistics}{picture.Said}")));
    }

    /// <summary>What --png and --image asked for.</summary>
    /// <param name="Index">null: not asked for; the first.</param>
    private sealed record PictureRequest(string? Path, int? Index)
    {
        public bool Asked => Path is not null || Index is not null;

        public string Said => Path is null ? string.Empty : $"; picture in {Path}";

        public int Checked(int count, string file) => (Index ?? 0) >= 0 && (Index ?? 0) < count
            ? Index ?? 0
            : throw new InvalidInputException($"{file}: --image {Index ?? 0}: it holds {(count == 0 ? "no image" : $"{count} image(s), counted from 0")}.");

        public void Refuse(string file)
        {
            if (Path is not null)
            {
                throw new InvalidInputException($"{file}: --png: the file holds no image to make a picture of.");
            }
        }
    }

    /// <summary>Of the finite values; null where there are none.</summary>
    private sealed record Statistics(double? Minimum, double? Maximum, double? Mean, double Sum, int NotFinite)
    {
        public static Statistics Of(double[] values)
        {
            double[] finite = [.. values.Where(double.IsFinite)];
            return finite.Length == 0
                ? new(null, null, null, 0, values.Length)
                : new(finite.Min(), finite.Max(), finite.Average(), finite.Sum(), values.Length - finite.Length);
        }

        public override string ToString() => Minimum is null ? $"no finite value{(NotFinite > 0 ? $" among {NotFinite}" : string.Empty)}" : string.Create(
            CultureInfo.InvariantCulture,
            $"minimum {Minimum:G6}, maximum {Maximum:G6}, mean {Mean:G6}{(NotFinite > 0 ? $", {NotFinite} not finite" : string.Empty)}");
    }
}
