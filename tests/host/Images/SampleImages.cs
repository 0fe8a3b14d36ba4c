using Edge.Images;

namespace Edge.Tests.Images;

/// <summary>Card images whose payload nobody runs.</summary>
internal static class SampleImages
{
    public static readonly CardImageManifest Simulated = new(
        CardImage.CurrentFormat, CardImage.SimulatedKind, Part: null, ShellId: null, BuildId: 0x8899AABB, RegisterMapHash: 0x1234, "small", new string('a', 64),
        InputCount: 3, InputWidth: 16, OutputCount: 2, OutputWidth: 12, NetworkLatencyClocks: 4, ClockMegahertz: 100, ClockReachedBy: null,
        PayloadSha256: string.Empty, ReportSha256: string.Empty, DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    public static CardImage Create(byte[] payload, string report = "{}") => CardImage.Create(Simulated, payload, report);
}
