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

    /// <summary>More levels than hardware could compare with.</summary>
    private const long LargestLevelCount = 1 << 20;

    /// <summary>gain is a whole number of powers of two, either sign, or zero. The step keeps the quantizer's own rounding. An
    /// offset finer than the grid becomes one sticky bit, which can neither make nor break a tie.</summary>
    /// <returns>null when the step would shift by more than 50 bits, or its numbers need more than 62.</returns>
    public static DyadicStep? ForDyadic(Rational gain, Rational offset, Rounding rounding)
    {
        if (!gain.Denominator.IsPowerOfTwo)
        {
            throw new ArgumentException($"{gain} is no whole number of powers of two", nameof(gain));
        }

        int shift = (int)gain.Denominator.GetBitLength() - 1;
        BigInteger multiplier = gain.Numerator;
        Rational scaledOffset = offset * Rational.PowerOfTwo(shift);
        if (!scaledOffset.IsInteger && shift == 0)
        {
            shift = 1; // a tie has to lie on the grid to be seen
            multiplier *= 2;
            scaledOffset *= 2;
        }

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
        (long first, long last) = Ends(gain, offset, rounding, range, low, high);
        if (last - first > LargestLevelCount)
        {
            throw new InvalidInputException(
                $"its quantizer makes {last - first + 1} levels with a scale that is no power of two in the units of its input; {LargestLevelCount} are allowed. Give it fewer bits or a power-of-two scale.");
        }

        var thresholds = new long[last - first];
        for (int i = 0; i < thresholds.Length; i++)
        {
            thresholds[i] = (long)BigInteger.Max(FirstAt(first + i + 1, gain, offset, rounding), range.Min);
        }

        return (first, thresholds);
    }

    /// <summary>The integers at the lowest and the highest n. Gain must not be negative.</summary>
    public static (long First, long Last) Ends(Rational gain, Rational offset, Rounding rounding, Interval range, long low, long high)
    {
        long At(long n) => (long)BigInteger.Max(BigInteger.Min(rounding.Round((gain * n) + offset), high), low);
        return (At(range.Min), At(range.Max));
    }

    /// <summary>The smallest n at which the rounded value is <paramref name="level"/> or more.</summary>
    internal static BigInteger FirstAt(BigInteger level, Rational gain, Rational offset, Rounding rounding)
    {
        (Rational bound, bool inclusive) = rounding.LowerEnd(level);
        Rational n = (bound - offset) / gain;
        return inclusive || !n.IsInteger ? n.Ceiling() : n.Numerator + 1;
    }

    /// <summary>The step with the smallest shift, rounded down, that crosses every threshold exactly where the quantizer
    /// does and, limited to low..high, stays on the first and last level up to the ends of the range; null when none up to
    /// 50 bits exists. Gain must be positive. The time does not depend on the number of levels.</summary>
    public static DyadicStep? ForLevels(Rational gain, Rational offset, Rounding rounding, Interval range, long low, long high)
    {
        (long first, long last) = Ends(gain, offset, rounding, range, low, high);
        if (first == last)
        {
            return new(0, first, 0);
        }

        var staircase = new Staircase(gain, offset, rounding, range, low, high);
        for (int shift = 0; shift <= LargestShift; shift++)
        {
            BigInteger lower = (gain * Rational.PowerOfTwo(shift)).Floor();
            for (int k = 0; k <= 1; k++)
            {
                BigInteger multiplier = lower + k;
                if (multiplier.Sign > 0 && multiplier <= (1L << 40) && staircase.AddendFor(multiplier, shift) is { } addend)
                {
                    return new((long)multiplier, addend, shift);
                }
            }
        }

        return null;
    }
}
