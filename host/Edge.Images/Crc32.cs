namespace Edge.Images;

/// <summary>The checksum of ZIP entries (ISO 3309, reflected polynomial 0xEDB88320).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value =>
    {
        uint remainder = (uint)value;
        for (int bit = 0; bit < 8; bit++)
        {
            remainder = (remainder >> 1) ^ ((remainder & 1) * 0xEDB88320);
        }

        return remainder;
    })];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            sum = (sum >> 8) ^ Table[(byte)(sum ^ value)];
        }

        return ~sum;
    }
}
