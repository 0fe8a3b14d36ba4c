using System.Numerics;

namespace Edge.Networks.Numerics;

/// <summary>Functions of exact fractions, to 2^-128: so near that only a value that lies exactly on a rounding decision comes
/// out on it. Slow; for the few values that double precision cannot decide.</summary>
internal static class PreciseMath
{
    private const int Bits = 320;       // fraction bits of the work
    private const int ResultBits = 128; // fraction bits of results

    /// <summary>e^x beyond this is no more distinguished: far outside every quantizer.</summary>
    private const int LargestExponent = 2048;

    private static readonly BigInteger Unit = BigInteger.One << Bits;
    private static readonly BigInteger Ln2 = 2 * InverseTangent(3, hyperbolic: true);
    private static readonly BigInteger Pi = (16 * InverseTangent(5, hyperbolic: false)) - (4 * InverseTangent(239, hyperbolic: false));

    /// <summary>1 / (1 + e^-x).</summary>
    public static Rational Sigmoid(Rational x)
    {
        BigInteger power = Exp(-Fixed(x.Abs()));
        return Rounded(Divide(x.Sign < 0 ? power : Unit, Unit + power));
    }

    public static Rational Tanh(Rational x) => Rounded(Tanh(Fixed(x)));

    public static Rational Exp(Rational x) => Rounded(Exp(Fixed(x)));

    /// <summary>ln(1 + e^x).</summary>
    public static Rational Softplus(Rational x) => Rounded(BigInteger.Max(Fixed(x), 0) + LogOfOnePlus(Exp(-Fixed(x.Abs()))));

    public static Rational Erf(Rational x) => Rounded(Erf(Fixed(x)));

    /// <summary>x (1 + erf(x / sqrt 2)) / 2.</summary>
    public static Rational Gelu(Rational x)
    {
        BigInteger value = Fixed(x);
        BigInteger argument = SquareRoot(Multiply(value, value) / 2) * (x.Sign < 0 ? -1 : 1);
        return Rounded(Multiply(value, Unit + Erf(argument)) / 2);
    }

    /// <summary>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.</summary>
    public static Rational GeluOfTanh(Rational x)
    {
        BigInteger inner = Fixed(x + (x * x * x * 44715 / 1000000));
        return Rounded(Multiply(Fixed(x), Unit + Tanh(Multiply(SquareRoot(Divide(2 * Unit, Pi)), inner))) / 2);
    }

    /// <summary>x tanh(ln(1 + e^x)).</summary>
    public static Rational Mish(Rational x)
    {
        BigInteger p = Exp(-Fixed(x.Abs()));
        BigInteger square = Multiply(p, p);
        BigInteger tanh = x.Sign < 0 ? Divide(square + (2 * p), square + (2 * p) + (2 * Unit)) : Divide(Unit + (2 * p), Unit + (2 * p) + (2 * square));
        return Rounded(Multiply(Fixed(x), tanh));
    }

    /// <summary>e^(-k step) for k from 0 to count - 1; step is positive.</summary>
    public static IEnumerable<Rational> FallingPowers(Rational step, int count)
    {
        BigInteger factor = Exp(-Fixed(step));
        BigInteger power = Unit;
        for (int k = 0; k < count; k++)
        {
            yield return Rounded(power);
            power = Multiply(power, factor);
        }
    }

    private static BigInteger Fixed(Rational x) => (x.Numerator << Bits) / x.Denominator;

    private static Rational Rounded(BigInteger value) => Rounding.HalfEven.Round((Rational)value / (BigInteger.One << (Bits - ResultBits))) * Rational.PowerOfTwo(-ResultBits);

    private static BigInteger Multiply(BigInteger a, BigInteger b) => (a * b) >> Bits;

    private static BigInteger Divide(BigInteger a, BigInteger b) => (a << Bits) / b;

    private static BigInteger Exp(BigInteger x)
    {
        // e^x = 2^k e^r; the series of e^(r / 2^16) is short, and is then squared 16 times.
        const int Squarings = 16;
        BigInteger k = x / Ln2;
        if (BigInteger.Abs(k) > LargestExponent)
        {
            return k.Sign < 0 ? BigInteger.Zero : Unit << LargestExponent;
        }

        BigInteger r = (x - (k * Ln2)) >> Squarings;
        BigInteger sum = Unit;
        BigInteger term = Unit;
        for (int n = 1; !term.IsZero && term != BigInteger.MinusOne; n++)
        {
            term = Multiply(term, r) / n;
            sum += term;
        }

        for (int n = 0; n < Squarings; n++)
        {
            sum = Multiply(sum, sum);
        }

        return k.Sign < 0 ? sum >> (int)-k : sum << (int)k;
    }

    private static BigInteger Tanh(BigInteger x)
    {
        BigInteger power = Exp(-2 * BigInteger.Abs(x));
        return Divide(Unit - power, Unit + power) * x.Sign;
    }

    /// <summary>erf(x) = 2 / sqrt(pi) e^(-x^2) times the sum of 2^n x^(2n + 1) / (1 * 3 * ... (2n + 1)): no term is negative.</summary>
    private static BigInteger Erf(BigInteger x)
    {
        BigInteger square = Multiply(x, x);
        if (square > 100 * Unit)
        {
            return Unit * x.Sign; // erfc is below 2^-148
        }

        BigInteger sum = BigInteger.Zero;
        BigInteger term = BigInteger.Abs(x);
        for (int n = 0; !term.IsZero; n++)
        {
            sum += term;
            term = Multiply(term, 2 * square) / ((2 * n) + 3);
        }

        return Multiply(Divide(2 * Unit, SquareRoot(Pi)), Multiply(Exp(-square), sum)) * x.Sign;
    }

    /// <summary>ln(1 + p), 0 &lt;= p &lt;= 1: twice the inverse hyperbolic tangent of p / (2 + p).</summary>
    private static BigInteger LogOfOnePlus(BigInteger p)
    {
        BigInteger z = Divide(p, (2 * Unit) + p);
        BigInteger square = Multiply(z, z);
        BigInteger sum = BigInteger.Zero;
        for (int n = 1; !z.IsZero; n += 2)
        {
            sum += z / n;
            z = Multiply(z, square);
        }

        return 2 * sum;
    }

    /// <summary>atanh(1 / n) or atan(1 / n).</summary>
    private static BigInteger InverseTangent(int n, bool hyperbolic)
    {
        BigInteger power = Unit / n;
        BigInteger sum = BigInteger.Zero;
        for (int k = 0; !power.IsZero; k++)
        {
            BigInteger term = power / ((2 * k) + 1);
            sum += hyperbolic || k % 2 == 0 ? term : -term;
            power /= n * n;
        }

        return sum;
    }

    /// <summary>The square root of a value in fixed point, by Newton's method from above.</summary>
    private static BigInteger SquareRoot(BigInteger value)
    {
        BigInteger radicand = value << Bits;
        if (radicand.IsZero)
        {
            return BigInteger.Zero;
        }

        BigInteger root = BigInteger.One << (int)((radicand.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + (radicand / root)) / 2;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }
}
