namespace Edge.Images.Bitstreams;

/// <summary>Lattice ECP5, as Lattice's sysCONFIG guide (FPGA-TN-02039) and Project Trellis document it: comments, the
/// preamble, then commands; a checksum behind every frame.</summary>
internal static class Ecp5Bitstream
{
    private const int LargestComment = 1 << 14;

    private static readonly byte[] Preamble = [0xFF, 0xFF, 0xBD, 0xB3];

    /// <summary>Identity, part, bytes of a frame, frames.</summary>
    private static readonly (uint IdCode, string Part, int FrameBytes, int Frames)[] Parts =
    [
        (0x21111043, "LFE5U-12F", 74, 7562),
        (0x41111043, "LFE5U-25F", 74, 7562),
        (0x41112043, "LFE5U-45F", 106, 9470),
        (0x41113043, "LFE5U-85F", 142, 13294),
        (0x01111043, "LFE5UM-25F", 74, 7562),
        (0x01112043, "LFE5UM-45F", 106, 9470),
        (0x01113043, "LFE5UM-85F", 142, 13294),
        (0x81111043, "LFE5UM5G-25F", 74, 7562),
        (0x81112043, "LFE5UM5G-45F", 106, 9470),
        (0x81113043, "LFE5UM5G-85F", 142, 13294),
    ];

    public static bool Recognises(ReadOnlySpan<byte> file) => PreambleAt(file) >= 0;

    public static Bitstream Parse(ReadOnlySpan<byte> file)
    {
        int start = PreambleAt(file);
        var walk = new Walk(file, start + Preamble.Length);
        return walk.Run(Comments(file[..start]));
    }

    private static int PreambleAt(ReadOnlySpan<byte> file) => file[..Math.Min(file.Length, LargestComment)].IndexOf(Preamble);

    /// <summary>Zero-terminated texts between FF 00 and FF.</summary>
    private static Dictionary<string, string> Comments(ReadOnlySpan<byte> before)
    {
        var header = new Dictionary<string, string>();
        foreach (string text in System.Text.Encoding.Latin1.GetString(before).Trim('\xFF', '\0').Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = text.Split(':', 2, StringSplitOptions.TrimEntries);
            header[parts.Length == 2 ? parts[0] : $"comment {header.Count}"] = parts[^1];
        }

        return header;
    }

