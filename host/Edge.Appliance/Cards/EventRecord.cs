using System.Buffers.Binary;

namespace Edge.Appliance.Cards;

/// <summary>What an event record tells.</summary>
public enum EventKind : byte
{
    /// <summary>A dwell was decided.</summary>
    Decision = 1,

    /// <summary>A dwell of fixed length ended.</summary>
    Pixel = 2,

    /// <summary>A vector of the host came through the network.</summary>
    Vector = 3,

    /// <summary>The interlock tripped.</summary>
    Trip = 4,

    /// <summary>The scan ended.</summary>
    End = 5,
}

/// <summary>Why a dwell ended.</summary>
public enum DwellCause : byte
{
    None = 0,
    Sure = 1,
    MaximumDwell = 2,
    FixedDwell = 3,
    Aborted = 4,
}

/// <summary>One record of the card, 64 bytes little-endian; drawn in rtl/card/events.md.</summary>
public sealed record EventRecord(
    EventKind Kind,
    byte Class,
    byte Cause,
    byte Flags,
    uint Site,
    ulong Time,
    ushort Samples,
    ushort LatencyClocks,
    ushort Events,
    ushort NetworkLatencyClocks,
    int Sum,
    int[] Outputs,
    uint Number,
    bool Phase)
{
    public const int Bytes = 64;

    /// <summary>No class: undecided.</summary>
    public const byte NoClass = 255;

    /// <summary>In <see cref="Flags"/>: the dose cap of the site cut the dwell.</summary>
    public const byte PixelCapFlag = 4;

    private const int OutputCount = 8;

    public DwellCause DwellCause => (DwellCause)Cause;

    /// <summary>Of a trip: its causes, as the register trip_causes has them; see <see cref="CardControl.TripCauses"/>.</summary>
    public uint TripCauses => Kind == EventKind.Trip ? (uint)Outputs[2] : 0;

    public static EventRecord Parse(ReadOnlySpan<byte> bytes)
    {
        var outputs = new int[OutputCount];
        for (int i = 0; i < OutputCount; i++)
        {
            outputs[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(28 + (4 * i))..]);
        }

        uint last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]);
        return new(
            (EventKind)bytes[0],
            bytes[1],
            bytes[2],
            bytes[3],
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[22..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            outputs,
            last & 0x7FFFFFFF,
            last >> 31 != 0);
    }
}
