using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class ExactRequantizerTests(ITestOutputHelper output)
{
    [Fact]
    public void PowersOfTwo_RoundAsTheRealNumberDoes_TiesIncluded()
    {
        Random random = RandomTest.Create(output);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int k = 0; k < 400; k++)
            {
                Rational gain = Rational.PowerOfTwo(random.Next(-10, 4)) * random.Pick(1, -1);
                Rational offset = random.Pick(Rational.Zero, (Rational)random.Between(-64, 64) / 32, (Rational)random.Between(-1000, 1000) / 333, Rational.From(random.NextDouble()));
                DyadicStep step = ExactRequantizer.ForPowerOfTwo(gain, offset, rounding)!.Value;
                for (long n = -300; n <= 300; n += random.Next(1, 7))
                {
                    Assert.Equal(rounding.Round((gain * n) + offset), rounding.ShiftRight((step.Multiplier * n) + step.Addend, step.Shift));
                }
            }
        }
    }

    [Fact]
    public void OtherGains_ChangeTheirMindWhereTheRealNumberDoes()
    {
        Random random = RandomTest.Create(output);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int k = 0; k < 60; k++)
            {
                var range = new Interval(random.Between(-5000, 0), random.Between(1, 5000));
                Rational gain = Rational.From((random.NextDouble() + 0.001) * random.Pick(0.003, 0.02, 0.2, 3));
                Rational offset = Rational.From((random.NextDouble() * 4) - 2);
                long low = random.Pick(0L, -8, -128);
                long high = low + random.Pick(15L, 255);
                (long first, long[] thresholds) = ExactRequantizer.ThresholdsOf(gain, offset, rounding, range, low, high);
                DyadicStep? step = ExactRequantizer.ForThresholds(gain, first, thresholds, range, low, high);
                for (long n = range.Min; n <= range.Max; n += random.Next(1, 5))
                {
                    var expected = (long)System.Numerics.BigInteger.Max(System.Numerics.BigInteger.Min(rounding.Round((gain * n) + offset), high), low);
                    Assert.Equal(expected, first + thresholds.Count(threshold => threshold <= n));
                    if (step is { } dyadic)
                    {
                        Assert.Equal(expected, Math.Clamp(((dyadic.Multiplier * n) + dyadic.Addend) >> dyadic.Shift, low, high));
                    }
                }
            }
        }
    }

    [Fact]
    public void AsManyLevelsAsMemoryHolds_AreRefused() =>
        Assert.Contains("1048576 are allowed", Assert.Throws<InvalidInputException>(() => ExactRequantizer.ThresholdsOf(
            Rational.From(1e7f / 3), Rational.Zero, Rounding.HalfEven, new Interval(-128, 127), int.MinValue, int.MaxValue)).Message, StringComparison.Ordinal);
}
