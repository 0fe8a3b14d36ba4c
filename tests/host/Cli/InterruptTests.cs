using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

/// <summary>Ctrl-C: a command stops within two seconds, with exit code 130, no program left running and nothing half
/// done. A terminal sends the signal to all programs of the command, a script perhaps to <c>edge</c> alone.</summary>
public sealed partial class InterruptTests : IDisposable
{
    private const int Interrupt = 2;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData(0.3, false)]
    [InlineData(0.7, true)]
    [InlineData(1.5, false)]
    [InlineData(1.5, true)]
    public void ABuild_IsStopped_AndLeavesNoPartOfItself(double seconds, bool wholeGroup)
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(20));
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["EDGE_CACHE"] = folder.File("cache"), ["CCACHE_DISABLE"] = "1", ["TMPDIR"] = folder.File("temporary") };
        Directory.CreateDirectory(folder.File("temporary"));
        EdgeResult result = Stop(environment, "building", seconds, wholeGroup, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", "verilator", "--json");
        Assert.Equal(130, result.Json.GetProperty("exit_code").GetInt32());
        Assert.Empty(Directory.Exists(folder.File("cache")) ? Directory.EnumerateFiles(folder.File("cache"), "*", SearchOption.AllDirectories).Where(file => file.Contains("partial", StringComparison.Ordinal)) : []);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.File("temporary")), entry => Path.GetFileName(entry).StartsWith("edge-", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("synthesis:", 0.5, false)]
    [InlineData("synthesis:", 1, true)]
    [InlineData("refining", 0.5, false)]
    public void ASynthesis_IsStopped_AndLeavesNoPartOfItself(string sign, double seconds, bool wholeGroup)
    {
        string model = Repository.Path("tests", "golden", "models", "one_bit", "one_bit.onnx");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["EDGE_CACHE"] = folder.File("cache") };
        Stop(environment, sign, seconds, wholeGroup, "synth", model, "--target", "ice40-hx8k", "-o", "built");
        Assert.False(Directory.Exists(folder.File("built")));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.File("cache"), "*", SearchOption.AllDirectories), path => path.Contains("partial", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("icarus", "simulating", 1, true)]
    [InlineData("icarus", "simulating", 1, false)]
    [InlineData("reference", "inputs:", 0.2, true)]
    public void ALongCalculation_IsStopped(string backend, string sign, double seconds, bool wholeGroup)
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(2_000_000));
        Stop([], sign, seconds, wholeGroup, "predict", "small.onnx", "--input", "x.npy", "--output", "y.npy", "--on", backend);
    }

    /// <summary>Starts, waits for a word on standard error and then some, interrupts, and checks the end.</summary>
    private EdgeResult Stop(Dictionary<string, string> environment, string sign, double seconds, bool wholeGroup, params string[] arguments)
    {
        // setsid gives it a process group of its own, so that the signal does not reach these tests.
        using Process process = EdgeProgram.Start("setsid", folder.Path, environment, [EdgeProgram.Path, .. arguments]);
        string said = string.Empty;
        while (!said.Contains(sign, StringComparison.Ordinal))
        {
            said += process.StandardError.ReadLine() ?? throw new InvalidOperationException($"it ended before it said '{sign}': {said}");
        }

        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        Assert.False(process.HasExited, $"it ended too soon: {said}");
        var clock = Stopwatch.StartNew();
        if (Kill(wholeGroup ? -process.Id : process.Id, Interrupt) != 0)
        {
            throw new Win32Exception();
        }

        EdgeResult result = EdgeProgram.Finish(process, arguments).Ended(130);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 4); // 2 on a machine that does nothing else
        Assert.Contains("stopped.", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("y.npy")));
        Assert.Empty(Directory.EnumerateFiles(folder.Path, "*.partial"));
        Assert.Empty(Group(process.Id));
        return result;
    }

    /// <summary>Programs of a process group that still run; those that wait to be buried do not.</summary>
    private static List<string> Group(int group)
    {
        var found = new List<string>();
        foreach (string file in Directory.EnumerateDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])).Select(process => Path.Combine(process, "stat")))
        {
            try
            {
                // pid (name) state parent group ...
                string stat = File.ReadAllText(file);
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (fields[2] == $"{group}" && fields[0] is not ("Z" or "X"))
                {
                    found.Add(stat);
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return found;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
