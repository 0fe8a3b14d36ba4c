using System.Buffers.Binary;
using System.Text;

namespace Edge.Images;

/// <summary>A part of the archive.</summary>
internal sealed record ArchiveEntry(string Name, ReadOnlyMemory<byte> Bytes)
{
    public uint Checksum { get; } = Crc32.Of(Bytes.Span);
}

/// <summary>A ZIP archive in one fixed form: entries uncompressed, in order, without times, attributes, comments or gaps
/// (PKWARE APPNOTE 6.3). The same parts always give the same bytes, every byte of a file has only one right value, and
/// nothing in it can unpack to more than is there.</summary>
internal static class StoredArchive
{
    private const int LocalLength = 30;
    private const int CentralLength = 46;
    private const int EndLength = 22;
    private const uint LocalMark = 0x04034B50;
    private const uint CentralMark = 0x02014B50;
    private const uint EndMark = 0x06054B50;
    private const ushort Version = 10;
    private const ushort FirstDay = 0x0021; // 1980-01-01, the first that the format knows

    public static void Write(Stream stream, IReadOnlyList<ArchiveEntry> entries)
    {
        foreach (ArchiveEntry entry in entries)
        {
            stream.Write(Local(entry));
            stream.Write(entry.Bytes.Span);
        }

        stream.Write(Directory(entries));
    }

    /// <param name="expected">Names in their order, the most bytes each may have, and whether it may be missing.</param>
    /// <exception cref="InvalidDataException">Not such an archive, cut or damaged; the message says what and where.</exception>
    public static IReadOnlyList<ArchiveEntry> Read(ReadOnlyMemory<byte> file, IReadOnlyList<(string Name, int Largest, bool Optional)> expected)
    {
        if (file.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(file.Span) != LocalMark)
        {
            throw new InvalidDataException("not a card image: it does not begin as one (PK 03 04).");
        }

        var entries = new List<ArchiveEntry>();
        int at = 0;
        foreach ((string name, int largest, bool optional) in expected)
        {
            if (Next(file, ref at, name, largest, optional) is { } entry)
            {
                entries.Add(entry);
            }
        }

        byte[] directory = Directory(entries);
        ReadOnlySpan<byte> rest = file.Span[at..];
        int same = rest.CommonPrefixLength(directory);
        return same == directory.Length && rest.Length == directory.Length ? entries
            : throw new InvalidDataException(same == rest.Length
                ? $"cut: {directory.Length - same} bytes are missing at its end. Copy it again."
                : $"byte {at + same} is not what stands there in a card image. It is damaged, or was packed again by another program.");
    }

    private static ArchiveEntry? Next(ReadOnlyMemory<byte> file, ref int at, string name, int largest, bool optional)
    {
        ReadOnlySpan<byte> rest = file.Span[at..];
        int head = LocalLength + name.Length;
        bool isLocal = rest.Length >= LocalLength && BinaryPrimitives.ReadUInt32LittleEndian(rest) == LocalMark;
        string found = isLocal ? NameOf(rest) : string.Empty;
        if (found != name)
        {
            return optional && !isLocal ? null
                : throw new InvalidDataException(isLocal
                    ? $"byte {at}: entry '{found}' stands where '{name}' is expected."
                    : $"'{name}' is missing, or the file is cut before byte {at + head}.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]) != 0)
        {
            throw new InvalidDataException($"'{name}' is compressed; a card image holds its parts as they are. It was packed again by another program.");
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(rest[22..]);
        if (size > largest)
        {
            throw new InvalidDataException($"'{name}' claims to be {size} bytes; at most {largest} are allowed.");
        }

        if (rest.Length < head || size > rest.Length - head)
        {
            throw new InvalidDataException($"cut: '{name}' claims to be {size} bytes, {Math.Max(rest.Length - head, 0)} are there. Copy it again.");
        }

        var entry = new ArchiveEntry(name, file.Slice(at + head, (int)size));
        if (entry.Checksum != BinaryPrimitives.ReadUInt32LittleEndian(rest[14..]))
        {
            throw new InvalidDataException($"'{name}' does not match its checksum. It is damaged; copy it again.");
        }

        int same = rest[..head].CommonPrefixLength(Local(entry));
        if (same < head)
        {
            throw new InvalidDataException($"byte {at + same} is not what stands there in a card image. It is damaged, or was packed again by another program.");
        }

        at += head + (int)size;
        return entry;
    }

    /// <summary>As far as it can be shown.</summary>
    private static string NameOf(ReadOnlySpan<byte> local)
    {
        int length = Math.Min(Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(local[26..]), local.Length - LocalLength), 40);
        return string.Concat(Encoding.Latin1.GetString(local.Slice(LocalLength, length)).Select(letter => char.IsAscii(letter) && !char.IsControl(letter) ? letter : '?'));
    }

    private static byte[] Local(ArchiveEntry entry)
    {
        var head = new byte[LocalLength + entry.Name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(head, LocalMark);
        Common(head.AsSpan(4), entry);
        Encoding.ASCII.GetBytes(entry.Name, head.AsSpan(LocalLength));
        return head;
    }

    // Version, flags, method, time, date, CRC-32, packed size, size, length of name, length of extra field.
    private static void Common(Span<byte> head, ArchiveEntry entry)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(head, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], FirstDay);
        BinaryPrimitives.WriteUInt32LittleEndian(head[10..], entry.Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(head[14..], entry.Bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[18..], entry.Bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(head[22..], (ushort)entry.Name.Length);
    }

    private static byte[] Directory(IReadOnlyList<ArchiveEntry> entries)
    {
        int length = entries.Sum(entry => CentralLength + entry.Name.Length);
        var bytes = new byte[length + EndLength];
        int at = 0;
        int offset = 0;
        foreach (ArchiveEntry entry in entries)
        {
            Span<byte> head = bytes.AsSpan(at);
            BinaryPrimitives.WriteUInt32LittleEndian(head, CentralMark);
            BinaryPrimitives.WriteUInt16LittleEndian(head[4..], Version);
            Common(head[6..], entry);
            BinaryPrimitives.WriteInt32LittleEndian(head[42..], offset);
            Encoding.ASCII.GetBytes(entry.Name, head[CentralLength..]);
            at += CentralLength + entry.Name.Length;
            offset += LocalLength + entry.Name.Length + entry.Bytes.Length;
        }

        Span<byte> end = bytes.AsSpan(at);
        BinaryPrimitives.WriteUInt32LittleEndian(end, EndMark);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)entries.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)entries.Count);
        BinaryPrimitives.WriteInt32LittleEndian(end[12..], length);
        BinaryPrimitives.WriteInt32LittleEndian(end[16..], offset);
        return bytes;
    }
}
