using Edge.Simulation.Noise;
using Xunit;

namespace Edge.Tests.Simulation;

public class SiteNoiseTests
{
    private const int Draws = 400_000;

    [Fact]
    public void SameIndexGivesSameNumbers_WhateverWasDrawnBefore()
    {
        var first = new SiteNoise(7, NoisePurpose.DwellSample, 12, 345);
        double[] expected = [.. Enumerable.Range(0, 20).Select(_ => first.NextUniform())];

        var other = new SiteNoise(7, NoisePurpose.DwellSample, 11, 345);
        other.NextNormal();
        var again = new SiteNoise(7, NoisePurpose.DwellSample, 12, 345);

        Assert.Equal(expected, Enumerable.Range(0, 20).Select(_ => again.NextUniform()));
    }

    [Theory]
    [InlineData(8UL, NoisePurpose.DwellSample, 12, 345)]
    [InlineData(7UL, NoisePurpose.SettleSample, 12, 345)]
    [InlineData(7UL, NoisePurpose.DwellSample, 13, 345)]
    [InlineData(7UL, NoisePurpose.DwellSample, 12, 346)]
    [InlineData(7UL, NoisePurpose.DwellSample, 12 + (1L << 32), 345)]
    [InlineData(7UL, NoisePurpose.DwellSample, 12, 345 + (1L << 32))]
    public void AnyOtherIndexGivesOtherNumbers(ulong seed, NoisePurpose purpose, long site, long sample)
    {
        var noise = new SiteNoise(7, NoisePurpose.DwellSample, 12, 345);
        var other = new SiteNoise(seed, purpose, site, sample);

        Assert.NotEqual(noise.NextUniform(), other.NextUniform());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(1L << 48, 0)]
    public void RefusesAnIndexOutsideItsRange(long site, long sample) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SiteNoise(1, NoisePurpose.DwellSample, site, sample));

    [Fact]
    public void NormalHasMeanZeroAndVarianceOne()
    {
        (double mean, double variance) = Moments((ref SiteNoise noise) => noise.NextNormal());

        Assert.Equal(0, mean, 5 / Math.Sqrt(Draws));
        Assert.Equal(1, variance, 5 * Math.Sqrt(2.0 / Draws));
    }

    [Theory]
    [InlineData(0.003)]
    [InlineData(0.8)]
    [InlineData(15)]
    [InlineData(100)]
    public void PoissonHasItsMeanAsVariance(double expected)
    {
        (double mean, double variance) = Moments((ref SiteNoise noise) => noise.NextPoisson(expected));

        Assert.Equal(expected, mean, 5 * Math.Sqrt(expected / Draws));
        Assert.Equal(expected, variance, 5 * Math.Sqrt(((2 * expected * expected) + expected) / Draws));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(4)]
    [InlineData(30)]
    public void GammaHasMeanOneAndVarianceOneOverShape(double shape)
    {
        (double mean, double variance) = Moments((ref SiteNoise noise) => noise.NextGammaOfMeanOne(shape));

        Assert.Equal(1, mean, 5 / Math.Sqrt(Draws * shape));

        // Variance of a sample variance: (kurtosis - 1) variance^2 / n, and the kurtosis of gamma is 3 + 6 / shape.
        Assert.Equal(1 / shape, variance, 5 * Math.Sqrt((2 + (6 / shape)) / Draws) / shape);
    }

    private delegate double Draw(ref SiteNoise noise);

    private static (double Mean, double Variance) Moments(Draw draw)
    {
        double sum = 0, squares = 0;
        for (int i = 0; i < Draws; i++)
        {
            var noise = new SiteNoise(3, NoisePurpose.DwellSample, 0, i);
            double value = draw(ref noise);
            sum += value;
            squares += value * value;
        }

        return (sum / Draws, (squares / Draws) - (sum / Draws * (sum / Draws)));
    }
}
