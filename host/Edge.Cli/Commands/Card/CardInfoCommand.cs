using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Appliance.Cards.Pcie;
using Edge.Cli.Output;
using Edge.Images;

namespace Edge.Cli.Commands.Card;

internal static class CardInfoCommand
{
    public static Command Create()
    {
        var command = new Command("info", "Show what a card holds and why its beam is blanked");
        var cards = CardOptions.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            var folder = new CardFolder(CardFolder.DefaultRoot, cards.Name(parsed));
            PcieDevice? device = cards.Device(parsed);
            CardReading? reading = device is null ? null : Read(device, cards.Discovery(parsed));
            CardImageManifest? image = folder.Current;
            LoadJournal? cut = folder.Journal;
            terminal.Result(new { folder.Card, Image = image, ImageId = image?.ImageId, GoldenId = folder.Golden?.ImageId, Cut = cut?.ToString(), Reading = reading }, text =>
            {
                text.WriteLine($"card {folder.Card}{(device is null ? ": lives only while a program runs it" : $": driver {device.Driver ?? "none"}")}");
                text.WriteLine(image is null ? "  image      none was loaded from here"
                    : string.Create(CultureInfo.InvariantCulture, $"  image      {image.ImageId}, network {image.NetworkName}, {image.ClockMegahertz} MHz{(image.ClockIsAssumed ? " (assumed)" : string.Empty)}, build {image.BuildId:x8}"));
                text.WriteLine($"  golden     {folder.Golden?.ImageId ?? "none"}");
                foreach ((string name, string value) in reading?.Lines(image) ?? [])
                {
                    text.WriteLine($"  {name,-10} {value}");
                }

                if (cut is not null)
                {
                    text.WriteLine($"  WARNING    {cut}. Load an image before you use the card");
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static CardReading Read(PcieDevice device, PcieDiscovery discovery)
    {
        using var bar = new PcieBar(Path.Combine(discovery.FolderOf(device.Address), "resource0"), PcieDiscovery.LeastBarBytes);
        return CardReading.Of(bar.Read);
    }
}
