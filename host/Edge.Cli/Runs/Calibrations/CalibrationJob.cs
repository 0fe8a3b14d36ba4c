using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Networks;
using Edge.Networks.Numerics;
using Edge.Simulation;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Calibrations;

/// <summary>Calibrates the microscope of a run file: here the simulated one, with a wedge in its field.</summary>
internal static class CalibrationJob
{
    /// <exception cref="InvalidInputException">It cannot be calibrated; the message says what to look at.</exception>
    public static (CardCalibration Result, CalibrationCurves Curves) Run(VisitRunFile file, CalibrationOptions options, Terminal terminal, CancellationToken cancel)
    {
        SiteModel model = SiteModel.Read(file.Network.SettingsPath!);
        SlotImage slot = SlotImage.Build(file.Network, file.Card, FixedPointFormat.Parse(model.InputFormat), terminal, cancel);
        MicroscopeSettings settings = SimulatedMicroscope.Settings(file, file.Simulation.Seed);
        settings = settings with { KeepDoseMap = false, Detector = settings.Detector with { ResolveArrivals = true } };
        var microscope = new Microscope(settings, CalibrationWedge.Create(new(file.FieldOfView, file.FieldOfView)));
        using var card = new SimulatedCard(slot.Card, new SimulatedMicroscope(microscope, file.ClocksPerSample), file.ClocksPerSample);
        try
        {
            return new Calibrator(file, options, card, terminal.Progress, cancel).Run(DateTimeOffset.UtcNow, scale => microscope.BeamScale = scale);
        }
        catch (CalibrationException error)
        {
            throw new InvalidInputException($"{file.Path}: cannot be calibrated: {error.Message}", error);
        }
    }
}
