using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Edge.Networks.Arrays;

/// <summary>What stands before the numbers of a <c>.npy</c> file:
/// <code>
/// \x93NUMPY | major u8 | minor u8 | length u16 (version 1) or u32, little-endian | a Python dictionary of that length
/// {'descr': '&lt;f4', 'fortran_order': False, 'shape': (288, 16), }
/// </code></summary>
internal sealed partial record NpyHeader(string Descriptor, bool Fortran, int[] Shape)
{
    private const int LargestHeader = 1 << 16;
    private const int MostAxes = 32;

    /// <summary>Reads up to the first number.</summary>
    /// <exception cref="InvalidInputException">No .npy file, cut, or not an array of numbers.</exception>
    public static NpyHeader Read(FileStream file, string path)
    {
        Span<byte> start = stackalloc byte[8];
        if (file.ReadAtLeast(start, 8, throwOnEndOfStream: false) < 8 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidInputException($"{path}: not a NumPy .npy file (it {(file.Length == 0 ? "is empty" : "does not begin with \\x93NUMPY")}).");
        }

        if (start[6] is < 1 or > 3)
        {
            throw new InvalidInputException($"{path}: a .npy file of version {start[6]}.{start[7]}; versions 1 to 3 are read.");
        }

        int lengthBytes = start[6] == 1 ? 2 : 4;
        Span<byte> length = stackalloc byte[4];
        length.Clear();
        bool cut = file.ReadAtLeast(length[..lengthBytes], lengthBytes, throwOnEndOfStream: false) < lengthBytes;
        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (cut || headerLength > file.Length - file.Position)
        {
            throw new InvalidInputException($"{path}: the file ends inside its header ({file.Length} bytes, a header of {headerLength} is announced). Save it again.");
        }

        if (headerLength > LargestHeader)
        {
            throw new InvalidInputException($"{path}: a header of {headerLength} bytes; up to {LargestHeader} are read. Arrays of numbers are read, no records.");
        }

        var bytes = new byte[headerLength];
        file.ReadExactly(bytes);
        return Parse(Encoding.UTF8.GetString(bytes), path);
    }

    /// <summary>Kind (f, i, u, b), bytes and byte order of an element.</summary>
    /// <exception cref="InvalidInputException">Not a real number.</exception>
    public static (char Kind, int Size, bool BigEndian) Element(string descriptor, string path)
    {
        Match match = TypePattern().Match(descriptor);
        if (match.Success)
        {
            char kind = match.Groups["kind"].ValueSpan[0];
            int size = match.Groups["size"].ValueSpan[0] - '0';
            if (kind is 'f' ? size > 1 : kind is not 'b' || size == 1)
            {
                return (kind, size, match.Groups["order"].ValueSpan is ">");
            }
        }

        throw new InvalidInputException(
            $"{path}: element type '{Shown(descriptor)}' is not supported; save the array as float32, float64 or an integer type (in Python: numpy.save(path, array.astype('float32'))).");
    }

    private static NpyHeader Parse(string text, string path)
    {
        string? descriptor = null;
        bool? fortran = null;
        int[]? shape = null;
        Match match = EntryPattern().Match(text);
        int entries = 0;
        int end = 0;
        for (; match.Success && match.Index == end; match = match.NextMatch(), entries++)
        {
            end += match.Length;
            descriptor ??= match.Groups["descr"] is { Success: true } type ? type.Value : null;
            fortran ??= match.Groups["fortran"] is { Success: true } order ? order.ValueSpan is "True" : null;
            shape ??= match.Groups["shape"] is { Success: true } axes ? ParseShape(axes.Value) : null;
        }

        bool closed = text.AsSpan(end).Trim() is "}" or "";
        return entries == 3 && closed && descriptor is not null && fortran is not null && shape is not null
            ? new(descriptor, fortran.Value, shape)
            : throw new InvalidInputException($"{path}: its header is not understood: {Shown(text)}. Arrays of numbers with up to {MostAxes} axes are read, no objects or records.");
    }

    private static int[]? ParseShape(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var shape = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i].TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
            {
                return null;
            }
        }

        return shape.Length <= MostAxes ? shape : null;
    }

    private static string Shown(string text)
    {
        const int Longest = 160;
        string printable = string.Concat(text.Trim().Take(Longest).Select(letter => letter is >= ' ' and <= '~' ? letter : '?'));
        return text.Trim().Length > Longest ? printable + "..." : printable;
    }

    // One entry of the dictionary, in any order, as numpy writes them (Python 2 adds L to long lengths).
    [GeneratedRegex(
        @"\s*[{,]\s*(?:(?<q>['""])descr\k<q>\s*:\s*(?<q>['""])(?<descr>[^'""]{1,16})\k<q>|(?<q>['""])fortran_order\k<q>\s*:\s*(?<fortran>True|False)|(?<q>['""])shape\k<q>\s*:\s*\((?<shape>[0-9L, ]*)\))(?:\s*,(?=\s*\}))?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex EntryPattern();

    [GeneratedRegex(@"^(?<order>[<>|=]?)(?<kind>[fiub])(?<size>[1248])\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypePattern();
}
