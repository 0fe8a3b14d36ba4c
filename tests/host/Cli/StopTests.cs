using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Xunit.Abstractions;

namespace Edge.Tests.Cli;

/// <summary><c>edge stop</c> from another process, while <c>edge run</c> holds the card.</summary>
public sealed partial class StopTests(ITestOutputHelper output) : IDisposable
{
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["EDGE_RUNTIME"] = folder.File("sockets") };

    [Fact]
    public void WithNothingRunning_ItSaysSo_AndSucceeds()
    {
        JsonElement json = Stop().Json;
        Assert.True(json.GetProperty("blanked").GetBoolean());
        Assert.Equal(0, json.GetProperty("cards").GetArrayLength());
        Assert.Contains("no card is running", EdgeProgram.Run(folder.Path, Environment, "stop").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void ARunningCardIsBlanked_AndItsRunSaysWhoDidIt()
    {
        using Process run = LongRun.Start(folder, Environment, "visits", out Task<string> errors);
        JsonElement json = Stop().Json;
        JsonElement card = json.GetProperty("cards")[0];
        Assert.True(card.GetProperty("confirmed").GetBoolean());
        Assert.Equal(run.Id, card.GetProperty("process").GetInt32());
        Assert.Contains("beam blanked, tripped", card.GetProperty("state").GetString(), StringComparison.Ordinal);
        double milliseconds = card.GetProperty("milliseconds").GetDouble();
        output.WriteLine($"beam blanked {milliseconds} ms after 'edge stop' was started");
        Assert.InRange(milliseconds, 0, 3000);
        Ended(run, errors);
        Stop(); // its socket went with it
        Assert.Empty(Directory.GetFiles(folder.File("sockets")));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void SeveralAtOnceStopSeveralCards()
    {
        using Process first = LongRun.Start(folder, Environment, "one", out Task<string> firstErrors);
        using Process second = LongRun.Start(folder, Environment, "two", out Task<string> secondErrors);
        Process[] stops = [.. Enumerable.Range(0, 4).Select(_ => EdgeProgram.Start(EdgeProgram.Path, folder.Path, Environment, ["stop", "--json"]))];
        foreach (Process stop in stops)
        {
            using (stop)
            {
                string json = stop.StandardOutput.ReadToEnd();
                stop.WaitForExit();
                Assert.True(stop.ExitCode == 0, json);
                Assert.True(JsonDocument.Parse(json).RootElement.GetProperty("blanked").GetBoolean());
            }
        }

        Ended(first, firstErrors);
        Ended(second, secondErrors);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void AProgramThatHangsIsReported_WithCode3()
    {
        using Process run = LongRun.Start(folder, Environment, "visits", out Task<string> errors);
        Signal(run.Id, StopSignal);
        try
        {
            EdgeResult stop = EdgeProgram.Run(folder.Path, Environment, "stop").Ended(3);
            Assert.Contains("NOT CONFIRMED", stop.Output, StringComparison.Ordinal);
            Assert.Contains("does not answer", stop.Output, StringComparison.Ordinal);
            Assert.Contains("Blank it at the microscope", stop.Output, StringComparison.Ordinal);
        }
        finally
        {
            Signal(run.Id, ContinueSignal);
        }

        // The request was in its socket: it stops as soon as it lives again.
        Ended(run, errors);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void NonsenseOnTheSocketChangesNothing_AndWhatAProgramLeftBehindIsNoCard()
    {
        Directory.CreateDirectory(folder.File("sockets"));
        File.WriteAllBytes(folder.File("sockets/1-1.sock"), []);
        Assert.True(File.Exists(folder.File("sockets/1-1.sock")));
        using Process run = LongRun.Start(folder, Environment, "visits", out Task<string> errors);
        string path = Directory.GetFiles(folder.File("sockets"), $"{run.Id}-*.sock").Single();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal((UnixFileMode)0b110_110_110, File.GetUnixFileMode(path));
        }

        foreach (byte[] nonsense in new[] { "{\n"u8.ToArray(), "null\n"u8.ToArray(), "{\"command\":\"fire\"}\n"u8.ToArray(), "{\"command\":\"read\"}\n"u8.ToArray(), new byte[200_000], [0xFF, 0xFE, 0x0A] })
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            try
            {
                socket.Send(nonsense);
            }
            catch (SocketException)
            {
                // It hung up in the middle.
            }
        }

        Assert.False(run.HasExited);
        Assert.Equal(1, Stop().Json.GetProperty("cards").GetArrayLength());
        Assert.False(File.Exists(folder.File("sockets/1-1.sock")));
        Ended(run, errors);
    }

    private EdgeResult Stop() => EdgeProgram.Run(folder.Path, Environment, "stop", "--json").Succeeded();

    private void Ended(Process run, Task<string> errors)
    {
        Assert.True(run.WaitForExit(10_000), "it goes on");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"stopped by user {System.Environment.UserName}; the interlock tripped and the beam is blanked", errors.Result, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories(folder.Path), path => path.EndsWith("-out", StringComparison.Ordinal) || path.EndsWith(".partial", StringComparison.Ordinal));
    }

    private static void Signal(int process, int signal)
    {
        if (Kill(process, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
