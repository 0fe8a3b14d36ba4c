namespace Edge.Networks.Integers;

/// <summary>Softmax in integers. x is vectors of Length elements, one behind the other; in each, with its largest element m:
/// <code>
/// d[i] = (m - x[i]) / 2^Drop, rounded down
/// e[i] = Coarse[min(d[i] / 2^FineBits, last)] * Fine[d[i] mod 2^FineBits] / 2^ProductShift, both rounded down
/// y[i] = (2^Bits e[i] + s / 2) / s, rounded down, with s the sum of e; plus 1 where x[i] = m, if LiftsLargest
/// </code>
/// e falls from 2^31 as exp does: no order is ever turned, and where the largest is lifted it stays larger than all others.</summary>
public sealed record Softmax(int Output, string Layer, int Input, int Length, int Drop, int FineBits, long[] Coarse, long[] Fine, bool LiftsLargest)
    : IntegerOperation(Output, Layer)
{
    /// <summary>Results are multiples of 2^-Bits.</summary>
    public const int Bits = 30;

    public const int ProductShift = 31;

    public override IReadOnlyList<int> Inputs => [Input];

    /// <summary>One vector: x to y (Length).</summary>
    public void Apply(ReadOnlySpan<long> x, Span<long> y)
    {
        long largest = x[0];
        foreach (long value in x)
        {
            largest = Math.Max(largest, value);
        }

        long sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = Power((largest - x[i]) >> Drop);
            sum += y[i];
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (((y[i] << Bits) + (sum >> 1)) / sum) + (LiftsLargest && x[i] == largest ? 1 : 0);
        }
    }

    private long Power(long distance)
    {
        // Unsigned: the fast interpreter also works on lanes without a row, which hold anything.
        ulong coarse = Math.Min((ulong)distance >> FineBits, (ulong)Coarse.Length - 1);
        return (Coarse[coarse] * Fine[distance & ((1L << FineBits) - 1)]) >> ProductShift;
    }
}
