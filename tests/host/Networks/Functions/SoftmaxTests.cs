using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Functions;

public sealed class SoftmaxTests(ITestOutputHelper output)
{
    /// <summary>What the definition promises; see docs/numerics.md.</summary>
    private const double LargestError = 1.0 / (1 << 19);

    /// <summary>Every scale from one that leaves no room between 0 and 1 to one finer than any table.</summary>
    [Fact]
    public void Shares_AreNearTheRealOnes_AndNeverTurnTheOrder()
    {
        Random random = RandomTest.Create(output);
        double worst = 0;
        for (int k = 0; k < 60; k++)
        {
            int classes = random.Pick(1, 2, 3, 5, 10, 100);
            int bits = random.Pick(4, 8, 16, 24, 31);
            bool unequal = bits <= 16 && random.Next(3) == 0;
            Rational[] scales = [.. Enumerable.Range(0, unequal ? classes : 1).Select(_ => Rational.From((float)(random.NextDouble() + 0.1)) * Rational.PowerOfTwo(random.Pick(0, -3, -10, -16, -24)))];
            Rational[] offsets = [.. Enumerable.Range(0, random.Pick(1, classes)).Select(_ => Rational.From(random.Pick(0, (float)random.NextDouble() * 4)))];
            var network = new Network("m", "x", "y", [classes], [new ElementwiseAffine(1, "scaled", [classes], 0, scales, offsets), new SoftmaxLayer(2, "Softmax", [classes], 1)], 2, []);
            IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, bits, bits));
            IntegerNetwork final = integers.Output.Final!;
            long[] rows = RandomNetworks.Rows(integers, random, 64);
            for (int row = 3; row < 64; row++)
            {
                // Near the first class, so that more than one counts.
                double reach = random.Pick(1.0, 1e-2, 1e-4);
                for (int i = 1; i < classes && row % 2 == 0; i++)
                {
                    double near = (rows[row * classes] * scales[0].ToDouble()) + ((random.NextDouble() - 0.5) * 20 * reach);
                    rows[(row * classes) + i] = (long)Math.Clamp(near / scales[unequal ? i : 0].ToDouble(), -(1L << (bits - 1)), (1L << (bits - 1)) - 1);
                }
            }

            long[] logits = ReferenceInterpreter.RunRows(integers, rows);
            long[] shares = ReferenceInterpreter.RunRows(final, logits);
            Assert.Equal(shares, new FastInterpreter(final).RunRows(logits));
            double[] decoded = integers.Output.Decode(logits, classes, beforeSoftmax: false);
            for (int row = 0; row < 64; row++)
            {
                Rational[] values = [.. Enumerable.Range(0, classes).Select(i => (logits[(row * classes) + i] * At(integers.Output.Scale, i)) + At(integers.Output.Offset, i))];
                double[] powers = [.. values.Select(value => Math.Exp((value - values.Max()).ToDouble()))];
                for (int i = 0; i < classes; i++)
                {
                    worst = Math.Max(worst, Math.Abs((powers[i] / powers.Sum()) - decoded[(row * classes) + i]));
                }

                int[] falling = [.. Enumerable.Range(0, classes).OrderByDescending(i => values[i])];
                for (int i = 1; i < classes; i++)
                {
                    long difference = shares[(row * classes) + falling[i - 1]] - shares[(row * classes) + falling[i]];
                    bool equal = values[falling[i - 1]] == values[falling[i]];
                    bool first = values[falling[i - 1]] == values[falling[0]];
                    Assert.True(equal ? difference == 0 : first ? difference > 0 : difference >= 0, $"row {row}: {falling[i - 1]} and {falling[i]} changed places");
                }
            }

