using System.Diagnostics;
using System.Text.Json;

namespace Edge.Tests.Cli;

/// <summary>The built program <c>edge</c>, run as a user runs it.</summary>
internal static class EdgeProgram
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Beside the project that builds it, in the configuration these tests were built in.</summary>
    public static string Path { get; } = Find();

    /// <summary>Runs to the end in a folder, and checks what holds for every command: no stack trace, no fault of the
    /// program, and with --json exactly one object on standard output.</summary>
    public static EdgeResult Run(string folder, params string[] arguments) => Run(folder, [], arguments);

    /// <param name="environment">Variables to set; empty text removes one.</param>
    public static EdgeResult Run(string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        using Process process = Start(folder, environment, arguments);
        return Finish(process, arguments);
    }

    public static Process Start(string folder, Dictionary<string, string> environment, params string[] arguments) =>
        Start(Path, folder, environment, arguments);

    public static Process Start(string program, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Remove("EDGE_DEBUG");
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static EdgeResult Finish(Process process, string[] arguments)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string line = $"edge {string.Join(' ', arguments)}";
        if (!process.WaitForExit(Longest))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{line}: no end after {Longest}");
        }

        var result = new EdgeResult(line, process.ExitCode, output.Result, errors.Result);
        string said = result.Output + result.Errors;
        Assert.False(said.Contains("   at ", StringComparison.Ordinal) || said.Contains("Unhandled", StringComparison.Ordinal), $"{line}: stack trace:\n{said}");
        Assert.True(process.ExitCode != 70, $"{line}: internal error:\n{said}");
        if (arguments.Contains("--json") && !arguments.Contains("--help"))
        {
            _ = result.Json;
        }

        return result;
    }

    private static string Find()
    {
        var ours = new DirectoryInfo(AppContext.BaseDirectory);
        string framework = ours.Name;
        string configuration = ours.Parent!.Name;
        string folder = Repository.Path("host", "Edge.Cli", "bin", configuration, framework);
        return Directory.EnumerateFiles(folder, "edge", SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new FileNotFoundException($"no program edge below {folder}; build the solution first");
    }
}

/// <summary>What a run of the program gave.</summary>
internal sealed record EdgeResult(string Line, int ExitCode, string Output, string Errors)
{
    /// <summary>The one JSON object on standard output.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                JsonElement root = JsonDocument.Parse(Output).RootElement;
                Assert.Equal(JsonValueKind.Object, root.ValueKind);
                return root;
            }
            catch (JsonException error)
            {
                Assert.Fail($"{Line}: standard output is not one JSON object ({error.Message}):\n{Output}");
                throw;
            }
        }
    }

    public EdgeResult Succeeded() => Ended(0);

    /// <summary>Exit code 2, and a message with each part; nothing of it on standard output, unless as JSON.</summary>
    public EdgeResult Refused(params string[] parts)
    {
        Ended(2);
        Assert.All(parts, part => Assert.Contains(part, Errors, StringComparison.Ordinal));
        if (Line.Contains("--json", StringComparison.Ordinal))
        {
            Assert.Equal(2, Json.GetProperty("exit_code").GetInt32());
            Assert.All(parts, part => Assert.Contains(part, Json.GetProperty("error").GetString()!, StringComparison.Ordinal));
        }
        else
        {
            Assert.Empty(Output);
        }

        return this;
    }

    public EdgeResult Ended(int code)
    {
        Assert.True(ExitCode == code, $"{Line}: exit code {ExitCode}, expected {code}\n{Output}{Errors}");
        return this;
    }
}
