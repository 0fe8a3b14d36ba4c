using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Networks whose sums need int64 in ONNX, with values around 2^32: there ONNX Runtime compares by half words in
/// some of its operators.</summary>
public sealed class WideExportTests(ITestOutputHelper output)
{
    private const int Rows = 500;

    [Theory]
    [InlineData(Rounding.HalfEven)]
    [InlineData(Rounding.HalfUp)]
    [InlineData(Rounding.Floor)]
    [InlineData(Rounding.Ceiling)]
    [InlineData(Rounding.HalfAwayFromZero)]
    [InlineData(Rounding.HalfTowardsZero)]
    [InlineData(Rounding.TowardsZero)]
    [InlineData(Rounding.AwayFromZero)]
    public void Requantize_OfWideSums(Rounding rounding) => Check((builder, sums) =>
        builder.Requantize("requantize", sums, [0, 0, 3, 9], rounding, [-8, -(1L << 33), -(1L << 31), 0], [56, 1L << 33, 1L << 31, (1L << 20) - 1]));

    [Fact]
    public void ArgMax_OfWideSums() => Check((builder, sums) => builder.ArgMax("largest", sums));

    /// <summary>Elements of up to 38 bits that differ by 1, or by some 34 bits either way.</summary>
    [Fact]
    public void ArgMax_OfWideSumsThatAreNearlyEqual() => Check((builder, sums) =>
        builder.ArgMax("largest", builder.Affine("near", sums, new(4, 4, [16, 0, 0, 0, 16, 0, 0, 1, 16, 0, 0, 0, 16, 0, 0, -1]), [0, 0, 1, 0])));

    [Fact]
    public void Thresholds_OfWideSums() => Check((builder, sums) => builder.Thresholds(
        "thresholds", sums, [[-(1L << 32), -1, (1L << 31) + 5], [0], [], [(1L << 32) - 1, 1L << 32, (1L << 32) + 1]], [0, -3, 7, 0]));

    /// <summary>Four sums of four inputs, spread over some 34 bits; the last input, always 0 here, makes their range 60 bits wide.</summary>
    private void Check(Func<IntegerNetworkBuilder, int, int> tail)
    {
        Random random = RandomTest.Create(output);
        var range = new Interval(-(1L << 15), (1L << 15) - 1);
        var builder = new IntegerNetworkBuilder([range, range, range, range]);
        long[] weights = [.. Enumerable.Range(0, 16).Select(k => k % 4 == 3 ? 1L << 42 : random.Between(-(1L << 17), 1L << 17))];
        int sums = builder.Affine("sums", 0, new(4, 4, weights), [1L << 31, -(1L << 32), 77, 1L << 32]);
        int result = tail(builder, sums);
        var encoding = new InputEncoding([4], [Rational.One], [Rational.Zero], Rounding.HalfEven, range.Min, range.Max, "test");
        IntegerNetwork network = builder.Build("wide", encoding, result, new([builder.Length(result)], [Rational.One], [Rational.Zero], Softmax: false));

        long[] rows = [.. Enumerable.Range(0, 4 * Rows).Select(k => k % 4 == 3 ? 0 : random.Between(range.Min, range.Max))];
        long[] expected = ReferenceInterpreter.RunRows(network, rows);
        Assert.Equal(expected, new FastInterpreter(network).RunRows(rows));
        byte[] model = OnnxExporter.Write(network);
        foreach (bool optimize in new[] { false, true })
        {
            using var runtime = new OnnxRuntimeBackend(model, optimize);
            Assert.Equal(expected, runtime.RunIntegers(network, [.. rows.Select(value => (double)value)]));
        }
    }
}
