using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Decides how real inputs become integers.</summary>
internal static class InputQuantization
{
    /// <summary>The encoding, and how many leading layers it stands for: with the model's own input quantizer (and the
    /// scaling before it) the host rounds, and the hardware gets the few bits that are left.</summary>
    public static (InputEncoding Encoding, int Layers) Choose(Network network, FixedPointFormat? format)
    {
        if (format is { } chosen)
        {
            return (InputEncoding.From(chosen, network.InputShape, $"{chosen}, as asked for"), 0);
        }

        int value = 0;
        Rational[] gains = [Rational.One];
        Rational[] offsets = [Rational.Zero];
        for (int k = 0; k < network.Layers.Count; k++)
        {
            Layer layer = network.Layers[k];
            if (layer.Inputs is not [int input] || input != value || network.UsesOf(value) != 1)
            {
                break;
            }

            switch (layer)
            {
                case Reorder { Indices: null }:
                    break;
                case ElementwiseAffine affine:
                    gains = Combine(gains, affine.Gains, (gain, more) => gain * more);
                    offsets = Combine(Combine(offsets, affine.Gains, (offset, gain) => offset * gain), affine.Offsets, (offset, more) => offset + more);
                    break;
                case Quantize { Quantizer: var quantizer }:
                    var encoding = new InputEncoding(
                        network.InputShape,
                        Combine(gains, quantizer.Scales, (gain, scale) => gain / scale),
                        Combine(Combine(offsets, quantizer.Scales, (offset, scale) => offset / scale), quantizer.ZeroPoints, (offset, zero) => offset + zero),
                        quantizer.Rounding,
                        quantizer.Low,
                        quantizer.High,
                        $"the model's own input quantizer {layer.Name}");
                    return (encoding, k + 1);
                default:
                    k = network.Layers.Count;
                    break;
            }

            value = layer.Output;
        }

        return (InputEncoding.From(FixedPointFormat.Default, network.InputShape, $"{FixedPointFormat.Default}, because the model has no input quantizer (change it with --input-format)"), 0);
    }

    private static Rational[] Combine(Rational[] a, Rational[] b, Func<Rational, Rational, Rational> function) =>
        [.. Enumerable.Range(0, Math.Max(a.Length, b.Length)).Select(i => function(RealVector.At(a, i), RealVector.At(b, i)))];
}
