using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Edge.Tests.Cli;

/// <summary><c>edge run</c> in a process of its own, for minutes if nobody stops it.</summary>
internal static class LongRun
{
    /// <summary>A run of many visits, under way when this returns.</summary>
    public static Process Start(TemporaryFolder folder, Dictionary<string, string> environment, string name, out Task<string> errors)
    {
        string visit = Regex.Replace(File.ReadAllText(Repository.Path("examples", "visit.yaml")), @"\.\./(?!out)", Repository.Root + "/")
            .Replace("../out/visit", name + "-out", StringComparison.Ordinal)
            .Replace("margin: 50 pm", "repeats: 1000\n  margin: 50 pm", StringComparison.Ordinal)
            .Replace("electrons: 1 Me", "electrons: 100 Ge", StringComparison.Ordinal);
        folder.Write(name + ".yaml", visit);
        Process run = EdgeProgram.Start(EdgeProgram.Path, folder.Path, environment, ["run", name + ".yaml"]);
        string said = string.Empty;
        while (!said.Contains("lattice found", StringComparison.Ordinal))
        {
            said += (run.StandardError.ReadLine() ?? throw new InvalidOperationException($"it ended: {said}")) + "\n";
        }

        Thread.Sleep(500); // into the visits
        Assert.False(run.HasExited);
        errors = run.StandardError.ReadToEndAsync();
        return run;
    }
}
