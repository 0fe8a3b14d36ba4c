using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;
using Edge.Tests.Cards;
using Edge.Tests.Cli;

namespace Edge.Tests.Triggers.Calibrations;

/// <summary>Which calibrations a run takes, and what it makes of them.</summary>
[Collection("card")]
public sealed class CalibrationFileTests(CardImages images) : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AFreshOneOfThisMicroscopeIsTaken()
    {
        CardCalibration read = CalibrationFile.ReadFor(VisitBench.Job(), Write(Sample(Now)), Now + TimeSpan.FromDays(6.9));
        Assert.Equal(412.3, read.Pedestal.Value);
        Assert.Equal(16383, read.ClippingLevel.Value);
    }

    [Theory]
    [InlineData("  name: 'detector'", "  name: 'BF'", "detector.name: found 'BF'; the run has 'detector'")]
    [InlineData("microscope: 'microscope'", "microscope: 'other'", "microscope: found 'other'; the run has 'microscope'")]
    [InlineData("polarity: positive", "polarity: negative", "detector.polarity: found 'negative'; the run has 'positive'")]
    [InlineData("sample_period: 50 ns", "sample_period: 20 ns", "detector.sample_period: found '20 ns'; the run has '50 ns'")]
    [InlineData("pipeline_samples: 3", "pipeline_samples: 4", "detector.pipeline_samples: found '4'; the run has '3'")]
    [InlineData("valid_until: 2026-12-01T12:00:00Z", "valid_until: 2026-11-24T09:00:00Z", "valid_until: expired 2026-11-24T09:00:00Z, 3 hours ago")]
    [InlineData("measured_at: 2026-11-24T12:00:00Z", "measured_at: 2026-11-25T12:00:00Z", "measured_at: 2026-11-25T12:00:00Z lies ahead of this computer's clock")]
    [InlineData("measured_at: 2026-11-24T12:00:00Z", "measured_at: yesterday", "measured_at: found 'yesterday'; expected a time in UTC")]
    [InlineData("gain: {value: 305.5, uncertainty: 3}", "gein: {value: 305.5, uncertainty: 3}", "gain.value: is missing")]
    [InlineData("gain: {value: 305.5, uncertainty: 3}", "gain: {value: 305.5}", "gain.uncertainty: is missing")]
    [InlineData("fall: {value: 20 ns,", "fall: {value: 20,", "fall.value: found '20' without a unit")]
    [InlineData("kind: calibration", "kind: visit", "kind: found 'visit'")]
    [InlineData("format: 1", "format: 2", "format: found '2'; a whole number from 1 to 1 is allowed")]
    [InlineData("nanoseconds: [1, ", "nanoseconds: [", "settle.nanoseconds: expected a list of 7 numbers")]
    public void OthersAreRefused_AndTheReasonIsSaid(string part, string replacement, string message)
    {
        string text = CalibrationFile.Text(Sample(Now));
        Assert.Contains(part, text, StringComparison.Ordinal);
        string path = folder.Write("calibration.yaml", text.Replace(part, replacement, StringComparison.Ordinal));
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => CalibrationFile.ReadFor(VisitBench.Job(), path, Now));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.All(error.Message.Split(Environment.NewLine), line => Assert.StartsWith(path, line, StringComparison.Ordinal));
    }

    [Fact]
    public void ARunWithAStaleOne_EndsWithCode2_AndLeavesNothing()
    {
        string visit = System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(Repository.Path("examples", "visit.yaml")).Replace("../out/", string.Empty, StringComparison.Ordinal), @"\.\./", Repository.Root + "/");
        folder.Write("run.yaml", "calibration: calibration.yaml\n" + visit);
        folder.Write("calibration.yaml", CalibrationFile.Text(Sample(new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero))));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "run", "run.yaml", "--json").Refused("calibration.yaml: valid_until: expired 2020-01-08T00:00:00Z", "edge card calibrate run.yaml"));
        File.Delete(folder.File("calibration.yaml"));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "run", "run.yaml", "--json").Refused("run.yaml:1: calibration: found 'calibration.yaml', but there is no file"));
    }

    [Fact]
    public void TheIngressGetsItsValues()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job() with { Calibration = Sample(Now) });
        bench.Visit(3);
        Assert.Equal(412u, bench.Card.Read(Edge.Appliance.Cards.CardRegisters.AdcOffsetAddress));
        Assert.Equal(16383u, bench.Card.Read(Edge.Appliance.Cards.CardRegisters.AdcFullScaleAddress));
        Assert.Equal((uint)Math.Round(Math.Round((1 << 20) / 305.5) / bench.Microscope.GainFactor), bench.Card.Read(Edge.Appliance.Cards.CardRegisters.AdcGainAddress));
        Assert.Equal(0u, bench.Card.Read(Edge.Appliance.Cards.CardRegisters.AdcInvertAddress));
    }

    [Fact]
    public void ANegativeDetectorDecidesAsAPositiveOneDoes()
    {
        // The same light, upside down: offset 400 below 16383 becomes 400 above 0 when it is turned over.
        VisitRunFile job = VisitBench.Job();
        CardCalibration upright = Sample(Now) with { Pedestal = new(400, 0.1), Gain = new(300, 1), ClippingLevel = new(16383, 0.5) };
        CardCalibration down = upright with { Pedestal = new(15983, 0.1), ClippingLevel = new(0, 0.5), Identity = upright.Identity with { NegativePolarity = true } };
        VisitRunFile negative = job with
        {
            NegativePolarity = true,
            Calibration = down,
            Simulation = job.Simulation with { Physics = job.Simulation.Physics with { OffsetCounts = 15983 } },
        };
        using var one = new VisitBench(images.Site, job with { Calibration = upright });
        using var other = new VisitBench(images.Site, negative);
        var first = one.Visit(60).Select(visit => visit.Record!).ToArray();
        var second = other.Visit(60).Select(visit => visit.Record!).ToArray();

        // Read noise turns over too, so a few dwells differ by a sample; classes and lengths agree on the whole.
        Assert.InRange(first.Zip(second).Count(pair => pair.First.Class == pair.Second.Class), 57, 60);
        Assert.InRange(second.Average(record => record.Sum) / first.Average(record => record.Sum), 0.95, 1.05);
        Assert.DoesNotContain(second, record => (record.Flags & 2) != 0);
        Assert.Equal(1u, other.Card.Read(Edge.Appliance.Cards.CardRegisters.AdcInvertAddress));
    }

    private string Write(CardCalibration calibration) => folder.Write("calibration.yaml", CalibrationFile.Text(calibration));

    private static CardCalibration Sample(DateTimeOffset measured) => new()
    {
        Identity = new("microscope", "detector", NegativePolarity: false, 50e-9, 3, 31.8),
        MeasuredAt = measured,
        ValidUntil = measured + TimeSpan.FromDays(7),
        Pedestal = new(412.3, 0.1),
        ReadNoise = new(20, 0.1),
        Gain = new(305.5, 3),
        SingleElectronPeak = new(229, 3),
        PulseSpread = new(0.5, 0.02),
        FastDecay = new(28, 0.2),
        SlowShare = new(0.03, 0.001),
        SlowDecay = new(400, 20),
        ClippingLevel = new(16383, 0.5),
        OpeningDelay = new(40, 2),
        Rise = new(20, 2),
        ClosingDelay = new(40, 2),
        Fall = new(20, 2),
        ScanDelay = new(0, 10),
        ScanTimeConstant = new(1000, 20),
        ScanLag = new(1000, 20),
        SettleWithin = 0.1,
        Settle = [.. Enumerable.Range(1, CalibrationFile.Jumps).Select(k => new SettleTime(k / 8.0, new(k, 0.1)))],
    };
}
