using System.Globalization;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Cli.Runs.Visits;

/// <summary>Whether run file, network settings and plan fit each other; found out before the first electron.</summary>
internal static class VisitChecks
{
    /// <exception cref="InvalidInputException">They do not; everything that is wrong is named.</exception>
    public static void Check(VisitRunFile file, SiteModel model, VisitPlan plan, int minimumSamples, int maximumSamples)
    {
        var faults = new List<string>();
        double nominal = model.NominalCurrentPicoamperes;
        if (Math.Abs(file.CurrentPicoamperes - nominal) > nominal * model.CalibrationError)
        {
            faults.Add(Text($"beam.current is {file.CurrentPicoamperes:0.###} pA; the network was trained for {nominal:0.###} pA within {100 * model.CalibrationError:0.#} %. Set the microscope to that, or train for your current."));
        }

        if (Math.Abs((file.SamplePeriodSeconds * 1e9) - model.NominalSamplePeriodNanoseconds) > 1e-6)
        {
            faults.Add(Text($"detector.sample_period is {file.SamplePeriodSeconds * 1e9:0.###} ns; the network was trained for {model.NominalSamplePeriodNanoseconds:0.###} ns."));
        }

        if (!model.Overview.EventsPerSample.ContainsKey(file.OverviewSamples))
        {
            faults.Add(Text($"overview.dwell is {file.OverviewSamples} samples a pixel; the settings of the network know overviews of {string.Join(", ", model.Overview.EventsPerSample.Keys)} samples a pixel."));
        }

        if (minimumSamples > maximumSamples)
        {
            faults.Add(Text($"visits.minimum_dwell is {minimumSamples} samples, above visits.maximum_dwell of {maximumSamples}: no dwell could end sure."));
        }

        if (plan.ExpectedVisits == 0)
        {
            faults.Add(Text($"visits.margin leaves no site in a field of {file.FieldOfView:0.##} A."));
        }

        if (plan.OverviewElectrons * (1 + model.CalibrationError) > file.LargestElectrons)
        {
            faults.Add(Text($"limits.electrons is {file.LargestElectrons:N0} e; the overview alone takes {plan.OverviewElectrons:N0} e, and up to {100 * model.CalibrationError:0.#} % more when the current is higher. The card would trip on the way."));
        }

        if (faults.Count > 0)
        {
            throw new InvalidInputException(string.Join(Environment.NewLine, faults.Select(fault => $"{file.Path}: {fault}")));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
