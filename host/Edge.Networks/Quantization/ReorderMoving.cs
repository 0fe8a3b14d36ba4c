using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Moves gains and offsets past transpositions and reshapes, towards the Dense layer that can take them: back to
/// the one before, else on to the one behind.</summary>
internal static class ReorderMoving
{
    private const int LargestPassCount = 32; // of a chain longer than this, the rest stays where it is

    public static Network Apply(Network network) => Move(Move(network, back: true), back: false);

    private static Network Move(Network network, bool back)
    {
        Layer[] layers = [.. network.Layers];

        // Exchanging two layers changes neither which place makes a value nor how often it is read.
        var places = Enumerable.Range(0, layers.Length).ToDictionary(k => layers[k].Output);
        ILookup<int, Layer> readers = layers.SelectMany(layer => layer.Inputs.Select(input => (input, layer))).ToLookup(pair => pair.input, pair => pair.layer);
        bool moved = true;
        for (int pass = 0; moved && pass < LargestPassCount; pass++)
        {
            moved = false;
            var followsLinear = new Dictionary<int, bool>();
            for (int k = 0; k < layers.Length; k++)
            {
                int input = layers[k].Inputs[0];
                followsLinear[layers[k].Output] = layers[k] is Linear || (layers[k] is Reorder or ElementwiseAffine && followsLinear.GetValueOrDefault(input));
                if (!places.TryGetValue(input, out int before) || readers[input].Count() != 1 || input == network.OutputValue || followsLinear[input] != back)
                {
                    continue;
                }

                (Layer First, Layer Second)? exchanged = (layers[before], layers[k]) switch
                {
                    (Reorder reorder, ElementwiseAffine affine) when back => Exchanged(reorder, affine, layers[places[reorder.Input]].Shape),
                    (ElementwiseAffine affine, Reorder reorder) when !back => Exchanged(affine, reorder),
                    _ => null,
                };
                if (exchanged is { } pair)
                {
                    (layers[before], layers[k]) = pair;
                    moved = true;
                }
            }
        }

        return network with { Layers = layers };
    }

    private static (Layer First, Layer Second) Exchanged(Reorder reorder, ElementwiseAffine affine, int[] shape)
    {
        PerElement<Rational> Back(PerElement<Rational> values)
        {
            if (values.Length == 1 || reorder.Indices is not { } indices)
            {
                return values;
            }

            var back = new int[values.Length];
            for (int i = 0; i < back.Length; i++)
            {
                back[indices[i]] = i;
            }

            return values.Picked(back);
        }

        return (new ElementwiseAffine(reorder.Output, affine.Name, shape, reorder.Input, Back(affine.Gains), Back(affine.Offsets)),
                new Reorder(affine.Output, reorder.Name, affine.Shape, reorder.Output, reorder.Indices));
    }

    private static (Layer First, Layer Second) Exchanged(ElementwiseAffine affine, Reorder reorder)
    {
        PerElement<Rational> On(PerElement<Rational> values) => values.Length == 1 || reorder.Indices is not { } indices ? values : values.Picked(indices);
        return (new Reorder(affine.Output, reorder.Name, reorder.Shape, affine.Input, reorder.Indices),
                new ElementwiseAffine(reorder.Output, affine.Name, reorder.Shape, affine.Output, On(affine.Gains), On(affine.Offsets)));
    }
}
