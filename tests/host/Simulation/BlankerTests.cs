using Edge.Simulation;
using Edge.Simulation.Optics;
using Xunit;

namespace Edge.Tests.Simulation;

public class BlankerTests
{
    private static readonly BlankerSettings Exponential = new() { DelayNanoseconds = 40, RiseNanoseconds = 20, ResidualTransmission = 1e-4 };
    private static readonly double TimeConstant = 20 / Math.Log(9);

    [Fact]
    public void StaysClosedForTheDelay_ThenRisesExponentially()
    {
        var blanker = new Blanker(Exponential);
        blanker.Permit(open: true, 100);

        Assert.Equal(140 * 1e-4, blanker.AdvanceTo(140), 12);
        Assert.Equal(1e-4, blanker.Transmission, 12);

        // Integral of 1 - (1 - r) exp(-t / tau) over 30 ns.
        double expected = 30 - ((1 - 1e-4) * TimeConstant * (1 - Math.Exp(-30 / TimeConstant)));
        Assert.Equal(expected, blanker.AdvanceTo(170), 12);
        Assert.Equal(1 - ((1 - 1e-4) * Math.Exp(-30 / TimeConstant)), blanker.Transmission, 12);
    }

    [Fact]
    public void RisesFromTenToNinetyPercentInTheRiseTime()
    {
        foreach (BlankerShape shape in Enum.GetValues<BlankerShape>())
        {
            var blanker = new Blanker(new() { DelayNanoseconds = 0, RiseNanoseconds = 20, ResidualTransmission = 0, Shape = shape });
            blanker.Permit(open: true, 0);
            double toTen = shape == BlankerShape.Linear ? 2.5 : TimeConstant * Math.Log(1 / 0.9);
            blanker.AdvanceTo(toTen);
            Assert.Equal(0.1, blanker.Transmission, 12);
            blanker.AdvanceTo(toTen + 20);
            Assert.Equal(0.9, blanker.Transmission, 12);
        }
    }

    [Fact]
    public void LinearRiseIntegratesToATriangle()
    {
        var blanker = new Blanker(new() { DelayNanoseconds = 0, RiseNanoseconds = 20, ResidualTransmission = 0, Shape = BlankerShape.Linear });
        blanker.Permit(open: true, 10);

        Assert.Equal((25 / 2.0) + 15, blanker.AdvanceTo(50), 12);
    }

    [Theory]
    [InlineData(BlankerShape.Exponential)]
    [InlineData(BlankerShape.Linear)]
    public void IntegralDoesNotDependOnTheSteps(BlankerShape shape)
    {
        BlankerSettings settings = Exponential with { Shape = shape };
        var inOne = new Blanker(settings);
        var inSteps = new Blanker(settings);
        (double At, bool Open)[] edges = [(100, true), (125, false), (130, true), (500, false), (760, true)];
        foreach (var (at, open) in edges)
        {
            inOne.Permit(open, at);
        }

        double expected = inOne.AdvanceTo(1000), sum = 0;
        int next = 0;
        for (double time = 7; time < 1007; time += 7)
        {
            for (; next < edges.Length && edges[next].At < time; next++)
            {
                inSteps.Permit(edges[next].Open, edges[next].At);
            }

            sum += inSteps.AdvanceTo(Math.Min(time, 1000));
        }

        Assert.Equal(expected, sum, 9);
    }

    [Fact]
    public void AStepOpensAndClosesAtOnce()
    {
        var blanker = new Blanker(new() { DelayNanoseconds = 5, RiseNanoseconds = 0, ResidualTransmission = 0 });
        blanker.Permit(open: true, 10);
        blanker.Permit(open: false, 60);

        Assert.Equal(50, blanker.AdvanceTo(1000), 12);
    }

    [Fact]
    public void OpenBlankerPassesEverything_AndFallTimeEqualsRiseTime()
    {
        var blanker = new Blanker(Exponential with { ResidualTransmission = 0 });
        blanker.Permit(open: true, 0);
        blanker.AdvanceTo(2000);
        Assert.Equal(100, blanker.AdvanceTo(2100), 12);

        blanker.Permit(open: false, 2100);

        // 40 ns of delay, then the area under the fall.
        Assert.Equal(40 + TimeConstant, blanker.AdvanceTo(4000), 9);
        Assert.Equal(0, blanker.Transmission);
    }

    [Fact]
    public void NamesEverySettingOutsideItsRange()
    {
        var error = Assert.Throws<InvalidSettingException>(
            () => new Blanker(new() { DelayNanoseconds = -1, ResidualTransmission = double.NaN }));
        Assert.Equal("DelayNanoseconds is -1 ns; allowed are 0 to 1000000 ns. ResidualTransmission is NaN; allowed are 0 to 1.", error.Message);
    }
}
