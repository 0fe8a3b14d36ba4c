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
        int length = layer.Length;

        // A falling value is a rising one of the negated integers.
        int input = builder.Scale(layer.Name, x.Tensor, [.. Enumerable.Range(0, length).Select(i => x.Scale(i).Sign < 0 ? -1L : 1L)], new long[length]);
        Interval[] ranges = builder.Ranges(input);
        var known = new Dictionary<(Rational[], Rational, Rational, Rational?, Rational?, Interval), (long Base, long[] Levels)>();
        var levels = new long[length][];
        var first = new long[length];
        for (int i = 0; i < length; i++)
        {
            // The elements of a channel differ little: each kind of them is worked out once.
            var kind = (layer.Levels[i], x.Scale(i), x.Offset(i), x.Low(i), x.High(i), ranges[i]);
            if (!known.TryGetValue(kind, out (long Base, long[] Levels) found))
            {
                known[kind] = found = IntegerLevels(layer.Levels[i], x, i, ranges[i]);
            }

            (first[i], levels[i]) = found;
        }

        return new(builder.Thresholds(layer.Name, input, levels, first), [layer.Step], [layer.Offset]);
    }

    /// <summary>How many levels every integer of the range reaches, and from which integer on the others are reached.</summary>
    private static (long Base, long[] Levels) IntegerLevels(Rational[] levels, RealVector x, int i, Interval range)
    {
        long always = 0;
        var reached = new List<long>();
        Rational scale = x.Scale(i).Abs();
        foreach (Rational level in levels)
        {
            if (x.Low(i) >= level || (scale.IsZero && x.Offset(i) >= level))
            {
                always++;
            }
            else if (!(x.High(i) < level || scale.IsZero))
            {
                BigInteger at = ((level - x.Offset(i)) / scale).Ceiling();
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
