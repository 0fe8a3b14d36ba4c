using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Bench;

/// <summary>What ONNX Runtime's quantize_static makes of a float network, evaluated in float (its best case): QDQ, MinMax
/// ranges, uint8 activations with a zero point per tensor, the input's and the result's too, int8 weights symmetric per
/// channel (scale max / 127), int32 biases of scale s_x s_w. A Relu is removed and its limit taken by the quantizer behind it;
/// a MatMul and the Add behind it are quantized each.</summary>
internal static class OnnxRuntimeScheme
{
    private const int Levels = 255;
    private const int LargestWeight = 127;

    /// <param name="rows">Calibration rows (count, InputLength).</param>
    public static Network Quantized(Network network, NpyArray rows)
    {
        Dictionary<int, (double Low, double High)> ranges = Ranges(network, rows);
        int next = network.Layers.Max(layer => layer.Output);
        var renamed = new Dictionary<int, int>();
        var layers = new List<Layer>();
        Insert(0, network.InputShape);
        foreach (Layer layer in network.Layers)
        {
            Layer moved = Reading(layer, [.. layer.Inputs.Select(input => renamed.GetValueOrDefault(input, input))]);
            if (moved is Linear { Weights.Quantized: null } linear)
            {
                moved = linear with { Weights = Rounded(linear.Weights) };
            }

            layers.Add(moved);
            bool last = layer.Output == network.OutputValue;
            Layer[] readers = [.. network.Layers.Where(reader => reader.Inputs.Contains(layer.Output))];
            bool fused = readers is [Clip] || (readers is [ElementwiseAffine] && layer is Linear && !layer.Name.StartsWith("MatMul", StringComparison.Ordinal));
            if (layer is Linear or ElementwiseAffine or Clip or Sum or LeakyRelu && (!fused || last))
            {
                Insert(layer.Output, layer.Shape);
            }
        }

        return network with { Layers = layers, OutputValue = renamed.GetValueOrDefault(network.OutputValue, network.OutputValue) };

        void Insert(int value, int[] shape)
        {
            (double low, double high) = ranges[value];
            double scale = high > low ? (high - low) / Levels : 1;
            layers.Add(new Quantize(++next, "QDQ", shape, value, new([Rational.From((float)scale)], [(Rational)(long)Math.Round(-low / scale)], 0, Levels, Rounding.HalfEven)));
            renamed[value] = next;
        }
    }

    /// <summary>Smallest and largest element of each value, zero counted.</summary>
    private static Dictionary<int, (double Low, double High)> Ranges(Network network, NpyArray rows)
    {
        var ranges = new Dictionary<int, (double Low, double High)>();
        for (int start = 0; start < rows.Values.Length; start += network.InputLength)
        {
            foreach ((int value, double[] elements) in FloatInterpreter.Trace(network, rows.Values.AsSpan(start, network.InputLength)))
            {
                (double low, double high) = ranges.GetValueOrDefault(value);
                ranges[value] = (Math.Min(low, elements.Min()), Math.Max(high, elements.Max()));
            }
        }

        return ranges;
    }

    private static ConstantTensor Rounded(ConstantTensor weights)
    {
        int columns = weights.Shape[1];
        double[] values = [.. weights.Values];
        for (int start = 0; start < values.Length; start += columns)
        {
            double scale = values.AsSpan(start, columns).ToArray().Max(Math.Abs) / LargestWeight;
            for (int k = start; scale > 0 && k < start + columns; k++)
            {
                values[k] = Math.Round(values[k] / scale) * scale;
            }
        }

        return new(weights.Shape, values);
    }

    private static Layer Reading(Layer layer, int[] inputs) => layer switch
    {
        Linear linear => linear with { Input = inputs[0] },
        MaxPool pool => pool with { Input = inputs[0] },
        LeakyRelu leaky => leaky with { Input = inputs[0] },
        ElementwiseAffine affine => affine with { Input = inputs[0] },
        Clip clip => clip with { Input = inputs[0] },
        Reorder reorder => reorder with { Input = inputs[0] },
        Sum sum => sum with { Left = inputs[0], Right = inputs[1] },
        Concatenation concatenation => concatenation with { Parts = inputs },
        SoftmaxLayer softmax => softmax with { Input = inputs[0] },
        _ => throw new ArgumentOutOfRangeException(nameof(layer), layer.Name, "not in the scheme"),
    };
}
