using System.Buffers.Binary;
using System.Numerics;

namespace Edge.Images.Bitstreams;

/// <summary>AMD 7 series, UltraScale and UltraScale+: packets of 32-bit words as in AMD's configuration guides UG470 and
/// UG570. Devices of several dies hold the other dies' streams inside a write to one register; they are walked too.</summary>
internal static class AmdBitstream
{
    private const uint Sync = 0xAA995566;
    private const uint NoOperation = 0x20000000;
    private const uint UnusedBits = 0x07FC1800; // of a packet's head; writers leave them 0
    private const int LargestLead = 1 << 16;

    public static bool Recognises(ReadOnlySpan<byte> file) => AmdHeader.Recognises(file) || SyncAt(file) >= 0;

    public static Bitstream Parse(ReadOnlySpan<byte> file)
    {
        (Dictionary<string, string> header, int start) = AmdHeader.Read(file);
        int sync = SyncAt(file[start..]);
        if (sync < 0)
        {
            throw new InvalidDataException($"no sync word (AA995566) behind its header, which ends at byte {start}. The file is damaged; copy or build it again.");
        }

        var walk = new Walk(file, start + sync);
        walk.Run();
        if (walk.IdCode is not { } idCode)
        {
            throw new InvalidDataException("it never writes IDCODE, so it would load into any part. Build it again.");
        }

        string? known = AmdParts.NameOf(idCode);
        string? named = header.GetValueOrDefault("part");
        if (known is not null && named is not null && !AmdParts.IsAlike(named, known))
        {
            throw new InvalidDataException($"its header says {named}, its IDCODE {idCode:X7} {known}. The file is damaged or was edited; build it again.");
        }

        return walk.Checksums == 0
            ? throw new InvalidDataException("it checks no CRC, so damage could not be seen. Build it again without BITSTREAM.GENERAL.CRC DISABLE.")
            : new(BitstreamFamily.Amd, known ?? named ?? $"IDCODE {idCode:X7}", idCode, AmdHeader.IsPartial(header), walk.UserAccess, walk.Checksums, walk.Bytes, header);
    }

    private static int SyncAt(ReadOnlySpan<byte> file) => file[..Math.Min(file.Length, LargestLead)].IndexOf((ReadOnlySpan<byte>)[0xAA, 0x99, 0x55, 0x66]);

    private enum Register
    {
        Crc = 0,
        FrameDataInput = 2,
        Command = 4,
        MultipleFrameWrite = 10,
        InitialVector = 11,
        IdCode = 12,
        UserAccess = 13,
        OtherDie = 30,
    }

    private enum Command
    {
        ResetCrc = 7,
        Desync = 13,
    }

    private ref struct Walk(ReadOnlySpan<byte> file, int start)
    {
        private readonly Stack<(int End, uint Crc)> outer = [];
        private ByteReader reader = new(file, start);
        private uint crc;
        private bool synchronised;
        private bool desynchronised;
        private bool longFollows;
        private Register register;

        public uint? IdCode { get; private set; }

        public uint? UserAccess { get; private set; }

        public int Checksums { get; private set; }

        public long Bytes { get; private set; }

        public void Run()
        {
            while (reader.Left >= sizeof(uint))
            {
                int at = reader.Position;
                if (outer.Count > 0 && at >= outer.Peek().End)
                {
                    // The other die's stream is over; the one that holds it goes on.
                    (_, crc) = outer.Pop();
                    (synchronised, desynchronised) = (true, false);
                }

                uint word = reader.DoubleWord();
                if (synchronised)
                {
                    Packet(word, at);
                }
                else if (word == Sync)
                {
                    (synchronised, desynchronised) = (true, false);
                }
                else if (word is not (uint.MaxValue or 0 or NoOperation or 0x000000BB or 0x11220044))
                {
                    throw new InvalidDataException($"byte {at}: {word:X8} where only padding or a sync word may stand. The file is damaged; copy or build it again.");
                }
            }

            if (!desynchronised)
            {
                throw new InvalidDataException($"cut: it ends at byte {reader.Position} before the configuration does (no DESYNC). Copy or build it again.");
            }
        }

        private void Packet(uint word, int at)
        {
            uint type = word >> 29;
            uint operation = (word >> 27) & 3;
            uint count = type == 1 ? word & 0x7FF : word & 0x7FFFFFF;
            if (type is not (1 or 2) || operation is 1 or 3 || (operation == 0 && word != NoOperation)
                || (type == 1 && (word & UnusedBits) != 0) || longFollows != (type == 2))
            {
                throw new InvalidDataException($"byte {at}: {word:X8} is no packet of a 7 series or UltraScale bitstream. Another family, or damaged; copy or build it again.");
            }

            if (type == 1)
            {
                register = (Register)((word >> 13) & 0x1F);
            }

            longFollows = type == 1 && operation == 2 && count == 0;
            if (operation != 2 || count == 0)
            {
                return;
            }

            if (register == Register.OtherDie)
            {
                // A stream with a preamble of its own.
                if (4L * count > reader.Left)
                {
                    reader.Take(4L * count); // says that the file is cut
                }

                outer.Push((reader.Position + (4 * (int)count), crc));
                synchronised = false;
                return;
            }

            ReadOnlySpan<byte> data = reader.Take(4L * count);
            for (int k = 0; k < data.Length; k += sizeof(uint))
            {
                Write(BinaryPrimitives.ReadUInt32BigEndian(data[k..]), at);
            }
        }

        private void Write(uint value, int at)
        {
            if (register == Register.Crc)
            {
                if (value != crc)
                {
                    throw new InvalidDataException($"the CRC at byte {at} does not hold ({value:X8} stands there, {crc:X8} was computed). The file is damaged; copy or build it again.");
                }

                Checksums++;
                crc = 0;
                return;
            }

            crc = Added(crc, (uint)register, value);
            switch (register)
            {
                case Register.FrameDataInput or Register.MultipleFrameWrite:
                    Bytes += sizeof(uint);
                    break;
                case Register.IdCode:
                    IdCode ??= value & AmdParts.IdCodeMask;
                    break;
                case Register.UserAccess:
                    UserAccess = value;
                    break;
                case Register.InitialVector:
                    throw new InvalidDataException("it is encrypted: part, shell and damage cannot be checked. Give the bitstream that is not.");
                case Register.Command when value == (uint)Command.ResetCrc:
                    crc = 0;
                    break;
                case Register.Command when value == (uint)Command.Desync:
                    (synchronised, desynchronised) = (false, true);
                    break;
            }
        }

        /// <summary>CRC-32C over 32 bits of data, then 5 bits of register number, lowest bits first.</summary>
        private static uint Added(uint sum, uint register, uint value)
        {
            sum = BitOperations.Crc32C(sum, value);
            for (int bit = 0; bit < 5; bit++)
            {
                sum = (sum >> 1) ^ (((sum ^ (register >> bit)) & 1) * 0x82F63B78);
            }

            return sum;
        }
    }
}
