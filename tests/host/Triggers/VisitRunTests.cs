using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs.Studies;
using Edge.Networks;
using Edge.Simulation.Specimens;
using Edge.Tests.Cards;
using Xunit.Abstractions;

namespace Edge.Tests.Triggers;

/// <summary>The main job on simulated card and microscope.</summary>
[Collection("card")]
public sealed class VisitRunTests(CardImages images, ITestOutputHelper output)
{
    /// <summary>Without errors that move the probe away from where the overview must find its sites: the light's mean delay,
    /// slow part included, is known too.</summary>
    private static VisitRunFile Exact(int seed)
    {
        VisitRunFile job = VisitBench.Job(seed);
        return job with { SignalDelaySeconds = 39e-9, Simulation = job.Simulation with { PlacementError = 0, DriftPerSecond = 0 } };
    }

    /// <summary>At the main job's dose a few hundred electrons are detected, and they leave some of the lattice's place and
    /// scale open.</summary>
    [Theory]
    [InlineData("mos2_a", 0, 1)]
    [InlineData("mos2_a", 0, 2)]
    [InlineData("mos2_b", 0, 3)]
    [InlineData("mos2_b", 13, 4)]
    [InlineData("mos2_c", -28, 5)]
    [InlineData("mos2_b", 171, 6)]
    public void OverviewFindsTheSites_AndGainTimesCurrent(string name, double degrees, int seed) => CheckOverview(name, degrees, seed, dose: 65, farthest: 0.3);

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("mos2_a", 0, 7)]
    [InlineData("mos2_c", 100, 8)]
    public void OverviewOfThreeTimesTheDoseFindsThemWithin0p15Angstrom(string name, double degrees, int seed) => CheckOverview(name, degrees, seed, dose: 200, farthest: 0.15);

    [Fact]
    public void TheSameSeedRepeatsARunExactly_AnotherDoesNot()
    {
        using VisitBench first = WholeRun(seed: 7, out IReadOnlyList<Visit> visits);
        using VisitBench again = WholeRun(seed: 7, out IReadOnlyList<Visit> repeated);
        Assert.Equal(first.Samples, again.Samples);
        Assert.Equal(first.Pins, again.Pins);
        Assert.Equal(Text(visits), Text(repeated));
        Assert.Equal(first.Microscope.Dose.Total, again.Microscope.Dose.Total);
        using VisitBench other = WholeRun(seed: 8, out IReadOnlyList<Visit> others);
        Assert.NotEqual(Text(visits), Text(others));

        static string Text(IReadOnlyList<Visit> visits) =>
            string.Join('\n', visits.Select(visit => $"{visit.Number} {visit.Position} {visit.Record} {string.Join(' ', visit.Record!.Outputs)}"));
    }

    [Fact]
    public void ElectronsAreCountedByTheClock_AsTheCardDoes()
    {
        using var bench = new VisitBench(images.Site, VisitBench.Job());
        bench.Visit(60);
        ulong clocks = (ulong)bench.Dwells().Sum(dwell => dwell.Fall - dwell.Rise);
        uint low = bench.Card.Read(CardRegisters.UnblankedRunLowAddress);
        Assert.Equal(clocks, low | ((ulong)bench.Card.Read(CardRegisters.UnblankedRunHighAddress) << 32));
        double expected = clocks / CardImages.ClockHertz * bench.File.ElectronsPerSecond * bench.Microscope.CurrentFactor;
        double counted = bench.Microscope.Dose.Total.DwellElectrons + bench.Microscope.Dose.Total.AfterDecisionElectrons;
        Assert.Equal(1, counted / expected, 0.01);
    }

    [Fact]
    public void TheLaw_OfTheDwellSimulatorIsThatOfTheCard()
    {
        // Complete columns only, so that the two samples of visits are alike; placement differs from visit to visit.
        const int Visits = 600;
        using var bench = new VisitBench(images.Site, VisitBench.Job(seed: 11));
        Position[] complete = [.. bench.Specimen.Sites.Where(site => site.Class == 0 && Inside(site.Position, 1)).Select(site => site.Position)];
        bench.Run.Prepare();
        IReadOnlyList<Visit> visits = bench.Run.VisitSites(
            [.. Enumerable.Range(0, Visits).Select(k => complete[k % complete.Length])], bench.TrueCalibration, visited: null, CancellationToken.None);
        double[] card = [.. visits.Select(visit => (double)visit.Record!.Samples)];

        var session = new Session(
            bench.Specimen.Specimen,
            Edge.Cli.Runs.SimulatedMicroscope.Settings(bench.File, 11),
            bench.Microscope.GainFactor,
            bench.Microscope.CurrentFactor,
            bench.TrueCalibration.Applied(bench.Model.Ingress),
            [.. complete.Select(site => new StudySite(new(site.X, site.Y), new(site.X, site.Y), 0))]);
        var judge = new Judge(images.Site.Network, bench.Model);
        var simulator = new DwellSimulator(session, seed: 12);
        int simulatedComplete = 0;
        var simulated = new double[Visits];
        for (int visit = 0; visit < Visits; visit++)
        {
            double fraction = simulator.Fraction(session.Sites[visit % complete.Length], visit, out _);
            long[] outputs = judge.Outputs(simulator.Features(fraction, visit, bench.Model.MaximumSamples, judge.Inputs));
            int decided = -1;
            int samples = bench.Model.MaximumSamples;
            for (int n = bench.Model.MinimumSamples; n <= bench.Model.MaximumSamples && decided < 0; n++)
            {
                decided = judge.Decide(outputs.AsSpan((n - 1) * judge.Classes, judge.Classes), 1);
                samples = n;
            }

            simulated[visit] = samples;
            simulatedComplete += decided == 0 ? 1 : 0;
        }

        (double mean, double error) = Mean(card);
        (double simulatedMean, double simulatedError) = Mean(simulated);
        int cardComplete = visits.Count(visit => visit.Record!.Class == 0);
        output.WriteLine($"card {mean:F1} +- {error:F1} samples, {cardComplete} of {Visits} complete; simulator {simulatedMean:F1} +- {simulatedError:F1}, {simulatedComplete}");
        Assert.InRange(Math.Abs(mean - simulatedMean), 0, 4 * Math.Sqrt((error * error) + (simulatedError * simulatedError)));
        Assert.InRange(Math.Abs(cardComplete - simulatedComplete), 0, 4 * Math.Sqrt(2 * (Visits - Math.Min(cardComplete, simulatedComplete) + 1)));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void ANetworkThatTheIngressCannotFeed_OrOfOtherClasses_IsRefused()
    {
        using var wide = new VisitBench(images.Random, VisitBench.Job());
        InvalidInputException fed = Assert.Throws<InvalidInputException>(wide.Run.Prepare);
        Assert.Contains("cannot be fed by the card's ADC ingress", fed.Message, StringComparison.Ordinal);
        using var other = new VisitBench(images.Site, VisitBench.Job(), CardImages.SiteModel with { Classes = ["one", "two", "three"] });
        InvalidInputException classes = Assert.Throws<InvalidInputException>(other.Run.Prepare);
        Assert.Contains("4 outputs, but its settings name 3 classes", classes.Message, StringComparison.Ordinal);
        Assert.False(wide.Permitted || other.Permitted);
    }

    [Fact]
    public void AnOverviewWithLostPixelsIsNotUsed()
    {
        using var bench = new VisitBench(images.Site, Exact(1) with { LineSettleSeconds = 1e-6, OverviewDose = 30 });
        bench.Run.Prepare();
        bench.Card.Stall([], [.. Enumerable.Range(0, 10_000).Select(k => k < 9000 ? (byte)1 : (byte)0)]);
        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => bench.Run.TakeOverview(CancellationToken.None));
        Assert.Contains($"pixels of the overview did not arrive ({bench.Run.EventsLost} records lost)", error.Message, StringComparison.Ordinal);
        Assert.Equal(bench.Run.EventsLost, bench.Run.Counters().EventsDropped);
        Assert.InRange(bench.Run.EventsLost, 1, long.MaxValue);
    }

    [Fact]
    public void AnOverviewOfNothingFindsNoLattice()
    {
        var empty = new MolybdenumDisulfide(new Specimen([.. Enumerable.Repeat(0.009f, 64)], 8, 8, new(4, 4), repeats: false, []), []);
        using var bench = new VisitBench(images.Site, Exact(1), specimen: empty);
        bench.Run.Prepare();
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => bench.Run.TakeOverview(CancellationToken.None));
        Assert.Contains("shows no lattice", error.Message, StringComparison.Ordinal);
    }

    /// <param name="farthest">Largest error of any site, angstrom; the mean is always below 0.15.</param>
    private void CheckOverview(string name, double degrees, int seed, double dose, double farthest)
    {
        MolybdenumDisulfide specimen = degrees == 0 ? MolybdenumDisulfide.Read(name) : MolybdenumDisulfide.Turned(name, degrees);
        using var bench = new VisitBench(images.Site, Exact(seed) with { OverviewDose = dose }, specimen: specimen);
        bench.Run.Prepare();
        Overview overview = bench.Run.TakeOverview(CancellationToken.None);
        double[] away = [.. overview.Sites.Select(specimen.DistanceFrom)];
        double product = overview.Calibration.Gain * overview.Calibration.Current / (bench.Microscope.GainFactor * bench.Microscope.CurrentFactor);
        output.WriteLine($"{away.Length} sites, farthest {away.Max():F3} A, mean {away.Average():F3} A; gain x current {product - 1:P1} off, one sigma {overview.Calibration.RelativeUncertainty:P1}");
        Assert.InRange(away.Average(), 0, 0.15);
        Assert.InRange(away.Max(), 0, farthest);
        Assert.InRange(product - 1, -3.5 * overview.Calibration.RelativeUncertainty, 3.5 * overview.Calibration.RelativeUncertainty);

        // None is missing: every true column that is safely inside the margin was found, once.
        double safe = bench.File.Margin + farthest;
        foreach ((Position column, _) in specimen.Sites.Where(site => Inside(site.Position, safe)))
        {
            Assert.Single(overview.Sites, found => (found - column).Length <= farthest);
        }
    }

    private VisitBench WholeRun(int seed, out IReadOnlyList<Visit> visits)
    {
        var bench = new VisitBench(images.Site, VisitBench.Job(seed));
        bench.Run.Prepare();
        Overview overview = bench.Run.TakeOverview(CancellationToken.None);
        visits = bench.Run.VisitSites([.. overview.Sites.Take(30)], overview.Calibration, visited: null, CancellationToken.None);
        return bench;
    }

    private static bool Inside(Position position, double margin) =>
        Math.Min(position.X, position.Y) >= margin && Math.Max(position.X, position.Y) <= MolybdenumDisulfide.Field - margin;

    private static (double Mean, double Error) Mean(double[] values)
    {
        double mean = values.Average();
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / values.Length / (values.Length - 1)));
    }
}
