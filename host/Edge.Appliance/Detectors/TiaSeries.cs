using System.Buffers.Binary;
using System.Globalization;
using Edge.Networks;

namespace Edge.Appliance.Detectors;

/// <summary>One axis of a recorded image or spectrum.</summary>
/// <param name="Offset">Of the element <paramref name="Element"/>: metres for images, usually electronvolts for spectra.</param>
/// <param name="Delta">From element to element, the same unit.</param>
public readonly record struct TiaCalibration(double Offset, double Delta, int Element);

/// <summary>An image of a series: values row by row as stored, the lowest row first as TIA shows it. A spectrum is one row.</summary>
public sealed record TiaImage(int Width, int Height, TiaCalibration X, TiaCalibration Y, string ElementType, double[] Values);

/// <summary>FEI/Thermo TIA series file (<c>.ser</c>), little-endian; layout as in the public descriptions of ES Vision's
/// format:
/// <code>
///  0 u16 0x4949   4 u16 version                         10 i32 tag type       18 i32 number of elements that are there
///  2 u16 0x0197   6 i32 data type, 0x4120: spectra,     14 i32 total number   22 i32 (i64 from version 0x220) where the
///                                  0x4122: images                                offsets of the elements are
/// image:    f64 x offset, f64 x delta, i32 x element, the same for y, i16 element type, i32 width, i32 height, pixels
/// spectrum: f64 offset, f64 delta, i32 element, i16 element type, i32 length, values
/// </code></summary>
public sealed class TiaSeries
{
    private const int Spectra = 0x4120;
    private const int Images = 0x4122;
    private const int LargestCount = 1 << 20;

    private readonly byte[] bytes;
    private readonly string path;
    private readonly long[] offsets;

    private TiaSeries(string path, byte[] bytes, long[] offsets, int version, bool holdsSpectra)
    {
        this.path = path;
        this.bytes = bytes;
        this.offsets = offsets;
        Version = version;
        HoldsSpectra = holdsSpectra;
    }

    public int Version { get; }

    public int Count => offsets.Length;

    /// <summary>True for spectra, false for images.</summary>
    public bool HoldsSpectra { get; }

    /// <exception cref="InvalidInputException">Not there, no TIA series, or cut.</exception>
    public static TiaSeries Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException(Directory.Exists(path) ? $"{path}: is a folder; expected a file." : $"{path}: there is no such file.");
        }

        byte[] file = new FileInfo(path).Length <= Array.MaxLength
            ? File.ReadAllBytes(path)
            : throw new InvalidInputException($"{path}: series of up to {Array.MaxLength} bytes are read.");
        if (file.Length < 4 || BinaryPrimitives.ReadUInt16LittleEndian(file) != 0x4949 || BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(2)) != 0x0197)
        {
            throw new InvalidInputException($"{path}: not a TIA series (it {(file.Length == 0 ? "is empty" : "does not begin with the bytes 49 49 97 01")}).");
        }

        if (file.Length < 26)
        {
            throw new InvalidInputException($"{path}: the file ends inside its header ({file.Length} bytes).");
        }

        int version = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(4));
        int type = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(6));
        int count = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(18));
        if (version is < 0x200 or > 0x220)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{path}: a TIA series of version 0x{version:x}; 0x200 to 0x220 are read."));
        }

        if (type is not Images and not Spectra)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{path}: a TIA series of data type 0x{type:x}; images (0x4122) and spectra (0x4120) are read."));
        }

        bool wide = version >= 0x220;
        int size = wide ? 8 : 4;
        long table = file.Length < 22 + size ? 0 : Offset(file.AsSpan(22), wide);
        if (count is < 1 or > LargestCount || table < 22 + size || table > file.Length - ((long)count * size))
        {
            throw new InvalidInputException($"{path}: the header claims {count} images or spectra, with their offsets at byte {table}, which does not fit the {file.Length} bytes of the file (1 to {LargestCount} are read). It is damaged or cut.");
        }

        var found = new long[count];
        for (int i = 0; i < count; i++)
        {
            found[i] = Offset(file.AsSpan((int)table + (i * size)), wide);
        }

        return new(path, file, found, version, type == Spectra);
    }

    /// <param name="index">0 to Count - 1.</param>
    /// <exception cref="InvalidInputException">The image does not lie inside the file, or is of complex numbers.</exception>
    public TiaImage Image(int index)
    {
        string what = HoldsSpectra ? "spectrum" : "image";
        int axes = HoldsSpectra ? 1 : 2;
        int headerLength = (20 * axes) + 2 + (4 * axes);
        long offset = offsets[index];
        if (offset < 0 || offset > bytes.Length - headerLength)
        {
            throw new InvalidInputException($"{path}: {what} {index} is said to begin at byte {offset} of {bytes.Length}. The file is damaged or cut.");
        }

        ReadOnlySpan<byte> header = bytes.AsSpan((int)offset, headerLength);
        int type = BinaryPrimitives.ReadInt16LittleEndian(header[(20 * axes)..]);
        int width = BinaryPrimitives.ReadInt32LittleEndian(header[((20 * axes) + 2)..]);
        int height = HoldsSpectra ? 1 : BinaryPrimitives.ReadInt32LittleEndian(header[46..]);
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
            _ => throw new InvalidInputException($"{path}: {what} {index} has element type {type}; 1 to 8 (integers and reals) are read, 9 and 10 (complex) are not."),
        };
        long available = bytes.Length - offset - headerLength;
        if (width < 1 || height < 1 || (long)width * height > available / size)
        {
            throw new InvalidInputException($"{path}: {what} {index} claims {width} x {height} {name}, but only {available} bytes follow. The file is damaged or cut.");
        }

        ReadOnlySpan<byte> pixels = bytes.AsSpan((int)offset + headerLength, width * height * size);
        var values = new double[width * height];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Pixel(pixels.Slice(i * size, size), type);
        }

        return new(width, height, Calibration(header), HoldsSpectra ? default : Calibration(header[20..]), name, values);
    }

    private static long Offset(ReadOnlySpan<byte> bytes, bool wide) =>
        wide ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes);

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
