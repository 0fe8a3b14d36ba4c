using SkiaSharp;

namespace Edge.Cli.Output;

/// <summary>A mark on a map.</summary>
/// <param name="X">Angstrom from the left edge.</param>
/// <param name="Y">Angstrom from the top edge.</param>
/// <param name="Fill">Colour of the disc, or null.</param>
/// <param name="Ring">Colour of the ring around it, or null.</param>
/// <param name="Crossed">Struck through: something is wrong here.</param>
internal readonly record struct MapMark(double X, double Y, string? Fill, string? Ring, bool Crossed = false);

/// <summary>A square field of the specimen as a grey picture, with marks, a scale bar and a legend below.</summary>
internal sealed class MapPicture(double fieldAngstrom)
{
    private const int Side = 720;
    private const int LegendLine = 26;
    private const float MarkRadius = 9;

    private readonly List<MapMark> marks = [];
    private readonly List<(MapMark Mark, string Text)> legend = [];
    private double[,]? values;
    private (string Low, string High)? bar;

    /// <summary>Grey values [row, column], first row on top, stretched over the field.</summary>
    public MapPicture Grey(double[,] rows)
    {
        values = rows;
        return this;
    }

    public MapPicture Marks(IEnumerable<MapMark> more)
    {
        marks.AddRange(more);
        return this;
    }

    public MapPicture Legend(MapMark mark, string text)
    {
        legend.Add((mark, text));
        return this;
    }

    /// <summary>A bar of the colours of <see cref="Palette.Scale"/> with its ends written beside.</summary>
    public MapPicture ColourBar(string low, string high)
    {
        bar = (low, high);
        return this;
    }

    public void Write(string path)
    {
        int lines = legend.Count + (bar is null ? 0 : 1);
        using var bitmap = new SKBitmap(Side, Side + (lines == 0 ? 0 : (lines * LegendLine) + 12), SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        if (values is { } grey)
        {
            using SKBitmap image = ToBitmap(grey);
            using SKImage source = SKImage.FromBitmap(image);
            canvas.DrawImage(source, new SKRect(0, 0, Side, Side), new SKSamplingOptions(SKFilterMode.Nearest));
        }

        float scale = (float)(Side / fieldAngstrom);
        foreach (MapMark mark in marks)
        {
            Draw(canvas, mark, (float)mark.X * scale, (float)mark.Y * scale);
        }

        ScaleBar(canvas, scale);
        float y = Side + 8 + (LegendLine / 2f);
        using SKFont font = Fonts.Of(15);
        using var ink = new SKPaint { Color = SKColors.Black, IsAntialias = true };
        foreach ((MapMark mark, string text) in legend)
        {
            Draw(canvas, mark, 20, y);
            canvas.DrawText(text, 40, y + 5, font, ink);
            y += LegendLine;
        }

        if (bar is { } ends)
        {
            ColourBar(canvas, y, ends.Low, ends.High, font, ink);
        }

        PngFile.Write(path, bitmap);
    }

    private static SKBitmap ToBitmap(double[,] grey)
    {
        int rows = grey.GetLength(0);
        int columns = grey.GetLength(1);
        double[] sorted = [.. grey.Cast<double>().Order()];
        double low = sorted[(int)(0.001 * (sorted.Length - 1))];
        double high = sorted[(int)(0.999 * (sorted.Length - 1))];
        double range = high > low ? high - low : 1;
        var bitmap = new SKBitmap(columns, rows, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                byte level = (byte)Math.Clamp(255 * (grey[row, column] - low) / range, 0, 255);
                bitmap.SetPixel(column, row, new SKColor(level, level, level));
            }
        }

        return bitmap;
    }

    private static void Draw(SKCanvas canvas, MapMark mark, float x, float y)
    {
        if (mark.Fill is { } fill)
        {
            using var paint = new SKPaint { Color = SKColor.Parse(fill), IsAntialias = true };
            canvas.DrawCircle(x, y, MarkRadius - 3, paint);
        }

        if (mark.Ring is { } ring)
        {
            using var paint = new SKPaint { Color = SKColor.Parse(ring), IsAntialias = true, IsStroke = true, StrokeWidth = 2.5f };
            canvas.DrawCircle(x, y, MarkRadius, paint);
        }

        if (mark.Crossed)
        {
            using var paint = new SKPaint { Color = SKColors.Red, IsAntialias = true, IsStroke = true, StrokeWidth = 2.5f };
            canvas.DrawLine(x - MarkRadius, y - MarkRadius, x + MarkRadius, y + MarkRadius, paint);
            canvas.DrawLine(x - MarkRadius, y + MarkRadius, x + MarkRadius, y - MarkRadius, paint);
        }
    }

    private static void ScaleBar(SKCanvas canvas, float pixelsPerAngstrom)
    {
        double length = new[] { 1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000 }.Last(candidate => candidate == 1 || candidate * pixelsPerAngstrom < Side / 3.0);
        float width = (float)length * pixelsPerAngstrom;
        using var back = new SKPaint { Color = new SKColor(0, 0, 0, 170) };
        using var white = new SKPaint { Color = SKColors.White, IsAntialias = true };
        using SKFont font = Fonts.Of(15);
        canvas.DrawRect(10, Side - 46, Math.Max(width, 44) + 16, 36, back);
        canvas.DrawRect(18, Side - 20, width, 4, white);
        string text = length >= 10 ? $"{length / 10:0} nm" : $"{length / 10:0.0} nm";
        canvas.DrawText(text, 18, Side - 27, font, white);
    }

    private static void ColourBar(SKCanvas canvas, float y, string low, string high, SKFont font, SKPaint ink)
    {
        const int Width = 240;
        canvas.DrawText(low, 12, y + 5, font, ink);
        float start = 12 + font.MeasureText(low) + 10;
        for (int i = 0; i < Width; i++)
        {
            using var paint = new SKPaint { Color = SKColor.Parse(Palette.Scale(i / (Width - 1.0))) };
            canvas.DrawRect(start + i, y - 8, 1, 16, paint);
        }

        canvas.DrawText(high, start + Width + 10, y + 5, font, ink);
    }
}
