using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs.Studies;
using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Visits;

/// <summary>The main job on a PC: overview, lattice, visits in closed loop with the card, comparison with other ways to
/// answer the same question, report.</summary>
internal static class VisitJob
{
    public const double AllowedWrong = 0.01;

    /// <exception cref="InvalidInputException">Files that do not fit each other, a specimen that cannot be read.</exception>
    public static VisitResult Run(VisitRunFile file, Terminal terminal, CancellationToken cancel)
    {
        SiteModel model = SiteModel.Read(file.Network.SettingsPath!);
        file = file.CalibrationPath is { } calibration ? file with { Calibration = CalibrationFile.ReadFor(file, calibration, DateTimeOffset.UtcNow) } : file;
        Specimen specimen = SpecimenFile.Read(file.Simulation.SpecimenPath, file.Simulation.Source, file.Simulation.Detector);
        SiteTruth scoring = SiteTruth.Of(specimen, file, model.Classes);
        OutputFolder.Check(file.OutputFolder, VisitReport.FileName);
        SlotImage slot = SlotImage.Build(file.Network, file.Card, FixedPointFormat.Parse(model.InputFormat), terminal, cancel);
        using var session = new VisitSession(file, model, slot, specimen, file.Simulation.Seed, keepDoseMap: true);
        using CardSocket socket = CardSocket.Open(session.Guard, $"edge run {file.Path}");
        return session.Guard.UntilStopped(stop => Run(file, model, specimen, scoring, slot, session, terminal, stop), cancel);
    }

    private static VisitResult Run(
        VisitRunFile file, SiteModel model, Specimen specimen, SiteTruth scoring, SlotImage slot, VisitSession session, Terminal terminal, CancellationToken cancel)
    {
        VisitPlan plan = VisitPlan.Of(file, model, session.Run);
        VisitChecks.Check(file, model, plan, session.Run.MinimumSamples, session.Run.MaximumSamples);
        plan.Print(terminal.Notes);

        terminal.Progress("overview");
        Overview overview = session.TakeOverview(cancel);
        int[] truth = [.. overview.Sites.Select(site => scoring.At(site).Class)];
        Position[] positions = [.. Enumerable.Range(0, file.Repeats).SelectMany(_ => overview.Sites)];
        int[] truths = [.. Enumerable.Range(0, file.Repeats).SelectMany(_ => truth)];
        terminal.Progress($"lattice found, {overview.Sites.Count} sites; {positions.Length} visits");
        IReadOnlyList<VisitOutcome> outcomes = session.Visit(positions, truths, overview, visited: null, cancel);

        double[] shares = [.. Enumerable.Range(0, model.Classes.Count).Select(k => (double)truth.Count(t => t == k) / truth.Length)];
        IReadOnlyList<MethodCurve> curves = Compare(file, model, slot, session.Study(overview, scoring), terminal, cancel);
        VisitResult result = Result(file, model, slot, session, plan, overview, truth, outcomes, curves, shares);
        session.Guard.ThrowIfStopped();
        OutputFolder.Write(file.OutputFolder, VisitReport.FileName, folder =>
            VisitReport.Write(folder, file, model, result, new(overview, truth, outcomes, curves, shares, specimen, file.FieldOfView)));
        return result;
    }

    /// <summary>From an electron to the dark beam. The light and the sample count with their means: an electron gives its
    /// light within the decay, and falls anywhere in its sample.</summary>
    public static LatencyChain Chain(VisitRunFile file, VisitSession session, LatencyStatistics latency)
    {
        double period = file.SamplePeriodSeconds * 1e9;
        return new(
            session.Settings.Detector.DecayNanoseconds,
            period / 2,
            file.PipelineSamples * period,
            latency.Maximum,
            latency.Maximum * 1e9 / file.Card.ClockHertz,
            file.Simulation.BlankerDelaySeconds * 1e9,
            file.Simulation.BlankerRiseSeconds * 1e9);
    }

    private static IReadOnlyList<MethodCurve> Compare(VisitRunFile file, SiteModel model, SlotImage slot, Session study, Terminal terminal, CancellationToken cancel)
    {
        if (file.Comparison.VisitsPerClass == 0)
        {
            return [];
        }

        terminal.Progress($"other ways to answer the question: {file.Comparison.VisitsPerClass} visits a class each");
        ulong seed = (ulong)file.Simulation.Seed + 1000;
        var judge = new Judge(slot.Model.Integers, model);
        double area = file.FieldOfView * file.FieldOfView / Math.Max(1, study.Sites.Count);
        return
        [
            .. new DwellStudy(judge, [study], file.Comparison.VisitsPerClass, seed).Run(progress: null, cancel),
            new UniformScanStudy(study, model.Classes.Count, file.Comparison.VisitsPerClass, seed).Run(area, ideal: true, cancel),
        ];
    }

    private static VisitResult Result(
        VisitRunFile file, SiteModel model, SlotImage slot, VisitSession session, VisitPlan plan, Overview overview, int[] truth,
        IReadOnlyList<VisitOutcome> outcomes, IReadOnlyList<MethodCurve> curves, double[] shares)
    {
        LatencyStatistics latency = session.Run.Latency();
        double seconds = session.VisitClocks / file.Card.ClockHertz;
        ClassResult[] classes = [.. model.Classes.Select((name, k) =>
        {
            VisitOutcome[] own = [.. outcomes.Where(outcome => outcome.Truth == k)];
            return new ClassResult(name, truth.Count(t => t == k), own.Length, own.Count(o => o.Wrong), own.Count(o => o.Decided < 0), own.Select(o => o.Electrons).DefaultIfEmpty(0).Average());
        })];
        var result = new VisitResult(
            plan,
            classes,
            outcomes.Count,
            outcomes.Count(outcome => outcome.Decided < 0),
            session.TotalElectrons,
            session.OverviewElectrons,
            outcomes.Select(outcome => outcome.Electrons).DefaultIfEmpty(0).Average(),
            overview.Sites.Select(site => session.DoseMap!.PeakNear(new(site.X, site.Y), 0.8)).DefaultIfEmpty(0).Max(),
            seconds > 0 ? outcomes.Count / seconds : 0,
            latency,
            Chain(file, session, latency),
            session.LatencyMismatches,
            session.Run.Counters(),
            session.Run.EventsLost,
            overview.Calibration.Gain,
            overview.Calibration.Current,
            slot.Fabric.Latency,
            slot.Fabric.AdderCount,
            slot.Fabric.AdderBits,
            slot.Fabric.RegisterBits,
            slot.Card.Manifest.ClockMegahertz,
            [],
            file.OutputFolder);
        return result with { Methods = [.. MethodResults.Of(file, plan, result.Chain, result.OverviewElectrons, result.Visits, curves, shares)] };
    }
}
