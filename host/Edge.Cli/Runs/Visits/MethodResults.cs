using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs.Studies;

namespace Edge.Cli.Runs.Visits;

/// <summary>Curves of methods -> one line each: what 1 % of wrong decisions costs.</summary>
internal static class MethodResults
{
    /// <param name="overviewElectrons">Added to every method that visits.</param>
    /// <param name="visits">Visits that a total counts.</param>
    /// <param name="shares">How often each class occurs.</param>
    public static IEnumerable<MethodResult> Of(
        VisitRunFile file, VisitPlan plan, LatencyChain chain, double overviewElectrons, int visits, IReadOnlyList<MethodCurve> curves, double[] shares)
    {
        // Electrons between the deciding sample and the dark beam, the same for every method that blanks.
        double tail = chain.TotalNanoseconds * 1e-9 * file.ElectronsPerSecond;
        double move = file.SettleSeconds + file.BlankSeconds;
        foreach (MethodCurve curve in curves)
        {
            MethodPoint? point = curve.At(VisitJob.AllowedWrong, shares);
            string allowed = "every class at most 1 % wrong";
            if (point is null)
            {
                point = curve.Points.MinBy(candidate => candidate.WorstWrong)!;
                allowed = $"no setting reached 1 %; the best, {100 * point.WorstWrong:F1} % in the worst class, is shown";
            }

            double electrons = point.MeanElectrons(shares);
            if (curve.Kind == MethodKind.Scan)
            {
                yield return new(curve.Name, electrons, point.Setting * plan.AreaSquareAngstrom, point.Setting, null, point.Wrong, point.Undecided, allowed);
                continue;
            }

            double perSite = electrons + tail;
            double hostSeconds = curve.Kind == MethodKind.Chunks ? Math.Ceiling(electrons / point.Setting) * file.Comparison.HostSeconds : 0;
            yield return new(
                curve.Name,
                perSite,
                overviewElectrons + (visits * perSite),
                plan.OverviewDose + (perSite * plan.PeakPerElectron),
                1 / (move + (perSite / file.ElectronsPerSecond) + hostSeconds),
                point.Wrong,
                point.Undecided,
                curve.Kind == MethodKind.Bound ? allowed + "; a bound: it knows current, placement and rates" : allowed);
        }
    }
}
