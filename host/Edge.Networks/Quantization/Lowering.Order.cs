using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Limits and comparisons that no quantizer follows.</content>
public sealed partial class Lowering
{
    /// <summary>True when integers hold the limits as they are; at the output, others are left to the host.</summary>
    private static bool LimitsOnGrid(RealVector x) => x.Forms.All(form =>
        !form.Scale.IsZero
        && ((form.Low - form.Offset) / form.Scale) is null or { IsInteger: true }
        && ((form.High - form.Offset) / form.Scale) is null or { IsInteger: true });

    /// <summary>Turns limits that still wait for a quantizer into integer limits, on a grid fine enough to hold them.</summary>
    private RealVector WithoutLimits(RealVector x, string name)
    {
        if (!x.IsLimited)
        {
            return x;
        }

        var limits = PerElement.Map(x.Forms, builder.Ranges(x.Tensor), (form, values) =>
        {
            Rational scale = form.Scale.IsZero ? Rational.One : form.Scale;
            Rational? lowest = (form.Low - form.Offset) / scale.Abs();
            Rational? highest = (form.High - form.Offset) / scale.Abs();
            BigInteger finer = BigInteger.Max(lowest?.Denominator ?? 1, 1) * BigInteger.Max(highest?.Denominator ?? 1, 1);
            long factor = finer <= LargestFactor
                ? (long)finer
                : throw new InvalidInputException("the Relu or Clip before it limits values to a number that is no multiple of their step. Put a quantizer behind the Relu.");
            factor *= form.Scale.Sign;
            Interval range = values * factor;
            long low = lowest is { } l ? Saturated(l * finer) : range.Min;
            long high = highest is { } h ? Saturated(h * finer) : Math.Max(range.Max, low);
            return (Factor: factor, Low: Math.Min(low, high), High: high, Form: new RealForm(scale.Abs() / finer, form.Offset, null, null));
        });
        int finerTensor = builder.Scale(name, x.Tensor, limits.Map(limit => limit.Factor), Zeros(x.Length));
        int limited = builder.Requantize(name, finerTensor, PerElement.Uniform(x.Length, 0), Rounding.Floor, limits.Map(limit => limit.Low), limits.Map(limit => limit.High));
        return new(limited, limits.Map(limit => limit.Form).Compacted());
    }

    /// <summary>Integers in the same order as the values: equal where those are equal, larger where they are larger.</summary>
    private int InSameOrder(RealVector value, string name)
    {
        RealVector x = WithoutLimits(value, name);
        return ValueOrder.Of(x.Scales.ToArray(), x.Offsets.ToArray(), builder.Ranges(x.Tensor).ToArray()) is { } order
            ? builder.Scale(name, x.Tensor, order.Factors, order.Addends)
            : throw new InvalidInputException("its inputs have scales and offsets too different to be compared in 62 bits. Quantize them on one scale.");
    }

    private static long Saturated(Rational value) =>
        (long)BigInteger.Max(BigInteger.Min(value.Numerator / value.Denominator, Interval.LargestMagnitude), -Interval.LargestMagnitude);
}
