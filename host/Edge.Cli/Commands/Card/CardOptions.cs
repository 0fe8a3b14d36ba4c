using System.CommandLine;
using Edge.Appliance.Cards.Pcie;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

/// <summary>Which card a command is for: <c>--card simulated</c>, or the PCI address of one on the bus.</summary>
internal sealed class CardOptions
{
    public const string Simulated = "simulated";

    private readonly Option<string> card = new("--card") { Description = "Which card: simulated, or the PCI address that 'edge card list' shows", DefaultValueFactory = _ => Simulated, HelpName = "CARD" };

    private readonly Option<string?> sysfs = SysfsOption();

    public static CardOptions AddTo(Command command)
    {
        var options = new CardOptions();
        options.card.CompletionSources.Add(context => Discovery(context.ParseResult, options.sysfs).Find().Select(device => device.Address.Text).Prepend(Simulated).Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        command.Add(options.card);
        command.Add(options.sysfs);
        return options;
    }

    /// <summary>Another place of sysfs, for tests; also EDGE_SYSFS.</summary>
    public static Option<string?> SysfsOption() => new("--sysfs") { Description = "Where sysfs is mounted", HelpName = "ROOT", Hidden = true };

    public static PcieDiscovery Discovery(ParseResult parsed, Option<string?> sysfs) =>
        new(parsed.GetValue(sysfs) ?? Environment.GetEnvironmentVariable("EDGE_SYSFS") ?? PcieDiscovery.DefaultRoot);

    /// <summary>As given: <c>simulated</c>, or an address, written out.</summary>
    public string Name(ParseResult parsed) => parsed.GetValue(card) is { } name && name != Simulated ? PciAddress.Parse(name).Text : Simulated;

    public PcieDiscovery Discovery(ParseResult parsed) => Discovery(parsed, sysfs);

    /// <summary>The card on the bus; null: the simulated one.</summary>
    /// <exception cref="InvalidInputException">No such card.</exception>
    public PcieDevice? Device(ParseResult parsed)
    {
        string name = parsed.GetValue(card) ?? Simulated;
        return name == Simulated ? null
            : name.Contains(':', StringComparison.Ordinal) ? Discovery(parsed).Get(PciAddress.Parse(name))
            : throw new InvalidInputException($"--card {name}: give {Simulated}, or the PCI address that 'edge card list' shows (0000:3b:00.0).");
    }
}
