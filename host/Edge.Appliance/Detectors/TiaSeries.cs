using System.Buffers.Binary;
using System.Globalization;
using Edge.Networks;

namespace Edge.Appliance.Detectors;

/// <summary>One axis of a recorded image, in metres.</summary>
public readonly record struct TiaCalibration(double OffsetMetres, double DeltaMetres, int Element);

/// <summary>An image of a series: values row by row as stored.</summary>
public sealed record TiaImage(int Width, int Height, TiaCalibration X, TiaCalibration Y, string ElementType, double[] Values);

/// <summary>FEI/Thermo TIA series file (<c>.ser</c>), little-endian; layout as in the public descriptions of ES Vision's
/// format:
/// <code>
/// 0  u16 0x4949   4  u16 version                 10 i32 tag type        18 i32 number of images that are there
/// 2  u16 0x0197   6  i32 data type, 0x4122: 2-D  14 i32 total number    22 i32 (i64 from version 0x220) where the offsets are
/// image: f64 x offset, f64 x delta, i32 x element, the same for y, i16 element type, i32 width, i32 height, pixels
/// </code></summary>
public sealed class TiaSeries
{
    private const int ImageHeader = 50;
    private const int LargestCount = 1 << 20;

    private readonly byte[] bytes;
    private readonly string path;
    private readonly long[] offsets;

    private TiaSeries(string path, byte[] bytes, long[] offsets, int version)
    {
        this.path = path;
        this.bytes = bytes;
        this.offsets = offsets;
        Version = version;
    }

    public int Version { get; }

    public int Count => offsets.Length;

    /// <exception cref="InvalidInputException">Not there, no TIA series of images, or cut.</exception>
    public static TiaSeries Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        byte[] file = new FileInfo(path).Length <= int.MaxValue
            ? File.ReadAllBytes(path)
            : throw new InvalidInputException($"{path}: series of up to 2 GiB are read.");
        if (file.Length < 30 || BinaryPrimitives.ReadUInt16LittleEndian(file) != 0x4949 || BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(2)) != 0x0197)
        {
            throw new InvalidInputException($"{path}: not a TIA series (it does not begin with 49 49 97 01), or cut: {file.Length} bytes.");
        }

        int version = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(4));
        int type = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(6));
        int count = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(18));
        if (type != 0x4122)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{path}: a TIA series of type 0x{type:x}; images (0x4122) are read, spectra are not."));
        }

        bool wide = version >= 0x220;
        int size = wide ? 8 : 4;
        if (file.Length < 22 + size)
        {
            throw new InvalidInputException($"{path}: the file ends inside its header ({file.Length} bytes).");
        }

        long table = wide ? BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(22)) : BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(22));
        if (count is < 1 or > LargestCount || table < 22 + size || table > file.Length - ((long)count * size))
        {
            throw new InvalidInputException($"{path}: the header claims {count} images with offsets at byte {table}, which does not fit the file's {file.Length} bytes. The file is damaged or cut.");
        }

        var found = new long[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = file.AsSpan((int)table + (i * size));
            found[i] = wide ? BinaryPrimitives.ReadInt64LittleEndian(entry) : BinaryPrimitives.ReadInt32LittleEndian(entry);
        }

        return new(path, file, found, version);
    }

    /// <exception cref="InvalidInputException">The image does not lie inside the file.</exception>
    public TiaImage Image(int index)
    {
        long offset = offsets[index];
        if (offset < 0 || offset > bytes.Length - ImageHeader)
        {
            throw new InvalidInputException($"{path}: image {index} is said to begin at byte {offset} of {bytes.Length}. The file is damaged or cut.");
        }

        ReadOnlySpan<byte> header = bytes.AsSpan((int)offset, ImageHeader);
        int type = BinaryPrimitives.ReadInt16LittleEndian(header[40..]);
        int width = BinaryPrimitives.ReadInt32LittleEndian(header[42..]);
        int height = BinaryPrimitives.ReadInt32LittleEndian(header[46..]);
        (string name, int size) = type switch
        {
            1 => ("uint8", 1),
            2 => ("uint16", 2),
            3 => ("uint32", 4),
            4 => ("int8", 1),
            5 => ("int16", 2),
            6 => ("int32", 4),
            7 => ("float32", 4),
            8 => ("float64", 8),
            _ => throw new InvalidInputException($"{path}: image {index} has element type {type}; 1 to 8 (integers and reals) are read."),
        };
        long available = bytes.Length - offset - ImageHeader;
        if (width < 1 || height < 1 || (long)width * height > available / size)
        {
            throw new InvalidInputException($"{path}: image {index} claims {width} x {height} {name}, but only {available} bytes follow. The file is damaged or cut.");
        }

        ReadOnlySpan<byte> pixels = bytes.AsSpan((int)offset + ImageHeader, width * height * size);
        var values = new double[width * height];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Pixel(pixels.Slice(i * size, size), type);
        }

        return new(width, height, Calibration(header), Calibration(header[20..]), name, values);
    }

    private static TiaCalibration Calibration(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadDoubleLittleEndian(bytes), BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]));

    private static double Pixel(ReadOnlySpan<byte> bytes, int type) => type switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        3 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        4 => (sbyte)bytes[0],
        5 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        6 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        7 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
    };
}
