using System.Globalization;
using System.Text.Json;

namespace Edge.Images;

/// <summary>What a card image is for and what it was made from. A signature covers the bytes of <see cref="ToBytes"/>,
/// and through the two checksums everything else in the file.</summary>
/// <param name="Format">Version of the file format.</param>
/// <param name="Kind">What the payload is: <see cref="CardImage.SimulatedKind"/>, <see cref="CardImage.OpenBitstreamKind"/> or
/// <see cref="CardImage.VendorBitstreamKind"/>.</param>
/// <param name="Part">The part that a bitstream is for, as the bitstream itself names it; null for a simulated card.</param>
/// <param name="ShellId">The shell's USR_ACCESS; null where there is none.</param>
/// <param name="BuildId">First 32 bits of the hash of all sources of the design; the card shows the same.</param>
/// <param name="RegisterMapHash">First 32 bits of the register map's hash; the host that loads it must have the same.</param>
/// <param name="NetworkHash">Hash of the integer network in the slot.</param>
/// <param name="NetworkLatencyClocks">Clocks from a vector the network takes to its result.</param>
/// <param name="ClockMegahertz">Clock that times are computed with.</param>
/// <param name="ClockReachedBy">Which place-and-route reached that clock, and for which part; null: the clock is assumed.</param>
/// <param name="PayloadSha256">Over the payload's bytes.</param>
/// <param name="ReportSha256">Over the report's bytes.</param>
/// <param name="Created">UTC, whole seconds.</param>
public sealed record CardImageManifest(
    int Format,
    string Kind,
    string? Part,
    uint? ShellId,
    uint BuildId,
    uint RegisterMapHash,
    string NetworkName,
    string NetworkHash,
    int InputCount,
    int InputWidth,
    int OutputCount,
    int OutputWidth,
    int NetworkLatencyClocks,
    double ClockMegahertz,
    string? ClockReachedBy,
    string PayloadSha256,
    string ReportSha256,
    DateTimeOffset Created)
{
    private const int LongestText = 200;
    private const int MostElements = 1 << 16;
    private const int WidestElement = 1 << 10;
    private const int LongestLatency = 1 << 16;

    private static readonly string[] Kinds = [CardImage.SimulatedKind, CardImage.OpenBitstreamKind, CardImage.VendorBitstreamKind];

    public bool ClockIsAssumed => ClockReachedBy is null;

    public bool IsSimulated => Kind == CardImage.SimulatedKind;

    /// <summary>Names the image for good: the hash of its manifest.</summary>
    public string ImageId => CardImage.Checksum(ToBytes())[..16];

    /// <summary>The manifest as it stands in the file; the only form that is read.</summary>
    public byte[] ToBytes() => CanonicalJson.Write(this);

    /// <exception cref="InvalidDataException">No manifest of this format, or a value that cannot be.</exception>
    internal static CardImageManifest Parse(ReadOnlySpan<byte> bytes)
    {
        CheckFormat(bytes);
        CardImageManifest manifest = CanonicalJson.Read<CardImageManifest>(bytes, "its manifest");
        return manifest.Fault() is { } fault
            ? throw new InvalidDataException($"its manifest: {fault}")
            : manifest;
    }

    // Before anything else, since another version has other fields.
    private static void CheckFormat(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = CanonicalJson.DeepestNesting });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("format", out JsonElement format)
                && format.TryGetInt32(out int number) && number != CardImage.CurrentFormat)
            {
                throw new InvalidDataException($"card image of format {number}; this program reads format {CardImage.CurrentFormat}. Pack it again with this version.");
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"its manifest is not understood ({error.Message}).", error);
        }
    }

    /// <returns>Field, what was found, what is allowed; null when all is well.</returns>
    private string? Fault() =>
        !Kinds.Contains(Kind, StringComparer.Ordinal) ? $"kind '{Shown(Kind)}'; {string.Join(", ", Kinds)} are known."
        : IsSimulated != Part is null ? (IsSimulated ? "part: a simulated card is for no part." : "part is missing; a bitstream is for one part.")
        : IsSimulated && ShellId is not null ? "shell_id: a simulated card has no shell."
        : TextFault("part", Part) ?? TextFault("network_name", NetworkName) ?? TextFault("clock_reached_by", ClockReachedBy)
        ?? HashFault("network_hash", NetworkHash) ?? HashFault("payload_sha256", PayloadSha256) ?? HashFault("report_sha256", ReportSha256)
        ?? RangeFault("input_count", InputCount, 1, MostElements) ?? RangeFault("input_width", InputWidth, 1, WidestElement)
        ?? RangeFault("output_count", OutputCount, 1, MostElements) ?? RangeFault("output_width", OutputWidth, 1, WidestElement)
        ?? RangeFault("network_latency_clocks", NetworkLatencyClocks, 0, LongestLatency)
        ?? (ClockMegahertz is >= 0.001 and <= 10_000 ? null : string.Create(CultureInfo.InvariantCulture, $"clock_megahertz {ClockMegahertz}; 0.001 to 10000 are allowed."))
        ?? (Created.Offset == TimeSpan.Zero && Created.Ticks % TimeSpan.TicksPerSecond == 0 ? null : "created: a time in UTC, in whole seconds, is allowed.");

    private static string? TextFault(string field, string? text) =>
        text is null || (text.Length is > 0 and <= LongestText && !text.Any(char.IsControl)) ? null
        : $"{field} '{Shown(text)}'; 1 to {LongestText} letters are allowed, no control characters.";

    private static string? HashFault(string field, string text) =>
        text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? null : $"{field} '{Shown(text)}'; 64 hexadecimal digits are expected.";

    private static string? RangeFault(string field, int value, int least, int most) =>
        value >= least && value <= most ? null : $"{field} {value}; {least} to {most} are allowed.";

    private static string Shown(string text) => string.Concat((text.Length > 40 ? text[..40] + "..." : text).Select(letter => char.IsControl(letter) ? '?' : letter));
}
