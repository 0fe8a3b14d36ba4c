namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>Uncertainty of whatever is computed from repeated measurements: compute it again with each group of them left
/// out. Nothing is assumed of the noise (Efron and Stein, Ann. Stat. 9 (1981) 586).</summary>
public static class Jackknife
{
    /// <summary>Few groups know their own scatter badly: with 8 of them, two standard deviations hold in 95 % of
    /// cases when they are 1.2 times as large (Student's t of 7 degrees); a little more for errors that lags share.</summary>
    private const double FewGroups = 1.3;

    /// <param name="groups">About 8.</param>
    /// <param name="compute">The results without group k.</param>
    /// <returns>One standard deviation a result.</returns>
    public static double[] Uncertainties(int groups, Func<int, double[]> compute)
    {
        double[][] results = [.. Enumerable.Range(0, groups).Select(compute)];
        return [.. Enumerable.Range(0, results[0].Length).Select(i =>
        {
            double mean = results.Average(result => result[i]);
            return FewGroups * Math.Sqrt((groups - 1.0) / groups * results.Sum(result => (result[i] - mean) * (result[i] - mean)));
        })];
    }
}
