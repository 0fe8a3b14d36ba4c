using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Decides how real inputs become integers.</summary>
internal static class InputQuantization
{
    /// <summary>The encoding, and how many leading layers it stands for: with the model's own input quantizer (and the
    /// scaling and limits before it) the host rounds, and the hardware gets the few bits that are left.</summary>
    public static (InputEncoding Encoding, int Layers) Choose(Network network, FixedPointFormat? format)
    {
        if (format is { } chosen)
        {
            return (InputEncoding.From(chosen, network.InputShape, $"{chosen}, as asked for"), 0);
        }

        int value = 0;
        var x = new RealVector(0, PerElement.Uniform(network.InputLength, new RealForm(Rational.One, Rational.Zero, null, null)));
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
                    x = x.Transformed(PerElement.Spread(affine.Length, affine.Gains), PerElement.Spread(affine.Length, affine.Offsets));
                    break;
                case Clip clip:
                    x = x.Limited(clip.Low, clip.High);
                    break;
                case Quantize quantize when Encoding(network, x, quantize) is { } encoding:
                    return (encoding, k + 1);
                case Bipolar bipolar when Encoding(network, x, bipolar) is { } encoding:
                    return (encoding, k + 1);
                default:
                    k = network.Layers.Count;
                    break;
            }

            value = layer.Output;
        }

        return network.DeclaredFormat is { } declared
            ? (InputEncoding.From(declared, network.InputShape, $"{declared}, the type of the model's input"), 0)
            : (InputEncoding.From(FixedPointFormat.Default, network.InputShape, $"{FixedPointFormat.Default}, because the model has no input quantizer (change it with --input-format)"), 0);
    }

    /// <summary>For a network quantized after training that states no input format: the default, where it holds the
    /// calibration rows exactly; else one bit of headroom above the largest of them, and 16 bits or as many more as it takes
    /// that rounding the inputs changes no output by more than <paramref name="tolerance"/> of full scale.</summary>
    public static FixedPointFormat FormatFor(Network network, ReadOnlySpan<double> rows, double tolerance)
    {
        double largest = 0;
        bool exact = true;
        FixedPointFormat common = FixedPointFormat.Default;
        foreach (double value in rows)
        {
            double scaled = Math.ScaleB(value, common.FractionBits);
            exact &= scaled == Math.Round(scaled) && scaled >= common.Min && scaled <= common.Max;
            largest = double.IsFinite(value) ? Math.Max(largest, Math.Abs(value)) : largest;
        }

        if (exact || largest == 0)
        {
            return common;
        }

        const int Headroom = 1;
        const int LargestWidth = 24;
        int integerBits = 1 + Headroom + (int)Math.Floor(Math.Log2(largest)) + 1;
        int count = Math.Min(rows.Length / network.InputLength, PostTrainingQuantizer.LargestRowCount);
        rows = rows[..(count * network.InputLength)];
        for (int width = common.Width; ; width += 2)
        {
            var format = new FixedPointFormat(Signed: true, width, integerBits);
            double[] limited = Limited(rows, format);
            double[] expected = FloatInterpreter.RunRows(network, limited);
            double error = FloatInterpreter.RunRows(network, Rounded(limited, format)).Zip(expected, (a, b) => Math.Abs(a - b)).Max();
            if (width >= LargestWidth || !(error > tolerance * expected.Max(Math.Abs)))
            {
                return format;
            }
        }
    }

    /// <summary>The rows within the range of a format, not rounded.</summary>
    public static double[] Limited(ReadOnlySpan<double> rows, FixedPointFormat format)
    {
        var result = new double[rows.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Math.Clamp(rows[i], Math.ScaleB(format.Min, -format.FractionBits), Math.ScaleB(format.Max, -format.FractionBits));
        }

        return result;
    }

    /// <summary>Rows within the range of a format, rounded to its steps.</summary>
    public static double[] Rounded(double[] rows, FixedPointFormat format) =>
        [.. rows.Select(value => Math.ScaleB(Math.Round(Math.ScaleB(value, format.FractionBits)), -format.FractionBits))];

    private static InputEncoding? Encoding(Network network, RealVector x, Quantize layer)
    {
        const long LargestEncoded = 1L << 32;
        Quantizer quantizer = layer.Quantizer;
        if (quantizer.High - quantizer.Low > LargestEncoded)
        {
            return null; // it only rounds
        }

        int length = x.IsUniform && quantizer is { Scales.Length: 1, ZeroPoints.Length: 1 } ? 1 : layer.Length;
        long low = x.Low(0) is { } lowest ? quantizer.IntegerOf(lowest, 0) : quantizer.Low;
        long high = x.High(0) is { } highest ? quantizer.IntegerOf(highest, 0) : quantizer.High;
        for (int i = 1; i < length; i++)
        {
            if ((x.Low(i) is { } l ? quantizer.IntegerOf(l, i) : quantizer.Low) != low || (x.High(i) is { } h ? quantizer.IntegerOf(h, i) : quantizer.High) != high)
            {
                return null; // limits that differ by element stay in the network
            }
        }

        Rational[] Each(Func<int, Rational> function) => [.. Enumerable.Range(0, length).Select(function)];
        return new(
            network.InputShape,
            Each(i => x.Scale(i) / quantizer.ScaleOf(i)),
            Each(i => (x.Offset(i) / quantizer.ScaleOf(i)) + quantizer.ZeroPointOf(i)),
            quantizer.Rounding,
            low,
            high,
            $"the model's own input quantizer {layer.Name}");
    }

    /// <summary>0 where x >= 0, 1 where x is negative, however little: -x limited to 0..1 and rounded up.</summary>
    private static InputEncoding? Encoding(Network network, RealVector x, Bipolar layer)
    {
        if (x.IsLimited)
        {
            return null;
        }

        int length = x.IsUniform ? 1 : layer.Length;
        Rational[] Each(Func<int, Rational> function) => [.. Enumerable.Range(0, length).Select(function)];
        return new(
            network.InputShape, Each(i => -x.Scale(i)), Each(i => -x.Offset(i)), Rounding.Ceiling, 0, 1, $"the sign, taken by the model's own {layer.Name}");
    }
}
