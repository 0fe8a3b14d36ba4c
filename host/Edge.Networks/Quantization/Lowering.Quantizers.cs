using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Quantizers: where scales and offsets disappear.</content>
public sealed partial class Lowering
{
    /// <summary>Levels up to which comparisons are cheaper than a multiplication.</summary>
    private const int FewLevels = 3;

    /// <summary>Levels up to which comparisons are used where no multiplication is exact.</summary>
    private const int ManyLevels = 1024;

    /// <summary>A quantizer as one kind of element sees it: integer = round(Gain n + Offset), limited to Low..High, for n
    /// in Range.</summary>
    private readonly record struct Requantizer(Rational Gain, Rational Offset, Interval Range, long Low, long High)
    {
        public bool IsConstant => Gain.IsZero;

        public DyadicStep Constant(Rounding rounding) => new(0, (long)BigInteger.Max(BigInteger.Min(rounding.Round(Offset), High), Low), 0);
    }

    private RealVector LowerQuantize(Quantize layer)
    {
        RealVector x = values[layer.Input];
        Quantizer quantizer = layer.Quantizer;
        PerElement<Rational> scales = PerElement.Spread(layer.Length, quantizer.Scales);
        PerElement<Rational> zeros = PerElement.Spread(layer.Length, quantizer.ZeroPoints);
        PerElement<Requantizer> steps = PerElement.Map(x.Forms, scales, zeros, (form, scale, zero) => new Requantizer(
            form.Scale / scale,
            (form.Offset / scale) + zero,
            default,
            form.Low is { } lowest ? quantizer.IntegerOf(lowest, scale, zero) : quantizer.Low,
            form.High is { } highest ? quantizer.IntegerOf(highest, scale, zero) : quantizer.High));
        return Dequantized(RequantizeExactly(layer.Name, x.Tensor, steps, quantizer.Rounding), layer.Length, quantizer);
    }

    private int RequantizeExactly(string name, int input, PerElement<Requantizer> quantizers, Rounding rounding)
    {
        if (quantizers.All(step => step.IsConstant || step.Gain.Abs().Log2IfPowerOfTwo() is not null)
            && All(quantizers, step => step.IsConstant ? step.Constant(rounding) : ExactRequantizer.ForDyadic(step.Gain, step.Offset, rounding)) is { } shifts)
        {
            return Requantize(name, input, shifts, rounding, quantizers);
        }

        // A falling step is a rising one of the negated integers.
        if (quantizers.Any(step => step.Gain.Sign < 0))
        {
            input = builder.Scale(name, input, quantizers.Map(step => step.Gain.Sign < 0 ? -1L : 1L), Zeros(quantizers.Length));
            quantizers = quantizers.Map(step => step with { Gain = step.Gain.Abs() });
        }

        quantizers = PerElement.Map(quantizers, builder.Ranges(input), (step, range) => step with { Range = range }).Compacted();
        long levels = quantizers.Values.Max(step =>
        {
            (long first, long last) = ExactRequantizer.Ends(step.Gain, step.Offset, rounding, step.Range, step.Low, step.High);
            return last - first;
        });
        if (levels > FewLevels)
        {
            // A multiplier found level by level is usually the smaller one; the gain itself is exact where it is dyadic.
            PerElement<DyadicStep>? steps = All(quantizers, step => step.IsConstant ? step.Constant(rounding)
                : ExactRequantizer.ForLevels(step.Gain, step.Offset, rounding, step.Range, step.Low, step.High));
            PerElement<DyadicStep>? exact = quantizers.All(step => step.Gain.Denominator.IsPowerOfTwo)
                ? All(quantizers, step => step.IsConstant ? step.Constant(rounding) : ExactRequantizer.ForDyadic(step.Gain, step.Offset, rounding))
                : null;
            if (steps is not null && (exact is null || steps.Values.Max(step => step.Multiplier) <= exact.Values.Max(step => step.Multiplier)))
            {
                return Requantize(name, input, steps, Rounding.Floor, quantizers);
            }

            if (exact is not null)
            {
                return Requantize(name, input, exact, rounding, quantizers);
            }

            if (levels > ManyLevels)
            {
                throw new InvalidInputException(
                    $"no multiplier up to 40 bits and shift up to 50 reproduces its {levels} levels exactly, and a comparison with each is possible up to {ManyLevels}. Give this quantizer fewer bits, or a scale that is a power of two.");
            }
        }

        PerElement<(long Base, long[] Levels)> thresholds = quantizers.Map(step => step.IsConstant
            ? (step.Constant(rounding).Addend, [])
            : ExactRequantizer.ThresholdsOf(step.Gain, step.Offset, rounding, step.Range, step.Low, step.High));
        return builder.Thresholds(name, input, thresholds.Map(found => found.Levels), thresholds.Map(found => found.Base));
    }

    /// <summary>A step for each kind; null where one has none.</summary>
    private static PerElement<DyadicStep>? All(PerElement<Requantizer> quantizers, Func<Requantizer, DyadicStep?> find)
    {
        var found = new DyadicStep[quantizers.Kinds.Count];
        for (int kind = 0; kind < found.Length; kind++)
        {
            if (find(quantizers.Values[kind]) is not { } step)
            {
                return null;
            }

            found[kind] = step;
        }

        return new(quantizers.Kinds, found);
    }

    private int Requantize(string name, int input, PerElement<DyadicStep> steps, Rounding rounding, PerElement<Requantizer> quantizers)
    {
        int scaled = builder.Scale(name, input, steps.Map(step => step.Multiplier), steps.Map(step => step.Addend));
        return builder.Requantize(name, scaled, steps.Map(step => step.Shift), rounding, quantizers.Map(step => step.Low), quantizers.Map(step => step.High));
    }

    private RealVector LowerBipolar(Bipolar layer)
    {
        RealVector x = values[layer.Input];
        int input = builder.Scale(layer.Name, x.Tensor, x.Forms.Map(form => form.Scale.Sign < 0 ? -1L : 1L), Zeros(layer.Length));
        PerElement<long[]> levels = PerElement.Map(x.Forms, builder.Ranges(input), SignLevel);
        int tensor = builder.Thresholds(layer.Name, input, levels, Zeros(layer.Length));

        // Integers 0 and 1 stand for -magnitude and +magnitude.
        return new(tensor, PerElement.Spread(layer.Length, layer.Magnitudes).Map(value => new RealForm(value * 2, -value, null, null)));
    }

    private static long[] SignLevel(RealForm x, Interval range)
    {
        bool always = x.Low is { Sign: >= 0 } || (x.Scale.IsZero && x.Offset.Sign >= 0);
        bool never = x.High is { Sign: < 0 } || (x.Scale.IsZero && x.Offset.Sign < 0);
        if (always || never)
        {
            return [always ? range.Min : range.Max + 1];
        }

        BigInteger level = (-(x.Offset / x.Scale.Abs())).Ceiling();
        return [(long)BigInteger.Max(BigInteger.Min(level, range.Max + 1), range.Min)];
    }
}
