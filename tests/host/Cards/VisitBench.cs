using Edge.Appliance.Cards;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Runs;
using Edge.Simulation;
using PinChange = Edge.Appliance.Cards.PinChange;

namespace Edge.Tests.Cards;

/// <summary>The main job on the simulated card and microscope, with every sample the card took and every pin change kept.</summary>
internal sealed class VisitBench : IDisposable
{
    public VisitBench(BuiltCard built, VisitRunFile file, SiteModel? model = null, MolybdenumDisulfide? specimen = null)
    {
        Built = built;
        File = file;
        Model = model ?? CardImages.SiteModel;
        Specimen = specimen ?? MolybdenumDisulfide.Read("mos2_a");
        Microscope = new(SimulatedMicroscope.Settings(file, file.Simulation.Seed) with { KeepDoseMap = false }, Specimen.Specimen);
        Card = new(built.Image, new SimulatedMicroscope(Microscope, file.ClocksPerSample), file.ClocksPerSample)
        {
            SampleTaken = (edge, adc) =>
            {
                Samples.Add((edge, adc));
                BeforeSample?.Invoke(edge);
            },
            PinChanged = Pins.Add,
        };
        Run = new(file, Model, Card);
    }

    public BuiltCard Built { get; }

    public VisitRunFile File { get; }

    public SiteModel Model { get; }

    public MolybdenumDisulfide Specimen { get; }

    public Microscope Microscope { get; }

    public SimulatedCard Card { get; }

    public VisitRun Run { get; }

    /// <summary>Edge that took a sample, and the sample.</summary>
    public List<(long Edge, ushort Adc)> Samples { get; } = [];

    public List<PinChange> Pins { get; } = [];

    /// <summary>Told the edge that takes a sample; what a test wires to the card here is there from the next sample on, a
    /// stall from this edge on.</summary>
    public Action<long>? BeforeSample { get; set; }

    /// <summary>Whether the beam is permitted.</summary>
    public bool Permitted => Pins.Count > 0 && Pins[^1].PermitBeam;

    /// <summary>The main job.</summary>
    public static VisitRunFile Job(int seed = 1)
    {
        var job = (VisitRunFile)RunFile.Read(Repository.Path("examples", "visit.yaml"));
        return job with { Simulation = job.Simulation with { Seed = seed } };
    }

    /// <summary>What an overview without errors would find.</summary>
    public CalibrationEstimate TrueCalibration => new(Microscope.GainFactor, Microscope.CurrentFactor, 0);

    /// <summary>Edges at which permit_beam rose and fell: a pair each dwell.</summary>
    public IReadOnlyList<(long Rise, long Fall)> Dwells()
    {
        var dwells = new List<(long, long)>();
        long? rise = null;
        foreach (PinChange change in Pins)
        {
            if (change.PermitBeam && rise is null)
            {
                rise = change.Edge;
            }
            else if (!change.PermitBeam && rise is long began)
            {
                dwells.Add((began, change.Edge));
                rise = null;
            }
        }

        return dwells;
    }

    /// <summary>What the host's models make of the samples that the card took.</summary>
    public (IReadOnlyList<Expected> Decisions, OpenLoop Counts) Replay(Func<long, bool>? stalled = null)
    {
        SiteModel model = Model with { MinimumSamples = Run.MinimumSamples, MaximumSamples = Run.MaximumSamples };
        var loop = new OpenLoop(Built.Network, Built.Fabric.Latency, model, TrueCalibration.Applied(Model.Ingress), Run.AlignSamples);
        return (loop.Run(Samples, [.. Dwells().Select(dwell => dwell.Rise)], stalled), loop);
    }

    /// <summary>Arms the card and visits the first sites of the specimen, again and again if they do not suffice.</summary>
    public IReadOnlyList<Visit> Visit(int count)
    {
        Run.Prepare();
        return Run.VisitSites(Sites(count), TrueCalibration, visited: null, CancellationToken.None);
    }

    public IReadOnlyList<Position> Sites(int count) => [.. Enumerable.Range(0, count).Select(k => Specimen.Sites[k % Specimen.Sites.Count].Position)];

    public void Dispose() => Card.Dispose();
}
