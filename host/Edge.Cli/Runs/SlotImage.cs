using System.Text.Json;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Images;
using Edge.Networks;
using Edge.Networks.Numerics;

namespace Edge.Cli.Runs;

/// <summary>A network compiled for the slot, and the card image it sits in.</summary>
internal sealed record SlotImage(QuantizedModel Model, FabricNetwork Fabric, CardImage Card)
{
    /// <summary>Compiles the run's network and builds its simulated card; both are quick when nothing has changed.</summary>
    public static SlotImage Build(NetworkChoice choice, CardChoice card, FixedPointFormat? format, Terminal terminal, CancellationToken cancel)
    {
        QuantizedModel model = QuantizedModel.Load(choice.ModelPath, choice.InputFormat ?? format, progress: terminal.Progress);
        FabricNetwork fabric = FabricNetwork.Compile(model.Integers, choice.LevelsPerStage);
        terminal.Progress($"network {model.Integers.Name}: {fabric.AdderCount} adders, latency {fabric.Latency} clocks, inputs {model.Integers.Input.Origin}");
        string report = JsonSerializer.Serialize(CompiledNetwork.Report(model, fabric, choice.ModelPath), CompiledNetwork.Json);
        return new(model, fabric, SimulatedCardImage.Build(fabric, card.ClockHertz / 1e6, report, terminal.Progress, cancel));
    }
}
