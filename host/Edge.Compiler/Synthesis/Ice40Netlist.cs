using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;

namespace Edge.Compiler.Synthesis;

/// <summary>An iCE40 bitstream turned back into logic by iceunpack and icebox_vlog of Project IceStorm, and put behind the
/// port contract again: what a card with this bitstream would compute, bit for bit. Nothing of the source goes into it but
/// which port stands on which pin.</summary>
public static partial class Ice40Netlist
{
    /// <summary>The network as the bitstream has it: the same ports, shape and latency; other files.</summary>
    /// <param name="network">What the bitstream was made from; its ports are the design's.</param>
    /// <param name="bitstream">For the part, checked.</param>
    /// <param name="placedPath">The design with the place of every cell, as nextpnr wrote it.</param>
    public static FabricNetwork Decompile(FabricNetwork network, byte[] bitstream, string placedPath, Action<string>? progress = null, CancellationToken cancel = default)
    {
        Dictionary<string, string> places = PlacesOfPorts(placedPath);
        string work = Directory.CreateTempSubdirectory("edge-ice40-").FullName;
        try
        {
            progress?.Invoke("turning the bitstream back into logic (iceunpack, icebox_vlog)");
            File.WriteAllBytes(Path.Combine(work, "design.bin"), bitstream);
            ExternalTool.Run("iceunpack", ["design.bin", "design.asc"], work, cancel);
            string netlist = Tidy(ExternalTool.Run("icebox_vlog", ["-s", "-n", "placed", "design.asc"], work, cancel));
            return network with
            {
                Files = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    ["network_config.sv"] = network.Files["network_config.sv"],
                    ["network.sv"] = Network(network, netlist, places),
                    ["placed.v"] = netlist,
                    ["sb_ram40_4k.sv"] = HardwareSources.Text("sim/ice40/sb_ram40_4k.sv"),
                },
            };
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>Bit of a port (<c>in_data_i[3]</c>) to the pad that it stands on, as icebox_vlog calls it (<c>io_0_17_1</c>).</summary>
    private static Dictionary<string, string> PlacesOfPorts(string placedPath)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(placedPath));
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty module in document.RootElement.GetProperty("modules").EnumerateObject())
        {
            foreach (JsonProperty cell in module.Value.GetProperty("cells").EnumerateObject())
            {
                if (cell.Value.GetProperty("type").GetString() == "SB_IO" && Pad().Match(cell.Value.GetProperty("attributes").GetProperty("NEXTPNR_BEL").GetString()!) is { Success: true } pad)
                {
                    places[cell.Name.Replace("$sb_io", string.Empty, StringComparison.Ordinal)] = $"io_{pad.Groups["x"]}_{pad.Groups["y"]}_{pad.Groups["z"]}";
                }
            }
        }

        return places;
    }

    /// <summary>icebox_vlog declares ports a second time, as wires or registers, which Verilator takes for a mistake.</summary>
    private static string Tidy(string netlist)
    {
        var registers = new HashSet<string>(StringComparer.Ordinal);
        string tidy = Declaration().Replace(netlist, line =>
        {
            string[] names = line.Groups["names"].Value.Split(", ");
            if (line.Groups["kind"].Value == "reg")
            {
                registers.UnionWith(names.Where(name => name.StartsWith("io_", StringComparison.Ordinal)).Select(name => name.Split(' ')[0]));
            }

            string[] others = [.. names.Where(name => !name.StartsWith("io_", StringComparison.Ordinal))];
            return others.Length == 0 ? string.Empty : $"{line.Groups["kind"]} {string.Join(", ", others)};";
        });
        return PadOfNetlist().Replace(tidy, port => registers.Contains(port.Groups["name"].Value) ? $"{port.Groups["way"]} reg {port.Groups["name"]}" : port.Value);
    }

    /// <summary>The network's ports, wired to the pads.</summary>
    private static string Network(FabricNetwork network, string netlist, Dictionary<string, string> places)
    {
        var pads = PadOfNetlist().Matches(netlist[..netlist.IndexOf(';', StringComparison.Ordinal)]).Select(pad => pad.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        var wires = new StringBuilder();
        foreach ((string bit, string pad) in places.OrderBy(place => place.Key, StringComparer.Ordinal))
        {
            // A port that the logic does not use leaves no trace in a bitstream.
            if (pads.Contains(pad))
            {
                wires.Append(CultureInfo.InvariantCulture, $"    .{pad} ({bit}),\n");
            }
        }

        string constant = string.Concat(places.Where(place => place.Key.Contains("_o", StringComparison.Ordinal) && !pads.Contains(place.Value)).Select(place => $"  assign {place.Key} = 1'b0;\n"));
        return $$"""
            // network: logic read back from an iCE40 bitstream, behind the port contract. Generated by edge; do not edit.
            module network (
              input  logic clk_i,
              input  logic rst_ni,
              input  logic in_valid_i,
              output logic in_ready_o,
              input  logic [{{(network.Integers.InputLength * network.InputWidth) - 1}}:0] in_data_i,
              output logic out_valid_o,
              input  logic out_ready_i,
              output logic [{{(network.Integers.OutputLength * network.OutputWidth) - 1}}:0] out_data_o
            );
            {{constant}}  placed u_placed (
            {{wires.ToString().TrimEnd('\n', ',')}}
              );
            endmodule

            """;
    }

    [GeneratedRegex(@"^(?<kind>wire|reg) (?<names>[^;]+);$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^X(?<x>\d{1,3})/Y(?<y>\d{1,3})/io(?<z>[01])$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pad();

    [GeneratedRegex(@"(?<way>input|output)(\s+reg)?\s+(?<name>io_\d{1,3}_\d{1,3}_[01])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PadOfNetlist();
}
