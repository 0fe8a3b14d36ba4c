using Edge.Networks;

namespace Edge.Cli.Runs;

/// <summary>Folders of results: they appear complete or not at all, and never take the place of something else.</summary>
internal static class OutputFolder
{
    /// <summary>Refuses a folder that holds something other than earlier results.</summary>
    /// <param name="mark">A file that every result of this kind has.</param>
    /// <exception cref="InvalidInputException">It holds something else.</exception>
    public static void Check(string folder, string mark)
    {
        bool ours = File.Exists(Path.Combine(folder, mark));
        if (File.Exists(folder) || (Directory.Exists(folder) && !ours && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new InvalidInputException($"output.folder: {folder} exists and holds something other than results of this kind of run. Choose an empty or new folder.");
        }
    }

    /// <summary>Fills a new folder and puts it in the place of an earlier result.</summary>
    public static void Write(string folder, string mark, Action<string> fill)
    {
        Check(folder, mark);
        string partial = folder.TrimEnd(Path.DirectorySeparatorChar) + ".partial";
        try
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }

            Directory.CreateDirectory(partial);
            fill(partial);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.Move(partial, folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder} cannot be written: {error.Message}", error);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }
}
