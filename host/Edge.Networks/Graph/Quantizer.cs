using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>A uniform quantizer, as QONNX defines it: integer = round(clamp(x / Scale + ZeroPoint, Low, High)),
/// value = (integer - ZeroPoint) * Scale. It clamps first, then rounds.</summary>
/// <param name="Scales">Positive; one for all elements, or one per element.</param>
/// <param name="ZeroPoints">One for all elements, or one per element.</param>
public sealed record Quantizer(Rational[] Scales, Rational[] ZeroPoints, long Low, long High, Rounding Rounding)
{
    public Rational ScaleOf(int index) => Scales[Scales.Length == 1 ? 0 : index];

    public Rational ZeroPointOf(int index) => ZeroPoints[ZeroPoints.Length == 1 ? 0 : index];

    /// <summary>Signed or unsigned integers of the given bits; narrow leaves out the most negative one (signed) or the
    /// largest (unsigned), as QONNX does.</summary>
    public static (long Low, long High) Limits(int bits, bool signed, bool narrow) => (signed, narrow) switch
    {
        (true, true) => (-(1L << (bits - 1)) + 1, (1L << (bits - 1)) - 1),
        (true, false) => (-(1L << (bits - 1)), (1L << (bits - 1)) - 1),
        (false, true) => (0, (1L << bits) - 2),
        (false, false) => (0, (1L << bits) - 1),
    };

    /// <summary>The integer of an exact value, before the zero point is subtracted.</summary>
    public long IntegerOf(Rational value, int index) => IntegerOf(value, ScaleOf(index), ZeroPointOf(index));

    /// <summary>The integer of an exact value under the scale and zero point of one of the elements.</summary>
    public long IntegerOf(Rational value, Rational scale, Rational zeroPoint)
    {
        Rational scaled = (value / scale) + zeroPoint;
        return (long)Rounding.Round(Rational.Max(Rational.Min(scaled, High), Low));
    }

    public Rational ValueOf(long integer, int index) => (integer - ZeroPointOf(index)) * ScaleOf(index);
}
