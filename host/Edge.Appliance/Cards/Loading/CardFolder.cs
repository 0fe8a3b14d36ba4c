using System.Text.Json;
using Edge.Images;
using Edge.Networks;

namespace Edge.Appliance.Cards.Loading;

/// <summary>A load under way, or cut: what was being done.</summary>
public sealed record LoadJournal(string ImageId, string NetworkName, LoadStep Step, DateTimeOffset Since)
{
    /// <summary>The device may hold anything: the load had begun to change it.</summary>
    public bool IsCardUnknown => Step >= LoadStep.Load;

    public override string ToString() =>
        $"a load of image {ImageId} ({NetworkName}) was cut at step '{Words.Of(Step)}' on {Since:yyyy-MM-dd HH:mm:ss} UTC; {(IsCardUnknown ? "what the card holds is not known" : "the card still holds the image before")}";
}

/// <summary>What this machine knows of a card: the image that runs, the one before, the one to fall back to, and the
/// journal of a load. Files appear complete or not at all.</summary>
public sealed class CardFolder(string root, string card)
{
    private const int LargestJournal = 4096;

    private static readonly JsonSerializerOptions Json = new() { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() } };

    private readonly string folder = Path.Combine(root, "cards", card.Replace(':', '-'));

    /// <summary>EDGE_STATE, else XDG_STATE_HOME/edge, else ~/.local/state/edge.</summary>
    public static string DefaultRoot
    {
        get
        {
            string? chosen = Environment.GetEnvironmentVariable("EDGE_STATE");
            string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            return !string.IsNullOrEmpty(chosen) ? chosen
                : Path.Combine(!string.IsNullOrEmpty(state) ? state : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"), "edge");
        }
    }

    public string Card => card;

    public string CurrentPath => Path.Combine(folder, "current.card");

    public string PreviousPath => Path.Combine(folder, "previous.card");

    /// <summary>The image that is never replaced by a load: the first that ran, unless the operator chose another.</summary>
    public string GoldenPath => Path.Combine(folder, "golden.card");

    private string JournalPath => Path.Combine(folder, "journal.json");

    /// <summary>A load that was cut; null: none.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged: then nothing is known.</exception>
    public LoadJournal? Journal
    {
        get
        {
            var file = new FileInfo(JournalPath);
            if (!file.Exists)
            {
                return null;
            }

            try
            {
                return file.Length <= LargestJournal && JsonSerializer.Deserialize<LoadJournal>(File.ReadAllText(JournalPath), Json) is { } journal ? journal
                    : throw new JsonException("too long or empty");
            }
            catch (JsonException)
            {
                // It says at least that a load was cut.
                return new("unknown", "unknown", LoadStep.Load, new DateTimeOffset(file.LastWriteTimeUtc));
            }
        }
    }

    /// <summary>What runs on the card, as far as this machine loaded it; null: nothing known.</summary>
    public CardImageManifest? Current => Manifest(CurrentPath);

    public CardImageManifest? Golden => Manifest(GoldenPath);

    /// <summary>Keeps other programs from loading the same card meanwhile.</summary>
    /// <exception cref="InvalidInputException">Another one is at it.</exception>
    public IDisposable Hold()
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, "load.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new InvalidInputException($"card {card}: another program is loading it. Wait until it has ended.", error);
        }
    }

    public void WriteJournal(LoadJournal journal)
    {
        string partial = JournalPath + ".partial";
        using (FileStream file = File.Create(partial))
        {
            JsonSerializer.Serialize(file, journal, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(partial, JournalPath, overwrite: true);
    }

    public void EndJournal() => File.Delete(JournalPath);

    /// <summary>The image has become what runs.</summary>
    /// <param name="golden">It is also the one to fall back to from now on.</param>
    public void Install(CardImage image, bool golden)
    {
        if (File.Exists(CurrentPath))
        {
            File.Copy(CurrentPath, PreviousPath + ".partial", overwrite: true);
            File.Move(PreviousPath + ".partial", PreviousPath, overwrite: true);
        }

        image.Write(CurrentPath);
        if (golden || !File.Exists(GoldenPath))
        {
            image.Write(GoldenPath);
        }
    }

    private static CardImageManifest? Manifest(string path)
    {
        try
        {
            return File.Exists(path) ? CardImage.Read(path).Manifest : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
