using Edge.Networks;
using SkiaSharp;

namespace Edge.Cli.Output;

internal static class PngFile
{
    /// <exception cref="InvalidInputException">The file cannot be written.</exception>
    public static void Write(string path, SKBitmap bitmap)
    {
        try
        {
            using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            using FileStream file = File.Create(path);
            png.SaveTo(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be written ({error.Message})", error);
        }
    }
}

internal static class Fonts
{
    /// <summary>The system's sans-serif font; without any font text is left out, not a crash.</summary>
    public static SKFont Of(float size) => new(SKTypeface.FromFamilyName("DejaVu Sans") ?? SKTypeface.Default, size);
}
