using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Comparisons that the model itself lists.</content>
public sealed partial class Lowering
{
    private RealVector LowerMultiThreshold(MultiThreshold layer)
    {
        RealVector x = values[layer.Input];

        // A falling value is a rising one of the negated integers.
        int input = builder.Scale(layer.Name, x.Tensor, x.Forms.Map(form => form.Scale.Sign < 0 ? -1L : 1L), Zeros(layer.Length));
        PerElement<(long Base, long[] Levels)> levels = PerElement.Map(PerElement.Create<Rational[]>(layer.Levels), x.Forms, builder.Ranges(input), IntegerLevels);
        return new(
            builder.Thresholds(layer.Name, input, levels.Map(found => found.Levels), levels.Map(found => found.Base)),
            PerElement.Uniform(layer.Length, new RealForm(layer.Step, layer.Offset, null, null)));
    }

    /// <summary>How many levels every integer of the range reaches, and from which integer on the others are reached.</summary>
    private static (long Base, long[] Levels) IntegerLevels(Rational[] levels, RealForm x, Interval range)
    {
        long always = 0;
        var reached = new List<long>();
        Rational scale = x.Scale.Abs();
        foreach (Rational level in levels)
        {
            if (x.Low >= level || (scale.IsZero && x.Offset >= level))
            {
                always++;
            }
            else if (!(x.High < level || scale.IsZero))
            {
                BigInteger at = ((level - x.Offset) / scale).Ceiling();
                if (at <= range.Min)
                {
                    always++;
                }
                else if (at <= range.Max)
                {
                    reached.Add((long)at);
                }
            }
        }

        return (always, [.. reached]);
    }
}
