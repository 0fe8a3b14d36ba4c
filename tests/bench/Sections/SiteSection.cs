using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Compiler.Verification;
using Edge.Images;
using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Simulation;
using Edge.Simulation.Specimens;

namespace Edge.Bench.Sections;

/// <summary>The site classes network in the card: latency from the deciding sample to the pin, size, speed of simulation.</summary>
internal sealed class SiteSection : ISection
{
    private const int Visits = 60;
    private const int SpeedRuns = 5;
    private const int LatencyTarget = 12;

    /// <summary>Bit of a record's flags: this decision moved the pin (rtl/card/events.md).</summary>
    private const int PinMoved = 0x8;

    /// <summary>The main job's beam and scan, on a specimen of the project.</summary>
    private const string RunFileText = """
        kind: visit
        network: { model: MODEL, settings: SETTINGS }
        beam: { current: 10 pA }
        detector: { sample_period: 50 ns }
        scan: { field_of_view: 32 A, settle: 2 us }
        material: { lattice_constant: 3.18 A }
        overview: { dwell: 100 ns }
        limits: { electrons: 1e9 e }
        simulation: { specimen: SPECIMEN, seed: 20261 }

        """;

    public string Name => "site";

    public string Title => "Site classes network in the card";

    public SectionResult Run(BenchContext context)
    {
        string model = context.InTree("models", "site-class", "site-class.onnx");
        string settings = Path.ChangeExtension(model, ".yaml");
        string specimen = context.InTree("sim", "specimens", "mos2_a.npy");
        foreach (string file in new[] { model, settings, specimen })
        {
            if (!File.Exists(file))
            {
                throw new SectionSkippedException($"{Path.GetRelativePath(context.Root, file)} is not there");
            }
        }

        SiteModel site = SiteModel.Read(settings);
        FabricNetwork fabric = FabricNetwork.Compile(QuantizedModel.Load(model, FixedPointFormat.Parse(site.InputFormat)).Integers);
        var rows = new List<Row>
        {
            Row.Info("network latency", fabric.Latency, "clocks"),
            Row.Info("adders", fabric.AdderCount),
            Row.Info("adder bits", fabric.AdderBits),
            Row.Info("pipeline register bits", fabric.RegisterBits),
        };
        if (BackendRunner.Missing(Backend.Verilator) is { } missing)
        {
            rows.Add(Row.Missing("from the deciding sample to the pin", missing, $"at most {LatencyTarget} clocks"));
            return new(rows);
        }

        CardImage? image = null;
        Timing build = Timing.Once(() => image = SimulatedCardImage.Build(fabric, 100, "{}", context.Terminal.Progress, context.Cancel));
        rows.Add(Row.Below("Verilator build of its card", build, 60, "s"));
        string text = RunFileText
            .Replace("MODEL", Quoted(model), StringComparison.Ordinal)
            .Replace("SETTINGS", Quoted(settings), StringComparison.Ordinal)
            .Replace("SPECIMEN", Quoted(specimen), StringComparison.Ordinal);
        string path = Path.Combine(context.Scratch, "site.yaml");
        File.WriteAllText(path, text);
        var run = (VisitRunFile)RunFile.Read(path);
        rows.AddRange(Latency(run, site, image!, context));
        rows.Add(Speed("simulated clocks a second, card alone", run, site, image!, context, closedLoop: false));
        rows.Add(Speed("simulated clocks a second, card and simulated microscope", run, site, image!, context, closedLoop: true));
        return new(
            rows,
            $"Latency counts from the clock edge that takes the deciding sample to the edge that moves permit_beam, over {Visits} closed-loop visits to MoS2 with nominal gain and current. Adders and bits are counted from the adder graph; no synthesis was run.");
    }

