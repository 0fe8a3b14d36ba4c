using System.CommandLine;
using Edge.Networks;

namespace Edge.Cli.Commands.Keys;

/// <summary>A private key's passphrase: from a file or a variable, never from the command line, which others can see.</summary>
internal static class Passphrase
{
    public const string Variable = "EDGE_KEY_PASSPHRASE";

    private const int LongestFile = 4096;

    public static Option<string?> AddTo(Command command, string name = "--passphrase-file", string what = "the private key")
    {
        var option = new Option<string?>(name) { Description = $"File whose first line is the passphrase of {what}; also {Variable}_FILE, or the passphrase itself in {Variable}", HelpName = "FILE" };
        command.Add(option);
        return option;
    }

    /// <returns>null: none given.</returns>
    /// <exception cref="InvalidInputException">The file is not there, or empty.</exception>
    public static string? Read(string? file)
    {
        file ??= Environment.GetEnvironmentVariable($"{Variable}_FILE");
        if (string.IsNullOrEmpty(file))
        {
            string? given = Environment.GetEnvironmentVariable(Variable);
            return string.IsNullOrEmpty(given) ? null : given;
        }

        var info = new FileInfo(file);
        if (!info.Exists || info.Length > LongestFile)
        {
            throw new InvalidInputException($"{file}: {(info.Exists ? "too long for a passphrase." : "there is no such file with a passphrase.")}");
        }

        string passphrase = File.ReadAllText(file).Split('\n')[0].TrimEnd('\r');
        return passphrase.Length > 0 ? passphrase : throw new InvalidInputException($"{file}: its first line is empty; a passphrase is expected there.");
    }
}
