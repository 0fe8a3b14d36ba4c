namespace Edge.Images.Bitstreams;

/// <summary>Whose format a bitstream has.</summary>
public enum BitstreamFamily
{
    /// <summary>AMD 7 series, UltraScale and UltraScale+ (.bit with header, or raw .bin).</summary>
    Amd,

    /// <summary>Lattice ECP5.</summary>
    Ecp5,

    /// <summary>Lattice iCE40.</summary>
    Ice40,
}

/// <summary>What a bitstream says of itself, after every checksum in it was found to hold.</summary>
/// <param name="Part">The part it is for, as exactly as the file tells: <c>xc7a35t</c>, <c>LFE5U-85F</c>, <c>iCE40 HX8K</c>.</param>
/// <param name="IdCode">JTAG identity of the part, without the revision in its upper four bits for AMD; null for iCE40, which
/// checks none.</param>
/// <param name="IsPartial">It reconfigures a part of a running device and fits only the shell it was made for.</param>
/// <param name="ShellId">AMD: what the file writes to USR_ACCESS; ECP5: its user code; null where it sets none.</param>
/// <param name="ChecksumsHeld">How many checksums stand in the file; each was computed and compared.</param>
/// <param name="ConfigurationBytes">Configuration data, without headers and padding.</param>
/// <param name="Header">Text fields of the file's header, by name.</param>
public sealed record Bitstream(
    BitstreamFamily Family,
    string Part,
    uint? IdCode,
    bool IsPartial,
    uint? ShellId,
    int ChecksumsHeld,
    long ConfigurationBytes,
    IReadOnlyDictionary<string, string> Header)
{
    /// <summary>The largest FPGA's bitstream is below this.</summary>
    public const int LargestFile = 1 << 28;

    /// <summary>Recognises the format, walks the whole file and checks every checksum. Nothing behind the end of the
    /// configuration but padding is accepted.</summary>
    /// <exception cref="InvalidDataException">Not a bitstream, cut, or damaged; the message says where.</exception>
    public static Bitstream Parse(ReadOnlySpan<byte> file)
    {
        if (Ice40Bitstream.Recognises(file))
        {
            return Ice40Bitstream.Parse(file);
        }

        if (Ecp5Bitstream.Recognises(file))
        {
            return Ecp5Bitstream.Parse(file);
        }

        return AmdBitstream.Recognises(file)
            ? AmdBitstream.Parse(file)
            : throw new InvalidDataException("no bitstream: neither the sync word of AMD (AA995566) nor the preamble of Lattice ECP5 (FFFFBDB3) or iCE40 (7EAA997E) stands near its beginning.");
    }

    /// <exception cref="InvalidDataException">As <see cref="Parse"/>, or the file is missing or too large; the message names it.</exception>
    public static Bitstream Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > LargestFile)
        {
            throw new InvalidDataException(file.Exists
                ? $"{path}: {file.Length} bytes; no bitstream is larger than {LargestFile}."
                : $"{path}: {(Directory.Exists(path) ? "is a folder; expected a file." : "there is no such file.")}");
        }

        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>What goes to the device: an AMD .bit file without the header in front of it; any other file as it is.</summary>
    /// <exception cref="InvalidDataException">The header is damaged.</exception>
    public static ReadOnlySpan<byte> WithoutHeader(ReadOnlySpan<byte> file) => file[AmdHeader.Read(file).Start..];

    /// <summary>Says why this bitstream must not be loaded; null when part and shell are the right ones.</summary>
    /// <param name="part">The card's part, as <see cref="Part"/> names it.</param>
    /// <param name="shellId">What the running shell gives as its id; null when nothing runs yet.</param>
    public string? Misfit(string part, uint? shellId)
    {
        if (!Part.Equals(part, StringComparison.OrdinalIgnoreCase))
        {
            return $"it is for {Part}, the card has {part}.";
        }

        return !IsPartial ? null
            : shellId is null ? "it is a partial bitstream, and no shell is known to run on the card. Load a whole one first."
            : ShellId is null ? "it is a partial bitstream that names no shell (USR_ACCESS). Build it with the shell's id."
            : ShellId != shellId ? $"it is a partial bitstream for shell {ShellId:X8}; shell {shellId:X8} runs on the card."
            : null;
    }
}

/// <summary>Walks bytes; what runs out of them is a cut file.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes, int start)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public int Position { get; private set; } = start;

    public readonly int Left => bytes.Length - Position;

    public ReadOnlySpan<byte> Take(long count)
    {
        if (count > Left)
        {
            throw new InvalidDataException($"cut: at byte {Position} it promises {count} more bytes, {Left} are there. Copy or build it again.");
        }

        ReadOnlySpan<byte> taken = bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    public byte Byte() => Take(1)[0];

    public ushort Word() => System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint DoubleWord() => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(Take(4));
}
