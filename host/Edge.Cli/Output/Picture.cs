using SkiaSharp;

namespace Edge.Cli.Output;

/// <summary>Arrays as PNG files.</summary>
internal static class Picture
{
    /// <summary>A grey image, first row on top; black is the smallest, white the largest of the middle 99.8 % of values.</summary>
    public static void WriteGrey(string path, int width, int height, ReadOnlySpan<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        double low = sorted[(int)(0.001 * (sorted.Length - 1))];
        double high = sorted[(int)(0.999 * (sorted.Length - 1))];
        double range = high > low ? high - low : 1;
        using var bitmap = new SKBitmap(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                pixels[(y * bitmap.RowBytes) + x] = (byte)Math.Clamp(255 * (values[(y * width) + x] - low) / range, 0, 255);
            }
        }

        PngFile.Write(path, bitmap);
    }
}
