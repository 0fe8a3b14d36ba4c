using System.Numerics;

namespace Edge.Networks.Numerics;

/// <summary>All integers from Min to Max. Arithmetic is in 128 bits; a bound that leaves
/// <see cref="LargestMagnitude"/> is refused, so that no sum can ever wrap.</summary>
public readonly record struct Interval(long Min, long Max)
{
    /// <summary>2^62 - 1: what an accumulator may hold.</summary>
    public const long LargestMagnitude = (1L << 62) - 1;

    /// <summary>Bits that hold every member: two's complement when one is negative, else unsigned.</summary>
    public int Width => FixedPointFormat.Holding(Min, Max).Width;

    public bool Signed => Min < 0;

    public long Magnitude => Math.Max(Math.Abs(Min), Math.Abs(Max));

    public static Interval operator +(Interval a, Interval b) => Checked((Int128)a.Min + b.Min, (Int128)a.Max + b.Max);

    public static Interval operator *(Interval a, long factor) =>
        factor >= 0
            ? Checked((Int128)a.Min * factor, (Int128)a.Max * factor)
            : Checked((Int128)a.Max * factor, (Int128)a.Min * factor);

    public static Interval Union(Interval a, Interval b) => new(Math.Min(a.Min, b.Min), Math.Max(a.Max, b.Max));

    public Interval Clamp(long low, long high) => new(Math.Clamp(Min, low, high), Math.Clamp(Max, low, high));

    public Interval ShiftRight(int shift, Rounding rounding) => new(rounding.ShiftRight(Min, shift), rounding.ShiftRight(Max, shift));

    public bool Contains(BigInteger value) => value >= Min && value <= Max;

    /// <exception cref="OverflowException">A bound needs more than 63 bits.</exception>
    private static Interval Checked(Int128 min, Int128 max) =>
        min < -LargestMagnitude || max > LargestMagnitude
            ? throw new OverflowException("the accumulator would need more than 63 bits")
            : new((long)min, (long)max);
}
