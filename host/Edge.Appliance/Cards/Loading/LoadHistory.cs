using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Appliance.Cards.Loading;

/// <summary>What became of a load.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoadOutcome>))]
public enum LoadOutcome
{
    Loaded,

    /// <summary>Refused before the card was touched.</summary>
    Refused,

    /// <summary>It failed, and the card holds what it held before.</summary>
    Failed,

    /// <summary>It failed, and an earlier image was put back.</summary>
    Restored,

    /// <summary>It failed, and no image could be put back.</summary>
    Lost,

    /// <summary>A load before this one had been cut.</summary>
    FoundCut,
}

/// <summary>A line of the history.</summary>
/// <param name="Previous">SHA-256 of the line before, so that a changed or missing line is seen; empty in the first.</param>
public sealed record LoadEntry(DateTimeOffset Time, string User, string Card, LoadOutcome Outcome, string ImageId, string Network, string? KeyId, string Text, string Previous);

/// <summary>What was loaded into which card, when, by whom: a file that is only added to, a JSON object a line, each on disk
/// before the next thing happens.</summary>
public sealed class LoadHistory(string root)
{
    private const int LargestFile = 1 << 28;

    public string Path { get; } = System.IO.Path.Combine(root, "history.jsonl");

    public void Add(string card, LoadOutcome outcome, string imageId, string network, string? keyId, string text)
    {
        Directory.CreateDirectory(root);
        using var file = new FileStream(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        byte[] before = new byte[file.Length];
        file.ReadExactly(before);

        // A line that was cut by a power failure stays, and is told by the next one's hash.
        bool isCut = before.Length > 0 && before[^1] != (byte)'\n';
        string? last = Lines(Encoding.UTF8.GetString(before)).LastOrDefault();
        var entry = new LoadEntry(DateTimeOffset.UtcNow, Environment.UserName, card, outcome, imageId, network, keyId, text, last is null ? string.Empty : Hash(last));
        file.Write(Encoding.UTF8.GetBytes($"{(isCut ? "\n" : string.Empty)}{JsonSerializer.Serialize(entry)}\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>All entries, oldest first, and what is wrong with the chain; null: nothing.</summary>
    public (IReadOnlyList<LoadEntry> Entries, string? Fault) Read()
    {
        var file = new FileInfo(Path);
        if (!file.Exists)
        {
            return ([], null);
        }

        if (file.Length > LargestFile)
        {
            return ([], $"{Path}: {file.Length} bytes is too long for a history. Move it away; a new one will begin.");
        }

        var entries = new List<LoadEntry>();
        string? fault = null;
        string previous = string.Empty;
        int number = 0;
        foreach (string line in Lines(File.ReadAllText(Path)))
        {
            number++;
            LoadEntry? entry = Parse(line);
            if (entry is null)
            {
                fault ??= $"{Path}:{number}: is no entry; the line was cut or edited.";
            }
            else
            {
                entries.Add(entry);
                if (entry.Previous != previous)
                {
                    fault ??= $"{Path}:{number}: does not follow the line before; a line was edited or taken out.";
                }
            }

            previous = Hash(line);
        }

        return (entries, fault);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Hash(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));

    private static LoadEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<LoadEntry>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
