using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class ExactRequantizerTests(ITestOutputHelper output)
{
    [Fact]
    public void DyadicGains_RoundAsTheRealNumberDoes_TiesIncluded()
    {
        Random random = RandomTest.Create(output);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int k = 0; k < 400; k++)
            {
                Rational gain = Rational.PowerOfTwo(random.Next(-10, 4)) * random.Pick(1, -1, 3, -5);
                Rational offset = random.Pick(Rational.Zero, (Rational)random.Between(-64, 64) / 32, (Rational)random.Between(-1000, 1000) / 333, Rational.From(random.NextDouble()));
                DyadicStep step = ExactRequantizer.ForDyadic(gain, offset, rounding)!.Value;
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
        int found = 0;
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            for (int k = 0; k < 80; k++)
            {
                var range = new Interval(random.Between(-5000, 0), random.Between(1, 5000));

                // Small fractions, so that exact integers and ties occur, and floats.
                Rational gain = random.Next(2) == 0
                    ? Rational.From((random.NextDouble() + 0.001) * random.Pick(0.003, 0.02, 0.2, 3))
                    : (Rational)random.Between(1, 12) / random.Between(1, 400);
                Rational offset = random.Next(2) == 0 ? Rational.From((random.NextDouble() * 4) - 2) : (Rational)random.Between(-40, 40) / 8;
                long low = random.Pick(0L, -8, -128, -100000);
                long high = low + random.Pick(4L, 15, 255, 200000);
                (long first, long[] thresholds) = ExactRequantizer.ThresholdsOf(gain, offset, rounding, range, low, high);
                DyadicStep? step = ExactRequantizer.ForLevels(gain, offset, rounding, range, low, high);
                found += step is null ? 0 : 1;
                long below = first;
                for (long n = range.Min; n <= range.Max; n++)
                {
                    var expected = (long)System.Numerics.BigInteger.Max(System.Numerics.BigInteger.Min(rounding.Round((gain * n) + offset), high), low);
                    while (below - first < thresholds.Length && thresholds[below - first] <= n)
                    {
                        below++;
                    }

                    Assert.Equal(expected, below);
                    if (step is { } dyadic)
                    {
                        Assert.Equal(expected, Math.Clamp(((dyadic.Multiplier * n) + dyadic.Addend) >> dyadic.Shift, low, high));
                    }
                }
            }
        }

        Assert.InRange(found, 400, 640);
    }

    [Fact]
    public void AStepIsFound_WhereverOneIs()
    {
        // Every multiplier and addend up to 8 bits of shift are tried; where one fits, ForLevels finds one with no larger shift.
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 150; k++)
        {
            Rounding rounding = random.Pick(Enum.GetValues<Rounding>());
            var range = new Interval(-random.Between(0, 30), random.Between(1, 30));
            Rational gain = (Rational)random.Between(1, 9) / random.Between(1, 30);
            Rational offset = (Rational)random.Between(-12, 12) / random.Between(1, 6);
            long low = random.Between(-4, 0);
            long high = low + random.Between(1, 9);
            long[] wanted = [.. Values(n => (long)System.Numerics.BigInteger.Max(System.Numerics.BigInteger.Min(rounding.Round((gain * n) + offset), high), low))];
            DyadicStep? step = ExactRequantizer.ForLevels(gain, offset, rounding, range, low, high);
            int? smallest = null;
            for (int shift = 0; shift <= 8 && smallest is null; shift++)
            {
                long multiplier = (long)(gain * Rational.PowerOfTwo(shift)).Floor();
                bool Fits(long m, long addend) => Values(n => Math.Clamp(((m * n) + addend) >> shift, low, high)).SequenceEqual(wanted);
                smallest = Enumerable.Range(-20 << shift, (40 << shift) + 1).Any(addend => Fits(multiplier, addend) || Fits(multiplier + 1, addend)) ? shift : null;
            }

            Assert.True(smallest is null || step?.Shift <= smallest, $"{rounding} {gain} {offset} {range} {low} {high}: {step} but shift {smallest} exists");

            IEnumerable<long> Values(Func<long, long> function)
            {
                for (long n = range.Min; n <= range.Max; n++)
                {
                    yield return function(n);
                }
            }
        }
    }

    [Fact]
    public void ManyLevels_TakeNoLonger()
    {
        // 2^24 levels over a range of 2^30: listing them would take minutes.
        DyadicStep? step = ExactRequantizer.ForLevels(Rational.From(0.0137f), Rational.From(0.3f), Rounding.HalfEven, new(-(1L << 29), 1L << 29), -(1L << 23), (1L << 23) - 1);
        Assert.NotNull(step);
    }

    [Fact]
    public void LinearFloor_AgreesWithCounting()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 5000; k++)
        {
            long count = random.Between(1, 40);
            long m = random.Between(1, 30);
            long a = random.Between(-50, 50);
            long b = random.Between(-50, 50);
            long c = random.Between(0, 60);
            long d = random.Between(-60, 60);
            long[] values = [.. Enumerable.Range(0, (int)count).Select(x => (a * x) + (b * (long)Math.Floor(((c * x) + d) / (double)m)))];
            Assert.Equal(values.Max(), (long)LinearFloor.Max(count, m, a, b, c, d));
            Assert.Equal(values.Min(), (long)LinearFloor.Min(count, m, a, b, c, d));
        }
    }

    [Fact]
    public void AsManyLevelsAsMemoryHolds_AreRefused() =>
        Assert.Contains("1048576 are allowed", Assert.Throws<InvalidInputException>(() => ExactRequantizer.ThresholdsOf(
            Rational.From(1e7f / 3), Rational.Zero, Rounding.HalfEven, new Interval(-128, 127), int.MinValue, int.MaxValue)).Message, StringComparison.Ordinal);
}
