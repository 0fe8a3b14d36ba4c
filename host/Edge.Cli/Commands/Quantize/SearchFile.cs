using System.Text.Json;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Quantization.Search;

namespace Edge.Cli.Commands.Quantize;

/// <summary>What a search has measured, in the output folder, written whole after each measurement.</summary>
internal static class SearchFile
{
    public const string Name = "search.json";
    private const long LargestFile = 1 << 26;

    public static string PathIn(string folder) => Path.Combine(folder, Name);

    /// <summary>The state of an earlier search of the same model, rows and settings; else an empty one.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public static SearchState Read(string folder, string key)
    {
        string path = PathIn(folder);
        if (!File.Exists(path))
        {
            return SearchState.Empty(key);
        }

        try
        {
            SearchState? state = new FileInfo(path).Length <= LargestFile ? JsonSerializer.Deserialize<SearchState>(File.ReadAllText(path), Terminal.JsonFormat) : null;
            bool whole = state is { Key: not null, Sensitivities: not null, Points: not null } && state.Points.Values.All(point => point is { Precisions: not null });
            return whole
                ? state!.Key == key ? state : SearchState.Empty(key)
                : throw new InvalidInputException($"{path}: not what a search writes. Delete it to begin again.");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: not what a search writes ({error.Message}). Delete it to begin again.", error);
        }
    }

    public static void Save(string folder, SearchState state)
    {
        Directory.CreateDirectory(folder);
        string partial = PathIn(folder) + ".partial";
        File.WriteAllText(partial, JsonSerializer.Serialize(state, Terminal.JsonFormat) + "\n");
        File.Move(partial, PathIn(folder), overwrite: true);
    }
}
