using System.Numerics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Integer arithmetic that equals round(clamp(gain * n + offset, low, high)) for every n of a range:
/// floor- or tie-rounded (Multiplier * n + Addend) / 2^Shift.</summary>
public readonly record struct DyadicStep(long Multiplier, long Addend, int Shift);

/// <summary>Finds the integer form of a quantizer that reads an integer n. Nothing is approximated: where the scales
/// are no powers of two, the multiplier is checked at every n where the quantizer changes its mind.</summary>
public static class ExactRequantizer
{
    private const int LargestShift = 50;

    /// <summary>More levels than hardware could compare with, or a search could go through in reasonable time.</summary>
    private const long LargestLevelCount = 1 << 20;

    /// <summary>gain is a power of two, either sign, or zero. The step keeps the quantizer's own rounding. An offset
    /// finer than the grid becomes one sticky bit, which can neither make nor break a tie.</summary>
    /// <returns>null when the step would shift by more than 50 bits.</returns>
    public static DyadicStep? ForPowerOfTwo(Rational gain, Rational offset, Rounding rounding)
    {
        if (gain.IsZero)
        {
            return new(0, (long)rounding.Round(offset), 0);
        }

        int exponent = gain.Abs().Log2IfPowerOfTwo() ?? throw new ArgumentException($"{gain} is no power of two", nameof(gain));
        int shift = Math.Max(0, -exponent);
        Rational scaledOffset = offset * Rational.PowerOfTwo(shift);
        if (!scaledOffset.IsInteger && shift == 0)
        {
            shift = 1; // a tie has to lie on the grid to be seen
            scaledOffset *= 2;
        }

        BigInteger multiplier = gain.Sign * (BigInteger.One << (exponent + shift));
        BigInteger addend = scaledOffset.Floor();
        if (!scaledOffset.IsInteger)
        {
            shift++;
            multiplier *= 2;
            addend = (2 * addend) + 1;
        }

        return shift > LargestShift || BigInteger.Abs(multiplier) > Interval.LargestMagnitude || BigInteger.Abs(addend) > Interval.LargestMagnitude
            ? null
            : new((long)multiplier, (long)addend, shift);
    }

    /// <summary>The ascending n of <paramref name="range"/> at which round(gain * n + offset), limited to low..high,
    /// reaches its next integer, and the integer at the lowest n. Gain must be positive.</summary>
    /// <exception cref="InvalidInputException">More than 2^20 levels.</exception>
    public static (long Base, long[] Thresholds) ThresholdsOf(Rational gain, Rational offset, Rounding rounding, Interval range, long low, long high)
    {
        long At(long n) => (long)BigInteger.Max(BigInteger.Min(rounding.Round((gain * n) + offset), high), low);
        long first = At(range.Min);
        long last = At(range.Max);
        if (last - first > LargestLevelCount)
        {
            throw new InvalidInputException(
                $"its quantizer makes {last - first + 1} levels with a scale that is no power of two in the units of its input; {LargestLevelCount} are allowed. Give it fewer bits or a power-of-two scale.");
        }

        var thresholds = new long[last - first];
        for (int i = 0; i < thresholds.Length; i++)
        {
            (Rational bound, bool inclusive) = rounding.LowerEnd(first + i + 1);
            Rational n = (bound - offset) / gain;
            BigInteger threshold = inclusive || !n.IsInteger ? n.Ceiling() : n.Numerator + 1;
            thresholds[i] = (long)BigInteger.Max(threshold, range.Min);
        }

        return (first, thresholds);
    }

    /// <summary>The step with the smallest shift, rounded down, that crosses every threshold exactly where the quantizer
    /// does and, limited to low..high, stays on the first and last level up to the ends of the range; null when none up to
    /// 50 bits exists.</summary>
    public static DyadicStep? ForThresholds(Rational gain, long first, long[] thresholds, Interval range, long low, long high)
    {
        if (thresholds.Length == 0)
        {
            return new(0, first, 0);
        }

        for (int shift = 0; shift <= LargestShift; shift++)
        {
            BigInteger lower = (gain * Rational.PowerOfTwo(shift)).Floor();
            for (int k = 0; k <= 1; k++)
            {
                BigInteger multiplier = lower + k;
                if (multiplier.Sign > 0 && multiplier <= (1L << 40) && AddendFor((long)multiplier, shift, first, thresholds, range, low, high) is long addend)
                {
                    return new((long)multiplier, addend, shift);
                }
            }
        }

        return null;
    }

    /// <summary>An addend with floor((m * n + addend) / 2^shift) at least each level from its threshold on, and below it before.</summary>
    private static long? AddendFor(long multiplier, int shift, long first, long[] thresholds, Interval range, long low, long high)
    {
        Int128 atLeast = Int128.MinValue;
        Int128 below = Int128.MaxValue;
        void Reaches(long level, long n) => atLeast = Int128.Max(atLeast, ((Int128)level << shift) - ((Int128)multiplier * n));
        void StaysBelow(long level, long n) => below = Int128.Min(below, ((Int128)level << shift) - ((Int128)multiplier * n));
        if (first > low)
        {
            Reaches(first, range.Min);
        }

        if (first + thresholds.Length < high)
        {
            StaysBelow(first + thresholds.Length + 1, range.Max);
        }

        for (int i = 0; i < thresholds.Length && atLeast < below; i++)
        {
            Reaches(first + i + 1, thresholds[i]);
            StaysBelow(first + i + 1, thresholds[i] - 1);
        }

        return atLeast < below && Int128.Abs(atLeast) <= Interval.LargestMagnitude ? (long)atLeast : null;
    }
}
