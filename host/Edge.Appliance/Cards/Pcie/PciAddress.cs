using System.Text.RegularExpressions;
using Edge.Networks;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>Where a device sits on the bus, as Linux writes it: domain, bus, device, function, <c>0000:3b:00.0</c>.</summary>
public readonly partial record struct PciAddress
{
    private PciAddress(string text) => Text = text;

    public string Text { get => field ?? string.Empty; }

    /// <summary>Also without the domain, as lspci prints it: <c>3b:00.0</c>.</summary>
    /// <exception cref="InvalidInputException">No such address; the message shows one.</exception>
    public static PciAddress Parse(string text)
    {
        string whole = text.Length == "3b:00.0".Length ? $"0000:{text}" : text;
        return Pattern().IsMatch(whole)
            ? new(whole.ToLowerInvariant())
            : throw new InvalidInputException($"'{text}' is no PCI address; expected bus:device.function, as 'edge card list' prints it: 0000:3b:00.0");
    }

    public static bool IsOne(string text) => Pattern().IsMatch(text);

    public override string ToString() => Text;

    // The domain has more than four digits behind some bridges.
    [GeneratedRegex("^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
