using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs;
using Edge.Cli.Runs.Studies;
using Edge.Cli.Runs.Visits;
using Edge.Compiler.Verification;
using Edge.Networks.Numerics;
using Edge.Simulation.Specimens;

namespace Edge.Bench.Sections;

/// <summary>The main job with enough visits to know its error rates: in closed loop on the card, and beside it the other
/// ways to answer the same question.</summary>
internal sealed class VisitsSection : ISection
{
    private const int Sessions = 25;
    private const int VisitsPerClassAndSession = 240;
    private const int FirstSeed = 1001;

    /// <summary>Many times what a user would allow: a session here is as many visits as nine specimens have.</summary>
    private const double MostElectrons = 1e8;

    private const double WrongTarget = 1;
    private const double SavedTarget = 40;
    private const double ScanTarget = 6;

    public string Name => "visits";

    public string Title => "Visit, decide, move on";

    public SectionResult Run(BenchContext context)
    {
        if (BackendRunner.Missing(Backend.Verilator) is { } missing)
        {
            throw new SectionSkippedException(missing);
        }

        VisitRunFile file = ((VisitRunFile)RunFile.Read(context.InTree("examples", "visit.yaml"))) with { LargestElectrons = MostElectrons };
        SiteModel model = SiteModel.Read(file.Network.SettingsPath!);
        Specimen specimen = SpecimenFile.Read(file.Simulation.SpecimenPath, file.Simulation.Source, file.Simulation.Detector);
        SlotImage slot = SlotImage.Build(file.Network, file.Card, FixedPointFormat.Parse(model.InputFormat), context.Terminal, context.Cancel);
        SiteTruth truth = SiteTruth.Of(specimen, file, model.Classes);
        var runs = new List<ClosedLoop>();
        for (int s = 0; s < Sessions; s++)
        {
            runs.Add(ClosedLoop.Of(file, model, slot, specimen, truth, FirstSeed + s, VisitsPerClassAndSession, context.Cancel));
            context.Terminal.Progress($"session {s + 1} of {Sessions} in closed loop");
        }

        double[] shares = runs[0].Shares;
        List<VisitOutcome> visits = [.. runs.SelectMany(run => run.Visits)];
        var rows = new List<Row> { Row.Info("visits in closed loop", visits.Count, "", $", {visits.Count / model.Classes.Count:N0} a class") };
        double electrons = 0;
        for (int k = 0; k < model.Classes.Count; k++)
        {
            VisitOutcome[] own = [.. visits.Where(visit => visit.Truth == k)];
            double mean = own.Average(visit => visit.Electrons);
            electrons += shares[k] * mean;
            rows.Add(Row.AtMost($"{model.Classes[k]}: wrong", 100.0 * own.Count(visit => visit.Wrong) / own.Length, WrongTarget, "%"));
            rows.Add(Row.Info($"{model.Classes[k]}: undecided at maximum dwell", 100.0 * own.Count(visit => visit.Decided < 0) / own.Length, "%"));
            rows.Add(Row.Info($"{model.Classes[k]}: mean beam electrons a site", mean));
        }

        LatencyStatistics latency = runs[^1].Latency;
        LatencyChain chain = runs[^1].Chain;
        VisitPlan plan = runs[^1].Plan;
        int sites = runs[0].Sites;
        double overview = runs.Average(run => run.OverviewElectrons);
        double total = overview + (sites * electrons);
        IReadOnlyList<MethodResult> methods = Methods(file, model, slot, runs, plan, chain, overview, sites, shares, context);
        MethodResult fixedDwell = methods.Single(method => method.Name == "fixed dwell");
        MethodResult scan = methods.Single(method => method.Name.StartsWith("uniform scan", StringComparison.Ordinal));
        rows.Add(Row.Info("mean beam electrons a site, classes as often as in the specimen", electrons));
        rows.Add(Row.AtLeast("below fixed dwell", 100 * (1 - (electrons / fixedDwell.ElectronsPerSite)), SavedTarget, "%"));
        rows.Add(Row.Info("electrons in all, overview included", total));
        rows.Add(Row.AtLeast("the ideal uniform scan needs", scan.TotalElectrons / total, ScanTarget, "times as many"));
        rows.Add(Row.Info("peak dose at a visited atom, mean", plan.OverviewDose + (electrons * plan.PeakPerElectron), "e/A^2"));
        rows.Add(Row.Info("sites a second", runs.Sum(run => run.Visits.Count) / runs.Sum(run => run.Seconds)));
        rows.Add(Row.AtMost("from the deciding sample to the pin, by the card's counter, largest", latency.Maximum, 12, "clocks"));
        rows.Add(Row.Exactly("decisions whose pin moved at another clock than recorded", runs.Sum(run => run.LatencyMismatches), 0));
        rows.Add(Row.Exactly("records lost", runs.Sum(run => run.RecordsLost), 0));
        rows.Add(Row.Info("from an electron to the dark beam", chain.TotalNanoseconds, "ns", $", of which the card {chain.CardNanoseconds:N0} ns at an assumed {file.Card.ClockHertz / 1e6:N0} MHz"));
        rows.AddRange(methods.Select(method => new Row(
            $"{method.Name}: electrons a site; in all; peak e/A^2; sites a second",
            $"{Row.Text(method.ElectronsPerSite)}; {Row.Text(method.TotalElectrons)}; {Row.Text(method.PeakDose)}; {(method.SitesPerSecond is double rate ? Row.Text(rate) : "-")} ({method.Note})")));
        rows.Add(Pipelines(file, model, slot, specimen, truth, context));
        return new(
            rows,
            $"Specimen {Path.GetFileNameWithoutExtension(file.Simulation.SpecimenPath)}, which training never saw; {Sessions} sessions (seeds from {FirstSeed}), each with its own gain and current (product within 15 % of nominal), overview, lattice fit, drift, placement errors up to 0.3 A and noise.",
            "Electrons of the closed loop are all that reach the specimen between two moves: settling, the fall of the beam and leaks included. Undecided visits are counted apart, never as right.",
            "The other ways see the same sessions and the same errors of placement; they end at the deciding sample, and the electrons of the way to the dark beam are added. The uniform scan counts electrons without detector noise and knows its sites.",
            "![error against dose](images/error-against-dose.png)",
            "Classes are visited equally often to measure their errors; electrons a site weigh them as they occur in the specimen.");
    }