    private static string Quoted(string path) => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>The card's own counters, and every decision held against samples and pins.</summary>
    private static IEnumerable<Row> Latency(VisitRunFile run, SiteModel site, CardImage image, BenchContext context)
    {
        var samples = new HashSet<long>();
        (SimulatedMicroscope world, SimulatedCard card) = Card(run, image);
        using (card)
        {
            card.SampleTaken = (edge, _) => samples.Add(edge);
            var job = new VisitRun(run, site, card);
            job.Prepare();
            IReadOnlyList<Visit> visits = job.VisitSites(Positions(run), new CalibrationEstimate(1, 1, 0), visited: null, context.Cancel);
            LatencyStatistics latency = job.Latency();
            EventRecord[] moved = [.. visits.Select(visit => visit.Record).OfType<EventRecord>().Where(record => (record.Flags & PinMoved) != 0)];
            yield return Row.Exactly("records lost", visits.Count(visit => visit.Record is null), 0);
            yield return Row.Info("decisions that moved the pin", moved.Length, remark: $" of {visits.Count}");
            yield return Row.Exactly("network latency by the card's counter, largest", latency.NetworkMaximum, image.Manifest.NetworkLatencyClocks, "clocks");
            yield return Row.Info("from the deciding sample to the pin, by the card's counter, smallest", latency.Minimum, "clocks");
            yield return Row.AtMost("from the deciding sample to the pin, by the card's counter, largest", latency.Maximum, LatencyTarget, "clocks");
            yield return Row.Exactly("decisions whose pin moved at another clock than recorded", moved.Count(record => !world.BlankingEdges.Contains((long)record.Time)), 0);
            yield return Row.Exactly("decisions whose recorded latency does not begin at a sample", moved.Count(record => !samples.Contains((long)record.Time - record.LatencyClocks)), 0);
        }
    }

    private static Row Speed(string figure, VisitRunFile run, SiteModel site, CardImage image, BenchContext context, bool closedLoop)
    {
        var rates = new double[SpeedRuns];
        (_, SimulatedCard card) = closedLoop ? Card(run, image) : (null, new SimulatedCard(image, new DarkDetector(site.Ingress.Offset), run.ClocksPerSample));
        using (card)
        {
            var job = new VisitRun(run, site, card);
            job.Prepare();
            for (int k = 0; k < SpeedRuns; k++)
            {
                long first = card.Edge;
                double seconds = Timing.Seconds(() => job.VisitSites(Positions(run), new CalibrationEstimate(1, 1, 0), visited: null, context.Cancel));
                rates[k] = (card.Edge - first) / seconds;
            }
        }

        return Row.Info(figure, Timing.Of(rates), "/s");
    }

    private static (SimulatedMicroscope World, SimulatedCard Card) Card(VisitRunFile run, CardImage image)
    {
        Specimen specimen = SpecimenFile.Read(run.Simulation.SpecimenPath, run.Simulation.Source, run.Simulation.Detector);
        MicroscopeSettings settings = SimulatedMicroscope.Settings(run, run.Simulation.Seed) with { GainFactor = 1, CurrentFactor = 1, KeepDoseMap = false };
        var world = new SimulatedMicroscope(new Microscope(settings, specimen), run.ClocksPerSample);
        return (world, new SimulatedCard(image, world, run.ClocksPerSample));
    }

    /// <summary>A grid over the middle of the field: atoms and the holes between them.</summary>
    private static Position[] Positions(VisitRunFile run)
    {
        const int Columns = 10;
        return [.. Enumerable.Range(0, Visits).Select(k => new Position(
            run.FieldOfView * (0.2 + (0.6 * (k % Columns) / Columns)),
            run.FieldOfView * (0.2 + (0.6 * (k / Columns) / Columns))))];
    }

    /// <summary>No electrons: the ADC shows its offset.</summary>
    private sealed class DarkDetector(ushort offset) : ICardWorld
    {
        public ushort NextSample(ReadOnlySpan<Edge.Appliance.Cards.PinChange> changes) => offset;
    }
}
