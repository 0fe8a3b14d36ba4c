using Edge.Networks.Graph;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>Elements of one value that share a scale, and where its quantizer and its scales can stand.</summary>
/// <param name="Read">The value that layers with weights read.</param>
/// <param name="Place">The value that is quantized: Read, or one before it that only pooling and reordering separate.</param>
/// <param name="Count">Channels.</param>
/// <param name="Members">Values along the way (Place, Read and those whose scale can be changed): the channel of each element.</param>
/// <param name="Producer">The value of the layer whose weights can take the scales; null: none can.</param>
/// <param name="IsInput">Place holds the network's inputs, which the host scales as it likes.</param>
internal sealed record ChannelSet(int Read, int Place, int Count, Dictionary<int, int[]> Members, int? Producer, bool IsInput)
{
    /// <summary>The channel of each element of Place.</summary>
    public int[] ChannelOf => Members[Place];

    /// <summary>True where padding lies between the quantizer and its readers: a zero stays one only without an offset.</summary>
    public bool IsPadded { get; private init; }

    /// <summary>Layers that multiply and sum what has few bits.</summary>
    public static IEnumerable<Linear> Readers(Network network) => network.Layers.OfType<Linear>().Where(layer => layer is not Convolution { IsCopy: true });

    /// <summary>True where a layer only moves, copies or compares elements.</summary>
    public static bool Moves(Layer? layer) => layer is MaxPool or Reorder or Convolution { IsCopy: true } or ElementwiseAffine { IsIdentity: true };

    /// <summary>Every value that needs a quantizer, in order.</summary>
    /// <param name="scalesInputs">The network's own inputs count, with a scale for each.</param>
    public static IReadOnlyList<ChannelSet> Of(Network network, bool scalesInputs) =>
        [.. Readers(network).Select(layer => layer.Input).Distinct().Select(value => Of(network, value, scalesInputs)).OfType<ChannelSet>()];

    private static ChannelSet? Of(Network network, int read, bool scalesInputs)
    {
        var values = new List<int> { read };
        int place = read;
        bool padded = false;
        while (Moves(network.Producer(place)) && network.UsesOf(network.Producer(place)!.Inputs[0]) == 1)
        {
            padded |= network.Producer(place) is Convolution;
            place = network.Producer(place)!.Inputs[0];
            values.Add(place);
        }

        if (network.Producer(place) is Quantize or Bipolar || (!scalesInputs && IsReorderedInput(network, read)))
        {
            return null; // has few bits already
        }

        bool isInput = scalesInputs && FollowsInput(network, place);
        Linear[] readers = [.. Readers(network).Where(layer => layer.Input == read)];
        bool scalable = readers.All(reader => reader.Weights.Quantized is null);
        int? producer = scalable && !isInput && network.UsesOf(read) == readers.Length ? Chain(network, place, values) : null;
        var union = new ElementUnion(network, values);
        foreach (Linear reader in readers)
        {
            union.Join(reader, scalable);
        }

        (int count, Dictionary<int, int[]> members) = union.Classes();
        return new(read, place, count, members, producer, isInput) { IsPadded = padded };
    }

    private static bool IsReorderedInput(Network network, int value)
    {
        while (Moves(network.Producer(value)) && network.Producer(value) is not MaxPool)
        {
            value = network.Producer(value)!.Inputs[0];
        }

        return value == 0;
    }

    private static bool FollowsInput(Network network, int value)
    {
        while (network.Producer(value) is ElementwiseAffine or Reorder { Indices: null } && network.UsesOf(network.Producer(value)!.Inputs[0]) == 1)
        {
            value = network.Producer(value)!.Inputs[0];
        }

        return value == 0 && network.UsesOf(0) == 1;
    }

    /// <summary>Walks back over what commutes with positive gains to a layer with float weights, adding the values on the way.</summary>
    private static int? Chain(Network network, int place, List<int> values)
    {
        int first = values.Count;
        for (int current = place; ;)
        {
            Layer? producer = network.Producer(current);
            if (producer is Linear linear && linear.Weights.Quantized is null)
            {
                return current;
            }

            bool commutes = producer is ElementwiseAffine or Convolution { IsCopy: true } or Reorder or MaxPool or LeakyRelu or Clip { High: null, Low: null or { Sign: 0 } };
            if (!commutes || network.UsesOf(producer!.Inputs[0]) != 1)
            {
                values.RemoveRange(first, values.Count - first);
                return null;
            }

            current = producer.Inputs[0];
            values.Add(current);
        }
    }
}

