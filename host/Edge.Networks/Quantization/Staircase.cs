using System.Numerics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Where a quantizer of an integer n changes its mind, as a few formulas instead of a list: between the limits,
/// round(gain * n + offset) is floor((A n + C) / D) on one or two ranges of n, but for ties.</summary>
internal sealed class Staircase
{
    /// <summary>On First..Last the quantizer is at least floor((A n + Lower) / D) and at most floor((A n + Upper) / D);
    /// the two differ at ties only, where <see cref="points"/> say which it is.</summary>
    private readonly record struct Piece(BigInteger First, BigInteger Last, BigInteger Lower, BigInteger Upper);

    /// <summary>At n the value is Level or more (Reaches), or less than Level.</summary>
    private readonly record struct Point(BigInteger N, BigInteger Level, bool Reaches);

    private readonly List<Piece> pieces = [];
    private readonly List<Point> points = [];
    private readonly BigInteger a;
    private readonly BigInteger d;

    public Staircase(Rational gain, Rational offset, Rounding rounding, Interval range, long low, long high)
    {
        // gain n + offset = (a n + b) / d, with an even d so that halves are whole.
        d = 2 * gain.Denominator * offset.Denominator;
        a = (gain * d).Numerator;
        BigInteger b = (offset * d).Numerator;

        // The first n above the lower limit, and the first at the upper one; between them no limit plays a part.
        BigInteger rises = ExactRequantizer.FirstAt((BigInteger)low + 1, gain, offset, rounding);
        BigInteger saturates = ExactRequantizer.FirstAt(high, gain, offset, rounding);
        if (rises > range.Min)
        {
            points.Add(new(rises - 1, (BigInteger)low + 1, Reaches: false));
        }

        if (saturates <= range.Max)
        {
            points.Add(new(BigInteger.Max(saturates, range.Min), high, Reaches: true));
        }

        BigInteger first = BigInteger.Max(rises, range.Min);
        BigInteger last = BigInteger.Min(saturates - 1, range.Max);
        BigInteger notNegative = (-offset / gain).Ceiling();
        (BigInteger Lower, BigInteger Upper) below = Constants(rounding, b, negative: true);
        (BigInteger Lower, BigInteger Upper) above = Constants(rounding, b, negative: false);
        Add(first, BigInteger.Min(last, notNegative - 1), below);
        Add(BigInteger.Max(first, notNegative), last, above);
        if (rounding == Rounding.HalfEven)
        {
            AddTies(b, first, last);
        }
    }

    /// <summary>An addend with floor((multiplier * n + addend) / 2^shift) at least each level from its threshold on, and below
    /// it before; null if there is none of 62 bits.</summary>
    public long? AddendFor(BigInteger multiplier, int shift)
    {
        BigInteger power = BigInteger.One << shift;
        BigInteger? atLeast = null;
        BigInteger? below = null;
        void Reaches(BigInteger value) => atLeast = atLeast is { } found ? BigInteger.Max(found, value) : value;
        void StaysBelow(BigInteger value) => below = below is { } found ? BigInteger.Min(found, value) : value;
        foreach (Point point in points)
        {
            (point.Reaches ? (Action<BigInteger>)Reaches : StaysBelow)((point.Level * power) - (multiplier * point.N));
        }

        foreach (Piece piece in pieces)
        {
            BigInteger count = piece.Last - piece.First + 1;
            BigInteger start = -multiplier * piece.First;
            Reaches(start + LinearFloor.Max(count, d, -multiplier, power, a, (a * piece.First) + piece.Lower));
            StaysBelow(start + power + LinearFloor.Min(count, d, -multiplier, power, a, (a * piece.First) + piece.Upper));
        }

        return (atLeast ?? below - 1) is { } addend && (below is null || addend < below) && BigInteger.Abs(addend) <= Interval.LargestMagnitude ? (long)addend : null;
    }

    private void Add(BigInteger first, BigInteger last, (BigInteger Lower, BigInteger Upper) constants)
    {
        if (first <= last)
        {
            pieces.Add(new(first, last, constants.Lower, constants.Upper));
        }
    }

    /// <summary>C of the piece where values are negative, or not.</summary>
    private (BigInteger Lower, BigInteger Upper) Constants(Rounding rounding, BigInteger b, bool negative)
    {
        BigInteger down = b;
        BigInteger up = b + d - 1;
        BigInteger halfUp = b + (d / 2);
        BigInteger halfDown = b + (d / 2) - 1;
        BigInteger both = rounding switch
        {
            Rounding.HalfEven or Rounding.HalfUp => halfUp,
            Rounding.HalfAwayFromZero => negative ? halfDown : halfUp,
            Rounding.HalfTowardsZero => negative ? halfUp : halfDown,
            Rounding.Floor => down,
            Rounding.Ceiling => up,
            Rounding.TowardsZero => negative ? up : down,
            Rounding.AwayFromZero => negative ? down : up,
            _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
        };
        return (rounding == Rounding.HalfEven ? halfDown : both, both);
    }

    /// <summary>Ties recur every d / gcd(a, d) integers and their levels rise evenly, so the first and last of each parity
    /// stand for all.</summary>
    private void AddTies(BigInteger b, BigInteger first, BigInteger last)
    {
        // a n + b = d / 2 modulo d
        BigInteger common = BigInteger.GreatestCommonDivisor(a, d);
        BigInteger wanted = (d / 2) - b;
        if (!(wanted % common).IsZero)
        {
            return;
        }

        BigInteger period = d / common;
        BigInteger tie = Modulo(wanted / common * Inverse(a / common, period), period);
        BigInteger start = first + Modulo(tie - first, period);
        if (start > last)
        {
            return;
        }

        BigInteger count = ((last - start) / period) + 1;
        foreach (BigInteger k in new HashSet<BigInteger> { 0, 1, count - 2, count - 1 }.Where(k => k >= 0 && k < count))
        {
            BigInteger n = start + (k * period);
            BigInteger upper = ((a * n) + b + (d / 2)) / d; // exact
            points.Add(upper.IsEven ? new(n, upper, Reaches: true) : new(n, upper, Reaches: false));
        }
    }

    private static BigInteger Modulo(BigInteger value, BigInteger modulus)
    {
        BigInteger remainder = value % modulus;
        return remainder.Sign < 0 ? remainder + modulus : remainder;
    }

    /// <summary>x with value * x = 1 modulo modulus; they have no common divisor.</summary>
    private static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        (BigInteger r0, BigInteger r1, BigInteger x0, BigInteger x1) = (modulus, Modulo(value, modulus), BigInteger.Zero, BigInteger.One);
        while (!r1.IsZero)
        {
            BigInteger quotient = r0 / r1;
            (r0, r1, x0, x1) = (r1, r0 - (quotient * r1), x1, x0 - (quotient * x1));
        }

        return Modulo(x0, modulus);
    }
}
