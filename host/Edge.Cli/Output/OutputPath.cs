using Edge.Networks;

namespace Edge.Cli.Output;

/// <summary>Checks where results will go before the work begins, so that nothing is computed in vain.</summary>
internal static class OutputPath
{
    /// <exception cref="InvalidInputException">No file can be written there.</exception>
    public static void CheckFile(string path, string option)
    {
        Check(path, option);
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            throw new InvalidInputException($"{option} {path}: is a folder; give the name of a file.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException($"{option} {path}: there is no folder {folder}. Make it first.");
        }
    }

    /// <exception cref="InvalidInputException">No folder can be made there.</exception>
    public static void CheckFolder(string path, string option)
    {
        Check(path, option);
        for (string? above = Path.GetFullPath(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above))
            {
                throw new InvalidInputException($"{option} {path}: {above} is a file; expected a folder, or a name that is free.");
            }
        }
    }

    private static void Check(string path, string option)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{option} '{path}': a path is missing.");
        }
    }
}
