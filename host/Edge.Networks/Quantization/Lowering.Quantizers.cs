using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Quantizers: where scales and offsets disappear.</content>
public sealed partial class Lowering
{
    private RealVector LowerQuantize(Quantize layer)
    {
        RealVector x = values[layer.Input];
        Quantizer quantizer = layer.Quantizer;
        int length = layer.Length;
        var gains = new Rational[length];
        var offsets = new Rational[length];
        var low = new long[length];
        var high = new long[length];
        for (int i = 0; i < length; i++)
        {
            Rational scale = quantizer.ScaleOf(i);
            gains[i] = x.Scale(i) / scale;
            offsets[i] = (x.Offset(i) / scale) + quantizer.ZeroPointOf(i);
            low[i] = x.Low(i) is { } lowest ? quantizer.IntegerOf(lowest, i) : quantizer.Low;
            high[i] = x.High(i) is { } highest ? quantizer.IntegerOf(highest, i) : quantizer.High;
        }

        int tensor = RequantizeExactly(layer.Name, x.Tensor, gains, offsets, quantizer.Rounding, low, high);
        return Dequantized(tensor, quantizer);
    }

    private int RequantizeExactly(string name, int input, Rational[] gains, Rational[] offsets, Rounding rounding, long[] low, long[] high)
    {
        if (gains.All(gain => gain.IsZero || gain.Abs().Log2IfPowerOfTwo() is not null))
        {
            DyadicStep?[] steps = [.. gains.Select((gain, i) => ExactRequantizer.ForPowerOfTwo(gain, offsets[i], rounding))];
            if (steps.All(step => step is not null))
            {
                return Requantize(name, input, steps, rounding, low, high);
            }
        }

        // A falling step is a rising one of the negated integers.
        if (gains.Any(gain => gain.Sign < 0))
        {
            input = builder.Scale(name, input, [.. gains.Select(gain => gain.Sign < 0 ? -1L : 1L)], new long[gains.Length]);
            gains = [.. gains.Select(gain => gain.Abs())];
        }

        Interval[] ranges = builder.Ranges(input);
        var thresholds = new (long First, long[] Levels)[gains.Length];
        for (int i = 0; i < gains.Length; i++)
        {
            thresholds[i] = gains[i].IsZero
                ? (Math.Clamp((long)rounding.Round(offsets[i]), low[i], high[i]), [])
                : ExactRequantizer.ThresholdsOf(gains[i], offsets[i], rounding, ranges[i], low[i], high[i]);
        }

        const int FewLevels = 3;
        if (thresholds.Any(element => element.Levels.Length > FewLevels))
        {
            DyadicStep?[] steps = [.. thresholds.Select((element, i) => ExactRequantizer.ForThresholds(gains[i], element.First, element.Levels, ranges[i], low[i], high[i]))];
            if (steps.All(step => step is not null))
            {
                return Requantize(name, input, steps, Rounding.Floor, low, high);
            }
        }

        return builder.Thresholds(name, input, [.. thresholds.Select(element => element.Levels)], [.. thresholds.Select(element => element.First)]);
    }

    private int Requantize(string name, int input, DyadicStep?[] steps, Rounding rounding, long[] low, long[] high)
    {
        int scaled = builder.Scale(name, input, [.. steps.Select(step => step!.Value.Multiplier)], [.. steps.Select(step => step!.Value.Addend)]);
        return builder.Requantize(name, scaled, [.. steps.Select(step => step!.Value.Shift)], rounding, low, high);
    }

    private RealVector LowerBipolar(Bipolar layer)
    {
        RealVector x = WithoutLimits(values[layer.Input], layer.Name);
        int length = layer.Length;
        int input = builder.Scale(layer.Name, x.Tensor, [.. Enumerable.Range(0, length).Select(i => x.Scale(i).Sign < 0 ? -1L : 1L)], new long[length]);
        Interval[] ranges = builder.Ranges(input);
        long[][] levels = [.. Enumerable.Range(0, length).Select(i => SignLevel(x, i, ranges[i]))];
        int tensor = builder.Thresholds(layer.Name, input, levels, new long[length]);

        // Integers 0 and 1 stand for -magnitude and +magnitude.
        return new(tensor, [.. layer.Magnitudes.Select(value => value * 2)], [.. layer.Magnitudes.Select(value => -value)]);
    }

    private static long[] SignLevel(RealVector x, int i, Interval range)
    {
        if (x.Scale(i).IsZero)
        {
            return [x.Offset(i).Sign >= 0 ? range.Min : range.Max + 1];
        }

        BigInteger level = (-(x.Offset(i) / x.Scale(i).Abs())).Ceiling();
        return [(long)BigInteger.Max(BigInteger.Min(level, range.Max + 1), range.Min)];
    }
}
