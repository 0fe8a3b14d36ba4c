namespace Edge.Appliance.Cards;

/// <summary>Writes vectors into the ring of lines that the card reads: rtl/card/ring/host_stream.md. One thread; nothing is
/// allocated after the start. The caller writes <see cref="Produced"/> to the register `host_stream_produced`.</summary>
public sealed unsafe class VectorRing
{
    public const int LineBytes = 64;
    public const int MinimumLines = 64, MaximumLines = 1 << 24;

    private readonly byte* ring;
    private readonly uint* consumed;
    private readonly uint mask;
    private readonly int elementBits;

    /// <param name="ring">Memory of <paramref name="lines"/> * 64 bytes, aligned to 4 KiB.</param>
    /// <param name="lines">A power of two from 64 to 2^24.</param>
    /// <param name="consumed">Word that the card writes: lines it has used since the stream was enabled, modulo 2^32.</param>
    /// <param name="elements">Of a vector: the inputs of the network.</param>
    /// <param name="elementBits">Width of an input, 1 to 64.</param>
    /// <exception cref="ArgumentException">A size or alignment is not allowed.</exception>
    public VectorRing(byte* ring, int lines, uint* consumed, int elements, int elementBits)
    {
        if (lines is < MinimumLines or > MaximumLines || (lines & (lines - 1)) != 0)
        {
            throw new ArgumentException($"a ring of {lines} lines: allowed are powers of two from {MinimumLines} to {MaximumLines}.", nameof(lines));
        }

        if ((nuint)ring % EventRing.Alignment != 0 || (nuint)consumed % sizeof(uint) != 0)
        {
            throw new ArgumentException($"the ring begins at a multiple of {EventRing.Alignment} bytes and its count at one of {sizeof(uint)}.", nameof(ring));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(elements, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(elementBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementBits, 64);
        long bits = (long)elements * elementBits;
        VectorLines = checked((int)((bits + (8 * LineBytes) - 1) / (8 * LineBytes)));
        if (VectorLines > lines)
        {
            throw new ArgumentException($"a vector takes {VectorLines} lines; the ring has {lines}.", nameof(lines));
        }

        this.ring = ring;
        this.consumed = consumed;
        this.elementBits = elementBits;
        Elements = elements;
        mask = (uint)lines - 1;
        Volatile.Write(ref *consumed, 0);
    }

    public int Elements { get; }

    /// <summary>Lines of 64 bytes that a vector takes.</summary>
    public int VectorLines { get; }

    /// <summary>Lines written since the stream was enabled, modulo 2^32.</summary>
    public uint Produced { get; private set; }

    /// <summary>Vectors for which there is room now.</summary>
    /// <exception cref="InvalidDataException">The card's count is beyond what was written.</exception>
    public int Room
    {
        get
        {
            uint waiting = Produced - Volatile.Read(ref *consumed);
            if (waiting > mask + 1)
            {
                throw new InvalidDataException($"the card says that it has used more lines than were written ({*consumed} of {Produced}). Disable the stream and enable it anew.");
            }

            return (int)((mask + 1 - waiting) / (uint)VectorLines);
        }
    }

    /// <summary>Writes vectors as far as there is room.</summary>
    /// <param name="elements">(count, elements), encoded; the low bits of each are sent.</param>
    /// <returns>How many vectors were written.</returns>
    /// <exception cref="ArgumentException">Not a whole number of vectors.</exception>
    public int Write(ReadOnlySpan<long> elements)
    {
        if (elements.Length % Elements != 0)
        {
            throw new ArgumentException($"{elements.Length} elements are no whole number of vectors of {Elements}.", nameof(elements));
        }

        int count = Math.Min(Room, elements.Length / Elements);
        for (int k = 0; k < count; k++)
        {
            Put(elements.Slice(k * Elements, Elements));
            Produced += (uint)VectorLines;
        }

        return count;
    }

    private void Put(ReadOnlySpan<long> vector)
    {
        // Words of 64 bits, gathered from the low end; a line is 8 of them.
        UInt128 gathered = 0;
        int held = 0;
        uint word = 0;
        ulong keep = elementBits == 64 ? ulong.MaxValue : (1UL << elementBits) - 1;
        foreach (long element in vector)
        {
            gathered |= (UInt128)((ulong)element & keep) << held;
            held += elementBits;
            if (held >= 64)
            {
                *Word(word++) = (ulong)gathered;
                gathered >>= 64;
                held -= 64;
            }
        }

        for (; word < VectorLines * 8; word++)
        {
            *Word(word) = (ulong)gathered;
            gathered = 0;
        }
    }

    private ulong* Word(uint word) => (ulong*)(ring + (((Produced + (word / 8)) & mask) * LineBytes)) + (word % 8);
}
