using Edge.Appliance.Sites;
using Edge.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Sites;

/// <summary>The lattice in overviews of 65 electrons per square angstrom: some 600 counts on 32 x 32 A.</summary>
/// <remarks>Seeds are fixed: what is asserted is how often a seed succeeds. Every seed has its own angle, shift, mirror and
/// scale error of up to 4 %.</remarks>
public sealed class LatticeFitTests(ITestOutputHelper output)
{
    private const double Dose = 65;
    private const double Pitch = 0.7;
    private const double ChalcogenWeight = 0.6;

    [Theory]
    [InlineData(true, 31.8, 31.8)]
    [InlineData(false, 31.8, 31.8)]
    [InlineData(true, 48, 20)]
    [InlineData(true, 15, 60)]
    public void ChalcogenColumns_AreFound_AtAnyOrientationScaleAndOrigin(bool defects, double width, double height) =>
        AssertFound(defects, width, height, seeds: 15);

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData(true)]
    [InlineData(false)]
    public void ChalcogenColumns_AreFound_In99OfAHundredOverviews(bool defects) => AssertFound(defects, 31.8, 31.8, seeds: 100);

    [Fact]
    public void LargeFields_AreFittedToTheirCorners()
    {
        var random = new Random(7);
        HoneycombOverview truth = HoneycombOverview.Random(random, defects: true);
        Lattice lattice = LatticeFit.Fit(truth.Scan(random, 150, 150, Dose, Pitch), HoneycombOverview.LatticeConstant, ChalcogenWeight);
        double worst = lattice.ChalcogenColumns(0, 0, 150, 150).Max(truth.DistanceToChalcogen);
        output.WriteLine($"worst of 150 x 150 A: {worst:F3} A");
        Assert.InRange(worst, 0, 0.1);
    }

    [Theory]
    [InlineData("contamination")]
    [InlineData("support")]
    [InlineData("hole")]
    public void WhatLiesOnTheCrystal_DoesNotMoveTheSites(string what)
    {
        int wrong = 0;
        for (int seed = 0; seed < 15; seed++)
        {
            var random = new Random(seed);
            HoneycombOverview truth = HoneycombOverview.Random(random, defects: true);
            OverviewImage image = truth.Scan(random, 31.8, 31.8, Dose, Pitch);
            OverviewImage covered = Replaced(image, (x, y, count) => what switch
            {
                "contamination" => count + HoneycombOverview.Poisson(random, 3 * Math.Exp(-(((x - 20) * (x - 20)) + ((y - 9) * (y - 9))) / 8)),
                "support" => count + HoneycombOverview.Poisson(random, 0.3),
                _ => x + y < 20 ? 0 : count,
            });
            wrong += RootMeanSquare(truth, LatticeFit.Fit(covered, HoneycombOverview.LatticeConstant, ChalcogenWeight), 31.8, 31.8) > 0.15 ? 1 : 0;
        }

        output.WriteLine($"{what}: {wrong} of 15 are off by more than 0.15 A");
        Assert.InRange(wrong, 0, 1);
    }

    [Fact]
    public void ShearedImages_AreFitted_WhenTheCountsShowIt()
    {
        var random = new Random(3);
        HoneycombOverview truth = HoneycombOverview.Random(random, defects: true, scaleError: 0);
        OverviewImage image = truth.Scan(random, 60, 60, Dose, Pitch);
        OverviewImage sheared = image with { X = [.. image.X.Select(x => 1.03 * x)] };
        Lattice lattice = LatticeFit.Fit(sheared, HoneycombOverview.LatticeConstant, ChalcogenWeight);
        double worst = lattice.ChalcogenColumns(1, 1, 59, 59).Max(site => truth.DistanceToChalcogen(new(site.X / 1.03, site.Y)));
        Assert.InRange(worst, 0, 0.15);
    }

    [Theory]
    [InlineData("noise", "shows no lattice of 3.18 A")]
    [InlineData("gradient", "shows no lattice of 3.18 A")]
    [InlineData("blobs", "shows no lattice of 3.18 A")]
    [InlineData("fringes", "shows no lattice of 3.18 A")]
    [InlineData("square lattice", "shows no lattice of 3.18 A")]
    [InlineData("dark", "is dark")]
    [InlineData("not a number", "is dark")]
    public void ImagesWithoutTheLattice_AreRefused(string what, string message)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var random = new Random(seed);
            OverviewImage image = HoneycombOverview.Random(random, defects: false).Scan(random, 31.8, 31.8, 1, Pitch);
            double angle = 6 * random.NextDouble();
            (double blobX, double blobY) = (32 * random.NextDouble(), 32 * random.NextDouble());
            const double First = 2 * Math.PI * 2 / 1.7320508 / HoneycombOverview.LatticeConstant;
            OverviewImage replaced = Replaced(image, (x, y, _) =>
            {
                double u = (x * Math.Cos(angle)) + (y * Math.Sin(angle));
                double v = (y * Math.Cos(angle)) - (x * Math.Sin(angle));
                return what switch
                {
                    "noise" => HoneycombOverview.Poisson(random, 0.3),
                    "gradient" => HoneycombOverview.Poisson(random, 3 * x / 32),
                    "blobs" => HoneycombOverview.Poisson(random, 0.1 + (5 * Math.Exp(-(((x - blobX) * (x - blobX)) + ((y - blobY) * (y - blobY))) / 4))),
                    "fringes" => HoneycombOverview.Poisson(random, 1 + Math.Cos(First * u)),
                    "square lattice" => HoneycombOverview.Poisson(random, 1 + (0.5 * Math.Cos(First * u)) + (0.5 * Math.Cos(First * v))),
                    "dark" => 0,
                    _ => double.NaN,
                };
            });
            AssertRefused(replaced, message);
        }
    }

    [Fact]
    public void AnotherLatticeConstant_IsNamed()
    {
        var random = new Random(5);
        var truth = new HoneycombOverview(HoneycombOverview.Pristine, 0.3, 1.1, new(1, 2), mirrored: false);
        AssertRefused(truth.Scan(random, 31.8, 31.8, Dose, Pitch), "shows a lattice of 3.5", "material.lattice_constant is 3.18 A");
        var far = new HoneycombOverview(HoneycombOverview.Pristine, 0.3, 1.3, new(1, 2), mirrored: false);
        AssertRefused(far.Scan(random, 31.8, 31.8, Dose, Pitch), "shows no lattice of 3.18 A");
    }

    [Fact]
    public void EqualColumns_AreNotGuessed()
    {
        var random = new Random(5);
        OverviewImage image = HoneycombOverview.Random(random, defects: false).Scan(random, 31.8, 31.8, Dose, Pitch);
        string message = Assert.Throws<InvalidInputException>(() => LatticeFit.Fit(image, HoneycombOverview.LatticeConstant, chalcogenWeight: 1)).Message;
        Assert.Contains("cannot be told apart", message, StringComparison.Ordinal);
    }

    [Fact]
    public void CoarseOrFewPixels_AreRefused()
    {
        var random = new Random(5);
        HoneycombOverview truth = HoneycombOverview.Random(random, defects: false);
        AssertRefused(truth.Scan(random, 60, 60, Dose, 1.5), "pixels of 1.50 A are too coarse for a lattice of 3.18 A: 1.25 A at most");
        AssertRefused(truth.Scan(random, 3, 3, Dose, 0.7), "4 x 4 pixels is too small");
    }

    private void AssertFound(bool defects, double width, double height, int seeds)
    {
        var errors = new List<double>();
        (int within, int sites) = (0, 0);
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            HoneycombOverview truth = HoneycombOverview.Random(random, defects);
            Lattice lattice = LatticeFit.Fit(truth.Scan(random, width, height, Dose, Pitch), HoneycombOverview.LatticeConstant, ChalcogenWeight);
            errors.Add(RootMeanSquare(truth, lattice, width, height));
            double[] distances = [.. lattice.ChalcogenColumns(0.5, 0.5, width - 0.5, height - 0.5).Select(truth.DistanceToChalcogen)];
            within += distances.Count(distance => distance < 0.15);
            sites += distances.Length;
            Assert.True(lattice.MetalColumns(5, 5, width - 5, height - 5).All(metal => truth.DistanceToMetal(metal) < 0.5), $"seed {seed}: metal columns are elsewhere");
        }

        errors.Sort();
        output.WriteLine($"{width} x {height} A, {seeds} seeds: root mean square over sites {errors[seeds / 2]:F3} A (median), {errors[^1]:F3} A (worst); {100.0 * within / sites:F1} % of sites within 0.15 A");
        Assert.InRange(errors.Count(error => error > 0.15), 0, seeds / 100);
        Assert.InRange((double)within / sites, 0.98, 1);
    }

    private static double RootMeanSquare(HoneycombOverview truth, Lattice lattice, double width, double height) =>
        Math.Sqrt(lattice.ChalcogenColumns(0.5, 0.5, width - 0.5, height - 0.5).Average(site => Math.Pow(truth.DistanceToChalcogen(site), 2)));

    private static void AssertRefused(OverviewImage image, params string[] parts)
    {
        string message = Assert.Throws<InvalidInputException>(() => LatticeFit.Fit(image, HoneycombOverview.LatticeConstant, ChalcogenWeight)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static OverviewImage Replaced(OverviewImage image, Func<double, double, double, double> change) => new(
        image.Columns, image.Rows, image.X, image.Y, [.. image.Signal.Select((count, i) => change(image.X[i % image.Columns], image.Y[i / image.Columns], count))]);
}
