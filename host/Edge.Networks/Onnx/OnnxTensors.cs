using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Edge.Networks.Graph;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>Element types of ONNX tensors (TensorProto.DataType).</summary>
internal enum OnnxType
{
    Undefined = 0,
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
    UInt4 = 21,
    Int4 = 22,
    UInt2 = 25,
    Int2 = 26,
}

/// <summary>Reads constants of a model. The file decides nothing about memory: every size is checked against the bytes
/// that are there.</summary>
internal static class OnnxTensors
{
    private const long LargestElementCount = 1L << 28;

    /// <summary>The constant as real values.</summary>
    /// <param name="folder">Where external data may lie.</param>
    /// <exception cref="InvalidInputException">Bytes and shape disagree, or the type is not a number.</exception>
    public static ConstantTensor Read(TensorProto tensor, string folder)
    {
        int[] shape = Shape(tensor);
        int count = shape.Aggregate(1, (product, size) => product * size);
        var type = (OnnxType)tensor.DataType;
        double[]? values = tensor.DataLocation == 1
            ? Decode(External(tensor, folder), type, shape, tensor.Name)
            : tensor.RawData.Length > 0 ? Decode(tensor.RawData.Span, type, shape, tensor.Name)
            : FromFields(tensor, type, shape);
        return values is not null && values.Length == count
            ? new(shape, values)
            : throw Contradiction(tensor.Name, shape, $"{values?.Length ?? 0} values", type);
    }

    private static int[] Shape(TensorProto tensor)
    {
        long count = 1;
        foreach (long size in tensor.Dims)
        {
            count = size < 0 || size > LargestElementCount ? long.MaxValue : Math.Min(count * size, LargestElementCount + 1);
            if (count > LargestElementCount)
            {
                throw new InvalidInputException(
                    $"tensor \"{tensor.Name}\" claims the shape [{string.Join(',', tensor.Dims)}]; at most {LargestElementCount} elements, none negative, are allowed.");
            }
        }

        return [.. tensor.Dims.Select(size => (int)size)];
    }

    private static double[]? FromFields(TensorProto tensor, OnnxType type, int[] shape) => type switch
    {
        OnnxType.Float => [.. tensor.FloatData],
        OnnxType.Double => [.. tensor.DoubleData],
        OnnxType.Int64 => [.. tensor.Int64Data],
        OnnxType.UInt32 or OnnxType.UInt64 => [.. tensor.Uint64Data],
        OnnxType.Int32 or OnnxType.Int16 or OnnxType.Int8 or OnnxType.UInt16 or OnnxType.UInt8 or OnnxType.Bool => [.. tensor.Int32Data],
        OnnxType.Int4 or OnnxType.UInt4 or OnnxType.Int2 or OnnxType.UInt2 => Decode([.. tensor.Int32Data.Select(packed => (byte)packed)], type, shape, tensor.Name),
        OnnxType.Float16 => [.. tensor.Int32Data.Select(bits => (double)BitConverter.UInt16BitsToHalf((ushort)bits))],
        OnnxType.BFloat16 => [.. tensor.Int32Data.Select(bits => (double)BitConverter.Int32BitsToSingle(bits << 16))],
        _ => null,
    };

    private static InvalidInputException Contradiction(string name, int[] shape, string found, OnnxType type) =>
        new($"tensor \"{name}\" has shape [{string.Join(',', shape)}], but the file holds {found} of type {type} for it. The file is damaged; export the model again.");

