namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>Uncertainty of whatever is computed from repeated measurements: compute it again with each group of them left
/// out. Nothing is assumed of the noise (Efron and Stein, Ann. Stat. 9 (1981) 586).</summary>
public static class Jackknife
{
    /// <param name="groups">At least 2.</param>
    /// <param name="compute">The results without group k.</param>
    /// <returns>One standard deviation a result.</returns>
    public static double[] Uncertainties(int groups, Func<int, double[]> compute)
    {
        double[][] results = [.. Enumerable.Range(0, groups).Select(compute)];
        return [.. Enumerable.Range(0, results[0].Length).Select(i =>
        {
            double mean = results.Average(result => result[i]);
            return Math.Sqrt((groups - 1.0) / groups * results.Sum(result => (result[i] - mean) * (result[i] - mean)));
        })];
    }
}
