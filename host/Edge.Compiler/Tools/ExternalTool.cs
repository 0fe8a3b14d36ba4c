using System.ComponentModel;
using System.Diagnostics;
using Edge.Networks;

namespace Edge.Compiler.Tools;

/// <summary>Runs programs that stand on their own (Verilator, Icarus, make) and stops them with us.</summary>
public static class ExternalTool
{
    /// <summary>Debian package of each program.</summary>
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["verilator"] = "verilator",
        ["iverilog"] = "iverilog",
        ["vvp"] = "iverilog",
        ["make"] = "make",
        ["g++"] = "g++",
    };

    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs to the end and returns standard output.</summary>
    /// <exception cref="MissingToolException">The program is not installed.</exception>
    /// <exception cref="InvalidOperationException">It failed; the message ends with what it printed last.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the program and its children have been stopped.</exception>
    public static string Run(string program, IEnumerable<string> arguments, string? folder = null, CancellationToken cancel = default)
    {
        var start = new ProcessStartInfo(program)
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
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            // Ctrl-C reaches every program of the terminal: this one may have ended before we are told to.
            if (cancel.CanBeCanceled && cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(300)))
            {
                cancel.ThrowIfCancellationRequested();
            }

            string said = (errors.Result + output.Result).Trim();
            throw new InvalidOperationException($"{program} failed with exit code {process.ExitCode}:\n{said[Math.Max(0, said.Length - 4000)..]}");
        }

        return output.Result;
    }

    private static Process Start(ProcessStartInfo start, string program)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new MissingToolException(program, Packages.GetValueOrDefault(program, program), error);
        }
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
public sealed class MissingToolException(string program, string package, Exception? innerException = null)
    : InvalidInputException($"'{program}' is not installed. Install it: sudo apt-get install {package}", innerException)
{
    public string Program => program;
}