/// <summary>Joins the elements of several values that must have one scale (union-find).</summary>
internal sealed class ElementUnion
{
    private readonly Dictionary<int, int> starts = [];
    private readonly Dictionary<int, int> lengths = [];
    private readonly int[] parents;

    /// <param name="values">Each made from the next one in the list; the last may be made by a layer with weights.</param>
    public ElementUnion(Network network, List<int> values)
    {
        int total = 0;
        foreach (int value in values)
        {
            starts[value] = total;
            lengths[value] = network.Producer(value)?.Length ?? network.InputLength;
            total += lengths[value];
        }

        parents = [.. Enumerable.Range(0, total)];
        foreach (int value in values)
        {
            switch (network.Producer(value))
            {
                case Convolution { IsCopy: true } copy when starts.ContainsKey(copy.Input):
                    for (int i = 0; i < copy.Length; i++)
                    {
                        if (copy.Windows.Indices[i] is >= 0 and var index)
                        {
                            Join(starts[value] + i, starts[copy.Input] + index);
                        }
                    }

                    break;
                case Linear linear:
                    for (int i = 0; i < linear.Length; i++)
                    {
                        Join(starts[value] + i, starts[value] + (i / linear.OutputsPerKernel * linear.OutputsPerKernel));
                    }

                    break;
                case Reorder { Indices: { } indices } reorder when starts.ContainsKey(reorder.Input):
                    for (int i = 0; i < indices.Length; i++)
                    {
                        Join(starts[value] + i, starts[reorder.Input] + indices[i]);
                    }

                    break;
                case MaxPool pool when starts.ContainsKey(pool.Input):
                    for (int k = 0; k < pool.Windows.Indices.Length; k++)
                    {
                        Join(starts[value] + (k / pool.Windows.Taps), starts[pool.Input] + pool.Windows.Indices[k]);
                    }

                    break;
                case { } layer when starts.TryGetValue(layer.Inputs[0], out int start):
                    for (int i = 0; i < layer.Length; i++)
                    {
                        Join(starts[value] + i, start + i);
                    }

                    break;
            }
        }
    }

    /// <summary>A kernel reads the same channel at every position with a tap; fixed weights read one scale with all taps.</summary>
    public void Join(Linear reader, bool scalable)
    {
        int start = starts[reader.Input];
        if (reader is not Convolution { Windows: var windows })
        {
            for (int i = 1; i < lengths[reader.Input] && !scalable; i++)
            {
                Join(start, start + i);
            }

            return;
        }

        var firsts = new int[windows.Groups * windows.Taps];
        Array.Fill(firsts, Windows.Padding);
        for (int k = 0; k < windows.Indices.Length; k++)
        {
            int group = k / windows.Taps / windows.Positions;
            int tap = scalable ? k % windows.Taps : 0;
            ref int first = ref firsts[(group * windows.Taps) + tap];
            if (windows.Indices[k] >= 0)
            {
                first = first < 0 ? windows.Indices[k] : first;
                Join(start + first, start + windows.Indices[k]);
            }
        }
    }

    public (int Count, Dictionary<int, int[]> Members) Classes()
    {
        var numbers = new Dictionary<int, int>();
        var members = new Dictionary<int, int[]>();
        foreach ((int value, int start) in starts)
        {
            var classes = new int[lengths[value]];
            for (int i = 0; i < classes.Length; i++)
            {
                int root = Root(start + i);
                if (!numbers.TryGetValue(root, out int number))
                {
                    numbers[root] = number = numbers.Count;
                }

                classes[i] = number;
            }

            members[value] = classes;
        }

        return (numbers.Count, members);
    }

    private void Join(int a, int b) => parents[Root(a)] = Root(b);

    private int Root(int element)
    {
        while (parents[element] != element)
        {
            parents[element] = parents[parents[element]];
            element = parents[element];
        }

        return element;
    }
}
