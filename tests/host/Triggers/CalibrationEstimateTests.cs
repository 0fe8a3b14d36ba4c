using Edge.Appliance.Triggers;
using Edge.Networks;
using Edge.Tests.Cards;

namespace Edge.Tests.Triggers;

public sealed class CalibrationEstimateTests
{
    private const double Samples = 20_000;

    private static SiteModel Model => CardImages.SiteModel;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1.08, 1)]
    [InlineData(1, 0.9)]
    [InlineData(1.05, 1.05)]
    [InlineData(0.93, 0.96)]
    public void AnOverviewWithoutNoiseGivesGainAndCurrentBack(double gain, double current)
    {
        foreach (int samplesPerPixel in Model.Overview.EventsPerSample.Keys)
        {
            (double sum, double events) = Overview(gain, current, samplesPerPixel);
            CalibrationEstimate found = CalibrationEstimate.From(Model, sum, events, Samples, samplesPerPixel);
            Assert.Equal(gain * current, found.Gain * found.Current, 1e-6);

            // Dark counts, a small part of the signal, are taken for beam by the gain.
            Assert.Equal(gain, found.Gain, 2e-3);
            Assert.InRange(found.RelativeUncertainty, 1 / Math.Sqrt(events), 1.2 / Math.Sqrt(events));
        }
    }

    [Fact]
    public void AppliedRegistersUndoTheFactors()
    {
        IngressSettings nominal = Model.Ingress;
        IngressSettings applied = new CalibrationEstimate(1.25, 0.875, 0.01).Applied(nominal);
        Assert.Equal(nominal with { Gain = (ushort)Math.Round(nominal.Gain / 1.25), ElapsedStep = (ushort)Math.Round(nominal.ElapsedStep * 0.875) }, applied);
        Assert.Equal(nominal, new CalibrationEstimate(1, 1, 0).Applied(nominal));

        // Whatever an estimate says, the registers stay in their ranges.
        Assert.Equal((1, 4095), (new CalibrationEstimate(1e9, 1e9, 0).Applied(nominal).Gain, new CalibrationEstimate(1e9, 1e9, 0).Applied(nominal).ElapsedStep));
        Assert.Equal((65535, 1), (new CalibrationEstimate(1e-9, 1e-9, 0).Applied(nominal).Gain, new CalibrationEstimate(1e-9, 1e-9, 0).Applied(nominal).ElapsedStep));
    }

    [Theory]
    [InlineData(1.6)]
    [InlineData(0.5)]
    public void BeyondTheModelsLimitsTheProductIsLimited(double current)
    {
        (double sum, double events) = Overview(1, current, 2);
        CalibrationEstimate found = CalibrationEstimate.From(Model, sum, events, Samples, 2);
        Assert.Equal(1 + (current > 1 ? Model.CalibrationError : -Model.CalibrationError), found.Gain * found.Current, 9);
    }

    [Fact]
    public void NoSignal_AndUnknownPixels_AreNamed()
    {
        (double sum, double events) = Overview(1, 1, 2);
        InvalidInputException dark = Assert.Throws<InvalidInputException>(() => CalibrationEstimate.From(Model, sum, 29, Samples, 2));
        Assert.Contains("no signal (29 events in 20000 samples)", dark.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => CalibrationEstimate.From(Model, -sum, events, Samples, 2));
        InvalidInputException pixels = Assert.Throws<InvalidInputException>(() => CalibrationEstimate.From(Model, sum, events, Samples, 3));
        Assert.Contains("overview.dwell is 3 samples a pixel; the model knows overviews of 1, 2, 4, 8", pixels.Message, StringComparison.Ordinal);
    }

    /// <summary>Expected sum (1/64 electron) and events of an overview of the pristine lattice.</summary>
    private static (double Sum, double Events) Overview(double gain, double current, int samplesPerPixel)
    {
        double beam = (Model.Overview.SignalPerSample - Model.DarkElectronsPerSample) * gain * current;
        double signal = beam + Model.DarkElectronsPerSample;
        return (64 * Samples * (signal - Model.Overview.FloorLossPerSample), Samples * current * Model.Overview.EventsPerSample[samplesPerPixel]);
    }
}
