using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Quantizers: where scales and offsets disappear.</content>
public sealed partial class Lowering
{
    /// <summary>Levels up to which comparisons are cheaper than a multiplication.</summary>
    private const int FewLevels = 3;

    /// <summary>Levels up to which comparisons are used where no multiplication is exact.</summary>
    private const int ManyLevels = 1024;

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
        if (gains.All(gain => gain.IsZero || gain.Abs().Log2IfPowerOfTwo() is not null)
            && All(i => Constant(i) ?? ExactRequantizer.ForDyadic(gains[i], offsets[i], rounding)) is { } shifts)
        {
            return Requantize(name, input, shifts, rounding, low, high);
        }

        // A falling step is a rising one of the negated integers.
        if (gains.Any(gain => gain.Sign < 0))
        {
            input = builder.Scale(name, input, [.. gains.Select(gain => gain.Sign < 0 ? -1L : 1L)], new long[gains.Length]);
            gains = [.. gains.Select(gain => gain.Abs())];
        }

        Interval[] ranges = builder.Ranges(input);
        var ends = new Dictionary<(Rational, Rational, Interval, long, long), long>();
        long[] levels = [.. gains.Select((gain, i) => Once(ends, i, () =>
        {
            (long first, long last) = ExactRequantizer.Ends(gain, offsets[i], rounding, ranges[i], low[i], high[i]);
            return last - first;
        }))];
        if (levels.Max() > FewLevels)
        {
            // A multiplier found level by level is usually the smaller one; the gain itself is exact where it is dyadic.
            DyadicStep[]? steps = All(i => Constant(i) ?? ExactRequantizer.ForLevels(gains[i], offsets[i], rounding, ranges[i], low[i], high[i]));
            DyadicStep[]? exact = gains.All(gain => gain.Denominator.IsPowerOfTwo) ? All(i => Constant(i) ?? ExactRequantizer.ForDyadic(gains[i], offsets[i], rounding)) : null;
            if (steps is not null && (exact is null || steps.Max(step => step.Multiplier) <= exact.Max(step => step.Multiplier)))
            {
                return Requantize(name, input, steps, Rounding.Floor, low, high);
            }

            if (exact is not null)
            {
                return Requantize(name, input, exact, rounding, low, high);
            }

            if (levels.Max() > ManyLevels)
            {
                throw new InvalidInputException(
                    $"no multiplier up to 40 bits and shift up to 50 reproduces its {levels.Max()} levels exactly, and a comparison with each is possible up to {ManyLevels}. Give this quantizer fewer bits, or a scale that is a power of two.");
            }
        }

        var reached = new Dictionary<(Rational, Rational, Interval, long, long), (long Base, long[] Thresholds)>();
        (long Base, long[] Thresholds)[] thresholds = [.. gains.Select((gain, i) => Constant(i) is { } constant
            ? (constant.Addend, [])
            : Once(reached, i, () => ExactRequantizer.ThresholdsOf(gain, offsets[i], rounding, ranges[i], low[i], high[i])))];
        return builder.Thresholds(name, input, [.. thresholds.Select(element => element.Thresholds)], [.. thresholds.Select(element => element.Base)]);

        DyadicStep? Constant(int i) => gains[i].IsZero ? new(0, (long)BigInteger.Max(BigInteger.Min(rounding.Round(offsets[i]), high[i]), low[i]), 0) : null;

        // The elements of a channel differ little: each kind of them is worked out once.
        T Once<T>(Dictionary<(Rational, Rational, Interval, long, long), T> known, int i, Func<T> find)
        {
            (Rational, Rational, Interval, long, long) kind = (gains[i], offsets[i], builder.Ranges(input)[i], low[i], high[i]);
            return known.TryGetValue(kind, out T? found) ? found : known[kind] = find();
        }

        DyadicStep[]? All(Func<int, DyadicStep?> find)
        {
            var known = new Dictionary<(Rational, Rational, Interval, long, long), DyadicStep?>();
            var found = new DyadicStep[gains.Length];
            for (int i = 0; i < found.Length; i++)
            {
                if (Once(known, i, () => find(i)) is not { } step)
                {
                    return null;
                }

                found[i] = step;
            }

            return found;
        }
    }

    private int Requantize(string name, int input, DyadicStep[] steps, Rounding rounding, long[] low, long[] high)
    {
        int scaled = builder.Scale(name, input, [.. steps.Select(step => step.Multiplier)], [.. steps.Select(step => step.Addend)]);
        return builder.Requantize(name, scaled, [.. steps.Select(step => step.Shift)], rounding, low, high);
    }

    private RealVector LowerBipolar(Bipolar layer)
    {
        RealVector x = values[layer.Input];
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
        bool always = x.Low(i) is { Sign: >= 0 } || (x.Scale(i).IsZero && x.Offset(i).Sign >= 0);
        bool never = x.High(i) is { Sign: < 0 } || (x.Scale(i).IsZero && x.Offset(i).Sign < 0);
        if (always || never)
        {
            return [always ? range.Min : range.Max + 1];
        }

        BigInteger level = (-(x.Offset(i) / x.Scale(i).Abs())).Ceiling();
        return [(long)BigInteger.Max(BigInteger.Min(level, range.Max + 1), range.Min)];
    }
}
