using Edge.Appliance.Sites;
using static System.FormattableString;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>What several fields of a visit must keep together, each in its range alone. Only sound fields are compared.</summary>
internal static class VisitLimits
{
    /// <summary>Of the card's counters of samples.</summary>
    private const int MostSamples = ushort.MaxValue;

    /// <summary>More are held nowhere, and simulated in no useful time.</summary>
    private const int MostOverviewPixels = 4096;

    private const int FewestOverviewPixels = 8;

    public static void Check(YamlFile file, VisitRunFile run, YamlSection detector, YamlSection scan, YamlSection overview, YamlSection visits, YamlSection limits)
    {
        double clocks = run.SamplePeriodSeconds * run.Card.ClockHertz;
        string period = Dimension.Time.Format(run.SamplePeriodSeconds);
        if (!file.Sound("detector.sample_period"))
        {
            return;
        }

        if (file.Sound("card.clock") && (!IsWhole(clocks) || clocks < 2 - 1e-6))
        {
            detector.Reject("sample_period", Invariant($"{period} is {clocks:0.###} clocks of card.clock ({Dimension.Frequency.Format(run.Card.ClockHertz)}); a whole number of at least 2 is allowed"));
        }

        if (file.Sound("overview.dwell"))
        {
            CheckOverviewDwell(run, period, overview);
        }

        if (file.Sound("overview.dwell", "overview.dose", "scan.field_of_view", "beam.current", "material.lattice_constant"))
        {
            CheckOverviewPixels(run, scan, overview);
        }

        if (file.Sound("visits.minimum_dwell", "visits.maximum_dwell"))
        {
            CheckDwells(run, period, visits);
        }

        if (file.Sound("visits.margin", "scan.field_of_view") && 2 * run.Margin >= run.FieldOfView)
        {
            visits.Reject("margin", $"{Dimension.Length.Format(run.Margin)} on both sides leaves nothing of scan.field_of_view, {Dimension.Length.Format(run.FieldOfView)}");
        }

        double electrons = run.OverviewDose * run.FieldOfView * run.FieldOfView;
        if (file.Sound("limits.electrons", "overview.dose", "scan.field_of_view") && run.LargestElectrons < electrons)
        {
            limits.Reject("electrons", Invariant($"{Dimension.Electrons.Format(run.LargestElectrons)} would stop the run in its overview, which takes {Dimension.Electrons.Format(electrons)} (overview.dose times the square of scan.field_of_view)"));
        }

        CheckHeartbeat(file, run, period, limits);
    }

    private static void CheckHeartbeat(YamlFile file, VisitRunFile run, string period, YamlSection limits)
    {
        if (!file.Sound("limits.heartbeat"))
        {
            return;
        }

        if (run.HeartbeatSeconds < VisitRunFile.LeastHeartbeatSamples * run.SamplePeriodSeconds)
        {
            limits.Reject("heartbeat", Invariant($"{Dimension.Time.Format(run.HeartbeatSeconds)} is {run.HeartbeatSeconds / run.SamplePeriodSeconds:0.#} times detector.sample_period ({period}); at least {VisitRunFile.LeastHeartbeatSamples} times is allowed, since the host feeds it a few times in so many"));
        }

        if (file.Sound("card.clock") && run.HeartbeatSeconds * run.Card.ClockHertz > uint.MaxValue)
        {
            limits.Reject("heartbeat", $"{Dimension.Time.Format(run.HeartbeatSeconds)} is more clocks than the card counts; {Dimension.Time.Format(uint.MaxValue / run.Card.ClockHertz)} at most at card.clock {Dimension.Frequency.Format(run.Card.ClockHertz)}");
        }
    }

    private static void CheckOverviewDwell(VisitRunFile run, string period, YamlSection overview)
    {
        double samples = run.OverviewDwellSeconds / run.SamplePeriodSeconds;
        if (!IsWhole(samples) || samples < 1 - 1e-6 || samples > MostSamples)
        {
            overview.Reject("dwell", Invariant($"{Dimension.Time.Format(run.OverviewDwellSeconds)} is {samples:0.###} times detector.sample_period ({period}); a whole number from 1 to {MostSamples} is allowed"));
        }
    }

    private static void CheckOverviewPixels(VisitRunFile run, YamlSection scan, YamlSection overview)
    {
        int pixels = run.OverviewPixels;
        double pitch = run.FieldOfView / Math.Max(pixels, 1);
        double coarsest = LatticeFit.CoarsestPitch(run.LatticeConstant);
        if (pixels > MostOverviewPixels)
        {
            scan.Reject("field_of_view", $"at {Dimension.Dose.Format(run.OverviewDose)} and {Dimension.Time.Format(run.OverviewDwellSeconds)} a pixel, {Dimension.Length.Format(run.FieldOfView)} would take {pixels} pixels a line; {MostOverviewPixels} at most. Choose a smaller field, a longer overview.dwell or a lower overview.dose");
        }
        else if (pitch > coarsest)
        {
            overview.Reject("dwell", Invariant($"at {Dimension.Dose.Format(run.OverviewDose)} and {Dimension.Current.Format(run.CurrentPicoamperes)}, {Dimension.Time.Format(run.OverviewDwellSeconds)} a pixel makes pixels of {pitch:0.##} A; a lattice of {run.LatticeConstant:0.###} A needs {coarsest:0.##} A or less. Shorten overview.dwell, raise overview.dose, or lower beam.current"));
        }
        else if (pixels < FewestOverviewPixels)
        {
            scan.Reject("field_of_view", $"{Dimension.Length.Format(run.FieldOfView)} is {pixels} pixels of the overview wide; {FewestOverviewPixels} are the least that show a lattice");
        }
    }

    private static void CheckDwells(VisitRunFile run, string period, YamlSection visits)
    {
        foreach ((string field, double? dwell) in new[] { ("minimum_dwell", run.MinimumDwellSeconds), ("maximum_dwell", run.MaximumDwellSeconds) })
        {
            double samples = Math.Round(dwell / run.SamplePeriodSeconds ?? 1);
            if (dwell is double seconds && (seconds < run.SamplePeriodSeconds * (1 - 1e-9) || samples > MostSamples))
            {
                visits.Reject(field, Invariant($"{Dimension.Time.Format(seconds)} is {seconds / run.SamplePeriodSeconds:0.###} times detector.sample_period ({period}); 1 to {MostSamples} samples are allowed"));
            }
        }

        if (run.MinimumDwellSeconds > run.MaximumDwellSeconds)
        {
            visits.Reject("minimum_dwell", $"{Dimension.Time.Format(run.MinimumDwellSeconds.Value)} is longer than visits.maximum_dwell, {Dimension.Time.Format(run.MaximumDwellSeconds!.Value)}");
        }
    }

    private static bool IsWhole(double value) => Math.Abs(value - Math.Round(value)) < 1e-6 * Math.Max(1, value);
}
