using Edge.Networks;
using SkiaSharp;

namespace Edge.Cli.Output;

internal static class PngFile
{
    /// <summary>The file appears whole or not at all.</summary>
    /// <exception cref="InvalidInputException">It cannot be written.</exception>
    public static void Write(string path, SKBitmap bitmap)
    {
        string partial = path + ".partial";
        try
        {
            using (SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100))
            using (FileStream file = File.Create(partial))
            {
                png.SaveTo(file);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            throw new InvalidInputException($"{path}: cannot be written ({error.Message})", error);
        }
    }
}

internal static class Fonts
{
    /// <summary>The system's sans-serif font; without any font text is left out, not a crash.</summary>
    public static SKFont Of(float size) => new(SKTypeface.FromFamilyName("DejaVu Sans") ?? SKTypeface.Default, size);
}
