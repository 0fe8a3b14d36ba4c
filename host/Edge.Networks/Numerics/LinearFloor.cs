using System.Numerics;

namespace Edge.Networks.Numerics;

/// <summary>Extremes of a straight line plus a staircase over a range of integers, without visiting them: what decides
/// whether a multiplier and a shift meet every step of a quantizer.</summary>
public static class LinearFloor
{
    /// <summary>The largest a x + b floor((c x + d) / m) for x = 0 to count - 1, exact. count and m positive. The steps are
    /// those of Euclid's algorithm on c and m: in each the roles of x and of the staircase's height are exchanged.</summary>
    public static BigInteger Max(BigInteger count, BigInteger m, BigInteger a, BigInteger b, BigInteger c, BigInteger d)
    {
        BigInteger sum = BigInteger.Zero;
        BigInteger? best = null;
        while (true)
        {
            (BigInteger whole, c) = DivideFloor(c, m);
            a += b * whole;
            (whole, d) = DivideFloor(d, m);
            sum += b * whole;
            BigInteger top = ((c * (count - 1)) + d) / m;
            BigInteger first = sum;
            BigInteger last = sum + (a * (count - 1)) + (b * top);
            BigInteger ends = a.Sign >= 0 || top.IsZero ? BigInteger.Max(first, last) : first;
            best = best is { } found ? BigInteger.Max(found, ends) : ends;
            if (top.IsZero)
            {
                return best.Value;
            }

            // Rising, the best x of a stair is its last; falling, its first, and the lowest stair was x = 0.
            (count, m, a, b, c, d) = a.Sign >= 0
                ? (top, c, b, a, m, m - d - 1)
                : (top, c, b, a, m, m - d + c - 1);
            sum = b.Sign >= 0 ? sum : sum + a;
        }
    }

    /// <summary>The smallest; see <see cref="Max"/>.</summary>
    public static BigInteger Min(BigInteger count, BigInteger m, BigInteger a, BigInteger b, BigInteger c, BigInteger d) =>
        -Max(count, m, -a, -b, c, d);

    private static (BigInteger Quotient, BigInteger Remainder) DivideFloor(BigInteger value, BigInteger divisor)
    {
        BigInteger quotient = BigInteger.DivRem(value, divisor, out BigInteger remainder);
        return remainder.Sign < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder);
    }
}
