using Edge.Simulation;
using Edge.Simulation.Dose;
using Edge.Simulation.Optics;
using Edge.Simulation.Specimens;
using Xunit;

namespace Edge.Tests.Simulation;

public class ProbeTests
{
    private static readonly ProbeSettings Still = new() { PlacementRadiusAngstrom = 0, DriftAngstromPerSecond = 0 };

    [Fact]
    public void CodesSpanTheField()
    {
        var probe = new ProbePositioner(new() { FieldOriginAngstrom = new(1, 2), FieldAngstrom = new(32, 64) }, 1);

        Assert.Equal(new PointAngstrom(1, 2), probe.Commanded(0, 0));
        Assert.Equal(new PointAngstrom(1 + 16, 2 + 16), probe.Commanded(32768, 16384));
    }

    [Fact]
    public void ApproachesItsTargetExponentially()
    {
        var probe = new ProbePositioner(Still with { FieldAngstrom = new(65.536, 65.536), SettleTimeConstantMicroseconds = 2 }, 1);
        probe.MoveTo(10_000, 0, 0, 0);

        Assert.Equal(0, probe.PositionAt(0).X, 12);
        Assert.Equal(10 * (1 - Math.Exp(-0.5)), probe.PositionAt(1000).X, 12);

        // A move under way goes on from where the probe is.
        probe.MoveTo(0, 10_000, 1, 2000);
        double there = 10 * (1 - Math.Exp(-1));
        Assert.Equal(there * Math.Exp(-1), probe.PositionAt(4000).X, 12);
        Assert.Equal(10 * (1 - Math.Exp(-1)), probe.PositionAt(4000).Y, 12);
        Assert.InRange((probe.PositionAt(2000 + (2000 * 21)) - new PointAngstrom(0, 10)).Length, 0, 1e-7);
        Assert.Equal(new PointAngstrom(0, 10), probe.PositionAt(2000 + (2000 * 22)));
    }

    [Fact]
    public void JumpsLandInADisc_IndexedBySeedAndSite()
    {
        var probe = new ProbePositioner(new(), 3);
        var again = new ProbePositioner(new(), 3);
        var other = new ProbePositioner(new(), 4);
        const int Sites = 20_000;
        double squares = 0, largest = 0;
        PointAngstrom sum = default;
        for (int site = Sites - 1; site >= 0; site--)
        {
            PointAngstrom error = probe.PlacementError(site);
            squares += error.Length * error.Length;
            largest = Math.Max(largest, error.Length);
            sum += error;
        }

        // Uniform in a disc of radius R: mean square R^2 / 2, standard deviation of that R^2 / sqrt(12).
        Assert.Equal(0.045, squares / Sites, 5 * 0.09 / Math.Sqrt(12 * Sites));
        Assert.InRange(largest, 0.299, 0.3);
        Assert.InRange(sum.Length / Sites, 0, 5 * 0.212 / Math.Sqrt(Sites));
        Assert.Equal(probe.PlacementError(77), again.PlacementError(77));
        Assert.NotEqual(probe.PlacementError(77), other.PlacementError(77));
    }

    [Fact]
    public void StepsOfARasterKeepTheErrorOfTheLastJump()
    {
        var probe = new ProbePositioner(new() { DriftAngstromPerSecond = 0, SettleTimeConstantMicroseconds = 0 }, 3);
        probe.MoveTo(20_000, 20_000, 0, 0);
        PointAngstrom error = probe.PositionAt(0) - probe.Commanded(20_000, 20_000);
        probe.MoveTo(20_500, 20_000, 1, 100);

        Assert.InRange((probe.PositionAt(100) - probe.Commanded(20_500, 20_000) - error).Length, 0, 1e-12);

        probe.MoveTo(40_000, 20_000, 2, 200);
        Assert.InRange((probe.PositionAt(200) - probe.Commanded(40_000, 20_000) - probe.PlacementError(2)).Length, 0, 1e-12);
    }

    [Fact]
    public void DriftsAtItsSpeedInADirectionOfTheSeed()
    {
        var probe = new ProbePositioner(Still with { DriftAngstromPerSecond = 0.3 }, 5);

        Assert.Equal(0.6, (probe.PositionAt(2e9) - probe.PositionAt(0)).Length, 12);
        Assert.NotEqual(probe.DriftAngstromPerSecond, new ProbePositioner(Still with { DriftAngstromPerSecond = 0.3 }, 6).DriftAngstromPerSecond);
    }

    [Fact]
    public void ProfilePeaksAreThoseOfTheApertureAndTheSource()
    {
        // Point source: pi (a / wavelength)^2. With 0.7 A: a two-dimensional Fourier transform of the blurred Airy pattern
        // (numpy, 1024 x 1024 pixels of 0.03 A) gives 0.8174.
        double a = 0.03 / ProbeProfile.WavelengthAngstrom(80);
        Assert.Equal(0.04176, ProbeProfile.WavelengthAngstrom(80), 5);
        Assert.Equal(Math.PI * a * a, new ProbeProfile(80, 30, 0).Peak, 3);
        Assert.InRange(new ProbeProfile(80, 30, 0).Peak, 1.6, 1.65);
        Assert.Equal(0.8174, new ProbeProfile(80, 30, 0.7).Peak, 0.001);
    }

    [Fact]
    public void ProfileFallsFromItsPeak_AndHoldsMostOfAnElectron()
    {
        var profile = new ProbeProfile(80, 30, 0.7);
        double inside = 0;
        for (double r = 0.005; r < profile.RadiusAngstrom; r += 0.01)
        {
            inside += 2 * Math.PI * r * 0.01 * profile.At(r);
        }

        Assert.InRange(inside, 0.9, 1);
        Assert.True(profile.At(0.3) < profile.Peak && profile.At(0.6) < profile.At(0.3));
        Assert.Equal(0, profile.At(profile.RadiusAngstrom));
    }

    [Fact]
    public void DoseMapAddsUpElectronsWhereTheyFell()
    {
        var profile = new ProbeProfile(80, 30, 0.7);
        var map = new DoseMap(profile, new(10, 10));
        map.Add(new(5, 5), 100);
        map.Add(new(5.001, 5), 100);
        map.Add(new(2, 7), 50);
        map.Add(new(5, 5), 100);

        Assert.Equal(300 * profile.Peak, map.PeakNear(new(5, 5), 0.5), 300 * profile.Peak * 0.001);
        Assert.Equal(50 * profile.Peak, map.PeakNear(new(2, 7), 0.3), 1.5);
        Assert.Equal(map.Peak(), map.At(100, 100));
    }
}
