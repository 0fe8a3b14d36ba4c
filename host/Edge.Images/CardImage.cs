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

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static string Checksum(ReadOnlySpan<byte> payload) => Convert.ToHexStringLower(SHA256.HashData(payload));

    /// <summary>Writes the image; the file appears complete or not at all.</summary>
    public void Write(string path)
    {
        string partial = path + ".partial";
        using (FileStream file = File.Create(partial))
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create))
        {
            Add(archive, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(Manifest, Json));
            Add(archive, "payload", Payload);
            Add(archive, "report.json", System.Text.Encoding.UTF8.GetBytes(Report));
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <exception cref="InvalidDataException">No card image, a newer format, or damaged; the message names the file.</exception>
    public static CardImage Read(string path)
    {
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
        ZipArchiveEntry entry = archive.GetEntry(name) ?? throw new InvalidDataException($"{path}: '{name}' is missing from the card image.");
        if (entry.Length > largest)
        {
            throw new InvalidDataException($"{path}: '{name}' claims {entry.Length} bytes; at most {largest} are allowed.");
        }

        var bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return stream.ReadByte() < 0 ? bytes : throw new InvalidDataException($"{path}: '{name}' is longer than it claims.");
    }
}
