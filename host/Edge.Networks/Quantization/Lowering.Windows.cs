using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Convolutions, pooling, and what else joins elements.</content>
public sealed partial class Lowering
{
    private RealVector LowerConvolution(Convolution convolution)
    {
        Windows windows = convolution.Windows;
        RealVector x = WithoutLimits(values[convolution.Input], convolution.Name);
        Rational[][]? scales = ScalesOfTaps(windows, x);
        if (scales is null)
        {
            x = OnOneGrid(x, convolution.Name);
            scales = ScalesOfTaps(windows, x)!;
        }

        int kernels = convolution.Weights.Shape[0];
        var integers = new long[kernels * windows.Taps];
        var units = new Rational[convolution.Length];
        var offsets = new Rational[convolution.Length];
        bool anyOffset = x.Offsets.Any(offset => !offset.IsZero);
        for (int kernel = 0; kernel < kernels; kernel++)
        {
            int group = convolution.GroupOf(kernel);
            Rational unit = KernelRow(convolution.Weights, scales[group], kernel, integers.AsSpan(kernel * windows.Taps, windows.Taps));
            units.AsSpan(kernel * windows.Positions, windows.Positions).Fill(unit);
            if (anyOffset)
            {
                AddOffsets(convolution, x, kernel, offsets.AsSpan(kernel * windows.Positions, windows.Positions));
            }
        }

        int sums = builder.WindowedAffine(convolution.Name, x.Tensor, new(kernels, windows.Taps, integers), windows, new long[convolution.Length]);
        return new(sums, OneIfAlike(units), anyOffset ? OneIfAlike(offsets) : [Rational.Zero]);
    }

    /// <summary>What the inputs' offsets add to each output of a kernel. Positions whose taps read the same offsets share
    /// one sum: with padding there are few kinds of them.</summary>
    private static void AddOffsets(Convolution convolution, RealVector x, int kernel, Span<Rational> offsets)
    {
        Windows windows = convolution.Windows;
        var known = new Dictionary<string, Rational>(StringComparer.Ordinal);
        for (int position = 0; position < offsets.Length; position++)
        {
            int[] window = windows.Of(convolution.GroupOf(kernel), position).ToArray();
            string pattern = x.Offsets.Length == 1 ? string.Concat(window.Select(index => index < 0 ? '0' : '1')) : position.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (!known.TryGetValue(pattern, out Rational sum))
            {
                sum = Rational.Zero;
                for (int tap = 0; tap < window.Length; tap++)
                {
                    sum = window[tap] < 0 ? sum : sum + (convolution.Weights.Exact((kernel * windows.Taps) + tap) * x.Offset(window[tap]));
                }

                known[pattern] = sum;
            }

            offsets[position] = sum;
        }
    }

    /// <summary>The scale that each tap of each group reads at all positions; null where it differs between positions.</summary>
    private static Rational[][]? ScalesOfTaps(Windows windows, RealVector x)
    {
        var scales = new Rational[windows.Groups][];
        for (int group = 0; group < windows.Groups; group++)
        {
            var found = new Rational?[windows.Taps];
            for (int position = 0; position < windows.Positions && x.Scales.Length > 1; position++)
            {
                ReadOnlySpan<int> window = windows.Of(group, position);
                for (int tap = 0; tap < window.Length; tap++)
                {
                    if (window[tap] >= 0 && (found[tap] ??= x.Scale(window[tap])) != x.Scale(window[tap]))
                    {
                        return null;
                    }
                }
            }

            // A tap that reads nothing but padding takes any scale.
            scales[group] = x.Scales.Length == 1 ? x.Scales : [.. found.Select(scale => scale ?? Rational.One)];
        }

        return scales;
    }

