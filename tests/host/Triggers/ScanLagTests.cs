using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Simulation.Optics;
using Edge.Tests.Cards;

namespace Edge.Tests.Triggers;

/// <summary>Positions of pixels against the simulated probe, followed in small steps along a line.</summary>
public sealed class ScanLagTests
{
    /// <summary>A power of two, so that pixels are whole scan codes apart.</summary>
    private const int Pixels = 128;
    private const double Pitch = 31.8 / Pixels;

    [Theory]
    [InlineData(1e-6, 100e-9, 0, 1e-6)]
    [InlineData(1e-6, 100e-9, 39e-9, 5e-3)]
    [InlineData(0.3e-6, 400e-9, 0, 1e-6)]
    [InlineData(3e-6, 50e-9, 39e-9, 5e-3)]
    public void Columns_AreWhereTheProbeWasWhenTheirElectronsCame(double timeConstant, double dwell, double signalDelay, double tolerance)
    {
        VisitRunFile file = VisitBench.Job() with { ScanTimeConstantSeconds = timeConstant, OverviewDwellSeconds = dwell, SignalDelaySeconds = signalDelay };
        double[] found = ScanLag.ColumnPositions(Pixels, Pitch, file);
        double[] followed = Follow(timeConstant, dwell, signalDelay);

        // The first pixels still hold signal from before the line.
        int first = (int)Math.Ceiling(signalDelay / dwell);
        for (int column = first; column < Pixels; column++)
        {
            Assert.Equal(followed[column], found[column], tolerance);
        }

        Assert.True(Math.Abs(found[^1] - ((Pixels - 0.5) * Pitch)) > tolerance, "there was no lag to see");
    }

    [Fact]
    public void WithoutLag_ColumnsAreAtTheirCentres() => Assert.Equal(
        Enumerable.Range(0, Pixels).Select(column => (column + 0.5) * Pitch),
        ScanLag.ColumnPositions(Pixels, Pitch, VisitBench.Job() with { ScanTimeConstantSeconds = 0, SignalDelaySeconds = 0 }));

    /// <summary>Mean position of the electrons whose signal falls into each pixel's dwell.</summary>
    private static double[] Follow(double timeConstant, double dwell, double signalDelay)
    {
        const int Steps = 1000;
        var probe = new ProbePositioner(
            new() { FieldAngstrom = new(31.8, 31.8), SettleTimeConstantMicroseconds = timeConstant * 1e6, PlacementRadiusAngstrom = 0, DriftAngstromPerSecond = 0 }, 1);
        var path = new double[Pixels * Steps];
        for (int column = 0; column < Pixels; column++)
        {
            // Long settled at the first pixel, then a step at every boundary.
            double start = (100 * timeConstant) + (column * dwell);
            probe.MoveTo((ushort)Math.Round((column + 0.5) * 65536 / Pixels), 0, 0, (column == 0 ? 0 : start) * 1e9);
            for (int k = 0; k < Steps; k++)
            {
                path[(column * Steps) + k] = probe.PositionAt((start + ((k + 0.5) * dwell / Steps)) * 1e9).X;
            }
        }

        int shift = (int)Math.Round(signalDelay / dwell * Steps);
        return [.. Enumerable.Range(0, Pixels).Select(column => Enumerable.Range(column * Steps, Steps).Average(k => path[Math.Max(0, k - shift)]))];
    }
}
