using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>The exact range of every element an operation makes, from the ranges of what it reads. Affine rows are
/// bounded by their own weights, not by their count.</summary>
public static class RangeAnalysis
{
    /// <exception cref="InvalidInputException">A sum would need more than 63 bits; the message names the layer.</exception>
    public static Interval[] Of(IntegerOperation operation, Func<int, Interval[]> rangesOf)
    {
        try
        {
            return operation switch
            {
                Affine affine => OfAffine(affine, rangesOf(affine.Input)),
                Scale scale => Map(rangesOf(scale.Input), (range, i) => (range * scale.Multipliers[i]) + new Interval(scale.Addends[i], scale.Addends[i])),
                Requantize requantize => Map(
                    rangesOf(requantize.Input),
                    (range, i) => range.ShiftRight(requantize.Shifts[i], requantize.Rounding).Clamp(requantize.Low[i], requantize.High[i])),
                Thresholds thresholds => Map(
                    rangesOf(thresholds.Input),
                    (range, i) => new Interval(
                        thresholds.Base[i] + thresholds.Levels[i].Count(level => level <= range.Min),
                        thresholds.Base[i] + thresholds.Levels[i].Count(level => level <= range.Max))),
                Add add => Map(rangesOf(add.Left), (range, i) => range + rangesOf(add.Right)[i]),
                ArgMax argMax => [new Interval(0, rangesOf(argMax.Input).Length - 1)],
                Rearrange rearrange => [.. rearrange.Indices.Select(index => rangesOf(rearrange.Input)[index])],
                WindowedAffine windowed => OfWindows(windowed, rangesOf(windowed.Input)),
                WindowedMax windowed => OfWindows(windowed.Windows, rangesOf(windowed.Input)),
                Concatenate concatenate => [.. concatenate.Parts.SelectMany(rangesOf)],
                _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation"),
            };
        }
        catch (OverflowException overflow)
        {
            throw new InvalidInputException(
                $"layer {operation.Layer}: {overflow.Message}. Quantize its inputs or weights to fewer bits.", overflow);
        }
    }

    private static Interval[] OfAffine(Affine affine, Interval[] input)
    {
        var ranges = new Interval[affine.Weights.Rows];
        for (int i = 0; i < ranges.Length; i++)
        {
            var sum = new Interval(affine.Bias[i], affine.Bias[i]);
            ReadOnlySpan<long> row = affine.Weights.Row(i);
            for (int j = 0; j < row.Length; j++)
            {
                if (row[j] != 0)
                {
                    sum += input[j] * row[j];
                }
            }

            ranges[i] = sum;
        }

        return ranges;
    }

    private static Interval[] OfWindows(WindowedAffine windowed, Interval[] input)
    {
        var ranges = new Interval[windowed.Bias.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            int kernel = i / windowed.Windows.Positions;
            ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
            ReadOnlySpan<int> window = windowed.Windows.Of(windowed.GroupOf(kernel), i % windowed.Windows.Positions);
            ranges[i] = new Interval(windowed.Bias[i], windowed.Bias[i]);
            for (int tap = 0; tap < window.Length; tap++)
            {
                if (window[tap] >= 0 && weights[tap] != 0)
                {
                    ranges[i] += input[window[tap]] * weights[tap];
                }
            }
        }

        return ranges;
    }

    private static Interval[] OfWindows(Windows windows, Interval[] input)
    {
        var ranges = new Interval[windows.Groups * windows.Positions];
        for (int i = 0; i < ranges.Length; i++)
        {
            ReadOnlySpan<int> window = windows.Of(i / windows.Positions, i % windows.Positions);
            ranges[i] = input[window[0]];
            foreach (int index in window)
            {
                ranges[i] = new(Math.Max(ranges[i].Min, input[index].Min), Math.Max(ranges[i].Max, input[index].Max));
            }
        }

        return ranges;
    }

    private static Interval[] Map(Interval[] input, Func<Interval, int, Interval> function) => [.. input.Select(function)];
}
