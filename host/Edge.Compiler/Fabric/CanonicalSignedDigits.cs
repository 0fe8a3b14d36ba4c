namespace Edge.Compiler.Fabric;

/// <summary>A constant as a sum of signed powers of two with no two neighbours used: the fewest terms any such sum has
/// (Reitwiesner 1960).</summary>
public static class CanonicalSignedDigits
{
    /// <summary>The terms of value, lowest power first: 7 = -2^0 + 2^3.</summary>
    public static IEnumerable<(int Power, bool Negative)> Of(long value)
    {
        for (int power = 0; value != 0; power++)
        {
            if ((value & 1) != 0)
            {
                bool negative = (value & 3) == 3;
                yield return (power, negative);
                value += negative ? 1 : -1;
            }

            value >>= 1;
        }
    }
}
