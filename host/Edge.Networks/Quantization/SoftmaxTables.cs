using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>The tables of an integer softmax: 2^40 exp(-h 2^FineBits step) and 2^22 exp(-l step), whose product is e in steps
/// of 2^-31. step is what one unit of the logits is worth, times 2^Drop.</summary>
internal sealed record SoftmaxTables(int Drop, int FineBits, long[] Coarse, long[] Fine)
{
    private const int CoarseBits = 40;
    private const int FineScale = 22;

    /// <summary>e^-22 is below 2^-31: what lies so far below the largest counts nothing.</summary>
    private const int Cutoff = 22;

    /// <summary>Distances from the largest that are told apart, at most: 2.7e-6 of a logit.</summary>
    private const int MostDistanceBits = 24;

    /// <summary>Up to so many distances one table does.</summary>
    private const int SingleTable = 1 << 12;

    /// <param name="unit">What 1 stands for in the logits.</param>
    /// <param name="farthest">The largest distance between two elements, from their ranges.</param>
    public static SoftmaxTables For(Rational unit, BigInteger farthest)
    {
        BigInteger counted = BigInteger.Min(farthest, (Cutoff / unit).Ceiling());
        int drop = Math.Max(0, (int)counted.GetBitLength() - MostDistanceBits);
        Rational step = unit * Rational.PowerOfTwo(drop);
        int distances = (int)(counted >> drop) + 1;
        int fineBits = distances <= SingleTable ? 0 : (BitOperations.Log2((uint)distances) + 1) / 2;

        // Rounded up, so that the last fine entry is not below the step to the next coarse one.
        long[] fine = [.. PreciseMath.FallingPowers(step, 1 << fineBits).Select(power => (long)(power * (1L << FineScale)).Ceiling())];
        int count = ((distances - 1) >> fineBits) + 1;
        var coarse = new List<long>();
        foreach (Rational power in PreciseMath.FallingPowers(step * Rational.PowerOfTwo(fineBits), count))
        {
            long entry = (long)Rounding.HalfEven.Round(power * Rational.PowerOfTwo(CoarseBits));
            coarse.Add(coarse.Count == 0 ? entry : Math.Min(entry, (long)(((BigInteger)coarse[^1] * fine[^1]) >> FineScale)));
        }

        if (farthest > counted)
        {
            coarse.Add(0);
        }

        return new(drop, fineBits, [.. coarse], fine);
    }
}
