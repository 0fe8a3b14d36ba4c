using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Multiplies gains behind a Dense layer with float weights (batch normalization, alpha) into those weights, so
/// that quantization sees the numbers that matter.</summary>
internal static class GainFolding
{
    public static Network Apply(Network network)
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

            case Dense { Weights.Quantized: null } dense when !(affine.Gains is [{ } gain] && gain == Rational.One):
                int columns = dense.Weights.Shape[1];
                double[] gains = [.. Enumerable.Range(0, dense.Weights.Shape[0]).Select(i => affine.GainOf(i).ToDouble())];
                var weights = new ConstantTensor(dense.Weights.Shape, [.. dense.Weights.Values.Select((value, k) => value * gains[k / columns])]);
                int hidden = -affine.Output; // numbers of folded values are never seen outside this pair
                return [dense with { Output = hidden, Weights = weights }, affine with { Input = hidden, Gains = [Rational.One] }];

            default:
                return null;
        }
    }
}
