using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Simulation.Optics;
using Edge.Tests.Cards;
using Xunit.Abstractions;

namespace Edge.Tests.Triggers.Calibrations;

/// <summary>Measured against true: everything within its own stated uncertainty.</summary>
[Collection("card")]
public sealed class CalibratorTests(CardImages images, ITestOutputHelper output)
{
    public static TheoryData<string, int> Cases => new()
    {
        { "usual", 1 },
        { "usual", 2 },
        { "usual", 3 },
        { "negative, noisy, slow blanker", 4 },
        { "fast samples, straight edges", 5 },
        { "weak scan amplifiers", 6 },
    };

    [Theory, MemberData(nameof(Cases))]
    [Trait("Speed", "slow")]
    public void EveryValueIsWithinItsUncertainty(string name, int seed)
    {
        VisitRunFile file = VisitBench.Job(seed);
        BlankerShape shape = BlankerShape.Exponential;
        DetectorPhysics physics = file.Simulation.Physics;
        file = name switch
        {
            "negative, noisy, slow blanker" => file with
            {
                NegativePolarity = true,
                Simulation = file.Simulation with
                {
                    BlankerDelaySeconds = 130e-9,
                    BlankerRiseSeconds = 90e-9,
                    Physics = physics with { OffsetCounts = 3300, GainCounts = 120, ReadNoiseCounts = 9, AdcBits = 12, PulseSpread = 0.3, DecaySeconds = 45e-9 },
                },
            },
            "fast samples, straight edges" => file with
            {
                SamplePeriodSeconds = 20e-9,
                PipelineSamples = 8,
                Simulation = file.Simulation with { BlankerDelaySeconds = 65e-9, BlankerRiseSeconds = 40e-9, SlowFraction = 0.08, Physics = physics with { AdcBits = 16, OffsetCounts = 1200.4, GainCounts = 900, PulseSpread = 0.7, SlowDecaySeconds = 250e-9 } },
            },
            "weak scan amplifiers" => file with
            {
                ScanTimeConstantSeconds = 0.6e-6,
                SettleSeconds = 12e-6,
                Simulation = file.Simulation with { ScanDelaySeconds = 0.35e-6, LargestSpeed = 8e6 },
            },
            _ => file,
        };
        shape = name.Contains("straight", StringComparison.Ordinal) ? BlankerShape.Linear : shape;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var bench = new CalibrationBench(images.Site, file, shape);
        (CardCalibration result, CalibrationCurves curves) = bench.Run(1, step => output.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s {step}"));
        output.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s; {curves.Samples} samples, pulses {curves.Pulses.ReducedDeviance:F2} occupancy {curves.Pulses.Occupancy} share {curves.WindowShare:F4}, timing {curves.TimingFit.ReducedChiSquared:F2} linear {curves.TimingFit.Rise.Linear}, scan {curves.ScanFit.ReducedChiSquared:F2}");
        IReadOnlyList<Compared> all = bench.Against(result);
        foreach (Compared compared in all)
        {
            output.WriteLine(compared.ToString());
        }

        // Stated uncertainties are honest: nothing is far out, little is out at all. And they are small enough to be of use.
        Assert.All(all, compared => Assert.True(compared.Sigmas < 3.5, compared.ToString()));
        Assert.InRange(all.Count(compared => compared.Sigmas > 2), 0, all.Count / 4);
        Assert.Equal(file.NegativePolarity, result.Identity.NegativePolarity);
        Assert.InRange(result.Pedestal.Uncertainty, 0, 0.01 * result.Gain.Value);
        Assert.InRange(result.Gain.Uncertainty, 0, 0.06 * result.Gain.Value);
        Assert.InRange(result.FastDecay.Uncertainty, 0, 0.05 * result.FastDecay.Value);
        Assert.InRange(result.OpeningDelay.Uncertainty, 0, 0.4 * file.SamplePeriodSeconds * 1e9);
        Assert.InRange(result.ScanLag.Uncertainty, 0, 0.2 * result.ScanLag.Value);
        Assert.All(result.Settle, settle => Assert.InRange(settle.Nanoseconds.Uncertainty, 0, 0.2 * settle.Nanoseconds.Value));

        // The file holds all of it.
        using var folder = new TemporaryFolder();
        CardCalibration read = CalibrationFile.Read(folder.Write("calibration.yaml", CalibrationFile.Text(result)));
        Assert.Equal(CalibrationFile.Text(result), CalibrationFile.Text(read));
        Assert.Equal(result.Identity, read.Identity with { SamplePeriodSeconds = result.Identity.SamplePeriodSeconds });
    }

    [Fact]
    public void WhatCannotBeMeasured_IsSaid()
    {
        VisitRunFile file = VisitBench.Job();
        Says("with the beam on and off", file with { CurrentPicoamperes = 1e-9 });
        Says("at the end of the ADC's range", file with { Simulation = file.Simulation with { Physics = file.Simulation.Physics with { OffsetCounts = 3 } } });
        Says("do not stand out", file with { Simulation = file.Simulation with { Physics = file.Simulation.Physics with { ReadNoiseCounts = 400, OffsetCounts = 4000 } } });
        Says("single electrons cannot be told apart", file with { CurrentPicoamperes = 4000, Simulation = file.Simulation with { Physics = file.Simulation.Physics with { AdcBits = 16, GainCounts = 20, ReadNoiseCounts = 1 } } });

        void Says(string message, VisitRunFile bad)
        {
            using var bench = new CalibrationBench(images.Site, bad);
            CalibrationException error = Assert.Throws<CalibrationException>(() => bench.Run(0.1));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }
}
