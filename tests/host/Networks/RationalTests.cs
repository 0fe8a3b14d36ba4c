using Edge.Networks.Numerics;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class RationalTests(ITestOutputHelper output)
{
    [Fact]
    public void Doubles_ComeBackUnchanged()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 2000; k++)
        {
            double value = Math.ScaleB(random.NextDouble() - 0.5, random.Next(-200, 200));
            Assert.Equal(value, Rational.From(value).ToDouble());
        }

        Assert.Equal(0, Rational.From(-0.0).ToDouble());
        Assert.Throws<ArgumentException>(() => Rational.From(double.NaN));
    }

    [Fact]
    public void ToDouble_IsTheNearest()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 2000; k++)
        {
            long a = random.Between(-1000000, 1000000);
            long b = random.Between(1, 1000000);
            Assert.Equal((double)a / b, ((Rational)a / b).ToDouble());
        }
    }

    [Theory]
    [InlineData(7, 2, 3, 4)]
    [InlineData(-7, 2, -4, -3)]
    [InlineData(6, 2, 3, 3)]
    public void FloorAndCeiling_AreTheNeighbours(long numerator, long denominator, long floor, long ceiling)
    {
        Rational value = (Rational)numerator / denominator;
        Assert.Equal(floor, value.Floor());
        Assert.Equal(ceiling, value.Ceiling());
    }

    [Fact]
    public void GreatestCommonDivisor_DividesAll_AndIsTheLargest()
    {
        Rational[] values = [(Rational)3 / 4, (Rational)(-9) / 8, Rational.Zero];
        Assert.Equal((Rational)3 / 8, Rational.GreatestCommonDivisor(values));
    }

    [Theory]
    [InlineData(8.0, 3)]
    [InlineData(0.125, -3)]
    [InlineData(0.75, null)]
    [InlineData(-2.0, null)]
    public void Log2_KnowsPowersOfTwo(double value, int? exponent) => Assert.Equal(exponent, Rational.From(value).Log2IfPowerOfTwo());
}
