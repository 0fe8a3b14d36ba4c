using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>What an integer tensor stands for while a network is lowered: value[i] = Scales[i] n[i] + Offsets[i], limited
/// to Lows[i]..Highs[i] where these are not null. Arrays hold one value for all elements or one for each.</summary>
internal sealed record RealVector(int Tensor, Rational[] Scales, Rational[] Offsets)
{
    /// <summary>Lower limits that have not become integer operations yet (a Relu waiting for its quantizer).</summary>
    public Rational?[]? Lows { get; init; }

    public Rational?[]? Highs { get; init; }

    /// <summary>True when one scale, offset and pair of limits stand for all elements.</summary>
    public bool IsUniform => Scales.Length == 1 && Offsets.Length == 1 && Lows is not { Length: > 1 } && Highs is not { Length: > 1 };

    public bool IsLimited => Lows is not null || Highs is not null;

    public Rational Scale(int i) => At(Scales, i);

    public Rational Offset(int i) => At(Offsets, i);

    public Rational? Low(int i) => Lows is null ? null : At(Lows, i);

    public Rational? High(int i) => Highs is null ? null : At(Highs, i);

    public static T At<T>(T[] values, int i) => values[values.Length == 1 ? 0 : i];

    /// <summary>gain[i] * value + offset[i], without touching the integers.</summary>
    public RealVector Transformed(int length, Func<int, Rational> gain, Func<int, Rational> offset, bool uniform)
    {
        uniform &= IsUniform;
        int count = uniform ? 1 : length;
        Rational[] Each(Func<int, Rational> function) => [.. Enumerable.Range(0, count).Select(function)];

        // A negative gain exchanges the limits.
        Rational?[]? Limits(Func<int, Rational?> rising, Func<int, Rational?> falling)
        {
            Rational?[] limits = [.. Enumerable.Range(0, count).Select(i => ((gain(i).Sign < 0 ? falling(i) : rising(i)) * gain(i)) + offset(i))];
            return limits.All(limit => limit is null) ? null : limits;
        }

        return new(Tensor, Each(i => Scale(i) * gain(i)), Each(i => (Offset(i) * gain(i)) + offset(i)))
        {
            Lows = Limits(Low, High),
            Highs = Limits(High, Low),
        };
    }

    /// <summary>The value limited once more.</summary>
    public RealVector Limited(Rational? low, Rational? high)
    {
        Rational Clamp(Rational value) => low is { } least && value < least ? least : high is { } most && value > most ? most : value;
        Rational?[]? Combine(Rational?[]? mine, Rational? other) =>
            mine is not null ? [.. mine.Select(limit => limit is { } value ? Clamp(value) : other)] : other is { } given ? [given] : null;
        return this with { Lows = Combine(Lows, low), Highs = Combine(Highs, high) };
    }
}
