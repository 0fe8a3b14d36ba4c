using System.CommandLine;
using Edge.Cli.Output;
using Edge.Compiler.Synthesis;
using Edge.Compiler.Tools;
using Edge.Networks.Onnx;

namespace Edge.Cli.Commands;

internal static class DoctorCommand
{
    /// <summary>One thing that Edge uses.</summary>
    private sealed record Finding(string Name, bool Found, string Detail, string For, string? Remedy);

    public static Command Create()
    {
        var command = new Command("doctor", "Say what is installed, what is missing, and how to get it");
        Terminal.Handle(command, (_, terminal, _) =>
        {
            Finding[] findings =
            [
                OnnxRuntime(),
                Program("verilator", ["--version"], "the simulated card, and checking hardware", "sudo apt-get install verilator"),
                Program("g++", ["-dumpversion"], "building the simulated card", "sudo apt-get install g++"),
                Program("make", ["--version"], "building the simulated card", "sudo apt-get install make"),
                Program("iverilog", ["-V"], "checking hardware in a second simulator", "sudo apt-get install iverilog"),
                Program("yosys", ["-V"], "synthesis: edge synth", ExternalTool.Remedy("yosys")),
                Placer("nextpnr-ice40", "placing on iCE40: edge synth"),
                Placer("icebox_vlog", "reading iCE40 bitstreams back: edge synth --check"),
                Placer("nextpnr-ecp5", "placing on ECP5: edge synth"),
                Cache(),
            ];
            terminal.Result(new { Findings = findings }, text =>
            {
                foreach (Finding finding in findings)
                {
                    text.WriteLine($"{(finding.Found ? "found  " : "MISSING")}  {finding.Name,-14} {finding.Detail,-46} for {finding.For}");
                    if (!finding.Found && finding.Remedy is { } remedy)
                    {
                        text.WriteLine($"         get it: {remedy}");
                    }
                }
            });
            return Array.TrueForAll(findings, finding => finding.Found) ? ExitCode.Success : ExitCode.Mismatch;
        });
        return command;
    }

    private static Finding Program(string name, string[] arguments, string use, string remedy)
    {
        try
        {
            string version = ExternalTool.Run(name, arguments).Split('\n')[0].Trim();
            return new(name, Found: true, version, use, null);
        }
        catch (MissingToolException)
        {
            return new(name, Found: false, "not installed", use, remedy);
        }
        catch (InvalidOperationException)
        {
            return new(name, Found: false, "is there but does not start", use, remedy);
        }
    }

    /// <summary>Found, not started: nextpnr from PyPI compiles itself for minutes when first called.</summary>
    private static Finding Placer(string tool, string use)
    {
        try
        {
            string program = PlaceAndRoute.Program(tool);
            return new(tool, Found: true, ExternalTool.Find(program)!, use, null);
        }
        catch (MissingToolException missing)
        {
            return new(tool, Found: false, "not installed", use, ExternalTool.Remedy(missing.Program));
        }
    }

    private static Finding OnnxRuntime()
    {
        const string Use = "checking integers against stock ONNX Runtime";
        try
        {
            return new("onnxruntime", Found: true, OnnxRuntimeBackend.Version, Use, null);
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException)
        {
            return new("onnxruntime", Found: false, "its library does not load", Use, "build Edge again: make build");
        }
    }

    private static Finding Cache()
    {
        string folder = BuildCache.Folder;
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $"probe.{Environment.ProcessId}");
            File.WriteAllText(probe, string.Empty);
            File.Delete(probe);
            return new("cache", Found: true, folder, "keeping built simulations", null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new("cache", Found: false, $"{folder} cannot be written", "keeping built simulations", "set EDGE_CACHE to a folder that can be written");
        }
    }
}