    private static double[] Decode(ReadOnlySpan<byte> bytes, OnnxType type, int[] shape, string name)
    {
        int count = shape.Aggregate(1, (product, size) => product * size);
        if (PackedBits(type) is > 0 and int bits)
        {
            return bytes.Length == (((long)count * bits) + 7) / 8 ? Unpacked(bytes, count, bits, type is OnnxType.Int4 or OnnxType.Int2) : throw Contradiction(name, shape, $"{bytes.Length} bytes", type);
        }

        int size = type switch
        {
            OnnxType.UInt8 or OnnxType.Int8 or OnnxType.Bool => 1,
            OnnxType.UInt16 or OnnxType.Int16 or OnnxType.Float16 or OnnxType.BFloat16 => 2,
            OnnxType.Float or OnnxType.Int32 or OnnxType.UInt32 => 4,
            OnnxType.Double or OnnxType.Int64 or OnnxType.UInt64 => 8,
            _ => throw new InvalidInputException($"tensor \"{name}\" has element type {(int)type}, which is not a number Edge reads (float, double, float16, bfloat16, integers of 4 to 64 bits, bool)."),
        };
        if (bytes.Length != (long)count * size)
        {
            throw Contradiction(name, shape, $"{bytes.Length} bytes", type);
        }

        var values = new double[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> element = bytes.Slice(i * size, size);
            values[i] = type switch
            {
                OnnxType.Float => BinaryPrimitives.ReadSingleLittleEndian(element),
                OnnxType.Double => BinaryPrimitives.ReadDoubleLittleEndian(element),
                OnnxType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
                OnnxType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                OnnxType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
                OnnxType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(element),
                OnnxType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element),
                OnnxType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(element),
                OnnxType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
                OnnxType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(element),
                OnnxType.Int8 => (sbyte)element[0],
                _ => element[0],
            };
        }

        return values;
    }

    /// <summary>Bits of an element of which several share a byte; 0 for other types.</summary>
    private static int PackedBits(OnnxType type) => type switch
    {
        OnnxType.Int4 or OnnxType.UInt4 => 4,
        OnnxType.Int2 or OnnxType.UInt2 => 2,
        _ => 0,
    };

    /// <summary>The first element lies in the lowest bits of its byte.</summary>
    private static double[] Unpacked(ReadOnlySpan<byte> bytes, int count, int bits, bool signed)
    {
        var values = new double[count];
        int perByte = 8 / bits;
        for (int i = 0; i < count; i++)
        {
            int value = (bytes[i / perByte] >> (bits * (i % perByte))) & ((1 << bits) - 1);
            values[i] = signed && value >= 1 << (bits - 1) ? value - (1 << bits) : value;
        }

        return values;
    }

    /// <summary>True where the file, or a folder between it and the model's, is a link to somewhere else.</summary>
    private static bool LeadsOutside(string path, string root)
    {
        for (string? part = path; part is not null && part.Length > root.Length; part = Path.GetDirectoryName(part))
        {
            FileSystemInfo entry = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (entry.ResolveLinkTarget(returnFinalTarget: true) is { } target && !target.FullName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Bytes of a tensor stored beside the model. The path may not leave the model's folder.</summary>
    private static byte[] External(TensorProto tensor, string folder)
    {
        string? Entry(string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;
        string location = Entry("location") ?? string.Empty;
        string root = Path.GetFullPath(folder);
        string path = Path.GetFullPath(Path.Combine(root, location));
        if (location.Length == 0 || Path.IsPathRooted(location) || !path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\" is stored in \"{location}\", which is not inside the model's folder. Put the file beside the model.");
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\" is stored in the file \"{location}\", which does not exist beside the model. Copy it there, or export the model with its weights inside.");
        }

        if (LeadsOutside(path, root))
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\" is stored in \"{location}\", a link that leads out of the model's folder. Put the file itself beside the model.");
        }

        using FileStream file = File.OpenRead(path);
        long offset = Number(Entry("offset"), 0);
        long length = Number(Entry("length"), file.Length - offset);
        if (offset < 0 || length < 0 || offset > file.Length || length > file.Length - offset || length > LargestElementCount * 8)
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\" claims {length} bytes at {offset} of \"{location}\", which has {file.Length} bytes.");
        }

        var bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;

        long Number(string? text, long missing) => text is null ? missing
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : throw new InvalidInputException($"tensor \"{tensor.Name}\": external data says \"{text}\" where a number belongs.");
    }
}
