using System.Text.Json;
using Edge.Images;
using Edge.Images.Bitstreams;

namespace Edge.Compiler.Images;

/// <summary>A card image for a real card: a bitstream, and what the compile report says of the network in it.</summary>
public static class BitstreamCardImage
{
    private const int LargestReport = 1 << 24;

    /// <param name="part">What the bitstream must be for.</param>
    /// <param name="shellId">The shell it must bring, or, if it is partial, be made for; null: it need not name one.</param>
    /// <param name="buildId">What the design in it shows at its register <c>build_id</c>.</param>
    /// <param name="reportPath">The compile report of the network in it.</param>
    /// <param name="clockReachedBy">Which place-and-route reached the clock; null: it is assumed.</param>
    /// <exception cref="InvalidDataException">The bitstream is damaged, cut, for another part or shell; or the report is none.</exception>
    public static CardImage Build(string bitstreamPath, string part, uint? shellId, uint buildId, string reportPath, double clockMegahertz, string? clockReachedBy)
    {
        var bitstream = Bitstream.Read(bitstreamPath);
        if (bitstream.Misfit(part, shellId) is { } misfit)
        {
            throw new InvalidDataException($"{bitstreamPath}: {misfit}");
        }

        if (shellId is not null && bitstream.ShellId != shellId)
        {
            throw new InvalidDataException($"{bitstreamPath}: it brings {(bitstream.ShellId is { } brought ? $"shell {brought:X8}" : "no shell id (USR_ACCESS)")}, not {shellId:X8}.");
        }

        string report = Report(reportPath);
        CardImageManifest manifest = Manifest(report, reportPath) with
        {
            Kind = bitstream.Family == BitstreamFamily.Amd ? CardImage.VendorBitstreamKind : CardImage.OpenBitstreamKind,
            Part = bitstream.Part,
            ShellId = bitstream.ShellId,
            BuildId = buildId,
            RegisterMapHash = SimulatedCardImage.RegisterMapHash(),
            ClockMegahertz = clockMegahertz,
            ClockReachedBy = clockReachedBy is null ? null : $"{clockReachedBy} for {bitstream.Part}",
            Created = CardImage.CreationTime(),
        };
        return CardImage.Create(manifest, File.ReadAllBytes(bitstreamPath), report);
    }

    private static string Report(string path)
    {
        var file = new FileInfo(path);
        return !file.Exists ? throw new InvalidDataException($"{path}: {(Directory.Exists(path) ? "is a folder; expected a file." : "there is no such file.")}")
            : file.Length > LargestReport ? throw new InvalidDataException($"{path}: {file.Length} bytes; no report is larger than {LargestReport}.")
            : File.ReadAllText(path);
    }

    /// <summary>What the report knows: the network and its ports.</summary>
    private static CardImageManifest Manifest(string report, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(report);
            JsonElement root = document.RootElement;
            return new(
                CardImage.CurrentFormat,
                Kind: string.Empty,
                Part: null,
                ShellId: null,
                BuildId: 0,
                RegisterMapHash: 0,
                Path.GetFileNameWithoutExtension(root.GetProperty("model").GetString() ?? string.Empty),
                root.GetProperty("network_hash").GetString() ?? string.Empty,
                root.GetProperty("input").GetProperty("elements").GetInt32(),
                root.GetProperty("input").GetProperty("bits").GetInt32(),
                root.GetProperty("output").GetProperty("elements").GetInt32(),
                root.GetProperty("output").GetProperty("bits").GetInt32(),
                root.GetProperty("hardware").GetProperty("latency_clocks").GetInt32(),
                ClockMegahertz: 0,
                ClockReachedBy: null,
                PayloadSha256: string.Empty,
                ReportSha256: string.Empty,
                Created: default);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: no report of 'edge compile' ({error.Message})", error);
        }
    }
}
