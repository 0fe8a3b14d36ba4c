using System.Diagnostics;

namespace Edge.Bench;

/// <summary>Several measurements of one time or rate: the machine is shared, so the middle one counts and the others are
/// shown.</summary>
internal sealed record Timing(double Median, double Least, double Most, int Runs)
{
    /// <summary>The middle one, and how far the runs lie apart.</summary>
    public string Text(string unit = "") => Runs == 1
        ? Row.Rough(Median, unit)
        : $"{Row.Rough(Median, unit)} (median of {Runs}; {Row.Rough(Least)} to {Row.Rough(Most)})";

    public static Timing Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new(median, sorted[0], sorted[^1], sorted.Length);
    }

    /// <summary>Seconds of one call.</summary>
    public static double Seconds(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Seconds of one call that is too long to repeat.</summary>
    public static Timing Once(Action action) => Of([Seconds(action)]);

    /// <summary>Seconds of each of several calls.</summary>
    public static Timing Repeat(int runs, Action action) => Of(Enumerable.Range(0, runs).Select(_ => Seconds(action)).ToArray());

    /// <summary>Rates of contestants that take turns, so that a change of the machine's load meets all of them alike. Each is
    /// warmed up first, and every turn lasts at least <paramref name="turnSeconds"/>.</summary>
    /// <param name="contestants">Each does some work and returns how many items that was.</param>
    /// <returns>Items a second, per contestant, turn by turn.</returns>
    public static double[][] Race(int turns, double turnSeconds, params Func<long>[] contestants)
    {
        foreach (Func<long> contestant in contestants)
        {
            Turn(contestant, turnSeconds);
        }

        double[][] rates = [.. contestants.Select(_ => new double[turns])];
        for (int turn = 0; turn < turns; turn++)
        {
            for (int k = 0; k < contestants.Length; k++)
            {
                rates[k][turn] = Turn(contestants[k], turnSeconds);
            }
        }

        return rates;
    }

    private static double Turn(Func<long> contestant, double seconds)
    {
        var clock = Stopwatch.StartNew();
        long items = 0;
        do
        {
            items += contestant();
        }
        while (clock.Elapsed.TotalSeconds < seconds);

        return items / clock.Elapsed.TotalSeconds;
    }
}
