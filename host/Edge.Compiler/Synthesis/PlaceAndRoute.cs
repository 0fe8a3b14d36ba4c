using System.Diagnostics;
using System.Globalization;
using Edge.Compiler.Tools;
using Edge.Images.Bitstreams;
using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>A design on a part.</summary>
/// <param name="Use">Cells of the part that are used, by nextpnr's names.</param>
/// <param name="ClockMegahertz">The slowest clock's; null: cut before placement was done.</param>
/// <param name="ClockAfter"><c>routing</c>, or <c>placement</c>: an estimate, when routing was not wanted or not finished.</param>
/// <param name="PinToRegisterNanoseconds">Longest path from a pin to a register.</param>
/// <param name="Folder">Where the files are, in the cache; null when it was cut.</param>
/// <param name="BitstreamPath">null without routing.</param>
public sealed record PlacedDesign(
    IReadOnlyDictionary<string, long> Use,
    double? ClockMegahertz,
    string? ClockAfter,
    double PinToRegisterNanoseconds,
    string Version,
    double Seconds,
    bool Cached,
    string? Folder,
    string? BitstreamPath);

/// <summary>Placement, routing and packing by nextpnr and the packers of Project IceStorm and Project Trellis, as separate
/// programs; kept by the hash of what went in.</summary>
public static class PlaceAndRoute
{
    /// <summary>The design with the place of every cell, JSON; iCE40 only.</summary>
    public const string PlacedName = "placed.json";

    public const string LogName = "nextpnr.log";

    /// <summary>The program for a target as it is called here: nextpnr for ECP5 also comes from PyPI, as WebAssembly.</summary>
    /// <exception cref="MissingToolException">None is installed.</exception>
    public static string Program(string tool) =>
        ExternalTool.Find(tool) is not null ? tool
        : ExternalTool.Find($"yowasp-{tool}") is not null ? $"yowasp-{tool}"
        : throw new MissingToolException(tool is "nextpnr-ecp5" or "ecppack" ? $"yowasp-{tool}" : tool);

