using System.Numerics;

namespace Edge.Networks.Numerics;

/// <summary>An exact fraction in lowest terms. Every finite float is one, so scales, offsets and the places where a
/// quantizer changes its mind are known without error.</summary>
public readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    private readonly BigInteger denominatorMinusOne; // so that default(Rational) is 0/1

    private Rational(BigInteger numerator, BigInteger denominator)
    {
        Numerator = numerator;
        denominatorMinusOne = denominator - 1;
    }

    public static Rational Zero => default;

    public static Rational One => new(BigInteger.One, BigInteger.One);

    public static Rational Half => new(BigInteger.One, 2);

    public BigInteger Numerator { get; }

    public BigInteger Denominator => denominatorMinusOne + 1;

    public bool IsZero => Numerator.IsZero;

    public bool IsInteger => denominatorMinusOne.IsZero;

    public int Sign => Numerator.Sign;

    public static implicit operator Rational(BigInteger value) => new(value, BigInteger.One);

    public static implicit operator Rational(long value) => new(value, BigInteger.One);

    public static Rational operator +(Rational a, Rational b) =>
        a.IsZero ? b : b.IsZero ? a : Reduce((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) =>
        a.IsZero || b.IsZero ? Zero : Reduce(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) =>
        b.IsZero ? throw new DivideByZeroException() : Reduce(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    /// <summary>The exact value of a finite double.</summary>
    /// <exception cref="ArgumentException">NaN or infinity.</exception>
    public static Rational From(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentException("NaN and infinity are not numbers with an exact value.", nameof(value));
        }

        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xFFFFFFFFFFFFF;
        mantissa = exponent == 0 ? mantissa : mantissa | (1L << 52);
        exponent = Math.Max(exponent, 1) - 1075;
        BigInteger numerator = value < 0 ? -mantissa : mantissa;
        return exponent >= 0 ? (Rational)(numerator << exponent) : Reduce(numerator, BigInteger.One << -exponent);
    }

    /// <summary>2^exponent, either sign.</summary>
    public static Rational PowerOfTwo(int exponent) =>
        exponent >= 0 ? (Rational)(BigInteger.One << exponent) : new Rational(BigInteger.One, BigInteger.One << -exponent);

    public static Rational Min(Rational a, Rational b) => a <= b ? a : b;

    public static Rational Max(Rational a, Rational b) => a >= b ? a : b;

    /// <summary>The largest value of which all given ones are integer multiples; zero if all are zero.</summary>
    public static Rational GreatestCommonDivisor(IEnumerable<Rational> values)
    {
        BigInteger numerator = BigInteger.Zero;
        BigInteger denominator = BigInteger.One;
        foreach (Rational value in values)
        {
            if (!value.IsZero)
            {
                numerator = BigInteger.GreatestCommonDivisor(numerator * value.Denominator, value.Numerator * denominator);
                denominator *= value.Denominator;
                BigInteger common = BigInteger.GreatestCommonDivisor(numerator, denominator);
                numerator /= common;
                denominator /= common;
            }
        }

        return numerator.IsZero ? Zero : new(numerator, denominator);
    }

    public BigInteger Floor() => IsInteger ? Numerator : FloorDivide(Numerator, Denominator);

    public BigInteger Ceiling() => IsInteger ? Numerator : FloorDivide(Numerator, Denominator) + 1;

    public Rational Abs() => Sign < 0 ? -this : this;

    /// <summary>The exponent e when this is exactly 2^e, else null.</summary>
    public int? Log2IfPowerOfTwo()
    {
        if (Numerator.IsOne && Denominator.IsPowerOfTwo)
        {
            return -(int)(Denominator.GetBitLength() - 1);
        }

        return IsInteger && Numerator.Sign > 0 && Numerator.IsPowerOfTwo ? (int)(Numerator.GetBitLength() - 1) : null;
    }

    /// <summary>The nearest double, half to even.</summary>
    public double ToDouble()
    {
        if (IsZero)
        {
            return 0;
        }

        // A quotient of 64 significant bits and a sticky bit rounds correctly once (normal range).
        BigInteger magnitude = BigInteger.Abs(Numerator);
        int shift = 64 - (int)(magnitude.GetBitLength() - Denominator.GetBitLength());
        BigInteger scaled = shift >= 0 ? magnitude << shift : magnitude;
        BigInteger divisor = shift >= 0 ? Denominator : Denominator << -shift;
        BigInteger quotient = BigInteger.DivRem(scaled, divisor, out BigInteger remainder);
        int excess = (int)quotient.GetBitLength() - 53;
        BigInteger kept = quotient >> excess;
        BigInteger dropped = quotient - (kept << excess);
        BigInteger half = BigInteger.One << (excess - 1);
        bool up = dropped > half || (dropped == half && (!remainder.IsZero || !kept.IsEven));
        double result = Math.ScaleB((double)(kept + (up ? 1 : 0)), excess - shift);
        return Sign < 0 ? -result : result;
    }

    public bool Equals(Rational other) => Numerator == other.Numerator && denominatorMinusOne == other.denominatorMinusOne;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, denominatorMinusOne);

    public int CompareTo(Rational other) =>
        Denominator == other.Denominator
            ? Numerator.CompareTo(other.Numerator)
            : (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public override string ToString() => IsInteger ? $"{Numerator}" : $"{Numerator}/{Denominator}";

    private static Rational Reduce(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign < 0)
        {
            numerator = -numerator;
            denominator = -denominator;
        }

        BigInteger common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return common.IsOne ? new(numerator, denominator) : new(numerator / common, denominator / common);
    }

    private static BigInteger FloorDivide(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }
}
