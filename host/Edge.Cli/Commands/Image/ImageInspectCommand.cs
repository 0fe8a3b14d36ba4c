using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards;
using Edge.Cli.Output;
using Edge.Images;
using Edge.Images.Bitstreams;
using Edge.Images.Signing;

namespace Edge.Cli.Commands.Image;

internal static class ImageInspectCommand
{
    public static Command Create()
    {
        var command = new Command("inspect", "Say what is in a card image");
        var file = new Argument<string>("FILE.card") { Description = "Card image" };
        command.Add(file);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            Show(parsed.GetRequiredValue(file), terminal);
            return ExitCode.Success;
        });
        return command;
    }

    public static void Show(string path, Terminal terminal)
    {
        CardImage image = CardImage.Read(path);
        CardImageManifest manifest = image.Manifest;
        ImageTrust trust = new KeyStore(KeyStore.DefaultFolder).Judge(image);
        Bitstream? bitstream = manifest.IsSimulated ? null : Bitstream.Parse(image.Payload);
        terminal.Result(new { manifest.ImageId, Manifest = manifest, PayloadBytes = image.Payload.Length, Trust = trust, Bitstream = bitstream }, text =>
        {
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: card image {manifest.ImageId}, {Kind(manifest)}, {image.Payload.Length} bytes, checksums hold"));
            foreach ((string name, string value) in Lines(manifest))
            {
                text.WriteLine($"  {name,-10} {value}");
            }

            text.WriteLine($"  {"signature",-10} {trust.Text}");
        });
    }

    private static string Kind(CardImageManifest manifest) => manifest.Kind switch
    {
        CardImage.SimulatedKind => "simulated card",
        CardImage.OpenBitstreamKind => "bitstream of open tools",
        _ => "bitstream of the maker's tools",
    };

    private static IEnumerable<(string Name, string Value)> Lines(CardImageManifest manifest)
    {
        yield return ("network", $"{manifest.NetworkName}: {manifest.InputCount} inputs of {manifest.InputWidth} bits, {manifest.OutputCount} outputs of {manifest.OutputWidth} bits, latency {manifest.NetworkLatencyClocks} clocks");
        yield return ("", $"hash {manifest.NetworkHash}");
        yield return ("clock", string.Create(CultureInfo.InvariantCulture, $"{manifest.ClockMegahertz} MHz, {(manifest.ClockReachedBy is { } by ? $"reached by {by}" : "assumed: no place-and-route has reached it")}"));
        if (manifest.Part is { } part)
        {
            yield return ("part", part);
            yield return ("shell", manifest.ShellId is { } shell ? shell.ToString("x8", CultureInfo.InvariantCulture) : "none");
        }

        yield return ("build", manifest.BuildId.ToString("x8", CultureInfo.InvariantCulture));
        yield return ("registers", $"{manifest.RegisterMapHash:x8}, {(manifest.RegisterMapHash == CardRegisters.MapHash ? "as this program's" : $"this program has {CardRegisters.MapHash:x8}: it cannot drive this image")}");
        yield return ("made", manifest.Created.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
    }
}
