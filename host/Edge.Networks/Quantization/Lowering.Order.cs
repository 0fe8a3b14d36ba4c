using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Limits and comparisons that no quantizer follows.</content>
public sealed partial class Lowering
{
    /// <summary>True when integers hold the limits as they are; at the output, others are left to the host.</summary>
    private bool LimitsOnGrid(RealVector x) => Enumerable.Range(0, builder.Length(x.Tensor)).All(i =>
        !x.Scale(i).IsZero
        && ((x.Low(i) - x.Offset(i)) / x.Scale(i)) is null or { IsInteger: true }
        && ((x.High(i) - x.Offset(i)) / x.Scale(i)) is null or { IsInteger: true });

    /// <summary>Turns limits that still wait for a quantizer into integer limits, on a grid fine enough to hold them.</summary>
    private RealVector WithoutLimits(RealVector x, string name)
    {
        if (!x.IsLimited)
        {
            return x;
        }

        int length = builder.Length(x.Tensor);
        var factors = new long[length];
        var low = new long[length];
        var high = new long[length];
        var scales = new Rational[length];
        Interval[] ranges = builder.Ranges(x.Tensor);
        for (int i = 0; i < length; i++)
        {
            Rational scale = x.Scale(i).IsZero ? Rational.One : x.Scale(i);
            Rational? lowest = (x.Low(i) - x.Offset(i)) / scale.Abs();
            Rational? highest = (x.High(i) - x.Offset(i)) / scale.Abs();
            BigInteger finer = BigInteger.Max(lowest?.Denominator ?? 1, 1) * BigInteger.Max(highest?.Denominator ?? 1, 1);
            long factor = finer <= LargestFactor
                ? (long)finer
                : throw new InvalidInputException("the Relu or Clip before it limits values to a number that is no multiple of their step. Put a quantizer behind the Relu.");
            factors[i] = x.Scale(i).IsZero ? 0 : x.Scale(i).Sign * factor;
            scales[i] = scale.Abs() / finer;
            Interval range = ranges[i] * factors[i];
            low[i] = lowest is { } l ? Saturated(l * finer) : range.Min;
            high[i] = highest is { } h ? Saturated(h * finer) : Math.Max(range.Max, low[i]);
            low[i] = Math.Min(low[i], high[i]);
        }

        int finerTensor = builder.Scale(name, x.Tensor, factors, new long[length]);
        int limited = builder.Requantize(name, finerTensor, new int[length], Rounding.Floor, low, high);
        return new(limited, scales.Distinct().Count() == 1 ? [scales[0]] : scales, x.Offsets);
    }

    /// <summary>Integers in the same order as the values: equal where those are equal, larger where they are larger.</summary>
    private int InSameOrder(RealVector value, string name)
    {
        RealVector x = WithoutLimits(value, name);
        int[] elements = [.. Enumerable.Range(0, builder.Length(x.Tensor))];
        return ValueOrder.Of([.. elements.Select(x.Scale)], [.. elements.Select(x.Offset)], builder.Ranges(x.Tensor)) is { } order
            ? builder.Scale(name, x.Tensor, order.Factors, order.Addends)
            : throw new InvalidInputException("its inputs have scales and offsets too different to be compared in 62 bits. Quantize them on one scale.");
    }

    private static long Saturated(Rational value) =>
        (long)BigInteger.Max(BigInteger.Min(value.Numerator / value.Denominator, Interval.LargestMagnitude), -Interval.LargestMagnitude);
}
