using Edge.Images.Bitstreams;

namespace Edge.Images;

/// <summary>Whether an image's payload is what its manifest says.</summary>
public static class CheckedImage
{
    /// <returns>What is wrong with the bitstream; null when it fits, also for a simulated card, which has none.</returns>
    public static string? BitstreamFault(CardImage image)
    {
        if (image.Manifest.IsSimulated)
        {
            return null;
        }

        try
        {
            var bitstream = Bitstream.Parse(image.Payload);
            return bitstream.Misfit(image.Manifest.Part!, image.Manifest.ShellId) is { } misfit ? $"the bitstream in it does not fit its manifest: {misfit}"
                : !bitstream.IsPartial && bitstream.ShellId != image.Manifest.ShellId ? "the bitstream in it brings another shell than its manifest says. Pack it again."
                : null;
        }
        catch (InvalidDataException error)
        {
            return $"the bitstream in it: {error.Message}";
        }
    }
}
