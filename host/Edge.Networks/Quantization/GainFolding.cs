using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Multiplies gains before and behind a Dense or Convolution layer with float weights (batch normalization, alpha, scaling of the
/// inputs) into those weights, so that quantization sees the numbers that matter and hardware has fewer of them.</summary>
internal static class GainFolding
{
    public static Network Apply(Network network) => Backward(Forward(Backward(ReorderMoving.Apply(network))));

    /// <summary>W (g x + o) = (W g) x + W o, where nothing else reads g x + o and no Dense layer before could take the gain.</summary>
    private static Network Forward(Network network)
    {
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            int before = layers.FindIndex(earlier => layer is Dense && earlier.Output == layer.Inputs[0]);
            if (layer is Dense { Weights.Quantized: null } dense && before >= 0 && layers[before] is ElementwiseAffine affine
                && network.UsesOf(affine.Output) == 1 && network.Producer(affine.Input) is not Linear)
            {
                layers.RemoveAt(before);
                layers.AddRange(Exchanged(affine, dense));
            }
            else
            {
                layers.Add(layer);
            }
        }

        return network with { Layers = layers };
    }

    private static Layer[] Exchanged(ElementwiseAffine affine, Dense dense)
    {
        int rows = dense.Weights.Shape[0];
        int columns = dense.Weights.Shape[1];
        double[] weights = dense.Weights.Values;
        double[] gains = [.. Enumerable.Range(0, columns).Select(j => affine.GainOf(j).ToDouble())];
        double[] offsets = [.. Enumerable.Range(0, columns).Select(j => affine.OffsetOf(j).ToDouble())];
        var scaled = new ConstantTensor(dense.Weights.Shape, [.. weights.Select((value, k) => value * gains[k % columns])]);
        Rational[] bias = [.. Enumerable.Range(0, rows).Select(i => Rational.From(Enumerable.Range(0, columns).Sum(j => weights[(i * columns) + j] * offsets[j])))];

        // The number of the value that is gone stands for the sum without its bias.
        return
        [
            dense with { Output = affine.Output, Input = affine.Input, Weights = scaled },
            new ElementwiseAffine(dense.Output, affine.Name, dense.Shape, affine.Output, [Rational.One], bias),
        ];
    }

    private static Network Backward(Network network)
    {
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            List<Layer> tail = [layer];
            while (tail[0] is ElementwiseAffine affine && network.UsesOf(affine.Input) == 1
                && layers.FindIndex(earlier => earlier.Output == affine.Input) is >= 0 and var producer
                && Folded(layers[producer], affine) is { } folded)
            {
                layers.RemoveAt(producer);
                tail = [.. folded];
            }

            layers.AddRange(tail);
        }

        return network with { Layers = layers };
    }

    private static Layer[]? Folded(Layer producer, ElementwiseAffine affine)
    {
        switch (producer)
        {
            case ElementwiseAffine first:
                int count = new[] { first.Gains, first.Offsets, affine.Gains, affine.Offsets }.Max(values => values.Length);
                return
                [
                    affine with
                    {
                        Input = first.Input,
                        Gains = [.. Enumerable.Range(0, count).Select(i => first.GainOf(i) * affine.GainOf(i))],
                        Offsets = [.. Enumerable.Range(0, count).Select(i => (first.OffsetOf(i) * affine.GainOf(i)) + affine.OffsetOf(i))],
                    },
                ];

            case Linear { Weights.Quantized: null } linear when !(affine.Gains is [{ } gain] && gain == Rational.One) && IsAlikeInKernels(linear, affine):
                int columns = linear.Weights.Shape[1];
                double[] gains = [.. Enumerable.Range(0, linear.Weights.Shape[0]).Select(i => affine.GainOf(i * linear.OutputsPerKernel).ToDouble())];
                var weights = new ConstantTensor(linear.Weights.Shape, [.. linear.Weights.Values.Select((value, k) => value * gains[k / columns])]);
                int hidden = -affine.Output; // numbers of folded values are never seen outside this pair
                return [linear with { Output = hidden, Weights = weights }, affine with { Input = hidden, Gains = [Rational.One] }];

            default:
                return null;
        }
    }

    private static bool IsAlikeInKernels(Linear linear, ElementwiseAffine affine) =>
        affine.Gains.Length == 1 || !affine.Gains.Where((gain, i) => gain != affine.Gains[i / linear.OutputsPerKernel * linear.OutputsPerKernel]).Any();
}