    private RealVector LowerMaxPool(MaxPool pool)
    {
        RealVector x = values[pool.Input];
        Windows windows = pool.Windows;
        if (!x.IsUniform && !IsAlikeInWindows(windows, x))
        {
            x = OnOneGrid(WithoutLimits(x, pool.Name), pool.Name);
        }

        // The largest value is the largest integer where the scale is positive.
        int input = builder.Scale(pool.Name, x.Tensor, [.. Enumerable.Range(0, builder.Length(x.Tensor)).Select(i => x.Scale(i).Sign < 0 ? -1L : 1L)], new long[builder.Length(x.Tensor)]);
        T[] Pick<T>(T[] source) => source.Length == 1 ? source : [.. Enumerable.Range(0, pool.Length).Select(i => source[windows.Of(i / windows.Positions, i % windows.Positions)[0]])];
        return new(builder.WindowedMax(pool.Name, input, windows), Pick([.. x.Scales.Select(scale => scale.Abs())]), Pick(x.Offsets))
        {
            Lows = x.Lows is null ? null : Pick(x.Lows),
            Highs = x.Highs is null ? null : Pick(x.Highs),
        };
    }

    private static bool IsAlikeInWindows(Windows windows, RealVector x)
    {
        for (int start = 0; start < windows.Indices.Length; start += windows.Taps)
        {
            int first = windows.Indices[start];
            foreach (int index in windows.Indices.AsSpan(start, windows.Taps))
            {
                if (x.Scale(index) != x.Scale(first) || x.Offset(index) != x.Offset(first) || x.Low(index) != x.Low(first) || x.High(index) != x.High(first))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>slope x + (1 - slope) max(x, 0), exact for any slope.</summary>
    private RealVector LowerLeakyRelu(LeakyRelu leaky)
    {
        RealVector x = WithoutLimits(values[leaky.Input], leaky.Name);
        bool uniform = leaky.Slopes.Length == 1;
        RealVector sloped = x.Transformed(leaky.Length, leaky.SlopeOf, _ => Rational.Zero, uniform);
        RealVector positive = x.Limited(Rational.Zero, null).Transformed(leaky.Length, i => Rational.One - leaky.SlopeOf(i), _ => Rational.Zero, uniform);
        return SumOf(leaky.Name, sloped, positive, 1, leaky.Length);
    }

    private RealVector LowerConcatenation(Concatenation concatenation)
    {
        RealVector[] parts = [.. concatenation.Parts.Select(part => values[part])];
        int tensor = builder.Concatenate(concatenation.Name, [.. parts.Select(part => part.Tensor)]);
        Rational[] Each(Func<RealVector, int, Rational> function) =>
            OneIfAlike([.. parts.SelectMany(part => Enumerable.Range(0, builder.Length(part.Tensor)).Select(i => function(part, i)))]);
        Rational?[] Limits(Func<RealVector, int, Rational?> function) =>
            [.. parts.SelectMany(part => Enumerable.Range(0, builder.Length(part.Tensor)).Select(i => function(part, i)))];
        return new(tensor, Each((part, i) => part.Scale(i)), Each((part, i) => part.Offset(i)))
        {
            Lows = parts.All(part => part.Lows is null) ? null : Limits((part, i) => part.Low(i)),
            Highs = parts.All(part => part.Highs is null) ? null : Limits((part, i) => part.High(i)),
        };
    }

    /// <summary>The same values with one scale and one offset for all elements.</summary>
    private RealVector OnOneGrid(RealVector x, string name)
    {
        int length = builder.Length(x.Tensor);
        Rational unit = Rational.GreatestCommonDivisor(x.Scales.Concat(x.Offsets.Select(offset => offset - x.Offsets[0])).Distinct());
        unit = unit.IsZero ? Rational.One : unit;
        long[] factors = [.. Enumerable.Range(0, length).Select(i => Factor(x.Scale(i) / unit))];
        long[] addends = [.. Enumerable.Range(0, length).Select(i => Factor((x.Offset(i) - x.Offsets[0]) / unit))];
        return new(builder.Scale(name, x.Tensor, factors, addends), [unit], [x.Offsets[0]]);
    }

    private static Rational[] OneIfAlike(Rational[] source) => Array.TrueForAll(source, value => value == source[0]) ? [source[0]] : source;
}
