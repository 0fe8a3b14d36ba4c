using System.Buffers.Binary;

namespace Edge.Appliance.Cards;

/// <summary>Header of a block, in its first line: drawn in rtl/card/ring/payload_ring.md.</summary>
/// <param name="Kind">Of the data; its maker on the card says.</param>
/// <param name="Bytes">Of data behind the header line; a multiple of 8.</param>
/// <param name="Event">Number of the event record that the block belongs to.</param>
/// <param name="Time">Cycle counter of the card's core.</param>
/// <param name="Number">Of the block since the ring was enabled; a gap is a block that was dropped.</param>
public readonly record struct PayloadHeader(byte Kind, int Bytes, uint Event, ulong Time, uint Number);

/// <summary>Reads blocks of data out of buffers that the host lent to the card, in the order in which they were lent. One thread;
/// nothing is allocated after the start. A block is delivered when the tail counts all its lines.</summary>
public sealed unsafe class PayloadRing
{
    public const int LineBytes = 64;

    private const uint Magic = 0x50474445; // EDGP

    private readonly uint* tail;
    private readonly (nint Address, uint Lines)[] buffers;
    private int first;          // buffer in which the next line lies
    private int lent;
    private uint line;          // of that buffer
    private uint read;          // lines, modulo 2^32

    /// <param name="tail">Word that the card writes: lines written since the ring was enabled, modulo 2^32.</param>
    /// <param name="capacity">Buffers that may be lent at a time.</param>
    public PayloadRing(uint* tail, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        this.tail = tail;
        buffers = new (nint, uint)[capacity];
        Volatile.Write(ref *tail, 0);
    }

    /// <summary>Blocks numbered by the card that never came: the sum of all gaps.</summary>
    public long Dropped { get; private set; }

    /// <summary>Number of the block that comes next when none is dropped.</summary>
    public uint NextNumber { get; private set; }

    /// <summary>Buffers that are lent and not yet read to their end.</summary>
    public int Lent => lent;

    /// <summary>Notes a buffer that the host has just given to the card.</summary>
    /// <exception cref="ArgumentException">Not a multiple of 64 bytes, or too many buffers are lent.</exception>
    public void Lend(byte* address, int bytes)
    {
        if ((nuint)address % LineBytes != 0 || bytes <= 0 || bytes % LineBytes != 0)
        {
            throw new ArgumentException($"a buffer of {bytes} bytes: it must be a multiple of {LineBytes} bytes, not 0, at a multiple of {LineBytes}.", nameof(bytes));
        }

        if (lent == buffers.Length)
        {
            throw new ArgumentException($"{lent} buffers are lent already, and no more are noted.", nameof(address));
        }

        buffers[(first + lent) % buffers.Length] = ((nint)address, (uint)(bytes / LineBytes));
        lent++;
    }

    /// <summary>Takes the next block when all of it has come.</summary>
    /// <param name="data">Room for the data; as many bytes as the header says are written.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidDataException">The stream is no stream of blocks, or a block is longer than
    /// <paramref name="data"/>.</exception>
    public bool TryTake(Span<byte> data, out PayloadHeader header)
    {
        header = default;
        uint written = Volatile.Read(ref *tail) - read;
        if (written == 0)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[LineBytes];
        Line().CopyTo(bytes);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic || length % 8 != 0)
        {
            throw new InvalidDataException($"line {read} of the payload ring should begin a block and does not. Disable the ring and enable it anew.");
        }

        if (length > data.Length)
        {
            throw new InvalidDataException($"a payload block of {length} bytes came; the host has room for {data.Length}.");
        }

        uint rows = (length + LineBytes - 1) / LineBytes;
        if (written < 1 + rows)
        {
            return false;
        }

        header = new(
            bytes[4],
            (int)length,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]));
        Dropped += header.Number - NextNumber;
        NextNumber = header.Number + 1;
        Advance();
        for (int at = 0; at < length; at += LineBytes)
        {
            ReadOnlySpan<byte> row = Line();
            row[..Math.Min(LineBytes, (int)length - at)].CopyTo(data[at..]);
            Advance();
        }

        return true;
    }

    private ReadOnlySpan<byte> Line()
    {
        if (lent == 0)
        {
            throw new InvalidDataException("the card counts lines of payload in a buffer that it was not given. Disable the ring and enable it anew.");
        }

        return new((byte*)buffers[first].Address + (line * LineBytes), LineBytes);
    }

    private void Advance()
    {
        read++;
        if (++line == buffers[first].Lines)
        {
            line = 0;
            first = (first + 1) % buffers.Length;
            lent--;
        }
    }
}
