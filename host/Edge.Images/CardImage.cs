using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Edge.Images.Signing;

namespace Edge.Images;

/// <summary>The file in which compiler and appliance meet: manifest, payload, the compile report, and a signature. Nothing
/// of it is used before its checksum has been checked; whether to trust it is asked of a <see cref="KeyStore"/>.</summary>
/// <param name="Report">JSON.</param>
/// <param name="Signature">Over the manifest; null: unsigned.</param>
public sealed record CardImage(CardImageManifest Manifest, byte[] Payload, string Report, ImageSignature? Signature = null)
{
    public const int CurrentFormat = 2;

    /// <summary>The payload is a library of the Verilated card.</summary>
    public const string SimulatedKind = "simulated";

    /// <summary>The payload is a bitstream that open tools made.</summary>
    public const string OpenBitstreamKind = "bitstream-open";

    /// <summary>The payload is a bitstream that the maker's tools made.</summary>
    public const string VendorBitstreamKind = "bitstream-vendor";

    public const int LargestPayload = 1 << 28;
    private const int LargestManifest = 1 << 14;
    private const int LargestReport = 1 << 24;
    private const int LargestSignature = 1 << 10;
    private const int LargestFile = LargestPayload + LargestReport + (1 << 16);

    private const string ManifestName = "manifest.json";
    private const string PayloadName = "payload";
    private const string ReportName = "report.json";
    private const string SignatureName = "signature.json";

    private static readonly (string Name, int Largest, bool Optional)[] Parts =
        [(ManifestName, LargestManifest, false), (PayloadName, LargestPayload, false), (ReportName, LargestReport, false), (SignatureName, LargestSignature, true)];

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Puts the parts together: fills in format and checksums.</summary>
    public static CardImage Create(CardImageManifest manifest, byte[] payload, string report) => new(
        manifest with { Format = CurrentFormat, PayloadSha256 = Checksum(payload), ReportSha256 = Checksum(Utf8.GetBytes(report)) },
        payload,
        report);

    public static string Checksum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Now, or the time that SOURCE_DATE_EPOCH gives (reproducible-builds.org), so that the same input can make
    /// the same file.</summary>
    /// <exception cref="InvalidDataException">SOURCE_DATE_EPOCH is no number of seconds.</exception>
    public static DateTimeOffset CreationTime()
    {
        string? epoch = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        return string.IsNullOrEmpty(epoch) ? DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds())
            : long.TryParse(epoch, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long seconds) && seconds < 253402300800
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : throw new InvalidDataException($"SOURCE_DATE_EPOCH is '{epoch}'; a number of seconds since 1970 is expected.");
    }

    /// <summary>Writes the image; the file appears complete or not at all.</summary>
    public void Write(string path)
    {
        string partial = path + ".partial";
        try
        {
            using (FileStream file = File.Create(partial))
            {
                WriteTo(file);
                file.Flush(flushToDisk: true);
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

    public void WriteTo(Stream stream)
    {
        List<ArchiveEntry> entries = [new(ManifestName, Manifest.ToBytes()), new(PayloadName, Payload), new(ReportName, Utf8.GetBytes(Report))];
        if (Signature is not null)
        {
            entries.Add(new(SignatureName, CanonicalJson.Write(Signature)));
        }

        StoredArchive.Write(stream, entries);
    }

    /// <exception cref="InvalidDataException">Not there, no card image, another format, or damaged; the message names the
    /// file.</exception>
    public static CardImage Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new InvalidDataException($"{path}: {(Directory.Exists(path) ? "is a folder; expected a file." : "there is no such file.")}");
        }

        if (file.Length > LargestFile)
        {
            throw new InvalidDataException($"{path}: {file.Length} bytes; no card image is larger than {LargestFile}.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            return Parse(bytes);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <exception cref="InvalidDataException">As <see cref="Read"/>.</exception>
    public static CardImage Parse(byte[] file)
    {
        IReadOnlyList<ArchiveEntry> entries = StoredArchive.Read(file, Parts);
        CardImageManifest manifest = CardImageManifest.Parse(entries[0].Bytes.Span);
        CheckHash(PayloadName, entries[1], manifest.PayloadSha256);
        CheckHash(ReportName, entries[2], manifest.ReportSha256);
        return new(
            manifest,
            entries[1].Bytes.ToArray(),
            ReportText(entries[2].Bytes),
            entries.Count > 3 ? ImageSignature.Parse(entries[3].Bytes.Span) : null);
    }

    private static void CheckHash(string name, ArchiveEntry entry, string expected)
    {
        if (Checksum(entry.Bytes.Span) != expected)
        {
            throw new InvalidDataException($"'{name}' does not match its checksum in the manifest. It is damaged, or was put together from two images; pack it again.");
        }
    }

    private static string ReportText(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return Utf8.GetString(bytes.Span);
        }
        catch (Exception error) when (error is JsonException or DecoderFallbackException)
        {
            throw new InvalidDataException($"its report is not JSON ({error.Message}).", error);
        }
    }
}
