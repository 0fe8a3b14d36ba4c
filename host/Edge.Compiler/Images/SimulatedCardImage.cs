using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;
using Edge.Images;

namespace Edge.Compiler.Images;

/// <summary>A card image for any PC: the card's RTL with a network in its slot, as a library that Verilator built.</summary>
public static partial class SimulatedCardImage
{
    /// <param name="clockMegahertz">Clock that times are computed with; assumed, since nothing was placed and routed.</param>
    /// <param name="report">The compile report to carry along, JSON.</param>
    public static CardImage Build(FabricNetwork network, double clockMegahertz, string report, Action<string>? progress = null, CancellationToken cancel = default)
    {
        SortedDictionary<string, string> design = HardwareSources.Below("rtl");
        foreach ((string name, string text) in network.Files)
        {
            design.Add(name, text);
        }

        var harness = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["card_simulation.cpp"] = HardwareSources.Text("sim/card/card_simulation.cpp"),
            ["packed_ports.h"] = HardwareSources.Text("sim/network/packed_ports.h"),
            ["network_ports.h"] = network.PortsHeader(),
        };
        byte[] payload = File.ReadAllBytes(VerilatorBuild.Library("card_core", design, harness, progress, cancel));
        var manifest = new CardImageManifest(
            CardImage.CurrentFormat,
            CardImage.SimulatedKind,
            RegisterMapHash(),
            network.Integers.Name,
            network.Integers.Hash(),
            network.Integers.InputLength,
            network.InputWidth,
            network.Integers.OutputLength,
            network.OutputWidth,
            network.Latency,
            clockMegahertz,
            ClockIsAssumed: true,
            CardImage.Checksum(payload));
        return new(manifest, payload, report);
    }

    private static uint RegisterMapHash() =>
        uint.Parse(HashPattern().Match(HardwareSources.Text("card_registers.h")).Groups["hash"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"MAP_HASH\s+0x(?<hash>[0-9A-Fa-f]{8})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HashPattern();
}
