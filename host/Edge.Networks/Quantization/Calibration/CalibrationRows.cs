using Edge.Networks.Arrays;
using Edge.Networks.Graph;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>Rows of typical inputs that are passed over several times, a block at a time, so that a file may be larger than
/// memory.</summary>
public sealed class CalibrationRows
{
    private const int BlockElements = 1 << 16;

    private readonly double[]? values;
    private readonly string? path;
    private readonly long firstByte;
    private readonly string descriptor = string.Empty;

    /// <param name="values">(count, width), row-major.</param>
    public CalibrationRows(double[] values, int width)
    {
        this.values = values;
        Width = width;
        Count = values.Length / width;
    }

    private CalibrationRows(string path, string descriptor, long firstByte, int count, int width)
    {
        this.path = path;
        this.descriptor = descriptor;
        this.firstByte = firstByte;
        Count = count;
        Width = width;
    }

    public int Count { get; }

    public int Width { get; }

    /// <summary>How often all or some rows were read so far.</summary>
    public int Passes { get; private set; }

    /// <summary>Rows of a .npy file. Values are read as they are needed; column-major files are read whole.</summary>
    /// <exception cref="InvalidInputException">No such file, cut, rows of another length, NaN.</exception>
    public static CalibrationRows Open(string path, Network network, string option)
    {
        using (FileStream? file = File.Exists(path) ? File.OpenRead(path) : null)
        {
            if (file is { CanSeek: true } && NpyHeader.Read(file, path) is { Fortran: false, Shape: [var count, .. var row] } header && count > 0)
            {
                long width = row.Aggregate(1L, (product, length) => Math.Min(product * length, int.MaxValue));
                int size = NpyHeader.Element(header.Descriptor, path).Size;
                if (width == network.InputLength && (file.Length - file.Position) / size / width >= count)
                {
                    var rows = new CalibrationRows(path, header.Descriptor, file.Position, count, (int)width);
                    rows.CheckNumbers($"{option} {path}");
                    return rows;
                }
            }
        }

        NpyArray array = NpyArray.Read(path); // column-major, or says what is wrong
        QuantizedModel.CheckRows(array, network, $"{option} {path}");
        return new(array.Values, network.InputLength);
    }

    /// <summary>Every row, in order; the array is used again for the next one.</summary>
    public IEnumerable<double[]> Each()
    {
        Passes++;
        var row = new double[Width];
        if (values is not null)
        {
            for (int k = 0; k < Count; k++)
            {
                values.AsSpan(k * Width, Width).CopyTo(row);
                yield return row;
            }

            yield break;
        }

        (char kind, int size, bool bigEndian) = NpyHeader.Element(descriptor, path!);
        using FileStream file = File.OpenRead(path!);
        file.Position = firstByte;
        var block = new byte[Math.Max(1, BlockElements / Width) * Width * size];
        for (int done = 0; done < Count;)
        {
            int rows = Math.Min(Count - done, block.Length / size / Width);
            file.ReadExactly(block, 0, rows * Width * size);
            for (int k = 0; k < rows; k++, done++)
            {
                for (int j = 0; j < Width; j++)
                {
                    row[j] = NpyArray.Element(block.AsSpan(((k * Width) + j) * size, size), kind, bigEndian);
                }

                yield return row;
            }
        }
    }

    /// <summary>The first rows only.</summary>
    public CalibrationRows Head(int most) => Count <= most ? this : new([.. Each().Take(most).SelectMany(row => row.ToArray())], Width);

    /// <summary>The first rows, and each later one that holds a larger magnitude than all before it.</summary>
    public double[] Sample(int most)
    {
        var sample = new List<double>();
        double largest = 0;
        int index = 0;
        foreach (double[] row in Each())
        {
            double magnitude = row.Max(Math.Abs);
            if (index++ < most || magnitude > largest)
            {
                sample.AddRange(row);
            }

            largest = Math.Max(largest, magnitude);
        }

        return [.. sample];
    }

    private void CheckNumbers(string name)
    {
        int index = 0;
        foreach (double[] row in Each())
        {
            int bad = Array.FindIndex(row, double.IsNaN);
            if (bad >= 0)
            {
                throw new InvalidInputException($"{name}: row {index} holds NaN at element {bad}. Replace or leave out that row.");
            }

            index++;
        }
    }
}
