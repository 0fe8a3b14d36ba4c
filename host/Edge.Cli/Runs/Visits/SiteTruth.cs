using Edge.Appliance.Sites;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Visits;

/// <summary>Where the sites of a simulated specimen really are, and their true classes: for scoring alone.</summary>
internal sealed class SiteTruth
{
    /// <summary>A defect belongs to the nearest site within this distance, angstrom: a quarter of a cell.</summary>
    private const double WithinAngstrom = 0.8;

    /// <summary>Kinds of defects that sit on sulphur sites, and the class that they make of them. Others sit on metal
    /// sites: neighbours only.</summary>
    private static readonly Dictionary<string, string> ClassOfKind = new(StringComparer.Ordinal)
    {
        ["VS"] = "one missing",
        ["VS2"] = "both missing",
        ["Mo_S"] = "heavier",
    };

    private readonly Lattice lattice;
    private readonly List<(Position At, int Class)> defects = [];

    private SiteTruth(Lattice lattice) => this.lattice = lattice;

    /// <summary>The true lattice is fitted to the noiseless map.</summary>
    /// <exception cref="Networks.InvalidInputException">The specimen shows no lattice of this constant.</exception>
    public static SiteTruth Of(Specimen specimen, VisitRunFile file, IReadOnlyList<string> classes)
    {
        const int Pixels = 128;
        const double Electrons = 1e6;
        double[] axis = [.. Enumerable.Range(0, Pixels).Select(i => (i + 0.5) * file.FieldOfView / Pixels)];
        double[] map = [.. axis.SelectMany(y => axis.Select(x => specimen.FractionAt(new(x, y))))];
        double scale = Electrons / map.Sum();
        var image = new OverviewImage(Pixels, Pixels, axis, axis, [.. map.Select(value => value * scale)]);
        var truth = new SiteTruth(LatticeFit.Fit(image, file.LatticeConstant, file.ChalcogenWeight));
        foreach (Defect defect in specimen.Defects)
        {
            if (ClassOfKind.TryGetValue(defect.Kind, out string? name) && classes.ToList().IndexOf(name) is >= 0 and var index)
            {
                truth.defects.Add((new(defect.Position.X, defect.Position.Y), index));
            }
        }

        return truth;
    }

    /// <summary>The true site nearest to a position, and its class; without a defect the first.</summary>
    public (Position Site, int Class) At(Position position)
    {
        Position site = lattice.NearestChalcogen(position);
        int found = 0;
        double nearest = WithinAngstrom;
        foreach ((Position at, int k) in defects)
        {
            (nearest, found) = (at - site).Length <= nearest ? ((at - site).Length, k) : (nearest, found);
        }

        return (site, found);
    }
}
