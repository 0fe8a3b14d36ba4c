namespace Edge.Images.Bitstreams;

/// <summary>Lattice iCE40, as Project IceStorm documents it: a comment, the preamble, then commands with data for memory
/// banks; one checksum over all.</summary>
internal static class Ice40Bitstream
{
    private const uint Preamble = 0x7EAA997E;
    private const int LargestComment = 1 << 12;

    /// <summary>Memory banks are at most so wide and high (rows of bits).</summary>
    private const int LargestBank = 1 << 12;

    /// <summary>Parts by the size of their configuration banks: no identity stands in the file.</summary>
    private static readonly Dictionary<(int Width, int Height), string> Parts = new()
    {
        [(332, 144)] = "iCE40 HX1K or LP1K",
        [(872, 272)] = "iCE40 HX8K or LP8K",
        [(692, 336)] = "iCE40 UP5K",
        [(182, 80)] = "iCE40 LP384",
        [(656, 176)] = "iCE40 U4K",
    };

    public static bool Recognises(ReadOnlySpan<byte> file) => PreambleAt(file) >= 0;

    public static Bitstream Parse(ReadOnlySpan<byte> file)
    {
        int start = PreambleAt(file);
        var reader = new ByteReader(file, start + 4);
        var crc = new Crc16(0x1021, 0xFFFF);
        int width = 0, height = 0, checksums = 0;
        (int Width, int Height) largest = default;
        long bytes = 0;
        bool awake = false;
        while (!awake)
        {
            int at = reader.Position;
            byte head = reader.Byte();
            ReadOnlySpan<byte> payload = reader.Take(head & 15);
            uint value = 0;
            foreach (byte part in payload)
            {
                value = (value << 8) | part;
            }

            if (head >> 4 == 2)
            {
                // The checksum's own two bytes bring the sum to zero.
                crc.Add([head, .. payload]);
                checksums++;
                if (payload.Length != 2 || crc.Value != 0)
                {
                    throw new InvalidDataException($"the checksum at byte {at} does not hold. The file is damaged; copy or build it again.");
                }

                continue;
            }

            crc.Add([head, .. payload]);
            switch (head >> 4)
            {
                case 0 when value is 1 or 3:
                    long size = (long)width * height / 8;
                    if (size == 0)
                    {
                        throw new InvalidDataException($"data at byte {at} for a bank whose size was not given.");
                    }

                    crc.Add(reader.Take(size));
                    crc.Add(Zeros(reader.Take(2), at));
                    bytes += size;
                    largest = value == 1 && width > largest.Width ? (width, height) : largest;
                    break;
                case 0 when value == 5:
                    crc.Reset();
                    break;
                case 0 when value == 6:
                    awake = true;
                    break;
                case 0 when value is 8: // reboot, between images of a multi-boot file
                    throw new InvalidDataException($"byte {at}: a multi-boot image; give the single image of it.");
                case 1 when value < 4:    // bank number
                case 5 when value is 0 or 1 or 2: // oscillator range
                case 8:                   // offset in the bank
                case 9:                   // warm boot, no sleep
                    break;
                case 6 when value < LargestBank:
                    width = (int)value + 1;
                    break;
                case 7 when value <= LargestBank:
                    height = (int)value;
                    break;
                default:
                    throw new InvalidDataException($"byte {at}: command {head:X2} {Convert.ToHexString(payload)} is none of an iCE40 bitstream. The file is damaged; copy or build it again.");
            }
        }

        Padding.Check(file[reader.Position..], reader.Position);
        if (checksums == 0 || !Parts.TryGetValue(largest, out string? name))
        {
            throw new InvalidDataException(checksums == 0
                ? "it holds no checksum, so damage could not be seen. Build it again with icepack."
                : $"banks of {largest.Width} x {largest.Height} bits, as no iCE40 that is known has: {string.Join(", ", Parts.Values)}.");
        }

        return new(BitstreamFamily.Ice40, name, null, IsPartial: false, null, checksums, bytes, Comment(file[..start]));
    }

    private static ReadOnlySpan<byte> Zeros(ReadOnlySpan<byte> end, int at) => end.ContainsAnyExcept((byte)0)
        ? throw new InvalidDataException($"the data at byte {at} does not end in zeros. The file is damaged; copy or build it again.")
        : end;

    private static int PreambleAt(ReadOnlySpan<byte> file) => file[..Math.Min(file.Length, LargestComment)].IndexOf((ReadOnlySpan<byte>)[0x7E, 0xAA, 0x99, 0x7E]);

    private static Dictionary<string, string> Comment(ReadOnlySpan<byte> before)
    {
        string text = System.Text.Encoding.Latin1.GetString(before).Trim('\0', '\xFF').Replace('\0', ' ');
        return text.Length == 0 ? [] : new() { ["comment"] = text };
    }
}

/// <summary>What may follow a configuration.</summary>
internal static class Padding
{
    /// <exception cref="InvalidDataException">Something else follows.</exception>
    public static void Check(ReadOnlySpan<byte> rest, int at)
    {
        int odd = rest.IndexOfAnyExcept((byte)0, (byte)0xFF);
        if (odd >= 0)
        {
            throw new InvalidDataException($"byte {at + odd}: data behind the end of the configuration. Two files in one, or damaged; build it again.");
        }
    }
}
