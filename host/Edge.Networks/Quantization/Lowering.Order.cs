using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Limits and comparisons that no quantizer follows.</content>
public sealed partial class Lowering
{
    /// <summary>True when integers hold the limits as they are; at the output, others are left to the host.</summary>
    private bool LimitsOnGrid(RealVector x) => Enumerable.Range(0, builder.Length(x.Tensor)).All(i =>
        !x.Scale(i).IsZero
        && ((x.Low(i) - x.Offset(i)) / x.Scale(i)) is null or { IsInteger: true }
        && ((x.High(i) - x.Offset(i)) / x.Scale(i)) is null or { IsInteger: true });

    /// <summary>Turns limits that still wait for a quantizer into integer limits, on a grid fine enough to hold them.</summary>
    private RealVector WithoutLimits(RealVector x, string name)
    {
        if (!x.IsLimited)
        {
            return x;
        }

        int length = builder.Length(x.Tensor);
        var factors = new long[length];
        var low = new long[length];
        var high = new long[length];
        var scales = new Rational[length];
        Interval[] ranges = builder.Ranges(x.Tensor);
        for (int i = 0; i < length; i++)
        {
            Rational scale = x.Scale(i).IsZero ? Rational.One : x.Scale(i);
            Rational? lowest = (x.Low(i) - x.Offset(i)) / scale.Abs();
            Rational? highest = (x.High(i) - x.Offset(i)) / scale.Abs();
            BigInteger finer = BigInteger.Max(lowest?.Denominator ?? 1, 1) * BigInteger.Max(highest?.Denominator ?? 1, 1);
            long factor = Factor((Rational)finer);
            factors[i] = x.Scale(i).IsZero ? 0 : x.Scale(i).Sign * factor;
            scales[i] = scale.Abs() / finer;
            Interval range = ranges[i] * factors[i];
            low[i] = lowest is { } l ? Saturated(l * finer) : range.Min;
            high[i] = highest is { } h ? Saturated(h * finer) : Math.Max(range.Max, low[i]);
            low[i] = Math.Min(low[i], high[i]);
        }

        int finerTensor = builder.Scale(name, x.Tensor, factors, new long[length]);
        int limited = builder.Requantize(name, finerTensor, new int[length], Rounding.Floor, low, high);
        return new(limited, scales.Distinct().Count() == 1 ? [scales[0]] : scales, x.Offsets);
    }

    /// <summary>Integers in the same order as the values: equal where those are equal, larger where they are larger.</summary>
    private int InSameOrder(RealVector value, string name)
    {
        RealVector x = WithoutLimits(value, name);
        int length = builder.Length(x.Tensor);
        Rational scale = x.Scale(0);
        if (scale.IsZero || !Enumerable.Range(1, length - 1).All(i => x.Scale(i) == scale))
        {
            return OnCommonGrid(x, name);
        }

        // On one scale only the offsets matter, in steps: their whole part adds to the integer, their fraction only breaks ties.
        Rational[] offsets = [.. Enumerable.Range(0, length).Select(i => (x.Offset(i) - x.Offset(0)) / scale.Abs())];
        Rational[] fractions = [.. offsets.Select(offset => offset - offset.Floor()).Distinct().Order()];
        long factor = (long)BitOperations.RoundUpToPowerOf2((ulong)fractions.Length);
        long[] addends = [.. offsets.Select(offset => Factor(offset.Floor() * factor) + Array.IndexOf(fractions, offset - offset.Floor()))];
        return builder.Scale(name, x.Tensor, [.. Enumerable.Repeat(scale.Sign * factor, length)], addends);
    }

    /// <summary>Integers on the finest step that all scales and differences of offsets are multiples of.</summary>
    private int OnCommonGrid(RealVector x, string name)
    {
        int length = builder.Length(x.Tensor);
        Rational unit = Rational.GreatestCommonDivisor(Enumerable.Range(0, length).SelectMany(i => new[] { x.Scale(i), x.Offset(i) - x.Offset(0) }));
        unit = unit.IsZero ? Rational.One : unit;
        long[] factors = [.. Enumerable.Range(0, length).Select(i => Factor(x.Scale(i) / unit))];
        long[] addends = [.. Enumerable.Range(0, length).Select(i => Factor((x.Offset(i) - x.Offset(0)) / unit))];
        return builder.Scale(name, x.Tensor, factors, addends);
    }

    private static long Saturated(Rational value) =>
        (long)BigInteger.Max(BigInteger.Min(value.Numerator / value.Denominator, Interval.LargestMagnitude), -Interval.LargestMagnitude);
}
