using System.Globalization;
using System.Text.RegularExpressions;

namespace Edge.Networks.Numerics;

/// <summary>value = integer * 2^(IntegerBits - Width), Width 1 to 63. IntegerBits counts the sign bit, as
/// ap_fixed does (AMD UG1399), and may be negative or exceed Width.</summary>
public readonly partial record struct FixedPointFormat(bool Signed, int Width, int IntegerBits)
{
    /// <summary>What a network without input quantizer gets unless the user says otherwise: fixed&lt;16,6&gt;, as hls4ml.</summary>
    public static FixedPointFormat Default => new(Signed: true, Width: 16, IntegerBits: 6);

    public int FractionBits => Width - IntegerBits;

    public long Min => Signed ? -(1L << (Width - 1)) : 0;

    public long Max => (1L << (Signed ? Width - 1 : Width)) - 1;

    public Rational Step => Rational.PowerOfTwo(-FractionBits);

    public long Saturate(long integer) => Math.Clamp(integer, Min, Max);

    /// <summary>Reads <c>fixed&lt;16,6&gt;</c>, <c>ufixed&lt;8,0&gt;</c> (with or without <c>ap_</c>).</summary>
    /// <exception cref="InvalidInputException">Another text, or a width outside 1 to 63.</exception>
    public static FixedPointFormat Parse(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new InvalidInputException(
                $"fixed-point format '{text}': expected fixed<W,I> or ufixed<W,I>, for example fixed<16,6> (16 bits, 6 of them before the point, sign included).");
        }

        int width = int.Parse(match.Groups["width"].ValueSpan, CultureInfo.InvariantCulture);
        int integer = int.Parse(match.Groups["integer"].ValueSpan, CultureInfo.InvariantCulture);
        if (width is < 1 or > 63 || integer is < -63 or > 63)
        {
            throw new InvalidInputException(
                $"fixed-point format '{text}': the width must lie in 1 to 63 and the integer bits in -63 to 63.");
        }

        return new(match.Groups["unsigned"].Length == 0, width, integer);
    }

    /// <summary>The narrowest integer format (no fraction) that holds min to max.</summary>
    public static FixedPointFormat Holding(long min, long max)
    {
        bool signed = min < 0;
        int width = Math.Max(BitLength(max) + (signed ? 1 : 0), signed ? BitLength(~min) + 1 : 1);
        return new(signed, width, width);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Signed ? "" : "u")}fixed<{Width},{IntegerBits}>");

    private static int BitLength(long value) => value <= 0 ? 0 : 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);

    [GeneratedRegex(@"^\s*(ap_)?(?<unsigned>u?)fixed\s*<\s*(?<width>\d{1,3})\s*,\s*(?<integer>-?\d{1,3})\s*>\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
