using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>A network whose channels have been rescaled, the steps 2^e of what its dense layers read, and by how much each
/// value's elements were multiplied (absent: not at all).</summary>
internal sealed record EqualizedNetwork(Network Network, Dictionary<int, int> StepExponents, Dictionary<int, double[]> Factors);

/// <summary>Cross-layer equalisation (Nagel 2019) with powers of two: between two dense layers, where only biases and Relu
/// lie, channel i is multiplied by 2^k and the weights that read it are divided. The float network computes the same numbers
/// exactly; its quantizer then has one step for all channels and yet each channel its own range, for no hardware at all.</summary>
internal static class Equalization
{
    private const int LargestShift = 30;

    /// <param name="ranges">Histograms per element of what dense layers read.</param>
    /// <param name="bits">Bits of activations.</param>
    /// <param name="equalize">False: one step for all channels, chosen over all of them.</param>
    public static EqualizedNetwork Apply(Network network, Dictionary<int, MagnitudeHistogram[]> ranges, int bits, CalibrationMethod method, bool equalize)
    {
        var result = new EqualizedNetwork(network, [], []);
        foreach ((int value, MagnitudeHistogram[] histograms) in ranges)
        {
            int valueBits = IsUnsigned(network, value) ? bits : bits - 1;
            if (equalize && Chain(network, value) is { } chain)
            {
                int?[] exponents = [.. histograms.Select(histogram => RangeChoice.StepExponent(histogram, valueBits, method))];
                int common = exponents.Max() ?? 0;
                double[] factors = [.. exponents.Select(exponent => Math.ScaleB(1, Math.Min(common - (exponent ?? common), LargestShift)))];
                result = Scaled(result, chain, value, factors);
                result.StepExponents[value] = common;
            }
            else
            {
                var all = new MagnitudeHistogram();
                Array.ForEach(histograms, all.Add);
                result.StepExponents[value] = RangeChoice.StepExponent(all, valueBits, method) ?? 0;
            }
        }

        return result;
    }

    /// <summary>True where a value cannot be negative.</summary>
    public static bool IsUnsigned(Network network, int value) => network.Producer(value) switch
    {
        Clip { Low: { Sign: >= 0 } } => true,
        Reorder reorder => IsUnsigned(network, reorder.Input),
        _ => false,
    };

    /// <summary>The outputs of the layers from a dense one, whose weights can be scaled, to the value that only such layers
    /// read; null where something between does not commute with a positive gain.</summary>
    private static HashSet<int>? Chain(Network network, int value)
    {
        if (network.UsesOf(value) != network.Layers.Count(layer => layer is Dense { Weights.Quantized: null } dense && dense.Input == value))
        {
            return null;
        }

        var chain = new HashSet<int>();
        for (int current = value; ;)
        {
            chain.Add(current);
            Layer? producer = network.Producer(current);
            if (producer is Dense dense)
            {
                return dense.Weights.Quantized is null ? chain : null;
            }

            bool commutes = producer is ElementwiseAffine or Reorder { Indices: null } or Clip { High: null, Low: null or { Sign: 0 } };
            if (!commutes || network.UsesOf(producer!.Inputs[0]) != 1)
            {
                return null;
            }

            current = producer.Inputs[0];
        }
    }

    private static EqualizedNetwork Scaled(EqualizedNetwork equalized, HashSet<int> chain, int value, double[] factors)
    {
        foreach (int member in chain)
        {
            equalized.Factors[member] = factors;
        }

        Layer[] layers = [.. equalized.Network.Layers.Select(layer => layer switch
        {
            Dense dense when chain.Contains(dense.Output) && dense.Input == value => throw new InvalidOperationException("a layer reads its own result"),
            Dense dense when chain.Contains(dense.Output) => dense with { Weights = Weighted(dense.Weights, (row, _) => factors[row]) },
            Dense dense when dense.Input == value => dense with { Weights = Weighted(dense.Weights, (_, column) => 1 / factors[column]) },
            ElementwiseAffine affine when chain.Contains(affine.Output) =>
                affine with { Offsets = [.. factors.Select((factor, i) => affine.OffsetOf(i) * Rational.From(factor))] },
            _ => layer,
        })];
        return equalized with { Network = equalized.Network with { Layers = layers } };
    }

    private static ConstantTensor Weighted(ConstantTensor weights, Func<int, int, double> factor)
    {
        int columns = weights.Shape[1];
        return new(weights.Shape, [.. weights.Values.Select((weight, k) => weight * factor(k / columns, k % columns))]);
    }
}
