using System.Buffers.Binary;
using System.Text;

namespace Edge.Networks.Arrays;

/// <summary>An array from a NumPy <c>.npy</c> file (format 1.0 to 3.0, NEP 1): real numbers, row-major. Integers beyond 2^53
/// are rounded to double.</summary>
/// <param name="Type">NumPy's type code as stored, for example <c>&lt;f4</c>.</param>
public sealed record NpyArray(int[] Shape, double[] Values, string Type)
{
    /// <summary>Elements: 2 GiB of doubles.</summary>
    private const long LargestCount = 1L << 28;

    /// <summary>Rows along the first axis; a vector is one row per element.</summary>
    public int Rows => Shape.Length == 0 ? 1 : Shape[0];

    /// <summary>Elements per row.</summary>
    public int RowLength => Rows == 0 ? 0 : Values.Length / Rows;

    /// <exception cref="InvalidInputException">Not there, cut, not an array of numbers, too large.</exception>
    public static NpyArray Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException(Directory.Exists(path) ? $"{path}: is a folder; expected a file." : $"{path}: there is no such file.");
        }

        using FileStream file = File.OpenRead(path);
        if (!file.CanSeek)
        {
            throw new InvalidInputException($"{path}: is a pipe or device; write the array to a file first.");
        }

        NpyHeader header = NpyHeader.Read(file, path);
        (char kind, int size, bool bigEndian) = NpyHeader.Element(header.Descriptor, path);
        int[] shape = header.Shape;
        string shapeText = $"({string.Join(", ", shape)}{(shape.Length == 1 ? "," : string.Empty)})";

        // A count that does not fit is as good as one just above the limit.
        long count = Array.IndexOf(shape, 0) >= 0 ? 0 : shape.Aggregate(1L, (product, length) => product > LargestCount ? product : product * length);
        long available = file.Length - file.Position;
        if (count > available / size)
        {
            throw new InvalidInputException(
                $"{path}: the header says shape {shapeText} of '{header.Descriptor}', which needs more than the {available} bytes that follow. The file is cut or damaged; save it again.");
        }

        if (count > LargestCount)
        {
            throw new InvalidInputException($"{path}: shape {shapeText} has {count} elements; arrays of up to {LargestCount} are read. Split it.");
        }

        var values = new double[count];
        var block = new byte[Math.Min(count, 1 << 16) * size];
        for (int done = 0; done < values.Length; done += block.Length / size)
        {
            int elements = Math.Min(values.Length - done, block.Length / size);
            file.ReadExactly(block, 0, elements * size);
            for (int i = 0; i < elements; i++)
            {
                values[done + i] = Element(block.AsSpan(i * size, size), kind, bigEndian);
            }
        }

        return new(shape, header.Fortran && shape.Length > 1 && count > 0 ? FromColumnMajor(values, shape) : values, header.Descriptor);
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
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            throw new InvalidInputException($"{path}: cannot be written ({error.Message})", error);
        }
    }

    /// <summary>The value of one stored element; turns its bytes round in place if they are big-endian.</summary>
    internal static double Element(Span<byte> bytes, char kind, bool bigEndian)
    {
        if (bigEndian)
        {
            bytes.Reverse();
        }

        return Element(bytes, kind);
    }

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

    /// <summary>values, first axis fastest, to the same array with the last axis fastest.</summary>
    private static double[] FromColumnMajor(double[] values, int[] shape)
    {
        var rowMajor = new double[values.Length];
        var index = new int[shape.Length];
        var strides = new int[shape.Length];
        int stride = 1;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        int from = 0;
        for (int to = 0; to < rowMajor.Length; to++)
        {
            rowMajor[to] = values[from];
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                from -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return rowMajor;
    }
}
