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
        bool hasOffset = x.HasOffset;
        PerElement<Rational> offsets = x.Offsets;
        var forms = new PerElement<RealForm>[kernels];
        for (int kernel = 0; kernel < kernels; kernel++)
        {
            int group = convolution.GroupOf(kernel);
            Rational unit = KernelRow(convolution.Weights, scales[group], kernel, integers.AsSpan(kernel * windows.Taps, windows.Taps));
            Kinds positions = hasOffset ? windows.PositionKinds(group, offsets.Kinds) : Kinds.One(windows.Positions);
            int row = kernel;
            forms[kernel] = new(positions, [.. positions.Examples().Select(position => new RealForm(unit, hasOffset ? OffsetAt(convolution, offsets, row, position) : Rational.Zero, null, null))]);
        }

        int sums = builder.WindowedAffine(convolution.Name, x.Tensor, new(kernels, windows.Taps, integers), windows, Zeros(convolution.Length));
        return new(sums, PerElement.Concatenated(forms));
    }

    /// <summary>What the inputs' offsets add to the sum of a kernel at a position.</summary>
    private static Rational OffsetAt(Convolution convolution, PerElement<Rational> offsets, int kernel, int position)
    {
        Windows windows = convolution.Windows;
        int[] window = windows.Of(convolution.GroupOf(kernel), position);
        Rational sum = Rational.Zero;
        for (int tap = 0; tap < window.Length; tap++)
        {
            sum = window[tap] < 0 ? sum : sum + (convolution.Weights.Exact((kernel * windows.Taps) + tap) * offsets[window[tap]]);
        }

        return sum;
    }

    /// <summary>The scale that each tap of each group reads at all positions; null where it differs between positions.</summary>
    private static Rational[][]? ScalesOfTaps(Windows windows, RealVector x)
    {
        PerElement<Rational> inputs = x.Scales;
        var scales = new Rational[windows.Groups][];
        for (int group = 0; group < windows.Groups; group++)
        {
            if (inputs.IsUniform)
            {
                scales[group] = [inputs[0]];
                continue;
            }

            var found = new Rational?[windows.Taps];
            foreach (int position in windows.PositionKinds(group, inputs.Kinds).Examples())
            {
                int[] window = windows.Of(group, position);
                for (int tap = 0; tap < window.Length; tap++)
                {
                    if (window[tap] >= 0 && (found[tap] ??= inputs[window[tap]]) != inputs[window[tap]])
                    {
                        return null;
                    }
                }
            }

            // A tap that reads nothing but padding takes any scale.
            scales[group] = [.. found.Select(scale => scale ?? Rational.One)];
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
        int input = builder.Scale(pool.Name, x.Tensor, x.Forms.Map(form => form.Scale.Sign < 0 ? -1L : 1L), Zeros(x.Length));
        PerElement<RealForm> forms = x.Forms.Map(form => form with { Scale = form.Scale.Abs() });
        return new(builder.WindowedMax(pool.Name, input, windows), forms.Kinds.Count == 1
            ? PerElement.Uniform(pool.Length, forms[0])
            : forms.Picked([.. Enumerable.Range(0, pool.Length).Select(i => windows.Index(i / windows.Positions, i % windows.Positions, 0))]));
    }

    private static bool IsAlikeInWindows(Windows windows, RealVector x)
    {
        Kinds kinds = x.Forms.Compacted().Kinds;
        return Enumerable.Range(0, windows.Groups).All(group => windows.PositionKinds(group, kinds).Examples().All(position =>
        {
            int[] window = windows.Of(group, position);
            return Array.TrueForAll(window, index => kinds[index] == kinds[window[0]]);
        }));
    }

    /// <summary>slope x + (1 - slope) max(x, 0), exact for any slope.</summary>
    private RealVector LowerLeakyRelu(LeakyRelu leaky)
    {
        RealVector x = WithoutLimits(values[leaky.Input], leaky.Name);
        PerElement<Rational> slopes = PerElement.Spread(leaky.Length, leaky.Slopes);
        PerElement<Rational> zeros = PerElement.Uniform(leaky.Length, Rational.Zero);
        RealVector sloped = x.Transformed(slopes, zeros);
        RealVector positive = x.Limited(Rational.Zero, null).Transformed(slopes.Map(slope => Rational.One - slope), zeros);
        return SumOf(leaky.Name, sloped, positive, 1);
    }

    private RealVector LowerConcatenation(Concatenation concatenation)
    {
        RealVector[] parts = [.. concatenation.Parts.Select(part => values[part])];
        int tensor = builder.Concatenate(concatenation.Name, [.. parts.Select(part => part.Tensor)]);
        return new(tensor, PerElement.Concatenated([.. parts.Select(part => part.Forms)]));
    }

    /// <summary>The same values with one scale and one offset for all elements.</summary>
    private RealVector OnOneGrid(RealVector x, string name)
    {
        Rational origin = x.Offset(0);
        Rational unit = Rational.GreatestCommonDivisor(x.Forms.Values.SelectMany(form => new[] { form.Scale, form.Offset - origin }));
        unit = unit.IsZero ? Rational.One : unit;
        PerElement<long> factors = x.Forms.Map(form => Factor(form.Scale / unit));
        PerElement<long> addends = x.Forms.Map(form => Factor((form.Offset - origin) / unit));
        return new(builder.Scale(name, x.Tensor, factors, addends), PerElement.Uniform(x.Length, new RealForm(unit, origin, null, null)));
    }
}
