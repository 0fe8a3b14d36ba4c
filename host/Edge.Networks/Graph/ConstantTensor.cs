using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>A constant of the model: real values, row-major; where the model quantized it, also the integers and their
/// exact scale, so that value = (integer - zero point) * scale is known without the rounding of a float product.</summary>
/// <param name="Shape">Empty for a scalar.</param>
/// <param name="Values">As the model stores them, each exactly a double.</param>
public sealed record ConstantTensor(int[] Shape, double[] Values)
{
    public QuantizedValues? Quantized { get; init; }

    public int Length => Values.Length;

    public static ConstantTensor Scalar(double value) => new([], [value]);

    /// <summary>The exact value of one element.</summary>
    public Rational Exact(int index) => Quantized is { } quantized
        ? quantized.Integers[index] * quantized.ScaleOf(index)
        : Rational.From(Values[index]);

    /// <summary>The same elements in another shape.</summary>
    public ConstantTensor Reshaped(int[] shape) => this with { Shape = shape };

    /// <summary>Element i of the result is element indices[i] of this.</summary>
    public ConstantTensor Gathered(int[] shape, int[] indices) => new(shape, [.. indices.Select(index => Values[index])])
    {
        Quantized = Quantized is { } quantized
            ? new([.. indices.Select(index => quantized.Integers[index])], quantized.Scales.Length == 1 ? quantized.Scales : [.. indices.Select(quantized.ScaleOf)])
            : null,
    };
}

/// <summary>Integers with zero points already subtracted, and their scale.</summary>
/// <param name="Integers">One per element.</param>
/// <param name="Scales">One for all, or one per element.</param>
public sealed record QuantizedValues(long[] Integers, Rational[] Scales)
{
    public Rational ScaleOf(int index) => Scales[Scales.Length == 1 ? 0 : index];
}
