using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Edge.Compiler.Tools;
using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>A design as cells of a family.</summary>
/// <param name="NetlistPath">JSON, for nextpnr; in the cache.</param>
/// <param name="Total">All cells.</param>
/// <param name="Network">Cells of the network alone.</param>
/// <param name="Seconds">How long Yosys took when it ran.</param>
/// <param name="Cached">It ran an earlier time.</param>
public sealed record SynthesizedDesign(string NetlistPath, CellCounts Total, CellCounts Network, string Version, double Seconds, bool Cached);

/// <summary>Logic synthesis by Yosys, as a separate program; kept by the hash of what went in.</summary>
public static class YosysSynthesis
{
    private const string NetlistName = "netlist.json";
    private const string CountsName = "cells.json";
    private const string SecondsName = "seconds";

    public static string Version => ExternalTool.Run("yosys", ["-V"]).Trim().Split(" (")[0];

    /// <exception cref="InvalidInputException">The limit has passed; or Yosys is not installed.</exception>
    public static SynthesizedDesign Run(SynthesisDesign design, SynthesisTarget target, SynthesisLimit limit, Action<string>? progress)
    {
        string version = Version;
        string script = Script(design, target);
        string rules = target.Rules is { } file ? HardwareSources.Text($"synthesis/{file}") : string.Empty;
        bool cached = true;
        string folder;
        try
        {
            folder = BuildCache.Get("yosys", [version, script, rules, .. design.Files.SelectMany(file => new[] { file.Key, file.Value })], work =>
            {
                cached = false;
                progress?.Invoke($"synthesis: {version} turns {design.Name} into cells of {target.Part}");
                foreach ((string source, string text) in design.Files)
                {
                    File.WriteAllText(Path.Combine(work, source), text);
                }

                if (target.Rules is { } name)
                {
                    File.WriteAllText(Path.Combine(work, name), rules);
                }

                var clock = Stopwatch.StartNew();
                ExternalTool.Run("yosys", ["-q", "-p", script], work, limit.Token);
                foreach (string source in design.Files.Keys)
                {
                    File.Delete(Path.Combine(work, source));
                }

                File.WriteAllText(Path.Combine(work, SecondsName), clock.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture));
            });
        }
        catch (OperationCanceledException) when (limit.Passed)
        {
            throw limit.Exceeded("synthesis by Yosys");
        }

        Dictionary<string, CellCounts> modules = Counts(Path.Combine(folder, CountsName), target);
        return new(Path.Combine(folder, NetlistName), modules.Values.Aggregate(Sum), modules[design.Counted ?? design.Top], version, Seconds(folder), cached);
    }

    internal static double Seconds(string folder) => double.Parse(File.ReadAllText(Path.Combine(folder, SecondsName)), CultureInfo.InvariantCulture);

    private static string Script(SynthesisDesign design, SynthesisTarget target)
    {
        string files = string.Join(' ', design.Files.Keys.OrderBy(name => name != "network_config.sv").ThenBy(name => name, StringComparer.Ordinal));
        string apart = design.Counted is { } module ? $"setattr -mod -set keep_hierarchy 1 {module}; " : string.Empty;
        string whole = design.Counted is { } kept ? $"setattr -mod -unset keep_hierarchy {kept}; flatten; opt_clean; " : string.Empty;
        string rules = target.Rules is { } file ? $"techmap -map {file}; opt_clean; " : string.Empty;
        return $"read_verilog -sv -defer {files}; hierarchy -check -top {design.Top}; {apart}{target.Yosys} -top {design.Top}; {rules}tee -q -o {CountsName} stat -json; {whole}write_json {NetlistName}";
    }

    /// <summary>Cells of each module that was left whole.</summary>
    private static Dictionary<string, CellCounts> Counts(string path, SynthesisTarget target)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty("modules").EnumerateObject().ToDictionary(
            module => module.Name.TrimStart('\\'),
            module => target.Count(module.Value.GetProperty("num_cells_by_type").EnumerateObject().ToDictionary(cell => cell.Name, cell => cell.Value.GetInt64(), StringComparer.Ordinal)),
            StringComparer.Ordinal);
    }

    private static CellCounts Sum(CellCounts a, CellCounts b) =>
        new(a.Luts + b.Luts, a.CarryCells + b.CarryCells, a.FlipFlops + b.FlipFlops, a.RamBlocks + b.RamBlocks, a.MemoryLuts + b.MemoryLuts, a.DspBlocks + b.DspBlocks);
}
