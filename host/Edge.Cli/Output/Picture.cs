using Edge.Networks;
using SkiaSharp;

namespace Edge.Cli.Output;

/// <summary>Arrays as PNG files.</summary>
internal static class Picture
{
    private const int LargestSide = 1 << 15;

    /// <summary>A grey image; black is the smallest, white the largest of the middle 99.8 % of values. What is not finite is
    /// black. The file appears whole or not at all.</summary>
    /// <param name="values">(height, width), row by row.</param>
    /// <param name="lowestFirst">The first row is at the bottom, as TIA stores its images.</param>
    /// <exception cref="InvalidInputException">Too large for a picture, or the file cannot be written.</exception>
    public static void WriteGrey(string path, int width, int height, ReadOnlySpan<double> values, bool lowestFirst = false)
    {
        if (width < 1 || height < 1 || width > LargestSide || height > LargestSide)
        {
            throw new InvalidInputException($"{path}: a picture of {width} x {height} pixels; 1 to {LargestSide} a side are possible.");
        }

        double[] sorted = [.. values.ToArray().Where(double.IsFinite)];
        Array.Sort(sorted);
        double low = sorted.Length == 0 ? 0 : sorted[(int)(0.001 * (sorted.Length - 1))];
        double high = sorted.Length == 0 ? 0 : sorted[(int)Math.Ceiling(0.999 * (sorted.Length - 1))];
        using var bitmap = new SKBitmap(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<double> row = values.Slice((lowestFirst ? height - 1 - y : y) * width, width);
            for (int x = 0; x < width; x++)
            {
                // Halves first: the range of finite doubles is no finite double.
                double part = high > low ? ((row[x] / 2) - (low / 2)) / ((high / 2) - (low / 2)) : 0;
                pixels[(y * bitmap.RowBytes) + x] = double.IsFinite(row[x]) ? (byte)Math.Clamp(255 * part, 0, 255) : (byte)0;
            }
        }

        PngFile.Write(path, bitmap);
    }
}
