using System.Text.Json;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Images;
using Edge.Images.Signing;
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
        if (card.ImagePath is { } path)
        {
            return new(model, fabric, Read(path, model, fabric, card, terminal));
        }

        string report = JsonSerializer.Serialize(CompiledNetwork.Report(model, fabric, choice.ModelPath), CompiledNetwork.Json);
        return new(model, fabric, SimulatedCardImage.Build(fabric, card.ClockHertz / 1e6, report, terminal.Progress, cancel));
    }

    /// <exception cref="InvalidInputException">It must not be loaded, or is of another network, clock or register map.</exception>
    private static CardImage Read(string path, QuantizedModel model, FabricNetwork fabric, CardChoice card, Terminal terminal)
    {
        var image = CardImage.Read(path);
        CardImageManifest manifest = image.Manifest;
        ImageTrust trust = new KeyStore(KeyStore.DefaultFolder).Judge(image);
        string? fault = !manifest.IsSimulated ? $"is a bitstream for {manifest.Part}; only the simulated card can be run from a file"
            : !trust.MayLoad(manifest) ? trust.Text
            : manifest.NetworkHash != model.Integers.Hash() || manifest.NetworkLatencyClocks != fabric.Latency
                ? $"holds network {manifest.NetworkName} ({manifest.NetworkHash[..8]}, latency {manifest.NetworkLatencyClocks}); the run's is {model.Integers.Name} ({model.Integers.Hash()[..8]}, latency {fabric.Latency}). Pack it again with the same model and options"
            : Math.Abs((manifest.ClockMegahertz * 1e6 / card.ClockHertz) - 1) > 1e-9 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is for a clock of {manifest.ClockMegahertz} MHz; card.clock is {card.ClockHertz / 1e6} MHz")
            : null;
        if (fault is not null)
        {
            throw new InvalidInputException($"card.image: {path} {fault}.");
        }

        terminal.Progress($"card image {manifest.ImageId}: {trust.Text}");
        return image;
    }
}
