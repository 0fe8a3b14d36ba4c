using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Compiler.Fabric;

/// <summary>LUTs of a network unrolled into the fabric, without building its adder graph: a LUT for each bit of an adder.
/// Counted are the digits of weights that are not zero (canonical signed digits), less what sharing of common parts saves,
/// times the mean width of the sums. Comparators with a constant take half a LUT per bit, and one to count them. Tables are
/// memories in LUTs of 64 bits, one for each element: the fabric reads all of them in every clock, so none is shared.</summary>
public static class LutEstimate
{
    /// <summary>Adder bits that the compiler makes, over those counted here: 0.63 to 0.85 in the reference networks at 4 and 8
    /// bits, so the estimate is within a fifth.</summary>
    private const double Sharing = 0.7;

    private const int TableBitsPerLut = 64;

    public static long Of(IntegerNetwork network) => (long)Math.Ceiling(network.Operations.Sum(operation => operation switch
    {
        Affine affine => Sharing * Affine(network, affine),
        WindowedAffine windowed => Sharing * Windowed(network, windowed),
        WindowedMax windowed => 2.0 * windowed.Windows.Groups * windowed.Windows.Positions * (windowed.Windows.Taps - 1) * network.Tensors[windowed.Output].Range.Width,
        Scale scale => scale.Multipliers.Select((multiplier, i) => Math.Max(0, Digits(multiplier) - (scale.Addends[i] == 0 ? 1.0 : 0)) * network.Tensors[scale.Output].Ranges[i].Width).Sum(),
        Thresholds thresholds => thresholds.Levels.Select((levels, i) => levels.Length * ((network.Tensors[thresholds.Input].Ranges[i].Width / 2.0) + 1)).Sum(),
        Lookup lookup => Tables(lookup),
        Requantize requantize => (double)network.Tensors[requantize.Output].Ranges.Sum(range => range.Width),
        Add add => network.Tensors[add.Output].Ranges.Sum(range => range.Width),
        ArgMax => 2.0 * network.Tensors[operation.Inputs[0]].Ranges.Sum(range => range.Width),
        _ => 0.0,
    }));

    private static double Tables(Lookup lookup)
    {
        double[] luts = [.. lookup.Tables.Select(table => (double)FabricTable.Of(table).Values.Length * new Interval(table.Values.Min(), table.Values.Max()).Width / TableBitsPerLut)];
        return lookup.TableOf.Sum(table => luts[table]);
    }

    private static double Affine(IntegerNetwork network, Affine affine)
    {
        double bits = 0;
        for (int i = 0; i < affine.Weights.Rows; i++)
        {
            bits += Adders(affine.Weights.Row(i), affine.Bias[i]) * MeanWidth(network.Tensors[affine.Input].Range, network.Tensors[affine.Output].Ranges[i]);
        }

        return bits;
    }

    private static double Windowed(IntegerNetwork network, WindowedAffine windowed)
    {
        double bits = 0;
        Windows windows = windowed.Windows;
        for (int kernel = 0; kernel < windowed.Kernels.Rows; kernel++)
        {
            double adders = Adders(windowed.Kernels.Row(kernel), 1);
            for (int position = 0; position < windows.Positions; position++)
            {
                int inside = windows.Of(windowed.GroupOf(kernel), position).ToArray().Count(index => index >= 0);
                bits += adders * inside / windows.Taps * MeanWidth(network.Tensors[windowed.Input].Range, network.Tensors[windowed.Output].Ranges[(kernel * windows.Positions) + position]);
            }
        }

        return bits;
    }

    private static double Adders(ReadOnlySpan<long> weights, long bias)
    {
        int digits = 0;
        foreach (long weight in weights)
        {
            digits += Digits(weight);
        }

        return Math.Max(0, digits - (bias == 0 ? 1 : 0));
    }

    private static int Digits(long weight) => CanonicalSignedDigits.Of(weight).Count();

    private static double MeanWidth(Interval input, Interval output) => (input.Width + output.Width) / 2.0;
}
