using Edge.Networks;
using SkiaSharp;

namespace Edge.Cli.Output;

internal static class PngFile
{
    /// <exception cref="InvalidInputException">It cannot be written.</exception>
    public static void Write(string path, SKBitmap bitmap) => WholeFile.Write(path, file =>
    {
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        png.SaveTo(file);
    });
}

internal static class Fonts
{
    /// <summary>The system's sans-serif font; without any font text is left out, not a crash.</summary>
    public static SKFont Of(float size) => new(SKTypeface.FromFamilyName("DejaVu Sans") ?? SKTypeface.Default, size);
}
