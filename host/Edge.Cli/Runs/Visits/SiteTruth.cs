using Edge.Appliance.Sites;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Visits;

/// <summary>True classes of sites of a simulated specimen: for scoring alone.</summary>
internal static class SiteTruth
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

    /// <summary>Class of each site, an index into the classes; without a defect the first.</summary>
    public static int[] Classes(Specimen specimen, IReadOnlyList<Position> sites, IReadOnlyList<string> classes)
    {
        var truth = new int[sites.Count];
        foreach (Defect defect in specimen.Defects)
        {
            var at = new Position(defect.Position.X, defect.Position.Y);
            int index = ClassOfKind.TryGetValue(defect.Kind, out string? name) ? classes.ToList().IndexOf(name) : -1;
            if (index < 0 || sites.Count == 0)
            {
                continue;
            }

            int nearest = Enumerable.Range(0, sites.Count).MinBy(i => (sites[i] - at).Length);
            truth[nearest] = (sites[nearest] - at).Length <= WithinAngstrom ? index : truth[nearest];
        }

        return truth;
    }
}
