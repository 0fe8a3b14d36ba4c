using System.Numerics;
using Edge.Networks.Numerics;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class RoundingTests(ITestOutputHelper output)
{
    /// <summary>The table of rounding modes in the QONNX project's own test of them.</summary>
    [Theory]
    [InlineData(Rounding.HalfEven, new[] { 6, 2, 2, 1, 1, -1, -1, -2, -2, -6 })]
    [InlineData(Rounding.Ceiling, new[] { 6, 3, 2, 2, 1, -1, -1, -1, -2, -5 })]
    [InlineData(Rounding.Floor, new[] { 5, 2, 1, 1, 1, -1, -2, -2, -3, -6 })]
    [InlineData(Rounding.AwayFromZero, new[] { 6, 3, 2, 2, 1, -1, -2, -2, -3, -6 })]
    [InlineData(Rounding.TowardsZero, new[] { 5, 2, 1, 1, 1, -1, -1, -1, -2, -5 })]
    [InlineData(Rounding.HalfAwayFromZero, new[] { 6, 3, 2, 1, 1, -1, -1, -2, -3, -6 })]
    [InlineData(Rounding.HalfTowardsZero, new[] { 5, 2, 2, 1, 1, -1, -1, -2, -2, -5 })]
    public void Modes_AreThoseOfQonnx(Rounding rounding, int[] expected)
    {
        double[] values = [5.5, 2.5, 1.6, 1.1, 1.0, -1.0, -1.1, -1.6, -2.5, -5.5];
        Assert.Equal(expected, values.Select(value => (int)RoundingExtensions.Round(rounding, value)));
        Assert.Equal(expected, values.Select(value => (int)rounding.Round(Rational.From(value))));
    }

    [Fact]
    public void ShiftRight_IsDivisionByAPowerOfTwo_InEveryMode()
    {
        Random random = RandomTest.Create(output);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int k = 0; k < 2000; k++)
            {
                int shift = random.Next(0, 40);
                long value = random.Pick(random.Between(-100, 100), random.Between(-(1L << 61), 1L << 61), random.Between(-9, 9) << Math.Max(0, shift - 1));
                BigInteger expected = rounding.Round(value * Rational.PowerOfTwo(-shift));
                Assert.Equal(expected, rounding.ShiftRight(value, shift));
            }
        }
    }

    [Fact]
    public void LowerEnd_SeparatesWhatRoundsToALevelFromWhatDoesNot()
    {
        Rational little = Rational.PowerOfTwo(-30);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int level = -4; level <= 4; level++)
            {
                (Rational bound, bool inclusive) = rounding.LowerEnd(level);
                Assert.True(rounding.Round(bound + little) >= level);
                Assert.True(rounding.Round(bound - little) < level);
                Assert.Equal(inclusive, rounding.Round(bound) >= level);
            }
        }
    }
}
