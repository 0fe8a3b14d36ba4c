using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards.Loading;
using Edge.Appliance.Cards.Pcie;
using Edge.Cli.Output;
using Edge.Images;
using Edge.Images.Signing;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

internal sealed class CardLoadCommand
{
    private readonly Argument<string?> file = new("FILE.card") { Description = "Card image", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> via = new("--via") { Description = "How: flash or jtag (openFPGALoader), or mcap (partial images, over PCIe)", DefaultValueFactory = _ => "flash", HelpName = "WAY" };
    private readonly Option<string?> part = new("--part") { Description = "Part on the card (default: of the image that runs)", HelpName = "PART" };
    private readonly Option<string?> cable = new("--cable") { Description = "JTAG cable, as openFPGALoader names it", HelpName = "NAME" };
    private readonly Option<string?> board = new("--board") { Description = "Board, as openFPGALoader names it", HelpName = "NAME" };
    private readonly Option<string?> package = new("--fpga-part") { Description = "Part with package, for openFPGALoader's flash bridge", HelpName = "PART" };
    private readonly Option<bool> restore = new("--restore") { Description = "Load the golden image instead of a file" };
    private readonly Option<bool> golden = new("--golden") { Description = "Fall back to this image from now on" };
    private readonly Option<bool> silent = new("--silent") { Description = "The card does not answer; you have opened the external interlock" };

    public static Command Create()
    {
        var command = new Command("load", "Load a card image, beam blanked throughout; on failure the image before comes back");
        var options = new CardLoadCommand();
        options.via.CompletionSources.Add("flash", "jtag", "mcap");
        command.Add(options.file);
        var card = CardOptions.AddTo(command);
        foreach (Option option in new Option[] { options.via, options.part, options.cable, options.board, options.package, options.restore, options.golden, options.silent })
        {
            command.Add(option);
        }

        Terminal.Handle(command, (parsed, terminal, cancel) => options.Run(parsed, card, terminal, cancel), endsByItself: true);
        return command;
    }

    private int Run(ParseResult parsed, CardOptions cards, Terminal terminal, CancellationToken cancel)
    {
        var folder = new CardFolder(CardFolder.DefaultRoot, cards.Name(parsed));
        CardImage image = Image(parsed, folder);
        ICardLoader loader = Loader(parsed, cards, folder);
        using var ends = loader as IDisposable;
        var load = new SafeLoad(
            loader,
            folder,
            new LoadHistory(CardFolder.DefaultRoot),
            new KeyStore(KeyStore.DefaultFolder),
            step => terminal.Progress(string.Create(CultureInfo.InvariantCulture, $"{Words(step.Step),-9} {step.Found}")),
            terminal.Progress);
        IReadOnlyList<LoadedStep> steps = load.Run(image, parsed.GetValue(silent), parsed.GetValue(golden), cancel);
        terminal.Result(
            new { folder.Card, image.Manifest.ImageId, Network = image.Manifest.NetworkName, Steps = steps },
            text =>
            {
                text.WriteLine($"card {folder.Card} holds image {image.Manifest.ImageId} ({image.Manifest.NetworkName})");
                text.WriteLine("  the interlock is tripped; arm it when you are ready");
            });
        return ExitCode.Success;
    }

    private CardImage Image(ParseResult parsed, CardFolder folder)
    {
        bool back = parsed.GetValue(restore);
        string? path = parsed.GetValue(file);
        return back == path is not null ? throw new InvalidInputException("give either a FILE.card, or --restore.")
            : back && folder.Golden is null ? throw new InvalidInputException($"card {folder.Card}: there is no golden image ({folder.GoldenPath}). Load a FILE.card.")
            : CardImage.Read(back ? folder.GoldenPath : path!);
    }

    private ICardLoader Loader(ParseResult parsed, CardOptions cards, CardFolder folder)
    {
        Option<string?>[] forHardware = [part, cable, board, package];
        if (folder.Card == CardOptions.Simulated)
        {
            return forHardware.FirstOrDefault(option => parsed.GetValue(option) is not null) is { } strange
                ? throw new InvalidInputException($"{strange.Name} is for a card on the bus: --card ADDRESS.")
                : new SimulatedCardLoader();
        }

        PcieDiscovery discovery = cards.Discovery(parsed);
        var address = PciAddress.Parse(folder.Card);
        string known = parsed.GetValue(part) ?? folder.Current?.Part
            ?? throw new InvalidInputException($"card {address}: nothing was loaded from here yet, so its part is not known. Give --part PART, as 'edge inspect' names it for a bitstream that fits.");
        try
        {
            IConfigurationPort port = parsed.GetValue(via) switch
            {
                "flash" => Program(parsed, toFlash: true),
                "jtag" => Program(parsed, toFlash: false),
                "mcap" => new McapPort(new SysfsConfigurationSpace(Path.Combine(discovery.FolderOf(discovery.Get(address).Address), "config"))),
                var other => throw new InvalidInputException($"--via {other}: flash, jtag and mcap are known."),
            };
            return new PcieCardLoader(discovery, address, known, port);
        }
        catch (LoadStepException error)
        {
            throw new InvalidInputException($"card {address}: {error.Message}", error);
        }
    }

    private OpenFpgaLoader Program(ParseResult parsed, bool toFlash) =>
        parsed.GetValue(cable) is null && parsed.GetValue(board) is null
            ? throw new InvalidInputException("openFPGALoader must know the cable: --cable NAME or --board NAME (openFPGALoader --list-cables, --list-boards).")
            : new(toFlash, parsed.GetValue(cable), parsed.GetValue(board), parsed.GetValue(package));

    private static string Words(LoadStep step) => step switch
    {
        LoadStep.IdCode => "idcode",
        LoadStep.StopDma => "dma",
        LoadStep.SelfTest => "self-test",
        _ => step.ToString().ToLowerInvariant(),
    };
}
