using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;
using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>How a design meets the pins of a part.</summary>
public enum PinUse
{
    /// <summary>Registers around the network, and its bits through them one by one.</summary>
    Serial,

    /// <summary>Each bit of each port on a pin of its own.</summary>
    Ports,
}

/// <summary>What is synthesised: files, and the module at the top.</summary>
/// <param name="Name">The network's, in messages.</param>
/// <param name="Files">SystemVerilog by name; the package network_config is read first.</param>
/// <param name="Counted">Module whose cells are counted apart from those around it; null: none.</param>
/// <param name="LatencyClocks">Of the network.</param>
public sealed partial record SynthesisDesign(string Name, string Top, IReadOnlyDictionary<string, string> Files, string? Counted, int LatencyClocks)
{
    private const int LargestFile = 1 << 26;

    private static readonly string[] Generated = ["network_config.sv", "network_core.sv", "network.sv"];

    /// <summary>A network alone, its ports the design's (<see cref="PinUse.Ports"/>), or between shift registers.</summary>
    public static SynthesisDesign Network(FabricNetwork network, PinUse pins) => Network(network.Integers.Name, network.AllFiles(), network.Latency, pins);

    /// <summary>The whole card with a network in its slot: the design for the board with ECP5-85k, with a serial line as host
    /// link; for counts only, the card alone.</summary>
    public static SynthesisDesign Card(FabricNetwork network, SynthesisTarget target)
    {
        SortedDictionary<string, string> files = HardwareSources.Below("rtl");
        foreach ((string name, string text) in network.Files)
        {
            files.Add(name, text);
        }

        string top = target.PlaceAndRoute is null ? "card"
            : target == SynthesisTarget.Ecp5 ? "edge_ecp5"
            : throw new InvalidInputException($"--top card --target {target.Name}: the card does not fit this part. Take --target {SynthesisTarget.Ecp5.Name}, or {SynthesisTarget.Xilinx.Name} for counts.");
        return new($"card with {network.Integers.Name}", top, files, target.PlaceAndRoute is null ? null : "network", network.Latency);
    }

    /// <summary>The network in a folder that <c>edge compile</c> wrote.</summary>
    /// <exception cref="InvalidInputException">It is none, or incomplete.</exception>
    public static SynthesisDesign Read(string folder, PinUse pins)
    {
        SortedDictionary<string, string> files = HardwareSources.Below("rtl/network/fabric", "rtl/common/fifo");
        foreach (string name in Generated)
        {
            var file = new FileInfo(Path.Combine(folder, "rtl", name));
            if (!file.Exists || file.Length > LargestFile)
            {
                throw new InvalidInputException($"{folder}: {(file.Exists ? $"rtl/{name} is {file.Length} bytes; at most {LargestFile} are read" : $"is no folder of a compiled network: there is no rtl/{name}")}. Compile the model again: edge compile MODEL -o {folder}");
            }

            files.Add(name, File.ReadAllText(file.FullName));
        }

        Match latency = LatencyPattern().Match(files["network_config.sv"]);
        return latency.Success
            ? Network(Path.GetFileName(Path.GetFullPath(folder)), files, int.Parse(latency.Groups["clocks"].ValueSpan, CultureInfo.InvariantCulture), pins)
            : throw new InvalidInputException($"{folder}: rtl/network_config.sv names no Latency. Compile the model again: edge compile MODEL -o {folder}");
    }

    private static SynthesisDesign Network(string name, SortedDictionary<string, string> files, int latency, PinUse pins)
    {
        if (pins == PinUse.Ports)
        {
            return new(name, "network", files, null, latency);
        }

        files.Add("network_pins.sv", HardwareSources.Text("rtl/network/pins/network_pins.sv"));
        return new(name, "network_pins", files, "network", latency);
    }

    [GeneratedRegex(@"\bLatency\s*=\s*(?<clocks>\d{1,6})\s*;", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LatencyPattern();
}