    private ref struct Walk(ReadOnlySpan<byte> file, int start)
    {
        private readonly ReadOnlySpan<byte> file = file;
        private readonly Crc16 crc = new(0x8005, 0);
        private ByteReader reader = new(file, start);
        private byte[] dictionary = [];
        private int checksums;
        private int framesSeen;
        private long bytes;
        private (uint IdCode, string Part, int FrameBytes, int Frames)? part;
        private uint? userCode;

        public Bitstream Run(Dictionary<string, string> header)
        {
            bool done = false;
            while (!done)
            {
                int at = reader.Position;
                byte command = reader.Byte();
                if (command == 0xFF)
                {
                    continue; // nothing, and not part of a checksum
                }

                crc.Add([command]);
                switch (command)
                {
                    case 0x3B: // LSC_RESET_CRC
                        Taken(3);
                        crc.Reset();
                        break;
                    case 0xE2: // VERIFY_ID
                        Taken(3);
                        part = PartOf(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(Taken(4)), at);
                        break;
                    case 0x22: // LSC_PROG_CNTRL0
                    case 0xF6: // LSC_EBR_ADDRESS
                    case 0x7E: // JUMP
                        Taken(7);
                        break;
                    case 0x46: // LSC_INIT_ADDRESS
                    case 0x79: // SPI_MODE
                        Taken(3);
                        break;
                    case 0xB4: // LSC_WRITE_ADDRESS
                        Taken(7);
                        break;
                    case 0x02: // LSC_WRITE_COMP_DIC
                        Taken(3);
                        dictionary = Taken(8).ToArray();
                        break;
                    case 0x82 or 0xB8: // LSC_PROG_INCR_RTI, LSC_PROG_INCR_CMP
                        Frames(compressed: command == 0xB8, at);
                        break;
                    case 0xB2: // LSC_EBR_WRITE
                        Block();
                        break;
                    case 0xC2: // ISC_PROGRAM_USERCODE
                        bool followed = (Taken(3)[0] & 0x80) != 0;
                        userCode = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(Taken(4));
                        if (followed)
                        {
                            CheckSum();
                        }

                        break;
                    case 0x5E: // ISC_PROGRAM_DONE
                        Taken(3);
                        done = true;
                        break;
                    default:
                        throw new InvalidDataException($"byte {at}: command {command:X2} is none of an ECP5 bitstream. The file is damaged; copy or build it again.");
                }
            }

            Padding.Check(file[reader.Position..], reader.Position);
            if (part is not { } known)
            {
                throw new InvalidDataException("it names no part (command VERIFY_ID). Build it again.");
            }

            return checksums == 0
                ? throw new InvalidDataException("it holds no checksum, so damage could not be seen. Build it again with ecppack.")
                : new(BitstreamFamily.Ecp5, known.Part, known.IdCode, IsPartial: framesSeen < known.Frames, userCode, checksums, bytes, header);
        }

        private static (uint IdCode, string Part, int FrameBytes, int Frames) PartOf(uint idCode, int at)
        {
            int index = Array.FindIndex(Parts, part => part.IdCode == idCode);
            return index >= 0 ? Parts[index] : throw new InvalidDataException($"byte {at}: part identity {idCode:X8}, which no ECP5 that is known has: {string.Join(", ", Parts.Select(part => part.Part))}.");
        }

        private ReadOnlySpan<byte> Taken(long count)
        {
            ReadOnlySpan<byte> taken = reader.Take(count);
            crc.Add(taken);
            return taken;
        }

        private void CheckSum()
        {
            int at = reader.Position;
            if (reader.Word() != crc.Value)
            {
                throw new InvalidDataException($"the checksum at byte {at} does not hold. The file is damaged; copy or build it again.");
            }

            checksums++;
            crc.Reset();
        }

        private void Frames(bool compressed, int at)
        {
            ReadOnlySpan<byte> parameters = Taken(3);
            bool checkEach = (parameters[0] & 0x80) != 0;
            int idle = parameters[0] & 0x0F;
            int count = (parameters[1] << 8) | parameters[2];
            if (part is not { } known || count > known.Frames || (compressed && dictionary.Length == 0))
            {
                throw new InvalidDataException($"byte {at}: {count} frames{(part is { } named ? $"; {named.Part} has {named.Frames}" : " before the part is named")}{(compressed && dictionary.Length == 0 ? ", compressed without a dictionary" : string.Empty)}.");
            }

            for (int frame = 0; frame < count; frame++)
            {
                if (compressed)
                {
                    SkipCompressed(known.FrameBytes);
                }
                else
                {
                    Taken(known.FrameBytes);
                }

                if (checkEach || frame == count - 1)
                {
                    CheckSum();
                }

                Taken(idle);
            }

            framesSeen += count;
            bytes += (long)count * known.FrameBytes;
        }

        /// <summary>A frame is filled up to whole groups of 8 bytes before it is packed. Codes: 0, a byte of zero; 11 and 8 bits, that byte; 100 and 3 bits, a byte with that bit set; 101 and 3 bits, an
        /// entry of the dictionary. What is packed fills up whole bytes.</summary>
        private void SkipCompressed(int frameBytes)
        {
            int left = 0;
            byte current = 0;
            for (int decoded = 0; decoded < (frameBytes + 7) / 8 * 8; decoded++)
            {
                if (Bit(ref current, ref left) == 0)
                {
                    continue;
                }

                int more = Bit(ref current, ref left) == 1 ? 8 : 4;
                for (; more > 0; more--)
                {
                    Bit(ref current, ref left);
                }
            }
        }

        private int Bit(ref byte current, ref int left)
        {
            if (left == 0)
            {
                current = Taken(1)[0];
                left = 8;
            }

            return (current >> --left) & 1;
        }

        /// <summary>Contents of a block memory: groups of 9 bytes.</summary>
        private void Block()
        {
            ReadOnlySpan<byte> parameters = Taken(3);
            int idle = parameters[0] & 0x0F;
            int count = (parameters[1] << 8) | parameters[2];
            Taken(9L * count);
            bytes += 9L * count;
            CheckSum();
            Taken(idle);
        }
    }
}
