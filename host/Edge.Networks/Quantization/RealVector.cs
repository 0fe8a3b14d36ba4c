using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>What an integer n stands for: the value Scale n + Offset, limited to Low..High where these are not null. The
/// limits have not become integer operations yet (a Relu waiting for its quantizer).</summary>
internal readonly record struct RealForm(Rational Scale, Rational Offset, Rational? Low, Rational? High)
{
    public bool IsLimited => Low is not null || High is not null;

    /// <summary>gain * value + offset; a negative gain exchanges the limits.</summary>
    public RealForm Transformed(Rational gain, Rational offset) => new(
        Scale * gain, (Offset * gain) + offset, ((gain.Sign < 0 ? High : Low) * gain) + offset, ((gain.Sign < 0 ? Low : High) * gain) + offset);

    /// <summary>The value limited once more.</summary>
    public RealForm Limited(Rational? low, Rational? high)
    {
        Rational? Limit(Rational? mine, Rational? other) => mine is not { } value ? other
            : low is { } least && value < least ? least
            : high is { } most && value > most ? most
            : value;
        return this with { Low = Limit(Low, low), High = Limit(High, high) };
    }
}

/// <summary>What an integer tensor stands for while a network is lowered.</summary>
internal sealed record RealVector(int Tensor, PerElement<RealForm> Forms)
{
    public RealVector(int tensor, PerElement<Rational> scales, PerElement<Rational> offsets)
        : this(tensor, PerElement.Map(scales, offsets, (scale, offset) => new RealForm(scale, offset, null, null)))
    {
    }

    public int Length => Forms.Length;

    /// <summary>One value for all elements, or one for each.</summary>
    public static T At<T>(T[] values, int i) => values[values.Length == 1 ? 0 : i];

    /// <summary>True when one scale, offset and pair of limits stand for all elements.</summary>
    public bool IsUniform => Forms.Kinds.Count <= 1;

    public bool IsLimited => Forms.Any(form => form.IsLimited);

    public bool HasOffset => Forms.Any(form => !form.Offset.IsZero);

    public PerElement<Rational> Scales => Forms.Map(form => form.Scale).Compacted();

    public PerElement<Rational> Offsets => Forms.Map(form => form.Offset).Compacted();

    public Rational Scale(int i) => Forms[i].Scale;

    public Rational Offset(int i) => Forms[i].Offset;

    public Rational? Low(int i) => Forms[i].Low;

    public Rational? High(int i) => Forms[i].High;

    /// <summary>gain[i] * value + offset[i], without touching the integers.</summary>
    public RealVector Transformed(PerElement<Rational> gains, PerElement<Rational> offsets) =>
        this with { Forms = PerElement.Map(Forms, gains, offsets, (form, gain, offset) => form.Transformed(gain, offset)).Compacted() };

    /// <summary>The value limited once more.</summary>
    public RealVector Limited(Rational? low, Rational? high) => this with { Forms = Forms.Map(form => form.Limited(low, high)).Compacted() };
}
