using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Moves transpositions and other orders of elements towards the end of a network, past all that works element by
/// element, into the windows that read them: convolutions read any layout, so most orders disappear.</summary>
internal sealed class ReorderSinking
{
    private readonly Dictionary<int, Moved> moved = [];
    private readonly List<Layer> layers = [];
    private int next;

    /// <summary>A value whose element i is element Indices[i] of another one.</summary>
    private readonly record struct Moved(int Value, int Length, int[] Indices);

    public static Network Apply(Network network, int firstLayer)
    {
        var sinking = new ReorderSinking { next = network.Layers.Count == 0 ? 0 : network.Layers.Max(layer => layer.Output) };
        var lengths = network.Layers.ToDictionary(layer => layer.Output, layer => layer.Length);
        lengths[0] = network.InputLength;
        foreach (Layer layer in network.Layers.Skip(firstLayer))
        {
            sinking.Sink(layer, lengths);
        }

        sinking.Settle(network.OutputValue, network.OutputName, network.Producer(network.OutputValue)?.Shape ?? []);
        return network with { Layers = [.. network.Layers.Take(firstLayer), .. sinking.layers] };
    }

    private void Sink(Layer layer, Dictionary<int, int> lengths)
    {
        switch (layer)
        {
            case Reorder { Indices: { } indices } reorder:
                moved[reorder.Output] = moved.TryGetValue(reorder.Input, out Moved before)
                    ? before with { Indices = Array.ConvertAll(indices, index => before.Indices[index]) }
                    : new(reorder.Input, lengths[reorder.Input], indices);
                break;

            case Reorder reorder when moved.TryGetValue(reorder.Input, out Moved same):
                moved[reorder.Output] = same;
                break;

            case Quantize { Quantizer: { Scales.Length: 1, ZeroPoints.Length: 1 } } or Clip or LeakyRelu { Slopes.Length: 1 }
                or ElementwiseAffine { Gains.Length: 1, Offsets.Length: 1 } or Bipolar { Magnitudes.Length: 1 } or ElementFunction when moved.TryGetValue(layer.Inputs[0], out Moved input):
                layers.Add(Reading(layer, input.Value) with { Output = ++next, Shape = [input.Length] });
                moved[layer.Output] = input with { Value = next };
                break;

            case ElementwiseAffine affine when moved.TryGetValue(affine.Input, out Moved input) && IsPermutation(input):
                layers.Add(affine with { Output = ++next, Shape = [input.Length], Input = input.Value, Gains = Back(affine.Gains, input), Offsets = Back(affine.Offsets, input) });
                moved[layer.Output] = input with { Value = next };
                break;

            case Sum sum when moved.TryGetValue(sum.Left, out Moved left) && moved.TryGetValue(sum.Right, out Moved right)
                && left.Length == right.Length && left.Indices.AsSpan().SequenceEqual(right.Indices):
                layers.Add(sum with { Output = ++next, Shape = [left.Length], Left = left.Value, Right = right.Value });
                moved[layer.Output] = left with { Value = next };
                break;

            case Concatenation concatenation when concatenation.Parts.Any(moved.ContainsKey):
                Join(concatenation, lengths);
                break;

            case Convolution convolution when moved.TryGetValue(convolution.Input, out Moved input):
                (int read, Windows windows) = Through(convolution, convolution.Windows, input);
                layers.Add(convolution with { Input = read, Windows = windows });
                break;

            case MaxPool pool when moved.TryGetValue(pool.Input, out Moved input):
                (int pooled, Windows pools) = Through(pool, pool.Windows, input);
                layers.Add(pool with { Input = pooled, Windows = pools });
                break;

            default:
                foreach (int input in layer.Inputs)
                {
                    Settle(input, layer.Name, [lengths[input]]);
                }

                layers.Add(layer);
                break;
        }
    }

    private void Join(Concatenation concatenation, Dictionary<int, int> lengths)
    {
        var parts = new List<int>();
        var order = new int[concatenation.Length];
        int start = 0;
        int filled = 0;
        foreach (int part in concatenation.Parts)
        {
            Moved from = moved.TryGetValue(part, out Moved found) ? found : new(part, lengths[part], [.. Enumerable.Range(0, lengths[part])]);
            parts.Add(from.Value);
            foreach (int index in from.Indices)
            {
                order[filled++] = start + index;
            }

            start += from.Length;
        }

        layers.Add(concatenation with { Output = ++next, Shape = [start], Parts = [.. parts] });
        moved[concatenation.Output] = new(next, start, order);
    }

    /// <summary>Windows that read the value before it was moved; where that takes more than strides, its elements are put
    /// channel by channel, the order that windows read best.</summary>
    private (int Value, Windows Windows) Through(Layer layer, Windows windows, Moved input)
    {
        if (windows.Through(input.Indices) is { } direct)
        {
            return (input.Value, direct);
        }

        if (windows.ByChannel(input.Indices.Length) is not { } natural)
        {
            return (Settle(layer.Inputs[0], layer.Name, [input.Indices.Length]), windows);
        }

        layers.Add(new Reorder(++next, layer.Name, [natural.Order.Length], input.Value, Array.ConvertAll(natural.Order, index => input.Indices[index])));
        return (next, natural.Windows);
    }

    /// <summary>Puts the elements of a value in order, where they have been moved.</summary>
    private int Settle(int value, string name, int[] shape)
    {
        if (moved.Remove(value, out Moved from))
        {
            bool same = from.Length == from.Indices.Length && !from.Indices.Where((index, i) => index != i).Any();
            layers.Add(new Reorder(value, name, shape, from.Value, same ? null : from.Indices));
        }

        return value;
    }

    private static bool IsPermutation(Moved input)
    {
        var seen = new bool[input.Length];
        foreach (int index in input.Indices)
        {
            seen[index] = true;
        }

        return input.Indices.Length == input.Length && !seen.Contains(false);
    }

    private static PerElement<Rational> Back(PerElement<Rational> values, Moved input)
    {
        if (values.Length == 1)
        {
            return values;
        }

        var back = new int[input.Length];
        for (int i = 0; i < back.Length; i++)
        {
            back[input.Indices[i]] = i;
        }

        return values.Picked(back);
    }

    private static Layer Reading(Layer layer, int input) => layer switch
    {
        Quantize o => o with { Input = input },
        Clip o => o with { Input = input },
        LeakyRelu o => o with { Input = input },
        ElementwiseAffine o => o with { Input = input },
        Bipolar o => o with { Input = input },
        ElementFunction o => o with { Input = input },
        _ => throw new InvalidOperationException($"{layer.Name} does not work element by element"),
    };
}
