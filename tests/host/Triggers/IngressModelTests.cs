using Edge.Appliance.Triggers;
using Xunit.Abstractions;

namespace Edge.Tests.Triggers;

/// <summary>The host's model of the ADC ingress against the words of rtl/ingress/adc/adc_ingress.md, put as sums over the
/// whole dwell. That the card does the same is tested with the card.</summary>
public sealed class IngressModelTests(ITestOutputHelper output)
{
    [Fact]
    public void AWorkedDwell()
    {
        // Gain 3495 / 2^14: a count is 0.2133 / 64 electron, 300 counts an electron.
        var ingress = new IngressModel(new(Offset: 400, Gain: 3495, ElapsedStep: 256, EventThreshold: 15, Clip: 48));
        var features = new long[IngressModel.FeatureCount];
        ingress.Take(400, features);
        Assert.Equal([16, 0, 0, 0, 0, 0], features);

        // 300 * 3495 / 16384 = 63.995: rounded down to 63, limited to 48 in the clipped sum; a quarter of them are features.
        ingress.Take(700, features);
        Assert.Equal([32, 16, 15, 12, 15, 15], features);

        // Still above the threshold: no new event. -20 counts are -4.27, rounded down to -5.
        ingress.Take(700, features);
        Assert.Equal([48, 16, 31, 24, 15, 15], features);
        ingress.Take(380, features);
        Assert.Equal([64, 16, 30, 22, 15, -2], features);
        Assert.Equal((4, 121, 1), (ingress.Samples, ingress.Sum, ingress.Events));
        ingress.Begin();
        Assert.Equal((0, 0, 0), (ingress.Samples, ingress.Sum, ingress.Events));
    }

    [Fact]
    public void EveryFeatureIsWhatItsDefinitionSays_SaturatedToo()
    {
        Random random = RandomTest.Create(output);
        for (int dwell = 0; dwell < 60; dwell++)
        {
            var settings = new IngressSettings(
                (ushort)random.Next(65536),
                (ushort)random.Pick(1, random.Next(1, 65536), 3495, 65535),
                (ushort)random.Pick(random.Next(4096), 256, 4095),
                (short)random.Next(short.MinValue, short.MaxValue + 1),
                (short)random.Next(short.MinValue, short.MaxValue + 1));
            var ingress = new IngressModel(settings);
            var samples = new List<ushort>();
            var features = new long[random.Next(1, IngressModel.FeatureCount + 1)];
            for (int n = random.Next(1, 400); n > 0; n--)
            {
                samples.Add((ushort)random.Pick(0, 65535, random.Next(65536), settings.Offset));
                ingress.Take(samples[^1], features);
                Assert.Equal(Definition(settings, samples)[..features.Length], features);
            }
        }
    }

    [Fact]
    public void FromSample65535OnTheSumsStandStill_MaximumAndLastGoOn()
    {
        var ingress = new IngressModel(new(Offset: 0, Gain: 1 << 14, ElapsedStep: 0, EventThreshold: 2, Clip: short.MaxValue));
        var features = new long[IngressModel.FeatureCount];
        for (int n = 1; n <= 65535; n++)
        {
            ingress.Take((ushort)(n % 2 == 0 ? 0 : 1), features);
        }

        Assert.Equal((65535, 32768, 0), (ingress.Samples, ingress.Sum, ingress.Events));
        ingress.Take(400, features);
        Assert.Equal((65535, 32768, 0), (ingress.Samples, ingress.Sum, ingress.Events));
        Assert.Equal([0, 0, 8192, 8192, 100, 100], features);
    }

    private static long[] Definition(IngressSettings settings, List<ushort> samples)
    {
        long[] z = [.. samples.Select(adc => Math.Clamp((long)Math.Floor((decimal)(adc - settings.Offset) * settings.Gain / 16384), short.MinValue, short.MaxValue))];
        long events = z.Where((value, n) => value >= settings.EventThreshold && (n == 0 || z[n - 1] < settings.EventThreshold)).LongCount();
        long clipped = z.Sum(value => Math.Min(value, settings.Clip));
        decimal[] features = [(decimal)settings.ElapsedStep * z.Length / 16, 16 * events, z.Sum() / 4m, clipped / 4m, z.Max() / 4m, z[^1] / 4m];
        return [.. features.Select(value => Math.Clamp((long)Math.Floor(value), short.MinValue, short.MaxValue))];
    }
}
