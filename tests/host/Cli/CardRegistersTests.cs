using System.Diagnostics;
using System.Text.Json;

namespace Edge.Tests.Cli;

/// <summary><c>edge card registers</c> and <c>edge card watch</c> on a card that another process drives.</summary>
public sealed class CardRegistersTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["EDGE_RUNTIME"] = folder.File("sockets") };

    [Fact]
    public void WithoutACard_TheySaySo()
    {
        foreach (string command in new[] { "registers", "watch" })
        {
            EdgeProgram.Run(folder.Path, Environment, "card", command, "--json").Refused("no card is running on this machine");
        }

        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "statsu", "--json").Refused("'statsu' is no register; did you mean 'status'?");
        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "status.interlok", "--json").Refused("status has no field 'interlok'. Fields: interlock, scan");
        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "threshold[16]", "--json").Refused("it has 16 elements, 0 to 15");
        EdgeProgram.Run(folder.Path, Environment, "card", "watch", "--interval", "0", "--json").Refused("--interval 0: 0.05 to 3600 s are allowed");
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task ARunningCardIsRead_Watched_AndWrittenOnlyWithForce()
    {
        using Process run = LongRun.Start(folder, Environment, "visits", out Task<string> errors);
        JsonElement status = Registers("status").GetProperty("registers")[0];
        JsonElement interlock = status.GetProperty("fields").EnumerateArray().First(field => field.GetProperty("name").GetString() == "interlock");
        Assert.Equal("engaged", interlock.GetProperty("meaning").GetString());
        Assert.InRange(Registers().GetProperty("registers").GetArrayLength(), 60, 1000);

        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "keep_classes=3", "--json").Refused("the interlock is engaged");
        Assert.Equal(0, Value("keep_classes"));
        Registers("keep_classes=0x3", "--force");
        Assert.Equal(3, Value("keep_classes"));
        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "status=1", "--force", "--json").Refused("status can only be read");
        EdgeProgram.Run(folder.Path, Environment, "card", "registers", "columns=70000", "--force", "--json").Refused("columns");

        // A line each, clocks go on.
        string[] lines = EdgeProgram.Run(folder.Path, Environment, "card", "watch", "--interval", "0.1", "--count", "3").Succeeded().Output.TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^\d\d:\d\d:\d\d beam (on|blanked: ).*; running \(\w+\), site \d+; \d+ decisions", line));
        using Process watch = EdgeProgram.Start(EdgeProgram.Path, folder.Path, Environment, ["card", "watch", "--interval", "0.1", "--json"]);
        long[] clocks = [.. Enumerable.Range(0, 3).Select(_ => JsonDocument.Parse(watch.StandardOutput.ReadLine()!).RootElement.GetProperty("clocks").GetInt64())];
        Assert.True(clocks[0] < clocks[1] && clocks[1] < clocks[2], string.Join(", ", clocks));

        // It ends with the run.
        EdgeProgram.Run(folder.Path, Environment, "stop", "--json").Succeeded();
        watch.StandardOutput.ReadToEnd();
        Assert.True(watch.WaitForExit(10_000));
        Assert.Equal(0, watch.ExitCode);
        Assert.True(run.WaitForExit(10_000));
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("stopped by user", await errors, StringComparison.Ordinal);
    }

    private long Value(string name) => Registers(name).GetProperty("registers")[0].GetProperty("value").GetInt64();

    private JsonElement Registers(params string[] arguments) => EdgeProgram.Run(folder.Path, Environment, ["card", "registers", .. arguments, "--json"]).Succeeded().Json;
}
