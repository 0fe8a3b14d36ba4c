using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Edge.Simulation.Specimens;

/// <summary>Reads the pair NAME.npy, NAME.json: fractions of the beam as float32 [source, detector, x, y] (NumPy format
/// 1.0, little-endian, row-major), and beside them <c>pixel_pm</c> and <c>defects</c>.</summary>
public static partial class SpecimenFile
{
    /// <summary>Gaussian source of 0.7 A full width at half maximum.</summary>
    public const int BroadSource = 1;

    /// <summary>The annular dark field from 40 to 200 mrad.</summary>
    public const int AnnularDarkField = 1;

    private const int LargestFile = 1 << 28;

    /// <param name="npyPath">The .npy file; the .json file has the same name beside it.</param>
    /// <param name="source">Index along the first axis.</param>
    /// <param name="detector">Index along the second axis.</param>
    /// <param name="repeats">The map is a full period in x and y.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is not what it should be; the message says where and what.</exception>
    public static Specimen Read(string npyPath, int source = BroadSource, int detector = AnnularDarkField, bool repeats = false)
    {
        string jsonPath = Path.ChangeExtension(npyPath, ".json");
        (int[] shape, float[] values) = ReadArray(npyPath);
        if (source < 0 || source >= shape[0] || detector < 0 || detector >= shape[1])
        {
            throw new InvalidDataException($"{npyPath}: source {source}, detector {detector}; the file has {shape[0]} sources and {shape[1]} detectors.");
        }

        int pixels = shape[2] * shape[3];
        float[] fraction = values.AsSpan(((source * shape[1]) + detector) * pixels, pixels).ToArray();
        (PointAngstrom pixel, List<Defect> defects) = ReadDescription(jsonPath);
        try
        {
            return new(fraction, shape[2], shape[3], pixel, repeats, defects);
        }
        catch (InvalidSettingException error)
        {
            throw new InvalidDataException($"{npyPath}: {error.Message}", error);
        }
    }

    private static (int[] Shape, float[] Values) ReadArray(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > LargestFile)
        {
            throw new InvalidDataException($"{path}: {file.Length} bytes; at most {LargestFile} are read.");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);

        // \x93NUMPY | 1 | 0 | u16 header length | header, a Python dictionary | data
        if (bytes.Length < 10 || !IsMagic(bytes))
        {
            throw new InvalidDataException($"{path}: does not begin like a NumPy file of format 1.0.");
        }

        int start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        string header = start <= bytes.Length ? Encoding.ASCII.GetString(bytes, 10, start - 10) : "";
        Match match = Header().Match(header);
        if (!match.Success)
        {
            throw new InvalidDataException($"{path}: the header must say '<f4', row-major, four axes [source, detector, x, y]; it says {header.Trim()}.");
        }

        var shape = new int[4];
        long count = 1;
        for (int axis = 0; axis < 4; axis++)
        {
            shape[axis] = int.Parse(match.Groups[axis + 1].ValueSpan, CultureInfo.InvariantCulture);
            count = Math.Min(count * shape[axis], LargestFile);
        }

        if (count * sizeof(float) != bytes.Length - start)
        {
            throw new InvalidDataException($"{path}: shape [{string.Join(", ", shape)}] needs {count * sizeof(float)} bytes; {bytes.Length - start} follow the header.");
        }

        var values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(start + (i * sizeof(float))));
        }

        return (shape, values);
    }

    private static bool IsMagic(ReadOnlySpan<byte> bytes) =>
        bytes[0] == 0x93 && bytes[1..6].SequenceEqual("NUMPY"u8) && bytes[6] == 1 && bytes[7] == 0;

    private static (PointAngstrom Pixel, List<Defect> Defects) ReadDescription(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement pixel = document.RootElement.GetProperty("pixel_pm");
            var defects = new List<Defect>();
            foreach (JsonElement defect in document.RootElement.GetProperty("defects").EnumerateArray())
            {
                defects.Add(new(
                    defect.GetProperty("kind").GetString() ?? "",
                    new(defect.GetProperty("x_A").GetDouble(), defect.GetProperty("y_A").GetDouble())));
            }

            return (new(pixel[0].GetDouble() / 100, pixel[1].GetDouble() / 100), defects);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"{path}: expected an object with pixel_pm [x, y] and defects [{{kind, x_A, y_A}}]. {error.Message}", error);
        }
    }

    [GeneratedRegex(@"^\{'descr': '<f4', 'fortran_order': False, 'shape': \((?<source>[0-9]{1,6}), (?<detector>[0-9]{1,6}), (?<x>[0-9]{1,6}), (?<y>[0-9]{1,6})\), \}\s*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Header();
}
