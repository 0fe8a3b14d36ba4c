using Edge.Simulation;
using Edge.Simulation.Detector;
using Edge.Simulation.Noise;
using Xunit;

namespace Edge.Tests.Simulation;

/// <summary>The detector against the reference model in Python. The moments and their standard errors come from
/// <c>python3 tests/host/Simulation/reference/signal_model_statistics.py</c> (40 million samples a case).</summary>
public class DetectorModelTests
{
    private const double ElementaryCharge = MicroscopeSettings.ElementaryCharge;

    /// <summary>Mean, variance, autocovariance at lags 1, 2, 8, variance of sums of 100 samples; errors of the same.</summary>
    private sealed record Case(double Fraction, double Picoamperes, double PeriodNanoseconds, DetectorSettings Settings, double[] Moments, double[] Errors);

    private static readonly Dictionary<string, Case> Cases = new(StringComparer.Ordinal)
    {
        ["defaults"] = new(0.0232, 10, 50, new(),
            [419.5706, 4123.3926, 1367.3717, 244.4484, 10.0261, 765280.6242],
            [0.0171, 3.8429, 1.4391, 0.8256, 0.7731, 2000.1679]),
        ["bright"] = new(0.06, 50, 50, new(),
            [652.8005, 48517.6370, 17657.3894, 3169.7900, 115.3537, 9459706.5755],
            [0.0508, 13.1247, 9.4278, 9.0999, 8.6146, 20785.6872]),
        ["fast samples, slow light"] = new(0.02, 50, 20, new() { SlowFraction = 0.2, AdcBits = 16 },
            [433.7042, 2887.7201, 1624.4605, 841.8764, 82.9904, 1205132.3974],
            [0.0213, 2.1926, 1.4714, 0.9111, 0.7961, 2918.8345]),
        ["broad pulses, clipped"] = new(0.2, 25, 50, new() { PulseSpread = 1.2, SlowFraction = 0, AdcBits = 11 },
            [814.9198, 144471.7111, 54039.2461, 9229.8841, -6.5889, 27297500.0697],
            [0.0846, 53.7700, 31.3420, 28.0402, 21.8814, 62778.3266]),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory, MemberData(nameof(CaseNames))]
    public void HasTheMomentsOfTheReferenceModel(string name)
    {
        const int Samples = 2_000_000;
        Case it = Cases[name];
        double[] x = Stream(it, Samples);
        double mean = x.Average();
        double[] d = [.. x.Select(value => value - mean)];
        double Covariance(int lag) => Enumerable.Range(0, Samples - lag).Sum(i => d[i] * d[i + lag]) / (Samples - lag);
        double sums = Enumerable.Range(0, Samples / 100).Average(i => Math.Pow(d.AsSpan(i * 100, 100).ToArray().Sum(), 2));
        double[] found = [mean, Covariance(0), Covariance(1), Covariance(2), Covariance(8), sums];

        // The reference has 40 million samples, this run two: errors are larger by the root of 20. Five of them.
        for (int i = 0; i < found.Length; i++)
        {
            double allowed = 5 * it.Errors[i] * Math.Sqrt(21);
            Assert.True(Math.Abs(found[i] - it.Moments[i]) < allowed, $"{name}, moment {i}: {found[i]}, reference {it.Moments[i]} +- {allowed}");
        }
    }

    [Fact]
    public void AllChargeComesOut_FastAndSlow()
    {
        // Without spread every detected electron is one unit of charge, in some sample or still to come.
        var settings = new DetectorSettings { PulseSpread = 0, SlowFraction = 0.3, DarkPerSecond = 0, Efficiency = 1 };
        var detector = new DetectorModel(settings, 50);
        double charge = 0;
        int electrons = 0;
        for (int i = 0; i < 400; i++)
        {
            var noise = new SiteNoise(5, NoisePurpose.DwellSample, 0, i);
            detector.Integrate(i < 40 ? 2 : 0, ref noise);
            electrons += detector.LastDetected;
            charge += detector.LastCharge;

            // What is dropped below 1e-6 of either decay is all that may be missing.
            Assert.InRange(electrons - charge - detector.ChargeLeft, -1e-9, 2.1e-6);
        }

        Assert.True(electrons > 40);
        Assert.Equal(0, detector.ChargeLeft);
    }

    [Fact]
    public void LightLeftDecaysByTheTwoExponentials()
    {
        var settings = new DetectorSettings { PulseSpread = 0, DarkPerSecond = 0 };
        var detector = new DetectorModel(settings, 50);
        for (int i = 0; i < 100; i++)
        {
            var noise = new SiteNoise(1, NoisePurpose.DwellSample, 0, i);
            detector.Integrate(10, ref noise);
        }

        // Two measurements of what is left in darkness separate the two parts; the third must agree.
        double[] left = new double[3];
        for (int i = 0; i < 3; i++)
        {
            left[i] = detector.ChargeLeft;
            var noise = new SiteNoise(2, NoisePurpose.DwellSample, 0, i);
            detector.Integrate(0, ref noise);
            Assert.Equal(left[i] - detector.ChargeLeft, detector.LastCharge, 12);
        }

        double fast = Math.Exp(-50.0 / 28), slow = Math.Exp(-50.0 / 400);
        double slowPart = (left[1] - (fast * left[0])) / (slow - fast);
        Assert.Equal((fast * fast * (left[0] - slowPart)) + (slow * slow * slowPart), left[2], 12);
    }

    [Fact]
    public void WithoutNoise_CountIsOffsetPlusGainTimesChargeRoundedHalfToEven()
    {
        var settings = new DetectorSettings { ReadNoiseCounts = 0, DarkPerSecond = 0, OffsetCounts = 400.5 };
        var detector = new DetectorModel(settings, 50, gainFactor: 1.1);
        for (int i = 0; i < 1000; i++)
        {
            var noise = new SiteNoise(3, NoisePurpose.DwellSample, 0, i);
            ushort count = detector.Integrate(i == 0 ? 0 : 0.5, ref noise);
            Assert.Equal(Math.Min(16383, Math.Round(400.5 + (330 * detector.LastCharge))), count);
        }
    }

    [Fact]
    public void ClipsAtBothEnds()
    {
        var bright = new DetectorModel(new() { AdcBits = 10 }, 50);
        var dark = new DetectorModel(new() { OffsetCounts = 0, DarkPerSecond = 0 }, 50);
        var noise = new SiteNoise(1, NoisePurpose.DwellSample, 0, 0);
        Assert.Equal(1023, bright.Integrate(1000, ref noise));
        Assert.Contains(Enumerable.Range(0, 20), i =>
        {
            var other = new SiteNoise(1, NoisePurpose.DwellSample, 1, i);
            return dark.Integrate(0, ref other) == 0;
        });
    }

    [Fact]
    public void NamesEverySettingOutsideItsRange()
    {
        var error = Assert.Throws<InvalidSettingException>(() => new DetectorModel(new() { Efficiency = 1.5, AdcBits = 20 }, 50));
        Assert.Equal("Efficiency is 1.5; allowed are 0 to 1. AdcBits is 20; allowed are 1 to 16.", error.Message);
    }

    private static double[] Stream(Case it, int samples)
    {
        double electrons = it.Fraction * it.Picoamperes * 1e-12 * it.PeriodNanoseconds * 1e-9 / ElementaryCharge;
        var detector = new DetectorModel(it.Settings, it.PeriodNanoseconds);
        var x = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            var noise = new SiteNoise(11, NoisePurpose.DwellSample, 0, i);
            x[i] = detector.Integrate(electrons, ref noise);
        }

        return x;
    }
}
