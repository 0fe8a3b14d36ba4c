namespace Edge.Cli.Runs.Studies;

/// <summary>One way to answer the question at one setting.</summary>
/// <param name="Setting">Threshold factor, samples, chunk or dose: whatever the method is driven by.</param>
/// <param name="Wrong">Share of wrong decisions of each class; undecided ones are not in it.</param>
/// <param name="Undecided">Share without a decision at the maximum dwell, of each class.</param>
/// <param name="Electrons">Mean beam electrons a site, of each class.</param>
internal sealed record MethodPoint(double Setting, double[] Wrong, double[] Undecided, double[] Electrons)
{
    public double WorstWrong => Wrong.Max();

    /// <summary>Mean electrons a site where classes come in these shares.</summary>
    public double MeanElectrons(double[] shares) => Electrons.Zip(shares, (electrons, share) => electrons * share).Sum();
}

/// <summary>What a method's setting is and what its electrons are for.</summary>
internal enum MethodKind
{
    /// <summary>A card that stops; the setting is a factor on the thresholds.</summary>
    Trigger,

    /// <summary>The same dwell everywhere; the setting is samples.</summary>
    Fixed,

    /// <summary>A host that decides between chunks of beam; the setting is electrons of a chunk.</summary>
    Chunks,

    /// <summary>Knows what no method can know.</summary>
    Bound,

    /// <summary>Every pixel the same; the setting is electrons per square angstrom.</summary>
    Scan,
}

/// <summary>A method over its settings, fewest electrons first.</summary>
internal sealed record MethodCurve(string Name, MethodKind Kind, IReadOnlyList<MethodPoint> Points)
{
    /// <summary>The cheapest setting from which on no class is wrong more often than allowed, or null. Between the settings
    /// tried it is interpolated, so that a coarse row of settings makes no method look dearer than it is; chunks are not.</summary>
    public MethodPoint? At(double allowedWrong, double[] shares)
    {
        MethodPoint[] sorted = [.. Points.OrderBy(point => point.MeanElectrons(shares))];
        int last = Array.FindLastIndex(sorted, point => point.WorstWrong > allowedWrong);
        if (last == sorted.Length - 1)
        {
            return null;
        }

        MethodPoint good = sorted[last + 1];
        if (last < 0 || Kind == MethodKind.Chunks)
        {
            return good;
        }

        MethodPoint bad = sorted[last];
        double part = (bad.WorstWrong - allowedWrong) / (bad.WorstWrong - good.WorstWrong);
        double Between(double a, double b) => a + (part * (b - a));
        double[] Each(double[] a, double[] b) => [.. a.Zip(b, Between)];
        return new(Between(bad.Setting, good.Setting), Each(bad.Wrong, good.Wrong), Each(bad.Undecided, good.Undecided), Each(bad.Electrons, good.Electrons));
    }
}

/// <summary>Counts outcomes of visits into a point.</summary>
internal sealed class OutcomeCounter(int classes)
{
    private readonly int[] visits = new int[classes];
    private readonly int[] wrong = new int[classes];
    private readonly int[] undecided = new int[classes];
    private readonly double[] electrons = new double[classes];

    /// <param name="decided">-1: undecided.</param>
    public void Add(int truth, int decided, double spent)
    {
        visits[truth]++;
        wrong[truth] += decided >= 0 && decided != truth ? 1 : 0;
        undecided[truth] += decided < 0 ? 1 : 0;
        electrons[truth] += spent;
    }

    public MethodPoint ToPoint(double setting)
    {
        double[] Share(IEnumerable<double> counts) => [.. counts.Select((count, k) => visits[k] == 0 ? 0 : count / visits[k])];
        return new(setting, Share(wrong.Select(count => (double)count)), Share(undecided.Select(count => (double)count)), Share(electrons));
    }
}
