using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>How the resulting integer is read: value = n * Scale + Offset, per element, limited where the model ends in a
/// Relu or Clip whose limit is no integer. Or, where the model ends in a softmax or another function, that function of the
/// integers, on the host.</summary>
/// <param name="Shape">Shape of one output as the model names it, without the batch axis.</param>
/// <param name="Scale">One value, or one per element.</param>
/// <param name="Offset">One value, or one per element.</param>
/// <param name="Softmax">The host applies <see cref="Final"/>.</param>
public sealed record OutputDecoding(int[] Shape, Rational[] Scale, Rational[] Offset, bool Softmax)
{
    /// <summary>The softmax or other function at the model's end, as an integer network from the resulting integers to those that
    /// its own decoding reads.</summary>
    public IntegerNetwork? Final { get; init; }

    /// <summary>Lower limits, one or one per element; null where there is none.</summary>
    public Rational?[]? Lows { get; init; }

    /// <summary>Upper limits, one or one per element; null where there is none.</summary>
    public Rational?[]? Highs { get; init; }

    /// <summary>The limits as doubles (length), infinite where there is none.</summary>
    public (double[] Lows, double[] Highs) Limits(int length)
    {
        double At(Rational?[]? limits, int i, double none) => limits?[limits.Length == 1 ? 0 : i]?.ToDouble() ?? none;
        return ([.. Enumerable.Range(0, length).Select(i => At(Lows, i, double.NegativeInfinity))],
                [.. Enumerable.Range(0, length).Select(i => At(Highs, i, double.PositiveInfinity))]);
    }

    /// <summary>integers (count, length) to values of the same shape.</summary>
    public double[] Decode(ReadOnlySpan<long> integers, int length, bool beforeSoftmax)
    {
        if (Softmax && !beforeSoftmax && Final is { } final)
        {
            return final.Output.Decode(new FastInterpreter(final).RunRows(integers), length, beforeSoftmax: false);
        }

        var values = new double[integers.Length];
        double[] scales = [.. Scale.Select(value => value.ToDouble())];
        double[] offsets = [.. Offset.Select(value => value.ToDouble())];
        (double[] lows, double[] highs) = Limits(length);
        for (int start = 0; start < integers.Length; start += length)
        {
            for (int i = 0; i < length; i++)
            {
                double value = (integers[start + i] * scales[scales.Length == 1 ? 0 : i]) + offsets[offsets.Length == 1 ? 0 : i];
                values[start + i] = Math.Clamp(value, lows[i], highs[i]);
            }
        }

        return values;
    }
}
