using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
        uint build = BuildId(design);
        string[] parameters = [string.Create(CultureInfo.InvariantCulture, $"-GBuildId=32'h{build:x8}")];
        byte[] payload = File.ReadAllBytes(VerilatorBuild.Library("card_core", design, harness, parameters, progress, cancel));
        var manifest = new CardImageManifest(
            CardImage.CurrentFormat,
            CardImage.SimulatedKind,
            Part: null,
            ShellId: null,
            build,
            RegisterMapHash(),
            network.Integers.Name,
            network.Integers.Hash(),
            network.Integers.InputLength,
            network.InputWidth,
            network.Integers.OutputLength,
            network.OutputWidth,
            network.Latency,
            clockMegahertz,
            ClockReachedBy: null,
            PayloadSha256: string.Empty,
            ReportSha256: string.Empty,
            CardImage.CreationTime());
        return CardImage.Create(manifest, payload, report);
    }

    /// <summary>Names the design: first 32 bits of the SHA-256 over names and texts of its sources, in order.</summary>
    private static uint BuildId(SortedDictionary<string, string> design) => BinaryPrimitives.ReadUInt32BigEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(design.Select(file => $"{file.Key}\0{file.Value}\0")))));

    internal static uint RegisterMapHash() =>
        uint.Parse(HashPattern().Match(HardwareSources.Text("card_registers.h")).Groups["hash"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"MAP_HASH\s+0x(?<hash>[0-9A-Fa-f]{8})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HashPattern();
}
