using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;

namespace Edge.Tests.Networks;

/// <summary>Integer networks that use every operation, of random shapes, ranges and roundings.</summary>
internal static class RandomNetworks
{
    /// <summary>Tries again where a random accumulator would leave 63 bits, which is refused.</summary>
    public static IntegerNetwork Create(Random random, int largestWeight = 40)
    {
        while (true)
        {
            try
            {
                return Attempt(random, largestWeight);
            }
            catch (Edge.Networks.InvalidInputException)
            {
                largestWeight = (largestWeight / 2) + 1;
            }
        }
    }

    private static IntegerNetwork Attempt(Random random, int largestWeight)
    {
        int inputs = random.Next(1, 9);
        int bits = random.Pick(2, 6, 12, 16, 20);
        bool signed = random.Next(2) == 0;
        long low = signed ? -(1L << (bits - 1)) : 0;
        long high = low + (1L << bits) - 1;
        var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(low, high), inputs)]);
        int tensor = 0;
        int layers = random.Next(1, 5);
        for (int layer = 0; layer < layers; layer++)
        {
            tensor = random.Next(3) == 0
                ? Windowed(builder, random, tensor, largestWeight)
                : Affine(builder, random, tensor, random.Next(1, 9), largestWeight);
            tensor = random.Next(4) == 0 ? Scale(builder, random, tensor) : tensor;
            tensor = random.Next(7) switch
            {
                6 => Lookup(builder, random, Requantize(builder, random, tensor)),
                4 => builder.WindowedMax($"m{layer}", tensor, Windows(builder, random, tensor, random.Next(1, 4), padding: false)),
                5 => builder.Concatenate($"c{layer}", [tensor, Requantize(builder, random, tensor), .. random.Next(2) == 0 ? [0] : Array.Empty<int>()]),
                0 => Thresholds(builder, random, tensor),
                1 => builder.Rearrange($"r{layer}", tensor, [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(builder.Length(tensor)))]),
                _ => Requantize(builder, random, tensor),
            };
            tensor = random.Next(5) == 0 ? builder.Add($"a{layer}", tensor, Requantize(builder, random, tensor)) : tensor;
        }

        tensor = random.Next(4) == 0 ? builder.ArgMax("argmax", tensor) : tensor;
        var encoding = new InputEncoding([inputs], [Rational.One], [Rational.Zero], Rounding.HalfEven, low, high, "test");
        return builder.Build("random", encoding, tensor, new([builder.Length(tensor)], [Rational.One], [Rational.Zero], Softmax: false));
    }

    /// <summary>Rows over the whole input range, its corners first.</summary>
    public static long[] Rows(IntegerNetwork network, Random random, int count)
    {
        var rows = new long[count * network.InputLength];
        for (int k = 0; k < rows.Length; k++)
        {
            Interval range = network.InputTensor.Ranges[k % network.InputLength];
            rows[k] = (k / network.InputLength) switch
            {
                0 => range.Min,
                1 => range.Max,
                2 => random.Pick(range.Min, range.Max),
                _ => random.Between(range.Min, range.Max),
            };
        }

        return rows;
    }

    private static int Affine(IntegerNetworkBuilder builder, Random random, int input, int rows, int largest)
    {
        int columns = builder.Length(input);
        long[] weights = [.. Enumerable.Range(0, rows * columns).Select(_ => random.Next(3) == 0 ? 0 : random.Between(-largest, largest))];
        return builder.Affine("affine", input, new(rows, columns, weights), [.. Enumerable.Range(0, rows).Select(_ => random.Between(-1000, 1000))]);
    }

    private static int Windowed(IntegerNetworkBuilder builder, Random random, int input, int largest)
    {
        int groups = random.Next(1, 4);
        int kernels = groups * random.Next(1, 4);
        Windows windows = Windows(builder, random, input, groups, padding: true);
        long[] weights = [.. Enumerable.Range(0, kernels * windows.Taps).Select(_ => random.Next(3) == 0 ? 0 : random.Between(-largest, largest))];
        return builder.WindowedAffine("windowed", input, new(kernels, windows.Taps, weights), windows, [.. Enumerable.Range(0, kernels * windows.Positions).Select(_ => random.Between(-1000, 1000))]);
    }

    private static Windows Windows(IntegerNetworkBuilder builder, Random random, int input, int groups, bool padding)
    {
        int positions = random.Next(1, 4);
        int taps = random.Next(1, 5);
        int[] indices = [.. Enumerable.Range(0, groups * positions * taps).Select(_ => padding && random.Next(5) == 0 ? Edge.Networks.Graph.Windows.Padding : random.Next(builder.Length(input)))];
        return new(groups, positions, taps, indices);
    }

    private static int Scale(IntegerNetworkBuilder builder, Random random, int input) =>
        builder.Scale("scale", input, Each(builder, input, _ => random.Between(-99, 99)), Each(builder, input, _ => random.Between(-999, 999)));

    private static int Requantize(IntegerNetworkBuilder builder, Random random, int input)
    {
        var rounding = (Rounding)random.Next(Enum.GetValues<Rounding>().Length);
        long low = random.Pick(0L, -8, -128, -3000);
        return builder.Requantize(
            "requantize", input, [.. Each(builder, input, _ => random.Next(0, 12)).Select(shift => (int)shift)], rounding, Each(builder, input, _ => low), Each(builder, input, _ => low + 63));
    }

    private static int Thresholds(IntegerNetworkBuilder builder, Random random, int input)
    {
        PerElement<Interval> ranges = builder.Ranges(input);
        long[][] levels = [.. ranges.Select(range => Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Between(range.Min, range.Max)).Order().ToArray())];
        return builder.Thresholds("thresholds", input, levels, Each(builder, input, _ => random.Between(-3, 3)));
    }

    private static int Lookup(IntegerNetworkBuilder builder, Random random, int input)
    {
        Interval all = builder.Ranges(input).Aggregate(Interval.Union);
        LookupTable[] tables = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
        {
            long first = all.Min - random.Next(3);
            return new LookupTable(first, [.. Enumerable.Range(0, (int)(all.Max - first + 1 + random.Next(3))).Select(_ => random.Between(-200, 200))]);
        })];
        return builder.Lookup("lookup", input, tables, [.. Each(builder, input, _ => random.Next(tables.Length)).Select(table => (int)table)]);
    }

    private static long[] Each(IntegerNetworkBuilder builder, int input, Func<int, long> function) =>
        [.. Enumerable.Range(0, builder.Length(input)).Select(function)];
}