    /// <param name="goalMegahertz">What nextpnr works for.</param>
    /// <param name="seed">Of its random numbers.</param>
    /// <param name="route">false: stop after placement, with the estimate.</param>
    /// <exception cref="InvalidInputException">The design does not fit, a program is missing, or the limit has passed before
    /// there was a clock to report.</exception>
    public static PlacedDesign Run(SynthesisDesign design, SynthesizedDesign netlist, SynthesisTarget target, double goalMegahertz, int seed, bool route, SynthesisLimit limit, Action<string>? progress)
    {
        string program = Program(target.PlaceAndRoute!);
        if (program.StartsWith("yowasp", StringComparison.Ordinal))
        {
            progress?.Invoke($"{program} is WebAssembly: the first call on a machine compiles it, for a minute or more");
        }

        string version = VersionOf(program, limit.Token);
        bool ice40 = target == SynthesisTarget.Ice40;
        string configuration = ice40 ? "design.asc" : "design.cfg";
        string[] options =
        [
            .. target.PartOptions, "--freq", goalMegahertz.ToString(CultureInfo.InvariantCulture), "--seed", seed.ToString(CultureInfo.InvariantCulture), "--timing-allow-fail",
            .. ice40 ? new[] { "--pcf-allow-unconstrained", "--write", PlacedName } : ["--lpf-allow-unconstrained"],
            .. route ? new[] { ice40 ? "--asc" : "--textcfg", configuration } : ["--no-route"],
        ];
        bool cached = true;
        PlacementLog? cut = null;
        var lines = new List<string>();
        try
        {
            string folder = BuildCache.Get("nextpnr", [version, target.Part, .. options, File.ReadAllText(netlist.NetlistPath)], work =>
            {
                cached = false;
                var clock = Stopwatch.StartNew();
                cut = new PlacementLog(stage => progress?.Invoke($"{stage} on {target.Part} ({limit.Seconds:F0} s since the start)"));
                File.Copy(netlist.NetlistPath, Path.Combine(work, "netlist.json"));
                try
                {
                    ExternalTool.Run(
                        program,
                        ["--json", "netlist.json", .. options],
                        work,
                        line =>
                        {
                            lines.Add(line);
                            cut.Add(line);
                        },
                        limit.Token);
                }
                catch (InvalidOperationException error) when (!limit.Passed)
                {
                    throw Explain(design, target, cut, error);
                }

                if (route)
                {
                    progress?.Invoke("packing the bitstream");
                    Pack(work, configuration, ice40, limit.Token);
                }

                File.Delete(Path.Combine(work, "netlist.json"));
                File.WriteAllLines(Path.Combine(work, LogName), lines);
                File.WriteAllText(Path.Combine(work, "seconds"), clock.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture));
            });

            var log = PlacementLog.Of(File.ReadLines(Path.Combine(folder, LogName)));
            string bitstream = Path.Combine(folder, BitstreamName(ice40));
            return new(log.Use, log.RoutedMegahertz ?? log.PlacedMegahertz, log.RoutedMegahertz is null ? "placement" : "routing", log.PinToRegisterNanoseconds, version, YosysSynthesis.Seconds(folder), cached, folder, File.Exists(bitstream) ? bitstream : null);
        }
        catch (OperationCanceledException) when (limit.Passed && cut is not null)
        {
            // Nothing is kept of it: a faster machine would get further.
            return cut.PlacedMegahertz is { } estimate
                ? new(cut.Use, estimate, "placement", cut.PinToRegisterNanoseconds, version, limit.Seconds, Cached: false, null, null)
                : throw limit.Exceeded($"{cut.Stage ?? "packing"} by {program}");
        }
    }

    /// <summary>Says why this bitstream is not for the target, after every checksum in it was computed; null: it is.</summary>
    public static string? Misfit(string bitstreamPath, SynthesisTarget target) => Bitstream.Read(bitstreamPath).Misfit(target.BitstreamPart!, shellId: null);

    private static string BitstreamName(bool ice40) => ice40 ? "design.bin" : "design.bit";

    private static void Pack(string work, string configuration, bool ice40, CancellationToken cancel)
    {
        if (ice40)
        {
            ExternalTool.Run(Program("icepack"), [configuration, BitstreamName(ice40)], work, cancel);
        }
        else
        {
            ExternalTool.Run(Program("ecppack"), [configuration, BitstreamName(ice40)], work, cancel);
        }
    }

    private static string VersionOf(string program, CancellationToken cancel)
    {
        // "nextpnr-ice40 -- Next Generation Place and Route (Version 0.4-1+b1)", on standard error.
        string said = string.Empty;
        ExternalTool.Run(program, ["--version"], folder: null, line => said += line, cancel);
        int at = said.IndexOf("(Version ", StringComparison.Ordinal);
        string version = at < 0 ? said : said[(at + 9)..].TrimEnd(')');
        return $"{program} {version.Replace("nextpnr-", string.Empty, StringComparison.Ordinal)}";
    }

    /// <summary>What was needed and what the part has, if that is why; else what nextpnr said.</summary>
    private static InvalidInputException Explain(SynthesisDesign design, SynthesisTarget target, PlacementLog log, InvalidOperationException error)
    {
        string[] over = [.. target.Resources
            .Where(resource => log.Use.TryGetValue(resource.Device, out long used) && used > resource.Available)
            .Select(resource => string.Create(CultureInfo.InvariantCulture, $"{log.Use[resource.Device]:N0} {resource.Word}, the part has {resource.Available:N0}"))];
        return over.Length > 0
            ? new($"{design.Name} does not fit {target.Part}: it needs {string.Join("; ", over)}. Take fewer bits (edge quantize --budget-luts N), a smaller network, or a larger part (--target).", error)
            : new($"{design.Name} could not be placed and routed on {target.Part}: {(log.Errors.Count > 0 ? string.Join("; ", log.Errors) : error.Message)}", error);
    }
}
