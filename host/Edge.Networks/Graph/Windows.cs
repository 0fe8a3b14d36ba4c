using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>Which elements of a vector every position of a convolution or pooling reads: one window per group of channels
/// and position, each with the same number of taps. Taps count channel by channel of the group, then place by place.
/// All channels read the same places: element = channel * ChannelStride + place * PlaceStride; or every group has
/// places of its own (then it has one channel, and the strides are 0 and 1).</summary>
public sealed class Windows
{
    public const int Padding = -1;

    /// <summary>Taps in all windows together: beyond, a model is refused before anything is allocated.</summary>
    public const long LargestSize = 1L << 26;

    private readonly int[] places; // (1 or Groups, Positions, PlaceTaps)
    private readonly bool shared;  // by all groups
    private Kinds? padded;
    private int[]? indices;
    private int reach = -1; // one more than the last place that is read, once that is known

    /// <summary>Channels that lie channel by channel, or (channelsLast) all channels of a place together.</summary>
    /// <param name="size">Sizes of the axes over which the window moves.</param>
    /// <param name="places">(Positions, taps of one channel): the place that is read; -1 is padding, which reads zero.</param>
    public static Windows Of(int channels, int groups, int[] size, int positions, int[] places, bool channelsLast) =>
        new(groups, positions, places, places.Length / positions, channels / groups, channelsLast ? 1 : Shapes.Count(size), channelsLast ? channels : 1, shared: true);

    /// <summary>Windows without a rule.</summary>
    /// <param name="indices">(groups, positions, taps): the element that a tap reads; -1 is padding.</param>
    public Windows(int groups, int positions, int taps, int[] indices)
        : this(groups, positions, indices, taps, 1, 0, 1, shared: groups == 1)
    {
    }

    private Windows(int groups, int positions, int[] places, int placeTaps, int channelsPerGroup, int channelStride, int placeStride, bool shared)
    {
        (Groups, Positions, PlaceTaps, ChannelsPerGroup, ChannelStride, PlaceStride) = (groups, positions, placeTaps, channelsPerGroup, channelStride, placeStride);
        this.places = places;
        this.shared = shared;
    }

    public int Groups { get; }

    public int Positions { get; }

    public int Taps => ChannelsPerGroup * PlaceTaps;

    /// <summary>Taps of one channel.</summary>
    public int PlaceTaps { get; }

    public int ChannelsPerGroup { get; }

    public int ChannelStride { get; }

    public int PlaceStride { get; }

    /// <summary>Taps of all windows.</summary>
    public long Size => (long)Groups * Positions * Taps;

    /// <summary>True when all channels read the same places.</summary>
    public bool AreAlike => shared;

    /// <summary>The places that one channel of a group reads at a position.</summary>
    public ReadOnlySpan<int> PlacesOf(int group, int position) => places.AsSpan(((shared ? 0 : group * Positions) + position) * PlaceTaps, PlaceTaps);

    /// <summary>The element that a tap reads, or -1.</summary>
    public int Index(int group, int position, int tap)
    {
        int place = PlacesOf(group, position)[tap % PlaceTaps];
        return place < 0 ? Padding : (((group * ChannelsPerGroup) + (tap / PlaceTaps)) * ChannelStride) + (place * PlaceStride);
    }

    /// <summary>The elements that a window reads.</summary>
    /// <param name="window">Filled; Taps long.</param>
    public void Read(int group, int position, Span<int> window)
    {
        ReadOnlySpan<int> here = PlacesOf(group, position);
        for (int channel = 0, tap = 0; channel < ChannelsPerGroup; channel++)
        {
            int start = ((group * ChannelsPerGroup) + channel) * ChannelStride;
            foreach (int place in here)
            {
                window[tap++] = place < 0 ? Padding : start + (place * PlaceStride);
            }
        }
    }

    /// <summary>The elements that a window reads.</summary>
    public int[] Of(int group, int position)
    {
        var window = new int[Taps];
        Read(group, position, window);
        return window;
    }

    /// <summary>The element that tap <paramref name="number"/> of all (Groups, Positions, Taps) reads, or -1.</summary>
    public int IndexAt(int number) => Index(number / Taps / Positions, number / Taps % Positions, number % Taps);

    /// <summary>(Groups, Positions, Taps): the element that each tap reads, or -1. Made when first asked for; large.</summary>
    public int[] Indices
    {
        get
        {
            if (indices is null)
            {
                indices = new int[checked((int)Size)];
                for (int window = 0; window < Groups * Positions; window++)
                {
                    Read(window / Positions, window % Positions, indices.AsSpan(window * Taps, Taps));
                }
            }

            return indices;
        }
    }

    /// <summary>Taps of all windows that read an element.</summary>
    public long ReadCount => places.LongCount(place => place != Padding) * (shared ? Groups * ChannelsPerGroup : 1);

    /// <summary>(PlaceTaps, Positions): the place that each tap of a channel reads, where all read alike.</summary>
    public IEnumerable<int> PlacesByTap() => Enumerable.Range(0, PlaceTaps * Positions).Select(k => PlacesOf(0, k % Positions)[k / Positions]);

