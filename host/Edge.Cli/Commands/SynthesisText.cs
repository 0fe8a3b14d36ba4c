using System.Globalization;
using Edge.Cli.Runs;
using Edge.Compiler.Synthesis;

namespace Edge.Cli.Commands;

/// <summary>What a design costs on a part, as a table.</summary>
internal static class SynthesisText
{
    public static void Write(TextWriter text, SynthesisResult result, BitstreamCheck? check, string? folder)
    {
        CellCounts network = result.Cells.Network;
        text.WriteLine($"{result.Design.Name} on {result.Target.Name} ({result.Target.Part}); {string.Join(", ", new[] { result.Cells.Version, result.Placed?.Version }.OfType<string>())}");
        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {(result.Design.Top == "card" ? "card" : "network")}: {network.Luts:N0} LUTs with {network.CarryCells:N0} carry cells, {network.FlipFlops:N0} flip-flops, {network.RamBlocks:N0} RAM blocks, {network.MemoryLuts:N0} LUTs as memory, {network.DspBlocks:N0} DSP blocks"));
        if (result.Placed is null)
        {
            text.WriteLine("  cells counted after synthesis; nothing places and routes this family here, so there is no clock");
            return;
        }

        text.WriteLine($"  {(result.Design.Top switch { "network" => "on the part, each bit of its ports on a pin", "network_pins" => "on the part, with registers around the network", _ => "on the part, the whole card" }),-52} {"used",8} {"has",8}");
        foreach (PartResource resource in result.Target.Resources)
        {
            if (result.Placed.Use.TryGetValue(resource.Device, out long used))
            {
                text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {resource.Word,-52} {used,8:N0} {resource.Available,8:N0} {100.0 * used / resource.Available,5:F1} %"));
            }
        }

        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  clock {result.ClockMegahertz:F1} MHz {(result.Placed.ClockAfter == "routing" ? "after routing" : "estimated after placement, not routed")}; latency {result.Design.LatencyClocks} clocks = {result.LatencyNanoseconds:F1} ns"));
        string cached = result.Cells.Cached && result.Placed.Cached ? " (kept from an earlier run)" : string.Empty;
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  synthesis {result.Cells.Seconds:F0} s, placement and routing {result.Placed.Seconds:F0} s{cached}"));
        if (check is not null)
        {
            text.WriteLine($"  the bitstream for {check.Part}, packed as a card image, checked, turned back into logic, in the slot of the simulated card:");
            text.WriteLine($"  {check.Vectors} vectors, {check.Mismatches} differ from the interpreter; latency {check.LatencyClocks} clocks by the card's counters, {check.ExpectedLatencyClocks} expected{(check.First is { } first ? "; first: " + first : string.Empty)}");
            text.WriteLine(check.Passed ? "  passed" : "  FAILED");
        }

        if (folder is not null)
        {
            string bitstream = result.Placed.BitstreamPath is null ? string.Empty : $", bitstream {Path.Combine(folder, SynthesisFolder.Name, result.Target.Name, result.BitstreamName)}";
            text.WriteLine($"  written to {folder}: report.json{bitstream}");
        }
    }
}
