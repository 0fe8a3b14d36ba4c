namespace Edge.Networks.Graph;

/// <summary>Which elements of a vector every position of a convolution or pooling reads: one window per group of channels
/// and position, each with the same number of taps.</summary>
/// <param name="Indices">(Groups, Positions, Taps): the element that a tap reads; -1 is padding, which reads zero.</param>
public sealed record Windows(int Groups, int Positions, int Taps, int[] Indices)
{
    public const int Padding = -1;

    /// <summary>Taps in all windows together: beyond, a model is refused before anything is allocated.</summary>
    public const long LargestSize = 1L << 26;

    public ReadOnlySpan<int> Of(int group, int position) => Indices.AsSpan(((group * Positions) + position) * Taps, Taps);

    /// <param name="size">Sizes of the axes over which the window moves.</param>
    /// <param name="places">(positions, taps of one channel): place among the axes of <paramref name="size"/>, or -1.</param>
    /// <param name="channelsLast">Elements lie place by place, all channels of a place together; else channel by channel.</param>
    public static Windows Of(int channels, int groups, int[] size, int positions, int[] places, bool channelsLast)
    {
        int area = Shapes.Count(size);
        int perGroup = channels / groups;
        int kernel = places.Length / positions;
        var indices = new int[checked(groups * positions * perGroup * kernel)];
        int k = 0;
        for (int group = 0; group < groups; group++)
        {
            for (int position = 0; position < positions; position++)
            {
                for (int channel = group * perGroup; channel < (group + 1) * perGroup; channel++)
                {
                    for (int tap = 0; tap < kernel; tap++)
                    {
                        int place = places[(position * kernel) + tap];
                        indices[k++] = place < 0 ? Padding : channelsLast ? (place * channels) + channel : (channel * area) + place;
                    }
                }
            }
        }

        return new(groups, positions, perGroup * kernel, indices);
    }
}
