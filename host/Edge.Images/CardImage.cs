using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Edge.Images;

/// <summary>What a card image is for and what it was made from.</summary>
/// <param name="Format">Version of the file format.</param>
/// <param name="Kind">What the payload is: <c>simulated</c>, a library of the Verilated card.</param>
/// <param name="RegisterMapHash">First 32 bits of the register map's hash; the host that loads it must have the same.</param>
/// <param name="NetworkHash">Hash of the integer network in the slot.</param>
/// <param name="NetworkLatencyClocks">Clocks from a vector the network takes to its result.</param>
/// <param name="ClockMegahertz">Clock that times are computed with.</param>
/// <param name="ClockIsAssumed">True until place-and-route has reached that clock for a named part.</param>
/// <param name="PayloadSha256">Over the payload's bytes.</param>
public sealed record CardImageManifest(
    int Format,
    string Kind,
    uint RegisterMapHash,
    string NetworkName,
    string NetworkHash,
    int InputCount,
    int InputWidth,
    int OutputCount,
    int OutputWidth,
    int NetworkLatencyClocks,
    double ClockMegahertz,
    bool ClockIsAssumed,
    string PayloadSha256);

/// <summary>The file in which compiler and appliance meet: one ZIP with a manifest, the payload, and the compile report.
/// Nothing of it is used before its checksum has been checked.</summary>
public sealed record CardImage(CardImageManifest Manifest, byte[] Payload, string Report)
{
    public const int CurrentFormat = 1;
    public const string SimulatedKind = "simulated";

    private const int LargestPayload = 1 << 28;
    private const int LargestText = 1 << 24;

    /// <summary>Deflate makes at most so many bytes of one.</summary>
    private const int LargestExpansion = 1032;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    public static string Checksum(ReadOnlySpan<byte> payload) => Convert.ToHexStringLower(SHA256.HashData(payload));

    /// <summary>Writes the image; the file appears complete or not at all.</summary>
    public void Write(string path)
    {
        string partial = path + ".partial";
        try
        {
            using (FileStream file = File.Create(partial))
            using (var archive = new ZipArchive(file, ZipArchiveMode.Create))
            {
                Add(archive, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(Manifest, Json));
                Add(archive, "payload", Payload);
                Add(archive, "report.json", System.Text.Encoding.UTF8.GetBytes(Report));
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }
        }
    }

    /// <exception cref="InvalidDataException">Not there, no card image, another format, or damaged; the message names the
    /// file.</exception>
    public static CardImage Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{path}: {(Directory.Exists(path) ? "is a folder; expected a file." : "there is no such file.")}");
        }

        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            CardImageManifest manifest = JsonSerializer.Deserialize<CardImageManifest>(Bytes(archive, "manifest.json", LargestText, path), Json)
                ?? throw new InvalidDataException($"{path}: its manifest is empty.");
            if (manifest.Format != CurrentFormat)
            {
                throw new InvalidDataException($"{path}: card image of format {manifest.Format}; this program reads format {CurrentFormat}. Compile the network again.");
            }

            byte[] payload = Bytes(archive, "payload", LargestPayload, path);
            return Checksum(payload) == manifest.PayloadSha256
                ? new(manifest, payload, System.Text.Encoding.UTF8.GetString(Bytes(archive, "report.json", LargestText, path)))
                : throw new InvalidDataException($"{path}: the payload does not match its checksum. The file is damaged; compile the network again.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: its manifest is not understood ({error.Message}).", error);
        }
        catch (Exception error) when (error is EndOfStreamException or ArgumentException or NotSupportedException
            || (error is InvalidDataException && !error.Message.StartsWith(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"{path}: not a card image, or damaged ({error.Message}).", error);
        }
    }

    private static void Add(ZipArchive archive, string name, byte[] bytes)
    {
        using Stream entry = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
        entry.Write(bytes);
    }

    private static byte[] Bytes(ZipArchive archive, string name, int largest, string path)
    {
        ZipArchiveEntry[] entries = [.. archive.Entries.Where(entry => entry.FullName == name)];
        if (entries is not [ZipArchiveEntry entry])
        {
            throw new InvalidDataException($"{path}: '{name}' is {(entries.Length == 0 ? "missing from" : "twice in")} the card image.");
        }

        if (entry.Length < 0 || entry.Length > largest || entry.Length > LargestExpansion * Math.Max(entry.CompressedLength, 1))
        {
            throw new InvalidDataException($"{path}: '{name}' claims to be {entry.Length} bytes, packed into {entry.CompressedLength}; at most {largest} are allowed, and at most {LargestExpansion} from one.");
        }

        var bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length || stream.ReadByte() >= 0)
        {
            throw new InvalidDataException($"{path}: '{name}' is not as long as it claims. The file is damaged; compile the network again.");
        }

        return Crc32.Of(bytes) == entry.Crc32 ? bytes : throw new InvalidDataException($"{path}: '{name}' does not match its checksum. The file is damaged; compile the network again.");
    }
}
