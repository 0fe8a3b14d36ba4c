using System.Numerics;

namespace Edge.Networks.Numerics;

/// <summary>How a value between two integers becomes one of them. The names in brackets are QONNX's
/// <c>rounding_mode</c> (qonnx.custom_op.general.quant).</summary>
public enum Rounding
{
    /// <summary>Nearest; a tie goes to the even neighbour: 2.5 -> 2, 3.5 -> 4 [ROUND]; ONNX QuantizeLinear.</summary>
    HalfEven,

    /// <summary>Nearest; a tie goes up: 2.5 -> 3, -2.5 -> -2. One constant in hardware.</summary>
    HalfUp,

    /// <summary>Nearest; a tie goes away from zero: 2.5 -> 3, -2.5 -> -3 [HALF_UP].</summary>
    HalfAwayFromZero,

    /// <summary>Nearest; a tie goes towards zero: 2.5 -> 2, -2.5 -> -2 [HALF_DOWN].</summary>
    HalfTowardsZero,

    /// <summary>Down: 2.9 -> 2, -2.1 -> -3 [FLOOR]. Free in hardware.</summary>
    Floor,

    /// <summary>Up: 2.1 -> 3, -2.9 -> -2 [CEIL].</summary>
    Ceiling,

    /// <summary>Towards zero: 2.9 -> 2, -2.9 -> -2 [DOWN].</summary>
    TowardsZero,

    /// <summary>Away from zero: 2.1 -> 3, -2.1 -> -3 [UP].</summary>
    AwayFromZero,
}

/// <summary>Rounding of integers that carry <c>shift</c> fraction bits, of reals, and the thresholds that a
/// rounding implies.</summary>
public static class RoundingExtensions
{
    /// <summary>value / 2^shift, rounded. shift 0 to 62. Exact: the constant is added in 128 bits.</summary>
    public static long ShiftRight(this Rounding rounding, long value, int shift)
    {
        if (shift == 0)
        {
            return value;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(shift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shift, 62);
        Int128 sum = (Int128)value + rounding.Offset(value, shift);
        return (long)(sum >> shift);
    }

    /// <summary>What is added before the arithmetic shift: a constant plus one bit of the value (its sign, or the
    /// lowest bit that is kept). Hardware adds the same two terms.</summary>
    public static long Offset(this Rounding rounding, long value, int shift)
    {
        long half = 1L << (shift - 1);
        long negative = value < 0 ? 1 : 0;
        return rounding switch
        {
            Rounding.HalfEven => half - 1 + ((value >> shift) & 1),
            Rounding.HalfUp => half,
            Rounding.HalfAwayFromZero => half - negative,
            Rounding.HalfTowardsZero => half - 1 + negative,
            Rounding.Floor => 0,
            Rounding.Ceiling => (1L << shift) - 1,
            Rounding.TowardsZero => negative * ((1L << shift) - 1),
            Rounding.AwayFromZero => (1 - negative) * ((1L << shift) - 1),
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
    }

    /// <summary>The rounded rational.</summary>
    public static BigInteger Round(this Rounding rounding, Rational value)
    {
        BigInteger floor = value.Floor();
        Rational fraction = value - floor;
        if (fraction.IsZero)
        {
            return floor;
        }

        int half = fraction.CompareTo(Rational.Half);
        bool up = rounding switch
        {
            Rounding.HalfEven => half > 0 || (half == 0 && !floor.IsEven),
            Rounding.HalfUp => half >= 0,
            Rounding.HalfAwayFromZero => half > 0 || (half == 0 && value.Sign > 0),
            Rounding.HalfTowardsZero => half > 0 || (half == 0 && value.Sign < 0),
            Rounding.Floor => false,
            Rounding.Ceiling => true,
            Rounding.TowardsZero => value.Sign < 0,
            Rounding.AwayFromZero => value.Sign > 0,
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
        return up ? floor + 1 : floor;
    }

    /// <summary>The rounded double; exact while |value| stays below 2^52 and for all integers.</summary>
    public static double Round(this Rounding rounding, double value)
    {
        double nearest = Math.Round(value, MidpointRounding.ToEven);
        bool tie = Math.Abs(value - Math.Truncate(value)) == 0.5;
        return rounding switch
        {
            Rounding.HalfEven => nearest,
            Rounding.HalfUp => tie ? Math.Ceiling(value) : nearest,
            Rounding.HalfAwayFromZero => tie ? Math.Truncate(value) + Math.Sign(value) : nearest,
            Rounding.HalfTowardsZero => tie ? Math.Truncate(value) : nearest,
            Rounding.Floor => Math.Floor(value),
            Rounding.Ceiling => Math.Ceiling(value),
            Rounding.TowardsZero => Math.Truncate(value),
            Rounding.AwayFromZero => value < 0 ? Math.Floor(value) : Math.Ceiling(value),
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
    }

    /// <summary>The lower end of the reals that round to <paramref name="level"/> or more, and whether that end
    /// itself does.</summary>
    public static (Rational Bound, bool Inclusive) LowerEnd(this Rounding rounding, BigInteger level)
    {
        Rational tie = level - Rational.Half;
        return rounding switch
        {
            Rounding.HalfEven => (tie, level.IsEven),
            Rounding.HalfUp => (tie, true),
            Rounding.HalfAwayFromZero => (tie, level.Sign > 0),
            Rounding.HalfTowardsZero => (tie, level.Sign <= 0),
            Rounding.Floor => (level, true),
            Rounding.Ceiling => (level - BigInteger.One, false),
            Rounding.TowardsZero => level.Sign > 0 ? (level, true) : (level - BigInteger.One, false),
            Rounding.AwayFromZero => level.Sign > 0 ? (level - BigInteger.One, false) : (level, true),
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
    }
}
