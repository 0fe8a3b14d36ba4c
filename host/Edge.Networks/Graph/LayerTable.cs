using System.Globalization;
using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>One node of the model in the table that every import shows.</summary>
/// <param name="Node">The model's node, as messages name it: <c>Gemm "fc1"</c>.</param>
/// <param name="Shape">Of what it makes, without the batch axis.</param>
/// <param name="Format">Of its weights or of what it makes; "float" where nothing quantizes it, the name of a function, empty
/// where it only moves, chooses or limits elements.</param>
/// <param name="Multiplies">Products with weights and gains for one input; sums of elements and padding count none.</param>
/// <param name="Parameters">Numbers that were trained: weights, gains and offsets.</param>
/// <param name="ZeroWeights">Weights that are 0, as a part of all; null without weights.</param>
/// <param name="Inputs">Rows of the table that make what it reads; -1 is the model's input.</param>
public sealed record LayerSummary(string Node, int[] Shape, string Format, long Multiplies, long Parameters, double? ZeroWeights, int[] Inputs);

/// <summary>A network node by node: what it holds and what it costs.</summary>
public static class LayerTable
{
    /// <summary>A row per node of the model; layers that one node became stand together.</summary>
    public static IReadOnlyList<LayerSummary> Of(Network network)
    {
        var rows = new List<LayerSummary>();
        var rowOf = new Dictionary<int, int> { [0] = -1 };
        foreach (List<Layer> layers in ByNode(network))
        {
            // Gains and offsets beside a quantizer are its scale and zero point.
            ElementwiseAffine[] affines = layers.Exists(IsQuantizer) ? [] : [.. layers.OfType<ElementwiseAffine>()];
            ConstantTensor[] weights = [.. layers.OfType<Linear>().Where(IsTrained).Select(linear => linear.Weights)];
            long count = weights.Sum(tensor => (long)tensor.Length);
            int[] inputs = [.. layers.SelectMany(layer => layer.Inputs).Where(rowOf.ContainsKey).Select(value => rowOf[value]).Distinct()];
            rows.Add(new(
                layers[^1].Name,
                layers[^1].Shape,
                FormatOf(layers, weights),
                layers.Where(layer => layer is not ElementwiseAffine).Sum(Multiplies) + affines.Sum(Multiplies),
                count + affines.Sum(affine => Trained(affine.Shape, affine.Gains, Rational.One) + Trained(affine.Shape, affine.Offsets, Rational.Zero)),
                count == 0 ? null : weights.Sum(tensor => (long)tensor.Values.Count(value => value == 0)) / (double)count,
                inputs));
            foreach (Layer layer in layers)
            {
                rowOf[layer.Output] = rows.Count - 1;
            }
        }

        return rows;
    }

    private static List<List<Layer>> ByNode(Network network)
    {
        var nodes = new List<List<Layer>>();
        foreach (Layer layer in network.Layers)
        {
            if (nodes.Count > 0 && nodes[^1][^1].Name == layer.Name)
            {
                nodes[^1].Add(layer);
            }
            else
            {
                nodes.Add([layer]);
            }
        }

        return nodes;
    }

    private static bool IsQuantizer(Layer layer) => layer is Quantize or Bipolar or MultiThreshold;

    /// <summary>False for the equal weights of a pooling or padding, which nobody trained.</summary>
    private static bool IsTrained(Linear linear) => linear.Weights.Quantized is not { } quantized || !Array.TrueForAll(quantized.Integers, weight => weight == 1);

    /// <summary>One per channel, spread over the channel's elements, counts once: the axes along which the values differ.</summary>
    private static long Trained(int[] shape, PerElement<Rational> values, Rational neutral)
    {
        if (values.All(value => value == neutral))
        {
            return 0;
        }

        long count = 1;
        int stride = values.Length == 1 ? 0 : values.Length;
        foreach (int size in shape)
        {
            stride /= size;
            bool differs = false;
            for (int k = stride; k < values.Length && !differs; k++)
            {
                differs = stride > 0 && k / stride % size > 0 && values.Kinds[k] != values.Kinds[k - stride];
            }

            count *= differs ? size : 1;
        }

        return count;
    }

    private static long Multiplies(Layer layer) => layer switch
    {
        Linear linear when !IsTrained(linear) => 0,
        Convolution convolution => Products(convolution),
        Dense dense => dense.Weights.Length,
        ElementwiseAffine affine => affine.Gains.Length == 1
            ? (affine.Gains[0].Abs() == Rational.One ? 0 : affine.Length)
            : affine.Gains.LongCount(gain => gain.Abs() != Rational.One),
        LeakyRelu leaky => leaky.Length,
        _ => 0,
    };

    private static long Products(Convolution convolution) =>
        convolution.Windows.ReadCount * (convolution.Weights.Shape[0] / convolution.Windows.Groups);

    private static string FormatOf(List<Layer> layers, ConstantTensor[] weights)
    {
        if (weights.Length > 0)
        {
            return weights[^1].Quantized is { } quantized ? Text(quantized) : "float";
        }

        return (layers.LastOrDefault(IsQuantizer) ?? layers[^1]) switch
        {
            Quantize { Quantizer: var quantizer } => Text(quantizer),
            Bipolar bipolar => $"+-1, {Text(bipolar.Magnitudes)}",
            MultiThreshold thresholds => $"{thresholds.Levels.Max(levels => levels.Length)} thresholds, step {Number(thresholds.Step)}",
            _ when layers.LastOrDefault(layer => layer is ElementFunction or SoftmaxLayer) is { } function => Name(function),
            ElementwiseAffine => "float",
            _ => string.Empty,
        };
    }

    private static string Name(Layer layer) => layer is ElementFunction { Function.Kind: var kind } ? kind.ToString().ToLowerInvariant() : "softmax";

    private static string Text(Quantizer quantizer)
    {
        string rounding = quantizer.Rounding == Rounding.HalfEven ? string.Empty : $", {quantizer.Rounding}";
        string zero = Array.TrueForAll(quantizer.ZeroPoints, point => point.IsZero) ? string.Empty
            : $", zero {Number(quantizer.ZeroPoints[0])}{(quantizer.ZeroPoints.Distinct().Count() > 1 ? "..." : string.Empty)}";
        return $"{Integer(quantizer.Low, quantizer.High)}, {Text(quantizer.Scales)}{zero}{rounding}";
    }

    private static string Text(QuantizedValues values) => $"{Integer(values.Integers.Min(), values.Integers.Max())}, {Text(values.Scales)}";

    private static string Integer(long low, long high)
    {
        int bits = 1;
        while (low < 0 ? -(Int128.One << (bits - 1)) > low || (Int128.One << (bits - 1)) - 1 < high : (Int128.One << bits) - 1 < high)
        {
            bits++;
        }

        return $"{(low < 0 ? "int" : "uint")}{bits}";
    }

    private static string Text(Rational[] scales)
    {
        Rational low = scales.Min();
        Rational high = scales.Max();
        return low == high ? $"step {Number(low)}" : $"steps {Number(low)} to {Number(high)}";
    }

    private static string Number(Rational value) => value.ToDouble().ToString("G4", CultureInfo.InvariantCulture);
}
