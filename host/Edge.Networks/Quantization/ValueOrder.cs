using System.Numerics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Integer multipliers and addends that bring values scale[i] n[i] + offset[i] into order: for every n of the ranges,
/// Factors[i] n[i] + Addends[i] are equal where the values are equal and larger where they are larger. Only the order
/// counts, so scales may be rounded; that no order changes is proven by the smallest difference two values can have.</summary>
internal sealed record ValueOrder(long[] Factors, long[] Addends)
{
    /// <summary>null where none of 62 bits is found.</summary>
    public static ValueOrder? Of(Rational[] scales, Rational[] offsets, Interval[] ranges) =>
        OnOneScale(scales, offsets, ranges) ?? OnCommonGrid(scales, offsets, ranges) ?? Rounded(scales, offsets, ranges);

    /// <summary>The same, and what a step of the integers is worth: they are the values, up to 2^-24 and one common addend. Where
    /// 61 bits are too few to prove the order, values that differ by less than the last of these bits may change places.</summary>
    public static (ValueOrder Order, Rational Unit) Proportional(Rational[] scales, Rational[] offsets, Interval[] ranges)
    {
        if (OnCommonGrid(scales, offsets, ranges) is { } exact && LeavesRoom(exact))
        {
            return (exact, CommonUnit(scales, offsets));
        }

        return InUnits(scales, offsets, ranges, Rational.PowerOfTwo(-24)) is { } proven && LeavesRoom(proven.Order) ? proven : InAllBits(scales, offsets, ranges);

        // Differences of two values have to fit too.
        bool LeavesRoom(ValueOrder order) => Enumerable.Range(0, ranges.Length)
            .All(i => ((BigInteger)Math.Abs(order.Factors[i]) * ranges[i].Magnitude) + Math.Abs(order.Addends[i]) <= Interval.LargestMagnitude / 2);
    }

    private static (ValueOrder Order, Rational Unit) InAllBits(Rational[] scales, Rational[] offsets, Interval[] ranges)
    {
        Rational largest = scales.Select((scale, i) => (scale.Abs() * ranges[i].Magnitude) + (offsets[i] - offsets[0]).Abs()).Max();
        Rational reach = ranges.Max(range => range.Magnitude) + 2;
        Rational unit = (largest + (reach * largest * Rational.PowerOfTwo(-61))) * Rational.PowerOfTwo(-60);
        long[] InUnits(IEnumerable<Rational> values) => [.. values.Select(value => (long)Rounding.HalfEven.Round(value / unit))];
        return (new(InUnits(scales), InUnits(offsets.Select(offset => offset - offsets[0]))), unit);
    }

    /// <summary>On one scale only the offsets matter, in steps: their whole part adds to the integer, their fraction only
    /// breaks ties.</summary>
    private static ValueOrder? OnOneScale(Rational[] scales, Rational[] offsets, Interval[] ranges)
    {
        if (scales[0].IsZero || scales.Any(scale => scale != scales[0]))
        {
            return null;
        }

        Rational[] steps = [.. offsets.Select(offset => (offset - offsets[0]) / scales[0].Abs())];
        Rational[] fractions = [.. steps.Select(step => step - step.Floor()).Distinct().Order()];
        BigInteger factor = BitOperations.RoundUpToPowerOf2((ulong)fractions.Length);
        return Checked(
            [.. scales.Select(scale => scale.Sign * factor)], [.. steps.Select(step => (step.Floor() * factor) + Array.IndexOf(fractions, step - step.Floor()))], ranges);
    }

    /// <summary>The finest step that all scales and differences of offsets are multiples of.</summary>
    private static ValueOrder? OnCommonGrid(Rational[] scales, Rational[] offsets, Interval[] ranges)
    {
        Rational unit = CommonUnit(scales, offsets);
        return Checked([.. scales.Select(scale => (scale / unit).Numerator)], [.. offsets.Select(offset => ((offset - offsets[0]) / unit).Numerator)], ranges);
    }

    private static Rational CommonUnit(Rational[] scales, Rational[] offsets)
    {
        Rational unit = Rational.GreatestCommonDivisor(scales.Concat(offsets.Select(offset => offset - offsets[0])));
        return unit.IsZero ? Rational.One : unit;
    }

