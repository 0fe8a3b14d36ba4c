using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Images.Bitstreams;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Flash or JTAG through openFPGALoader (0.10), a program of its own.</summary>
/// <param name="toFlash">Into the configuration flash, verified; false: into the FPGA, until power goes.</param>
/// <param name="cable">Name of the JTAG cable as <c>openFPGALoader --list-cables</c> gives it; null: what the board says.</param>
/// <param name="board">Name of the board as <c>--list-boards</c> gives it; null: none.</param>
/// <param name="fpgaPart">Part with package, which the flash bridge of AMD parts needs: <c>xc7a35tcsg324</c>; null: not needed.</param>
/// <param name="program">Its path, where it is not the one that is installed.</param>
public sealed partial class OpenFpgaLoader(bool toFlash, string? cable, string? board, string? fpgaPart, string program = OpenFpgaLoader.Program) : IConfigurationPort
{
    private const string Program = "openFPGALoader";

    /// <summary>Writing and verifying 128 MiB of flash over a slow cable.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(40);

    public string Name => toFlash ? $"{Program}, flash" : $"{Program}, JTAG";

    public bool IsPartial => false;

    public bool NeedsHotReset => toFlash;

    /// <summary>What is asked of the program, without the bitstream.</summary>
    public IReadOnlyList<string> Arguments => [.. Target(), .. toFlash ? new[] { "--write-flash", "--verify", "--reset" } : ["--write-sram"]];

    public uint? ReadIdCode()
    {
        string said = Run([.. Target(), "--detect"], static _ => { });
        uint[] found = [.. IdCode().Matches(said).Select(match => uint.Parse(match.Groups["code"].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        return found is [uint one] ? one
            : throw new LoadStepException($"{Program} --detect finds {found.Length} devices on the cable", "One is expected: check power, cable and --cable or --board");
    }

    public void Load(ReadOnlyMemory<byte> bitstream, Action<string> progress)
    {
        // The program goes by the name's ending.
        bool isRaw = Bitstream.Parse(bitstream.Span).Family == BitstreamFamily.Ice40;
        string folder = Directory.CreateTempSubdirectory("edge-load-").FullName;
        try
        {
            string path = Path.Combine(folder, isRaw ? "image.bin" : "image.bit");
            File.WriteAllBytes(path, bitstream.Span);
            Run([.. Arguments, path], progress);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public string WaitDone() => toFlash ? "flash verified" : "the program says done";

    private string[] Target() =>
    [
        .. cable is null ? Array.Empty<string>() : ["--cable", cable],
        .. board is null ? Array.Empty<string>() : ["--board", board],
        .. fpgaPart is null ? Array.Empty<string>() : ["--fpga-part", fpgaPart],
    ];

    private string Run(string[] arguments, Action<string> progress)
    {
        // In a session of its own: Ctrl-C in the terminal must not kill it in the middle of a write.
        var start = new ProcessStartInfo("setsid", ["--wait", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        try
        {
            using Process process = Process.Start(start)!;
            var said = new List<string>();
            void Hear(object sender, DataReceivedEventArgs line)
            {
                if (line.Data is { Length: > 0 } text)
                {
                    lock (said)
                    {
                        said.Add(text);
                    }

                    progress($"{Program}: {Shown(text)}");
                }
            }

            process.OutputDataReceived += Hear;
            process.ErrorDataReceived += Hear;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(Longest))
            {
                throw new LoadStepException($"{Program} has not ended after {Longest.TotalMinutes} minutes", "Check cable and power; it still runs");
            }

            process.WaitForExit();
            return process.ExitCode == 0 ? string.Join('\n', said)
                : throw new LoadStepException(
                    process.ExitCode == 127 ? $"{Program} is not installed" : $"{Program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {(said.Count == 0 ? "it said nothing" : Shown(said[^1]))}",
                    process.ExitCode == 127 ? "Install it: sudo apt-get install openfpgaloader" : "Check cable, power and --cable or --board, and that you may use the cable (udev rules of openFPGALoader)");
        }
        catch (Win32Exception error)
        {
            throw new LoadStepException($"setsid cannot be started ({error.Message})", "Install it: sudo apt-get install util-linux");
        }
    }

    private static string Shown(string text) => string.Concat((text.Length > 200 ? text[..200] : text).Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();

    [GeneratedRegex(@"\bidcode\s+(0x)?(?<code>[0-9a-f]{1,8})\b", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdCode();
}
