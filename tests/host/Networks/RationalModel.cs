using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Tests.Networks;

/// <summary>A network computed layer by layer in exact fractions, as its definitions read; no integers, no ranges.</summary>
internal static class RationalModel
{
    /// <param name="encoded">The integers that the input encoding made; where it stands for the model's own quantizer, the
    /// layers up to that quantizer are skipped.</param>
    public static Rational[] Run(Network network, InputEncoding encoding, long[] encoded)
    {
        var values = new Dictionary<int, Rational[]>();
        IEnumerable<Layer> layers = network.Layers;
        if (encoding.RequiresGrid)
        {
            values[0] = [.. encoded.Select((n, i) => n / encoding.Gain[encoding.Gain.Length == 1 ? 0 : i])];
        }
        else
        {
            Quantize first = network.Layers.OfType<Quantize>().First();
            values[first.Output] = [.. encoded.Select(first.Quantizer.ValueOf)];
            layers = layers.SkipWhile(layer => layer != first).Skip(1);
        }

        foreach (Layer layer in layers)
        {
            Rational[] x = values[layer.Inputs[0]];
            values[layer.Output] = layer switch
            {
                Dense dense => [.. Enumerable.Range(0, dense.Weights.Shape[0]).Select(i => x.Select((value, j) => value * dense.Weights.Exact((i * x.Length) + j)).Aggregate(Rational.Zero, (a, b) => a + b))],
                ElementwiseAffine affine => [.. x.Select((value, i) => (affine.GainOf(i) * value) + affine.OffsetOf(i))],
                Clip clip => [.. x.Select(value => clip.Low is { } low && value < low ? low : clip.High is { } high && value > high ? high : value)],
                Quantize quantize => [.. x.Select((value, i) => quantize.Quantizer.ValueOf(quantize.Quantizer.IntegerOf(value, i), i))],
                Bipolar bipolar => [.. x.Select((value, i) => value.Sign >= 0 ? bipolar.MagnitudeOf(i) : -bipolar.MagnitudeOf(i))],
                Convolution convolution => [.. Enumerable.Range(0, convolution.Length).Select(i => Sum(convolution, x, i / convolution.Windows.Positions, i % convolution.Windows.Positions))],
                MaxPool pool => [.. Enumerable.Range(0, pool.Length).Select(i => pool.Windows.Of(i / pool.Windows.Positions, i % pool.Windows.Positions).Max(index => x[index]))],
                LeakyRelu leaky => [.. x.Select((value, i) => value.Sign < 0 ? value * leaky.SlopeOf(i) : value)],
                MultiThreshold thresholds => [.. x.Select((value, i) => (thresholds.Step * thresholds.Levels[i].LongCount(level => level <= value)) + thresholds.Offset)],
                IndexOfLargest => [(Rational)(long)Array.IndexOf(x, x.Max())],
                ElementFunction { Function: var function } => [.. x.Select(function.At)],
                Concatenation concatenation => [.. concatenation.Parts.SelectMany(part => values[part])],
                Sum sum => [.. x.Zip(values[sum.Right], (a, b) => a + (sum.RightSign * b))],
                Reorder reorder => reorder.Indices is { } indices ? [.. indices.Select(index => x[index])] : x,
                _ => throw new InvalidOperationException(layer.Name),
            };
        }

        return values[network.OutputValue];
    }

    private static Rational Sum(Convolution convolution, Rational[] x, int kernel, int position)
    {
        int[] window = convolution.Windows.Of(convolution.GroupOf(kernel), position);
        return window.Select((index, tap) => index < 0 ? Rational.Zero : convolution.Weights.Exact((kernel * window.Length) + tap) * x[index])
            .Aggregate(Rational.Zero, (a, b) => a + b);
    }
}