    private static ValueOrder? Rounded(Rational[] scales, Rational[] offsets, Interval[] ranges) => InUnits(scales, offsets, ranges, coarsest: null)?.Order;

    /// <summary>Scales and offsets in the largest unit whose rounding stays below half of every difference.</summary>
    /// <param name="coarsest">Bound on the error of a value.</param>
    private static (ValueOrder Order, Rational Unit)? InUnits(Rational[] scales, Rational[] offsets, Interval[] ranges, Rational? coarsest)
    {
        // Outputs on one scale keep their exact distances from the first of them, so that their ties stay ties.
        int[] leaders = [.. scales.Select(scale => Array.FindIndex(scales, other => other == scale))];
        if (scales.Any(scale => scale.IsZero))
        {
            return null;
        }

        Rational[] steps = [.. offsets.Select((offset, i) => (offset - offsets[leaders[i]]) / scales[i])];
        BigInteger[] reach = [.. ranges.Select((range, i) => range.Magnitude + BigInteger.Abs(steps[i].Floor()) + 3)];
        Rational? largest = null;
        for (int i = 0; i < scales.Length; i++)
        {
            for (int j = i + 1; j < scales.Length; j++)
            {
                Rational gap = leaders[i] == leaders[j] ? GapOnOneScale(scales[i], steps[i] - steps[j]) : Gap(scales[i], scales[j], offsets[i] - offsets[j], ranges[i]);
                Rational limit = gap / (reach[i] + reach[j]);
                largest = largest is { } found ? Rational.Min(found, limit) : limit;
            }
        }

        if (largest is not { Sign: > 0 } unit)
        {
            return null;
        }

        unit = coarsest is { } error ? Rational.Min(unit, error / reach.Max()) : unit;

        BigInteger InUnits(Rational value) => Rounding.HalfEven.Round(value / unit);
        BigInteger[] factors = [.. scales.Select(InUnits)];
        ValueOrder? order = Checked(
            factors,
            [.. steps.Select((step, i) => InUnits(offsets[leaders[i]] - offsets[0]) + (factors[i] * step.Floor()) + InUnits((step - step.Floor()) * scales[i]))],
            ranges);
        return order is null ? null : (order, unit);
    }

    /// <summary>The smallest difference but 0 between n and m + distance, in values.</summary>
    private static Rational GapOnOneScale(Rational scale, Rational distance)
    {
        Rational fraction = distance - distance.Floor();
        return scale.Abs() * (fraction.IsZero ? Rational.One : Rational.Min(fraction, Rational.One - fraction));
    }

    /// <summary>The smallest |a n + offset - b m| over n of the range and all integers m.</summary>
    private static Rational Gap(Rational a, Rational b, Rational offset, Interval range)
    {
        // Numerators over one denominator; then it is about remainders of (first n + shift) / second.
        BigInteger denominator = a.Denominator * b.Denominator * offset.Denominator;
        BigInteger first = (a.Abs() * denominator).Numerator;
        BigInteger second = (b.Abs() * denominator).Numerator;
        BigInteger shift = ((a.Sign < 0 ? -offset : offset) * denominator).Numerator;
        BigInteger start = (first * range.Min) + shift;
        BigInteger count = (BigInteger)range.Max - range.Min + 1;
        BigInteger least = start + LinearFloor.Min(count, second, first, -second, first, start);
        BigInteger most = start + LinearFloor.Max(count, second, first, -second, first, start);
        return (Rational)BigInteger.Min(least, second - most) / denominator;
    }

    private static ValueOrder? Checked(BigInteger[] factors, BigInteger[] addends, Interval[] ranges) =>
        Enumerable.Range(0, factors.Length).All(i => (BigInteger.Abs(factors[i]) * Math.Max(ranges[i].Magnitude, 1)) + BigInteger.Abs(addends[i]) <= Interval.LargestMagnitude)
            ? new([.. factors.Select(factor => (long)factor)], [.. addends.Select(addend => (long)addend)])
            : null;
}
