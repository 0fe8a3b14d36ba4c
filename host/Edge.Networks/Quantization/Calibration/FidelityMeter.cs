using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>Runs float and quantized network side by side, and compares what each dense or convolution layer computes.</summary>
internal static class FidelityMeter
{
    /// <param name="floats">The equalised float network; values have the same numbers in both.</param>
    public static IReadOnlyList<LayerFidelity> Measure(
        EqualizedNetwork floats, Network quantized, CalibrationRows rows, InputGrid inputs)
    {
        Linear[] layers = [.. ChannelSet.Readers(quantized)];
        int[] results = [.. layers.Select(dense => quantized.Layers.FirstOrDefault(layer => layer is ElementwiseAffine affine && affine.Input == dense.Output)?.Output ?? dense.Output)];
        Quantize?[] quantizers = [.. layers.Select(dense => QuantizerBefore(quantized, dense.Input))];
        var signal = new double[layers.Length];
        var noise = new double[layers.Length];
        var saturated = new long[layers.Length];
        RangeHistogram?[] histograms = [.. quantizers.Select(quantize => quantize is { Quantizer: var q } ? RangeHistogram.Over(q.Low, q.High) : null)];
        foreach (double[] row in rows.Each())
        {
            double[] limited = inputs.Limited(row);
            Dictionary<int, double[]> expected = FloatInterpreter.Trace(floats.Network, limited);
            Dictionary<int, double[]> actual = FloatInterpreter.Trace(quantized, inputs.Rounded(limited));
            for (int k = 0; k < layers.Length; k++)
            {
                double[]? factors = floats.Factors.GetValueOrDefault(results[k]);
                double[] wanted = expected[results[k]];
                double[] found = actual[results[k]];
                for (int i = 0; i < wanted.Length; i++)
                {
                    double factor = factors?[i] ?? 1;
                    signal[k] += wanted[i] / factor * (wanted[i] / factor);
                    noise[k] += (wanted[i] - found[i]) / factor * ((wanted[i] - found[i]) / factor);
                }

                if (quantizers[k] is { } quantize)
                {
                    double[] before = actual[quantize.Input];
                    for (int i = 0; i < before.Length; i++)
                    {
                        double scaled = (before[i] / quantize.Quantizer.ScaleOf(i).ToDouble()) + quantize.Quantizer.ZeroPointOf(i).ToDouble();
                        histograms[k]!.Add(scaled);
                        saturated[k] += scaled >= quantize.Quantizer.High + 0.5 || scaled < quantize.Quantizer.Low - 0.5 ? 1 : 0;
                    }
                }
            }
        }

        return [.. layers.Select((dense, k) =>
        {
            QuantizedValues weights = dense.Weights.Quantized!;
            int[] exponents = [.. weights.Scales.Select(scale => (int)Math.Round(Math.Log2(scale.ToDouble())))];
            string? input = quantizers[k] is { } quantize ? FormatOf(quantize.Quantizer) : QuantizerBefore(quantized, dense.Input) is null ? inputs.Format?.ToString() : null;
            double elements = (double)rows.Count * (quantizers[k]?.Length ?? dense.Weights.Shape[1]);
            int width = WidthOf(weights.Integers);
            RangeHistogram integers = RangeHistogram.Over(-(1L << (width - 1)), (1L << (width - 1)) - 1);
            Array.ForEach(weights.Integers, weight => integers.Add(weight));
            return new LayerFidelity(
                dense.Name, dense.Weights.Shape, width, [exponents.Min(), exponents.Max()], input, 10 * Math.Log10(signal[k] / noise[k]), saturated[k] / elements)
            {
                Saturated = saturated[k],
                InputCount = (long)elements,
                Weights = integers,
                Inputs = histograms[k],
            };
        })];
    }

    private static Quantize? QuantizerBefore(Network network, int value)
    {
        while (ChannelSet.Moves(network.Producer(value)))
        {
            value = network.Producer(value)!.Inputs[0];
        }

        return network.Producer(value) as Quantize;
    }

    private static int WidthOf(long[] integers) => new Interval(Math.Min(integers.Min(), -1), integers.Max()).Width;

    private static string? FormatOf(Quantizer quantizer)
    {
        if (quantizer.Scales is not [var scale] || scale.Log2IfPowerOfTwo() is not int exponent)
        {
            return null;
        }

        bool signed = quantizer.Low < 0;
        int width = new Interval(quantizer.Low, quantizer.High).Width;
        return new FixedPointFormat(signed, width, width + exponent).ToString();
    }
}
