using Edge.Networks;

namespace Edge.Cli.Output;

internal static class WholeFile
{
    /// <summary>The file appears whole or not at all.</summary>
    /// <exception cref="InvalidInputException">It cannot be written.</exception>
    public static void Write(string path, Action<Stream> content)
    {
        string partial = path + ".partial";
        try
        {
            using (FileStream file = File.Create(partial))
            {
                content(file);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            throw new InvalidInputException($"{path}: cannot be written ({error.Message})", error);
        }
    }
}
