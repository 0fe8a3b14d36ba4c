using Edge.Appliance.Cards;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Simulation;
using Edge.Simulation.Detector;
using Edge.Simulation.Optics;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs;

/// <summary>Wires the simulated microscope to the simulated card.</summary>
internal sealed class SimulatedMicroscope(Microscope microscope, int clocksPerSample) : ICardWorld
{
    private readonly Simulation.PinChange[] pins = new Simulation.PinChange[clocksPerSample];

    /// <summary>Edges after which the beam was not permitted; for holding the card's own times against the pins.</summary>
    public HashSet<long> BlankingEdges { get; } = [];

    public static MicroscopeSettings Settings(VisitRunFile run, int seed) => new()
    {
        Seed = (ulong)seed,
        BeamCurrentPicoamperes = run.CurrentPicoamperes,
        ClockMegahertz = run.Card.ClockHertz / 1e6,
        ClocksPerSample = run.ClocksPerSample,
        CalibrationError = run.Simulation.CalibrationError,
        Detector = new DetectorSettings
        {
            AdcPipelineSamples = run.PipelineSamples,
            SlowFraction = run.Simulation.SlowFraction,
            SlowDecayNanoseconds = Math.Round(run.Simulation.Physics.SlowDecaySeconds * 1e9, 9),
            DecayNanoseconds = Math.Round(run.Simulation.Physics.DecaySeconds * 1e9, 9),
            GainCountsPerElectron = run.Simulation.Physics.GainCounts,
            OffsetCounts = run.Simulation.Physics.OffsetCounts,
            ReadNoiseCounts = run.Simulation.Physics.ReadNoiseCounts,
            AdcBits = run.Simulation.Physics.AdcBits,
            PulseSpread = run.Simulation.Physics.PulseSpread,
            NegativePolarity = run.NegativePolarity,
        },
        Blanker = new BlankerSettings
        {
            DelayNanoseconds = run.Simulation.BlankerDelaySeconds * 1e9,
            RiseNanoseconds = run.Simulation.BlankerRiseSeconds * 1e9,
            ResidualTransmission = run.Simulation.ResidualTransmission,
        },
        Probe = new ProbeSettings
        {
            FieldAngstrom = new PointAngstrom(run.FieldOfView, run.FieldOfView),
            DelayNanoseconds = run.Simulation.ScanDelaySeconds * 1e9,
            SlewAngstromPerMicrosecond = run.Simulation.LargestSpeed * 1e-6,
            SettleTimeConstantMicroseconds = run.ScanTimeConstantSeconds * 1e6,
            PlacementRadiusAngstrom = run.Simulation.PlacementError,
            DriftAngstromPerSecond = run.Simulation.DriftPerSecond,
        },
    };

    public ushort NextSample(ReadOnlySpan<Appliance.Cards.PinChange> changes)
    {
        for (int i = 0; i < changes.Length; i++)
        {
            Appliance.Cards.PinChange change = changes[i];
            pins[i] = new(change.Edge, change.PermitBeam, change.X, change.Y, change.PixelAdvance);
            if (!change.PermitBeam)
            {
                BlankingEdges.Add(change.Edge);
            }
        }

        return microscope.NextSample(pins.AsSpan(0, changes.Length));
    }
}