    /// <summary>Positions of a group whose taps read elements of the same kinds, and padding at the same taps.</summary>
    public Kinds PositionKinds(int group, Kinds elements)
    {
        int[][]? kinds = KindsByChannel(group, elements);
        if (kinds is not null)
        {
            return PositionKinds(group, kinds);
        }

        Kinds found = shared && padded is not null ? padded : PositionKinds(group, [[]]);
        padded = shared ? found : padded;
        return found;
    }

    /// <summary>Kinds of the elements at each place of the group's channels; null where the places of a channel are alike.</summary>
    private int[][]? KindsByChannel(int group, Kinds elements)
    {
        if (elements.Count <= 1)
        {
            return null;
        }

        reach = reach < 0 ? places.DefaultIfEmpty(-1).Max() + 1 : reach;
        if (reach == 0)
        {
            return null;
        }

        bool alike = shared;
        var kinds = new int[ChannelsPerGroup][];
        for (int channel = 0; channel < kinds.Length; channel++)
        {
            int start = ((group * ChannelsPerGroup) + channel) * ChannelStride;
            int[] here = kinds[channel] = new int[reach];
            for (int place = 0; place < reach; place++)
            {
                here[place] = elements[start + (place * PlaceStride)];
            }

            alike &= !here.AsSpan().ContainsAnyExcept(here[0]);
        }

        return alike ? null : kinds;
    }

    /// <param name="kinds">(channels, places); no places: all are alike.</param>
    private Kinds PositionKinds(int group, int[][] kinds)
    {
        var codes = new int[Positions];
        var known = new Dictionary<ulong, List<int>>(); // kinds by hash
        var examples = new List<int[]>();
        var pattern = new int[kinds.Length * PlaceTaps];
        for (int position = 0; position < Positions; position++)
        {
            ReadOnlySpan<int> here = PlacesOf(group, position);
            int tap = 0;
            foreach (int[] channel in kinds)
            {
                foreach (int place in here)
                {
                    pattern[tap++] = place < 0 ? Padding : channel.Length == 0 ? 0 : channel[place];
                }
            }

            codes[position] = position > 0 && pattern.AsSpan().SequenceEqual(examples[codes[position - 1]]) ? codes[position - 1] : KindOf(pattern);
        }

        return Kinds.From(codes, examples.Count);

        int KindOf(int[] pattern)
        {
            ulong hash = 14695981039346656037; // FNV-1a, word by word
            foreach (int code in pattern)
            {
                hash = (hash ^ (uint)code) * 1099511628211;
            }

            if (!known.TryGetValue(hash, out List<int>? alike))
            {
                known.Add(hash, alike = []);
            }

            int found = alike.FindIndex(other => pattern.AsSpan().SequenceEqual(examples[other]));
            if (found >= 0)
            {
                return alike[found];
            }

            alike.Add(examples.Count);
            examples.Add([.. pattern]);
            return examples.Count - 1;
        }
    }

    /// <summary>The same windows on a vector of <paramref name="length"/> elements put channel by channel: element i of that
    /// is element Order[i] of this one. null where it cannot be, or where they lie so already.</summary>
    public (Windows Windows, int[] Order)? ByChannel(int length)
    {
        int channels = Groups * ChannelsPerGroup;
        int area = length / channels;
        if (!shared || PlaceStride == 1 || channels * area != length)
        {
            return null;
        }

        var order = new int[length];
        for (int i = 0; i < length; i++)
        {
            (int channel, int place) = Math.DivRem(i, area);
            order[i] = (channel * ChannelStride) + (place * PlaceStride);
        }

        return (new(Groups, Positions, places, PlaceTaps, ChannelsPerGroup, area, 1, shared), order);
    }

    /// <summary>Windows on a vector that is read through an index map: element i of what these windows read is element
    /// indices[i] of that vector; null where that takes more than strides.</summary>
    public Windows? Through(int[] indices)
    {
        if (!shared || indices.Length == 0)
        {
            return null;
        }

        int channels = Groups * ChannelsPerGroup;
        int area = indices.Length / channels;
        if (channels * area != indices.Length)
        {
            return null;
        }

        int channelStride = channels > 1 ? indices[ChannelStride] - indices[0] : ChannelStride;
        int placeStride = area > 1 ? indices[PlaceStride] - indices[0] : PlaceStride;
        bool channelsLast = ChannelStride < PlaceStride;
        (int outer, int outerFrom, int outerTo) = channelsLast ? (area, PlaceStride, placeStride) : (channels, ChannelStride, channelStride);
        (int inner, int innerFrom, int innerTo) = channelsLast ? (channels, ChannelStride, channelStride) : (area, PlaceStride, placeStride);
        for (int i = 0; i < outer; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                if (indices[(i * outerFrom) + (j * innerFrom)] != (i * outerTo) + (j * innerTo))
                {
                    return null;
                }
            }
        }

        return new(Groups, Positions, places, PlaceTaps, ChannelsPerGroup, channelStride, placeStride, shared);
    }
}
