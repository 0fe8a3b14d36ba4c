using System.Diagnostics;

namespace Edge.Appliance.Cards;

/// <summary>Reads event records out of the memory that a card writes. One thread; nothing is allocated after the start.
/// <para>Layout, fixed here, in rtl/card/ring/event_ring.md and in docs/file-formats.md:</para>
/// <code>
/// ring  + 64 p   record at place p, 0 to Records - 1; drawn in rtl/card/events.md, its number in bytes 60 to 63
/// tail           u32, in a 64-byte line of its own: records written since the ring was enabled, modulo 2^32
/// </code>
/// The card writes record n of the ring at place n modulo Records, and counts it in the tail when its write was
/// answered. It never writes a record more than Records beyond <see cref="ReadCount"/>, which the host gives back by a
/// register. All words are little-endian; so must be the host.
/// <para>A record is delivered when the tail counts it <b>and</b> its place holds a number that can come next. So a place
/// that still shows an old record, or the new one without its end, is waited for, whatever order the bytes become
/// visible in.</para></summary>
public sealed unsafe class EventRing
{
    public const int MinimumRecords = 64, MaximumRecords = 1 << 24;

    /// <summary>The ring begins at a multiple of this: bursts of the card never cross it.</summary>
    public const int Alignment = 4096;

    private const int NumberOffset = 60;

    private readonly byte* ring;
    private readonly uint* tail;
    private readonly uint mask;
    private readonly TimeSpan patience;
    private long lateSince;

    /// <summary>Marks every place as old. Do so before the ring is enabled on the card.</summary>
    /// <param name="ring">Memory of <paramref name="records"/> * 64 bytes, aligned to 4 KiB.</param>
    /// <param name="records">A power of two from 64 to 2^24.</param>
    /// <param name="tail">Word that the card writes; outside the ring, aligned to its size.</param>
    /// <param name="firstNumber">Number of the first record that can come: 0 for a card after reset.</param>
    /// <param name="patience">How long a record that the tail counts may stay invisible; 1 s unless said otherwise.</param>
    /// <exception cref="ArgumentException">Size or alignment is not allowed.</exception>
    public EventRing(byte* ring, int records, uint* tail, uint firstNumber = 0, TimeSpan? patience = null)
    {
        if (records is < MinimumRecords or > MaximumRecords || (records & (records - 1)) != 0)
        {
            throw new ArgumentException($"a ring of {records} records: allowed are powers of two from {MinimumRecords} to {MaximumRecords}.", nameof(records));
        }

        if ((nuint)ring % Alignment != 0 || (nuint)tail % sizeof(uint) != 0)
        {
            throw new ArgumentException($"the ring begins at a multiple of {Alignment} bytes and its tail at one of {sizeof(uint)}.", nameof(ring));
        }

        this.ring = ring;
        this.tail = tail;
        this.patience = patience ?? TimeSpan.FromSeconds(1);
        mask = (uint)records - 1;
        NextNumber = firstNumber;
        new Span<byte>(ring, records * EventRecord.Bytes).Clear();
        for (int place = 0; place < records; place++)
        {
            *Number((uint)place) = firstNumber - 1;
        }

        Volatile.Write(ref *tail, 0);
    }

    public int Records => (int)(mask + 1);

    /// <summary>Records read, modulo 2^32. Written to the register `event_ring_read` it gives their places back.</summary>
    public uint ReadCount { get; private set; }

    /// <summary>Number that comes next when nothing is lost.</summary>
    public uint NextNumber { get; private set; }

    /// <summary>Records numbered by the card that never came: the sum of all gaps.</summary>
    public long Lost { get; private set; }

    /// <summary>How often a record was counted by the tail before it was visible.</summary>
    public long Late { get; private set; }

    /// <summary>Copies the records that have come, oldest first. Gaps are counted in <see cref="Lost"/>.</summary>
    /// <param name="bytes">Room for whole records of 64 bytes.</param>
    /// <returns>How many records were copied.</returns>
    /// <exception cref="InvalidDataException">The tail counts more than the ring holds, or a counted record stayed
    /// invisible for longer than the patience: another program writes this memory, or the card does not reach it.</exception>
    public int Take(Span<byte> bytes)
    {
        uint written = Volatile.Read(ref *tail) - ReadCount;
        if (written > mask + 1)
        {
            throw new InvalidDataException($"the card says that {written} records wait in a ring of {Records}. Disable the ring and enable it anew.");
        }

        int count = Math.Min((int)written, bytes.Length / EventRecord.Bytes);
        for (int k = 0; k < count; k++)
        {
            uint place = ReadCount & mask;
            uint number = Volatile.Read(ref *Number(place));
            uint skipped = number - NextNumber;
            if ((int)skipped < 0)
            {
                WaitLonger();
                return k;
            }

            new ReadOnlySpan<byte>(ring + (place * EventRecord.Bytes), EventRecord.Bytes).CopyTo(bytes[(k * EventRecord.Bytes)..]);
            Lost += skipped;
            NextNumber = number + 1;
            ReadCount++;
            lateSince = 0;
        }

        return count;
    }

    private uint* Number(uint place) => (uint*)(ring + (place * EventRecord.Bytes) + NumberOffset);

    private void WaitLonger()
    {
        Late++;
        if (lateSince == 0)
        {
            lateSince = Math.Max(1, Stopwatch.GetTimestamp());
        }
        else if (Stopwatch.GetElapsedTime(lateSince) > patience)
        {
            throw new InvalidDataException(
                $"the card has counted record {ReadCount} of the ring, but its place still holds an old one (number {*Number(ReadCount & mask)}, {NextNumber} or later must come). The card's writes do not reach this memory: check the IOMMU mapping.");
        }
    }
}
