using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class ValueOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void Integers_OrderEveryPairAsTheRealNumbersDo()
    {
        Random random = RandomTest.Create(output);
        int found = 0;
        for (int k = 0; k < 300; k++)
        {
            int length = random.Next(2, 5);
            Rational Any(double size) => random.Next(3) switch
            {
                0 => (Rational)random.Between(-20, 20) / 8,
                _ => Rational.From((float)((random.NextDouble() - 0.5) * size)) * Rational.From(0.0413f),
            };
            Rational[] few = [Any(2), Any(2), Rational.One];
            Rational[] scales = [.. Enumerable.Range(0, length).Select(_ => random.Pick(few))];
            Rational[] offsets = [.. Enumerable.Range(0, length).Select((_, i) => random.Next(3) == 0 ? scales[i] * random.Between(-3, 3) : Any(4))];
            Interval[] ranges = [.. Enumerable.Range(0, length).Select(_ => new Interval(-random.Between(0, 40), random.Between(1, 40)))];
            if (ValueOrder.Of(scales, offsets, ranges) is not { } order)
            {
                continue;
            }

            found++;
            for (int i = 0; i < length; i++)
            {
                for (int j = i + 1; j < length; j++)
                {
                    for (long n = ranges[i].Min; n <= ranges[i].Max; n++)
                    {
                        for (long m = ranges[j].Min; m <= ranges[j].Max; m++)
                        {
                            int real = ((scales[i] * n) + offsets[i]).CompareTo((scales[j] * m) + offsets[j]);
                            int ours = ((order.Factors[i] * n) + order.Addends[i]).CompareTo((order.Factors[j] * m) + order.Addends[j]);
                            Assert.Equal(Math.Sign(real), Math.Sign(ours));
                        }
                    }
                }
            }
        }

        Assert.InRange(found, 200, 300);
    }

    [Fact]
    public void ScalesPerChannelAndFloatOffsets_AreRoundedAsFarAsTheProofAllows()
    {
        // What a network with weights per channel and float biases ends in: no common unit of 62 bits exists.
        Random random = RandomTest.Create(output);
        Rational input = Rational.From(0.0253f);
        Rational[] scales = [.. Enumerable.Range(0, 10).Select(_ => input * Rational.From((float)(0.01 + (random.NextDouble() * 0.01))))];
        Rational[] offsets = [.. scales.Select(_ => Rational.From((float)(random.NextDouble() - 0.5)))];
        Interval[] ranges = [.. scales.Select(_ => new Interval(-9000, 9000))];
        ValueOrder order = ValueOrder.Of(scales, offsets, ranges)!;
        for (int k = 0; k < 20000; k++)
        {
            (int i, int j) = (random.Next(10), random.Next(10));
            long n = random.Between(-9000, 9000);

            // The neighbour whose value is nearest.
            long m = Math.Clamp((long)(((scales[i] * n) + offsets[i] - offsets[j]) / scales[j]).Floor() + random.Next(2), -9000, 9000);
            int real = ((scales[i] * n) + offsets[i]).CompareTo((scales[j] * m) + offsets[j]);
            Assert.Equal(Math.Sign(real), Math.Sign(((order.Factors[i] * n) + order.Addends[i]).CompareTo((order.Factors[j] * m) + order.Addends[j])));
        }
    }
}
