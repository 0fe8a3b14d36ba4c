using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>The exact range of every element an operation makes, from the ranges of what it reads. Affine rows are
/// bounded by their own weights, not by their count. Elements of one kind are looked at once.</summary>
public static class RangeAnalysis
{
    /// <exception cref="InvalidInputException">A sum would need more than 63 bits; the message names the layer.</exception>
    public static PerElement<Interval> Of(IntegerOperation operation, Func<int, PerElement<Interval>> rangesOf)
    {
        try
        {
            PerElement<Interval> ranges = operation switch
            {
                Affine affine => OfAffine(affine, rangesOf(affine.Input).ToArray()),
                Scale scale => PerElement.Map(
                    rangesOf(scale.Input), scale.Multipliers, scale.Addends, (range, multiplier, addend) => (range * multiplier) + new Interval(addend, addend)),
                Requantize requantize => PerElement.Map(
                    PerElement.Map(rangesOf(requantize.Input), requantize.Shifts, (range, shift) => range.ShiftRight(shift, requantize.Rounding)),
                    requantize.Low,
                    requantize.High,
                    (range, low, high) => range.Clamp(low, high)),
                Thresholds thresholds => PerElement.Map(
                    rangesOf(thresholds.Input),
                    thresholds.Levels,
                    thresholds.Base,
                    (range, levels, first) => new Interval(first + levels.Count(level => level <= range.Min), first + levels.Count(level => level <= range.Max))),
                Add add => PerElement.Map(rangesOf(add.Left), rangesOf(add.Right), (left, right) => left + right),
                ArgMax argMax => [new Interval(0, rangesOf(argMax.Input).Length - 1)],
                Rearrange rearrange => rangesOf(rearrange.Input).Picked(rearrange.Indices),
                WindowedAffine windowed => OfSums(windowed, rangesOf(windowed.Input)),
                WindowedMax windowed => OfLargest(windowed.Windows, rangesOf(windowed.Input)),
                Softmax softmax => PerElement.Uniform(rangesOf(softmax.Input).Length, OfShares(softmax, rangesOf(softmax.Input))),
                Lookup lookup => PerElement.Map(rangesOf(lookup.Input), (PerElement<LookupTable>)[.. lookup.TableOf.Select(table => lookup.Tables[table])], (range, table) => OfEntries(table, range)),
                Concatenate concatenate => PerElement.Concatenated([.. concatenate.Parts.Select(rangesOf)]),
                _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation"),
            };
            return ranges.Compacted();
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

    private static PerElement<Interval> OfSums(WindowedAffine windowed, PerElement<Interval> input)
    {
        Windows windows = windowed.Windows;
        int perGroup = windowed.Kernels.Rows / windows.Groups;
        return OfWindows(windows, perGroup, input, windowed.Bias.Kinds, (window, kernel, position) =>
        {
            ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
            long bias = windowed.Bias[(kernel * windows.Positions) + position];
            var sum = new Interval(bias, bias);
            for (int tap = 0; tap < window.Length; tap++)
            {
                if (window[tap] >= 0 && weights[tap] != 0)
                {
                    sum += input[window[tap]] * weights[tap];
                }
            }

            return sum;
        });
    }

    private static PerElement<Interval> OfLargest(Windows windows, PerElement<Interval> input) =>
        OfWindows(windows, 1, input, Kinds.One(windows.Groups * windows.Positions), (window, _, _) =>
        {
            Interval largest = input[window[0]];
            foreach (int index in window)
            {
                largest = new(Math.Max(largest.Min, input[index].Min), Math.Max(largest.Max, input[index].Max));
            }

            return largest;
        });

    /// <param name="perGroup">Results of a group at a position.</param>
    /// <param name="results">Kinds of the results apart from what they read.</param>
    /// <param name="rangeOf">From a window, the number of the result at its position, and the position.</param>
    private static PerElement<Interval> OfWindows(
        Windows windows, int perGroup, PerElement<Interval> input, Kinds results, Func<int[], int, int, Interval> rangeOf)
    {
        var ranges = new PerElement<Interval>[windows.Groups * perGroup];
        var window = new int[windows.Taps];
        for (int group = 0; group < windows.Groups; group++)
        {
            Kinds positions = windows.PositionKinds(group, input.Kinds);
            int[] examples = positions.Examples();
            for (int result = group * perGroup; result < (group + 1) * perGroup; result++)
            {
                int start = result * windows.Positions;
                Kinds kinds = positions;
                int[] places = examples;
                if (results.Count > 1)
                {
                    kinds = positions.Joined(results.Part(start, windows.Positions));
                    places = ReferenceEquals(kinds, positions) ? examples : kinds.Examples();
                }

                var ofKind = new Interval[places.Length];
                for (int kind = 0; kind < ofKind.Length; kind++)
                {
                    windows.Read(group, places[kind], window);
                    ofKind[kind] = rangeOf(window, result, places[kind]);
                }

                ranges[result] = new(kinds, ofKind);
            }
        }

        return PerElement.Concatenated(ranges);
    }

    /// <summary>Every element of a vector can be all or nothing.</summary>
    /// <exception cref="OverflowException">A distance from the largest needs more than 62 bits.</exception>
    private static Interval OfShares(Softmax softmax, PerElement<Interval> input)
    {
        Interval all = input.Values.Aggregate(Interval.Union);
        _ = all + (all * -1);
        return new(0, (1L << Softmax.Bits) + (softmax.LiftsLargest ? 1 : 0));
    }

    private static Interval OfEntries(LookupTable table, Interval range)
    {
        if (range.Min < table.First || range.Max - table.First >= table.Values.Length)
        {
            throw new ArgumentException($"a table of {table.Values.Length} entries from {table.First} on for integers {range.Min} to {range.Max}", nameof(table));
        }

        ReadOnlySpan<long> reached = table.Values.AsSpan((int)(range.Min - table.First), (int)(range.Max - range.Min) + 1);
        var result = new Interval(reached[0], reached[0]);
        foreach (long value in reached)
        {
            result = new(Math.Min(result.Min, value), Math.Max(result.Max, value));
        }

        return result;
    }
}
