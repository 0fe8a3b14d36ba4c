using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Edge.Networks.Arrays;

/// <summary>An array from a NumPy <c>.npy</c> file (format 1.0 to 3.0, NEP 1): real numbers, row-major.</summary>
/// <param name="Type">NumPy's type code as stored, for example <c>&lt;f4</c>.</param>
public sealed partial record NpyArray(int[] Shape, double[] Values, string Type)
{
    private const int LargestHeader = 1 << 16;

    /// <summary>Rows along the first axis; a vector is one row per element.</summary>
    public int Rows => Shape.Length == 0 ? 1 : Shape[0];

    /// <summary>Elements per row.</summary>
    public int RowLength => Rows == 0 ? 0 : Values.Length / Rows;

    /// <exception cref="InvalidInputException">Not there, cut, not an array of numbers.</exception>
    public static NpyArray Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        using FileStream file = File.OpenRead(path);
        (string descriptor, bool fortran, int[] shape) = ReadHeader(file, path);
        Match match = TypePattern().Match(descriptor);
        int size = match.Success ? int.Parse(match.Groups["size"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        char kind = match.Success ? match.Groups["kind"].ValueSpan[0] : '?';
        if (!IsNumber(kind, size))
        {
            throw new InvalidInputException(
                $"{path}: element type '{descriptor}' is not supported; save the array as float32, float64 or an integer type (in Python: numpy.save(path, array.astype('float32'))).");
        }

        long count = shape.Aggregate(1L, (product, length) => product > file.Length ? product : product * length);
        long available = file.Length - file.Position;
        if (count > available / size || count * size > available)
        {
            throw new InvalidInputException(
                $"{path}: the header says shape ({string.Join(", ", shape)}) of '{descriptor}', which needs more than the {available} bytes that follow. The file is cut; save it again.");
        }

        var bytes = new byte[count * size];
        file.ReadExactly(bytes);
        bool bigEndian = match.Groups["order"].ValueSpan is ">";
        var values = new double[count];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> element = bytes.AsSpan(i * size, size);
            if (bigEndian)
            {
                element.Reverse();
            }

            values[i] = Element(element, kind);
        }

        return new(shape, fortran && shape.Length > 1 ? FromColumnMajor(values, shape) : values, descriptor);
    }

    /// <summary>Writes float64, row-major, version 1.0; the file appears whole or not at all.</summary>
    public static void Write(string path, int[] shape, ReadOnlySpan<double> values) =>
        Write(path, shape, "<f8", System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));

    /// <summary>Writes int64, row-major, version 1.0; the file appears whole or not at all.</summary>
    public static void Write(string path, int[] shape, ReadOnlySpan<long> values) =>
        Write(path, shape, "<i8", System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));

    private static void Write(string path, int[] shape, string descriptor, ReadOnlySpan<byte> data)
    {
        string shapeText = shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape)})";
        string header = $"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shapeText}, }}";
        int padded = (((10 + header.Length + 1) + 63) / 64 * 64) - 10;
        header = header.PadRight(padded - 1) + "\n";
        string partial = path + ".partial";
        try
        {
            using (FileStream file = File.Create(partial))
            {
                file.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
                Span<byte> length = stackalloc byte[2];
                BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
                file.Write(length);
                file.Write(Encoding.ASCII.GetBytes(header));
                file.Write(data);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(partial);
            throw new InvalidInputException($"{path}: cannot be written ({error.Message})", error);
        }
    }

    private static (string Descriptor, bool Fortran, int[] Shape) ReadHeader(FileStream file, string path)
    {
        Span<byte> start = stackalloc byte[8];
        if (file.ReadAtLeast(start, 8, throwOnEndOfStream: false) < 8 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidInputException($"{path}: not a NumPy .npy file (it does not begin with \\x93NUMPY).");
        }

        int lengthBytes = start[6] == 1 ? 2 : 4;
        Span<byte> length = stackalloc byte[4];
        length.Clear();
        if (file.ReadAtLeast(length[..lengthBytes], lengthBytes, throwOnEndOfStream: false) < lengthBytes)
        {
            throw new InvalidInputException($"{path}: the file ends inside its header ({file.Length} bytes).");
        }

        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (headerLength > LargestHeader || headerLength > file.Length - file.Position)
        {
            throw new InvalidInputException($"{path}: the file ends inside its header ({file.Length} bytes, header of {headerLength}).");
        }

        var headerBytes = new byte[headerLength];
        file.ReadExactly(headerBytes);
        string header = Encoding.UTF8.GetString(headerBytes);
        Match match = HeaderPattern().Match(header);
        int[]? shape = match.Success ? ParseShape(match.Groups["shape"].Value) : null;
        return shape is not null
            ? (match.Groups["descr"].Value, match.Groups["fortran"].ValueSpan is "True", shape)
            : throw new InvalidInputException($"{path}: its header is not understood: {header.Trim()}. Arrays of numbers are read, no objects or records.");
    }

    private static int[]? ParseShape(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var shape = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
            {
                return null;
            }
        }

        return shape;
    }

    private static bool IsNumber(char kind, int size) => kind switch
    {
        'f' => size is 2 or 4 or 8,
        'i' or 'u' => size is 1 or 2 or 4 or 8,
        'b' => size == 1,
        _ => false,
    };

    private static double Element(ReadOnlySpan<byte> bytes, char kind) => (kind, bytes.Length) switch
    {
        ('f', 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        ('f', 4) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        ('f', _) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        ('i', 1) => (sbyte)bytes[0],
        ('i', 2) => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        ('i', 4) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        ('i', _) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        (_, 1) => bytes[0],
        (_, 2) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (_, 4) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    private static double[] FromColumnMajor(double[] values, int[] shape)
    {
        int[] reversed = [.. shape.Reverse()];
        int[] axes = [.. Enumerable.Range(0, shape.Length).Reverse()];
        (_, int[] indices) = Graph.Shapes.Transpose(reversed, axes);
        return [.. indices.Select(index => values[index])];
    }

    [GeneratedRegex(@"'descr'\s*:\s*'(?<descr>[^']{1,16})'\s*,\s*'fortran_order'\s*:\s*(?<fortran>True|False)\s*,\s*'shape'\s*:\s*\((?<shape>[0-9, ]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HeaderPattern();

    [GeneratedRegex(@"^(?<order>[<>|=]?)(?<kind>[a-z])(?<size>\d{1,2})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypePattern();
}
