using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Where arithmetic of 16, 32 or 64 bits could end: each case runs in the reference interpreter, the fast one and
/// the model in unbounded integers.</summary>
public sealed class InterpreterLimitTests(ITestOutputHelper output)
{
    public static TheoryData<int> Widths => [1, 2, 8, 15, 16, 17, 24, 31, 32, 33, 48, 61, 62, 63];

    private static readonly Interval Int16 = new(short.MinValue, short.MaxValue);
    private static readonly Interval Int32 = new(int.MinValue, int.MaxValue);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Requantize_RoundsAndSaturatesInEveryMode(int width)
    {
        Random random = RandomTest.Create(output);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            foreach (Interval range in RangesOf(width))
            {
                for (int shift = 0; shift <= Math.Min(width, 62); shift += 1 + (shift / 8))
                {
                    // Without limits, with limits that bite on both sides, and limited to one value.
                    Interval shifted = range.ShiftRight(shift, rounding);
                    long[] low = [shifted.Min, (shifted.Min / 2) + 1, shifted.Max, -LargestMagnitude];
                    long[] high = [shifted.Max, Math.Max(shifted.Max / 2, (shifted.Min / 2) + 1), shifted.Max, LargestMagnitude];
                    var builder = new IntegerNetworkBuilder([range, range, range, range]);
                    int result = builder.Requantize("requantize", 0, [shift, shift, shift, shift], rounding, low, high);
                    Check(builder, result, Rows(random, builder.Ranges(0), Ties(shift)));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Scale_And_Affine_AreExactUpToTheLastBit(int width)
    {
        Random random = RandomTest.Create(output);
        int tried = 0;
        foreach (Interval range in RangesOf(width))
        {
            foreach (int bits in new[] { 1, 8, 15, 16, 31 - width, 32 - width, 61 - width })
            {
                long weight = (1L << Math.Clamp(bits, 1, 61)) - 1;
                if ((Int128)(weight + 1) * (range.Magnitude + 1) > LargestMagnitude)
                {
                    continue;
                }

                var builder = new IntegerNetworkBuilder([range, range, range]);
                int scaled = builder.Scale("scale", 0, [weight, -weight, 1], [-1, 1, weight]);
                Check(builder, scaled, Rows(random, builder.Ranges(0)));

                builder = new IntegerNetworkBuilder([range, range, range]);
                int sums = builder.Affine("affine", 0, new(3, 3, [weight, 0, 1, 0, -weight, -1, 0, 0, 0]), [1, -weight, weight]);
                Check(builder, sums, Rows(random, builder.Ranges(0)));
                tried++;
            }
        }

        Assert.True(tried > 0 || width >= 62);
    }

    [Fact]
    public void ProductsThatLeaveTheirLanes_ComeBackWithTheBias()
    {
        Random random = RandomTest.Create(output);

        // 60,000 * 65,535 needs 32 bits without sign; with the bias the sum fits a signed lane.
        var builder = new IntegerNetworkBuilder([new(0, 65535)]);
        int sums = builder.Affine("affine", 0, new(1, 1, [60000]), [-2_000_000_000]);
        Assert.True(Int32.Contains(builder.Ranges(sums)[0].Min) && Int32.Contains(builder.Ranges(sums)[0].Max));
        Check(builder, builder.Scale("scale", sums, [1], [1]), Rows(random, builder.Ranges(0)));

        builder = new IntegerNetworkBuilder([new(0, 65535)]);
        Check(builder, builder.Scale("scale", 0, [60000], [-2_000_000_000]), Rows(random, builder.Ranges(0)));

        // Two products of -32,768 * -32,768 are 2^31: one more than a lane holds.
        builder = new IntegerNetworkBuilder([Int16, Int16]);
        sums = builder.Affine("affine", 0, new(1, 2, [short.MinValue, short.MinValue]), [-1]);
        Assert.Equal(int.MaxValue, builder.Ranges(sums)[0].Max);
        Check(builder, sums, Rows(random, builder.Ranges(0)));
    }

    [Theory]
    [InlineData(-32768, 32767, 0)]
    [InlineData(-32769, 32767, 0)]
    [InlineData(-32768, 32768, 0)]
    [InlineData(-32768, 32767, 1)]
    [InlineData(0, 65535, 0)]
    public void Factors_AtAndBeyondTheLimitsOf16Bits(long min, long max, long beyond)
    {
        Random random = RandomTest.Create(output);
        var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(min, max), 3)]);
        IntegerMatrix weights = new(4, 3, [1, 1, 1, short.MinValue - beyond, 0, 0, 0, short.MaxValue + beyond, 0, 0, 0, -1]);
        Check(builder, builder.Affine("affine", 0, weights, [0, 1, -1, 0]), Rows(random, builder.Ranges(0)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Sums_AtAndBeyondTheLimitsOf32Bits(long beyond)
    {
        Random random = RandomTest.Create(output);
        var half = new Interval(-(1L << 30), (1L << 30) - 1);
        foreach (long bias in new[] { -beyond, 1 + beyond })
        {
            var builder = new IntegerNetworkBuilder([half, half]);
            Check(builder, builder.Affine("affine", 0, new(2, 2, [1, 1, -1, -1]), [bias, bias - 1]), Rows(random, builder.Ranges(0)));
        }

        foreach (Interval range in new[] { half, Int32, new Interval(int.MinValue - beyond, int.MaxValue + beyond) })
        {
            var builder = new IntegerNetworkBuilder([range, range]);
            int swapped = builder.Rearrange("rearrange", 0, [1, 0]);
            int added = builder.Add("add", 0, swapped);
            Check(builder, builder.Requantize("limit", added, [1, 0], Rounding.HalfEven, [int.MinValue, int.MinValue], [int.MaxValue, int.MaxValue]), Rows(random, builder.Ranges(0)));
            Check(builder, added, Rows(random, builder.Ranges(0)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Thresholds_CountAtTheEndsOfTheRangeAndBeyond(int width)
    {
        Random random = RandomTest.Create(output);
        foreach (Interval range in RangesOf(width))
        {
            var builder = new IntegerNetworkBuilder([range, range, range, range]);
            long[][] levels =
            [
                [range.Min, range.Max],
                [range.Min, range.Min, range.Max, range.Max],
                [-LargestMagnitude, range.Max, LargestMagnitude],
                [],
            ];
            Check(builder, builder.Thresholds("thresholds", 0, levels, [0, -7, 5, int.MaxValue]), Rows(random, builder.Ranges(0)));

            builder = new IntegerNetworkBuilder([range, range, range, range]);
            Check(builder, builder.Thresholds("wide", 0, levels, [0, int.MaxValue, LargestMagnitude / 2, int.MinValue - 1L]), Rows(random, builder.Ranges(0)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ArgMax_TakesTheFirstOfEqualOnes(int width)
    {
        Random random = RandomTest.Create(output);
        foreach (Interval range in RangesOf(width))
        {
            var builder = new IntegerNetworkBuilder([range, range, range]);
            Check(builder, builder.ArgMax("argmax", 0), Rows(random, builder.Ranges(0)));
        }
    }

    [Fact]
    public void AWideTensor_MayHaveANarrowPart()
    {
        Random random = RandomTest.Create(output);
        var builder = new IntegerNetworkBuilder([new(-5, 5), new(-LargestMagnitude, LargestMagnitude)]);
        int narrow = builder.Rearrange("rearrange", 0, [0, 0]);
        Check(builder, builder.Affine("affine", narrow, new(1, 2, [3, -2]), [0]), Rows(random, builder.Ranges(0)));
        Check(builder, builder.Add("add", narrow, builder.Rearrange("both", 0, [0, 0])), Rows(random, builder.Ranges(0)));
    }

    private const long LargestMagnitude = Interval.LargestMagnitude;

    /// <summary>Signed and unsigned of a width; 63 bits as far as an accumulator goes.</summary>
    private static Interval[] RangesOf(int width) =>
        width == 63
            ? [new(-LargestMagnitude, LargestMagnitude)]
            : [new(-(1L << (width - 1)), (1L << (width - 1)) - 1), new(0, (1L << width) - 1)];

    /// <summary>Around and on the middle between two results, even and odd, of either sign.</summary>
    private static long[] Ties(int shift) => shift == 0
        ? []
        : [.. Enumerable.Range(-3, 7).SelectMany(k => Enumerable.Range(-1, 3).Select(off => unchecked((k * (1L << shift)) + (1L << (shift - 1)) + off)))];

    /// <summary>Values that lie at limits, and random ones, in all elements at once and mixed.</summary>
    private static long[] Rows(Random random, IReadOnlyList<Interval> ranges, params long[] more)
    {
        long[] special = [0, 1, -1, .. more, .. new[] { 15, 16, 31, 32, 62 }.SelectMany(bits => new[] { (1L << bits) - 1, 1L << bits, -(1L << bits), -(1L << bits) - 1 })];
        var rows = new List<long>();
        foreach (Func<Interval, long> choose in special.Select(value => (Func<Interval, long>)(_ => value)).Append(range => range.Min).Append(range => range.Max))
        {
            rows.AddRange(ranges.Select(range => Math.Clamp(choose(range), range.Min, range.Max)));
        }

        for (int k = 0; k < 40; k++)
        {
            rows.AddRange(ranges.Select(range => random.Next(3) == 0
                ? random.Between(range.Min, range.Max)
                : Math.Clamp(random.Pick([range.Min, range.Max, .. special]), range.Min, range.Max)));
        }

        return [.. rows];
    }

    private static void Check(IntegerNetworkBuilder builder, int result, long[] rows)
    {
        PerElement<Interval> ranges = builder.Ranges(0);
        var encoding = new InputEncoding([ranges.Length], [Rational.One], [Rational.Zero], Rounding.HalfEven, ranges.Min(range => range.Min), ranges.Max(range => range.Max), "test");
        IntegerNetwork network = builder.Build("limits", encoding, result, new([builder.Length(result)], [Rational.One], [Rational.Zero], Softmax: false));
        long[] reference = ReferenceInterpreter.RunRows(network, rows);
        Assert.Equal(reference, FastOnEveryProcessor.RunRows(network, rows));
        for (int row = 0; row < rows.Length / ranges.Length; row++)
        {
            BigInteger[] expected = BigIntegerModel.Run(network, rows.AsSpan(row * ranges.Length, ranges.Length));
            Assert.Equal(expected, reference.AsSpan(row * network.OutputLength, network.OutputLength).ToArray().Select(value => (BigInteger)value));
        }
    }
}