    private static IReadOnlyList<MethodResult> Methods(
        VisitRunFile file, SiteModel model, SlotImage slot, List<ClosedLoop> runs, VisitPlan plan, LatencyChain chain, double overview, int sites, double[] shares, BenchContext context)
    {
        int visits = Sessions * VisitsPerClassAndSession;
        context.Terminal.Progress($"other ways, {visits} visits a class each");
        MethodCurve[] curves =
        [
            .. new DwellStudy(new Judge(slot.Model.Integers, model), [.. runs.Select(run => run.Study)], visits, FirstSeed).Run(progress: null, context.Cancel),
            new UniformScanStudy(runs[0].Study, model.Classes.Count, visits, FirstSeed).Run(plan.AreaSquareAngstrom / sites, ideal: true, context.Cancel),
        ];
        VisitCharts.WriteCurves(context.InTree("docs", "images", "error-against-dose.png"), curves, shares);
        return [.. MethodResults.Of(file, plan, chain, overview, sites, curves, shares)];
    }

    /// <summary>The same visits with an ADC pipeline of none and of eight samples.</summary>
    private static Row Pipelines(VisitRunFile file, SiteModel model, SlotImage slot, Specimen specimen, SiteTruth truth, BenchContext context)
    {
        ClosedLoop[] runs = [.. new[] { 0, 8 }.Select(samples =>
            ClosedLoop.Of(file with { PipelineSamples = samples }, model, slot, specimen, truth, FirstSeed, VisitsPerClassAndSession, context.Cancel))];
        int different = runs[0].Visits.Zip(runs[1].Visits).Count(pair => pair.First.Decided != pair.Second.Decided || pair.First.Samples != pair.Second.Samples);
        return Row.Exactly($"visits with another class or deciding sample when the ADC pipeline is 8 samples instead of 0, of {runs[0].Visits.Count:N0}", different, 0);
    }

    /// <summary>One session on the card.</summary>
    private sealed record ClosedLoop(
        IReadOnlyList<VisitOutcome> Visits, Session Study, VisitPlan Plan, double OverviewElectrons, int Sites, double[] Shares, double Seconds, LatencyStatistics Latency, LatencyChain Chain, int LatencyMismatches, long RecordsLost)
    {
        public static ClosedLoop Of(VisitRunFile file, SiteModel model, SlotImage slot, Specimen specimen, SiteTruth truth, int seed, int visitsPerClass, CancellationToken cancel)
        {
            using var session = new VisitSession(file, model, slot, specimen, seed, keepDoseMap: false);
            Overview overview = session.TakeOverview(cancel);
            int[] classes = [.. overview.Sites.Select(site => truth.At(site).Class)];
            Position[][] byClass = [.. Enumerable.Range(0, model.Classes.Count).Select(k => overview.Sites.Where((_, i) => classes[i] == k).ToArray())];
            int count = visitsPerClass * model.Classes.Count;
            int[] truths = [.. Enumerable.Range(0, count).Select(i => i % model.Classes.Count)];
            Position[] positions = [.. truths.Select((k, i) => byClass[k][i / model.Classes.Count % byClass[k].Length])];
            IReadOnlyList<VisitOutcome> visits = session.Visit(positions, truths, overview, visited: null, cancel);
            LatencyStatistics latency = session.Run.Latency();
            return new(
                visits,
                session.Study(overview, truth),
                VisitPlan.Of(file, model, session.Run),
                session.OverviewElectrons,
                overview.Sites.Count,
                [.. byClass.Select(own => (double)own.Length / overview.Sites.Count)],
                session.VisitClocks / file.Card.ClockHertz,
                latency,
                VisitJob.Chain(file, session, latency),
                session.LatencyMismatches,
                session.Run.EventsLost);
        }
    }
}