            Assert.InRange(worst, 0, LargestError);
            if (bits <= 24)
            {
                using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(integers), optimize: random.Next(2) == 0);
                double[] real = [.. rows.Select(value => (double)value)];
                Assert.Equal(logits, runtime.RunIntegers(integers, real));
                Assert.Equal(shares, runtime.RunFinalIntegers(integers, real));
            }
        }

        output.WriteLine($"largest error {worst}");
    }

    [Fact]
    public void ScalesThatNoCommonGridHolds_AreComparedInAllBitsThereAre()
    {
        Random random = RandomTest.Create(output);
        const int Classes = 4;
        Rational[] scales = [.. Enumerable.Range(0, Classes).Select(_ => (Rational)random.Between(1 << 30, 1L << 40) / random.Between(1L << 55, 1L << 60))];
        var network = new Network("m", "x", "y", [Classes], [new ElementwiseAffine(1, "scaled", [Classes], 0, scales, [Rational.From(0.3)]), new SoftmaxLayer(2, "Softmax", [Classes], 1)], 2, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 24, 24));
        long[] rows = RandomNetworks.Rows(integers, random, 300);
        double[] decoded = integers.Output.Decode(ReferenceInterpreter.RunRows(integers, rows), Classes, beforeSoftmax: false);
        Assert.All(FloatInterpreter.RunRows(network, [.. rows.Select(value => (double)value)]).Zip(decoded), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, LargestError));
    }

    [Fact]
    public void ASoftmaxIsWhatItSays_InUnboundedIntegers()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 60; k++)
        {
            int length = random.Next(1, 6);
            int vectors = random.Next(1, 4);
            int bits = random.Pick(3, 12, 24, 50);
            Interval[] ranges = [.. Enumerable.Repeat(new Interval(-(1L << bits), 1L << bits), length * vectors)];
            var builder = new IntegerNetworkBuilder(ranges);
            SoftmaxTables tables = SoftmaxTables.For(Rational.PowerOfTwo(random.Next(-30, 2)), (Int128)2 << bits);
            int result = builder.Softmax("softmax", 0, length, tables.Drop, tables.FineBits, tables.Coarse, tables.Fine, random.Next(2) == 0);
            var encoding = new InputEncoding([ranges.Length], [Rational.One], [Rational.Zero], Rounding.HalfEven, ranges[0].Min, ranges[0].Max, "test");
            IntegerNetwork network = builder.Build("softmax", encoding, result, new([ranges.Length], [Rational.One], [Rational.Zero], Softmax: false));
            long[] rows = RandomNetworks.Rows(network, random, 70);
            for (int at = 3 * network.InputLength; at < rows.Length; at++)
            {
                rows[at] >>= random.Next(bits); // small distances too
            }

            long[] results = new FastInterpreter(network).RunRows(rows);
            for (int row = 0; row < 70; row++)
            {
                long[] x = rows[(row * ranges.Length)..((row + 1) * ranges.Length)];
                long[] y = results[(row * ranges.Length)..((row + 1) * ranges.Length)];
                Assert.Equal(y, ReferenceInterpreter.Run(network, x));
                Assert.Equal(BigIntegerModel.Run(network, x), y.Select(value => (System.Numerics.BigInteger)value));
            }

            if (bits <= 24)
            {
                using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize: random.Next(2) == 0);
                Assert.Equal(results, runtime.RunIntegers(network, [.. rows.Select(value => (double)value)]));
            }
        }
    }

    /// <summary>Logits of more than 2^51: the export compares them in int64.</summary>
    [Fact]
    public void OnnxRuntime_FindsTheLargestOfLongIntegers()
    {
        Random random = RandomTest.Create(output);
        var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(-(1L << 20), 1L << 20), 4)]);
        int scaled = builder.Scale("scale", 0, [.. Enumerable.Repeat(1L << 36, 4)], [5, -7, 1L << 31, 0]);
        SoftmaxTables tables = SoftmaxTables.For(Rational.PowerOfTwo(-52), (Int128)1 << 58);
        int result = builder.Softmax("softmax", scaled, 2, tables.Drop, tables.FineBits, tables.Coarse, tables.Fine, liftsLargest: true);
        var encoding = new InputEncoding([4], [Rational.One], [Rational.Zero], Rounding.HalfEven, -(1L << 20), 1L << 20, "test");
        IntegerNetwork network = builder.Build("softmax", encoding, result, new([4], [Rational.One], [Rational.Zero], Softmax: false));
        long[] rows = RandomNetworks.Rows(network, random, 200);
        for (int row = 100; row < 200; row++)
        {
            rows[(row * 4) + 1] = rows[row * 4]; // equal but for the lowest bits
        }

        using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize: random.Next(2) == 0);
        Assert.Equal(ReferenceInterpreter.RunRows(network, rows), runtime.RunIntegers(network, [.. rows.Select(value => (double)value)]));
    }

    [Theory]
    [InlineData(FunctionKind.Sigmoid)]
    [InlineData(FunctionKind.Tanh)]
    [InlineData(FunctionKind.Softplus)]
    [InlineData(FunctionKind.Gelu)]
    public void AFunctionAtTheEnd_IsComputedInIntegersOnTheHost(FunctionKind kind)
    {
        Random random = RandomTest.Create(output);
        foreach (int bits in new[] { 8, 15, 24 })
        {
            var network = new Network(
                "m", "x", "y", [3],
                [
                    new ElementwiseAffine(1, "scaled", [3], 0, [Rational.From(0.9f), -Rational.One, Rational.Half], [Rational.From(0.1f)]),
                    new ElementFunction(2, $"{kind}", [3], 1, new(kind)),
                    new ElementwiseAffine(3, "behind", [3], 2, [(Rational)3], [Rational.One]),
                ],
                3, []);
            IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, bits, 4));
            Assert.DoesNotContain(integers.Operations, operation => operation is Lookup or Softmax);
            long[] rows = RandomNetworks.Rows(integers, random, 300);
            double[] real = [.. rows.Select(value => Math.ScaleB(value, 4 - bits))];
            long[] results = ReferenceInterpreter.RunRows(integers, rows);
            double[] expected = FloatInterpreter.RunRows(network, real);
            double[] ours = integers.Output.Decode(results, 3, beforeSoftmax: false);
            double allowed = kind is FunctionKind.Sigmoid or FunctionKind.Tanh ? 6 * LargestError : bits > 15 ? 1e-3 : 4e-6;
            Assert.All(expected.Zip(ours), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, allowed));
            using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(integers), optimize: true);
            Assert.Equal(results, runtime.RunIntegers(integers, real));
            Assert.Equal(new FastInterpreter(integers.Output.Final!).RunRows(results), runtime.RunFinalIntegers(integers, real));
        }
    }

    private static Rational At(Rational[] values, int i) => values[values.Length == 1 ? 0 : i];
}
