using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Commands.Keys;
using Edge.Cli.Output;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Images;
using Edge.Networks;

namespace Edge.Cli.Commands.Image;

/// <summary>Makes a card image from a model (a simulated card) or from a bitstream and the report of its network.</summary>
internal sealed class ImagePackCommand
{
    private const double DefaultClockHertz = 100e6;

    private readonly Option<string> output = new("--output", "-o") { Description = "File to write", Required = true, HelpName = "FILE.card" };
    private readonly Option<string?> clock = new("--clock") { Description = "Clock that times are computed with (default: 100 MHz)", HelpName = "'100 MHz'" };
    private readonly Option<string?> reachedBy = new("--reached-by") { Description = "Which place-and-route reached that clock; without it the clock counts as assumed", HelpName = "TEXT" };
    private readonly Option<string?> bitstream = new("--bitstream") { Description = "Bitstream to pack instead of a model", HelpName = "FILE" };
    private readonly Option<string?> report = new("--report") { Description = "With --bitstream: report.json that 'edge compile' wrote for the network in it", HelpName = "report.json" };
    private readonly Option<string?> part = new("--part") { Description = "With --bitstream: the part it must be for, as 'edge inspect' names it", HelpName = "PART" };
    private readonly Option<string?> shellId = new("--shell-id") { Description = "With --bitstream: the shell (USR_ACCESS) it brings, or, if partial, runs in", HelpName = "HEX" };
    private readonly Option<string?> buildId = new("--build-id") { Description = "With --bitstream: the build id that the design shows", HelpName = "HEX" };
    private readonly Option<bool> sign = new("--sign") { Description = "Sign it with this site's key" };

    public static Command Create()
    {
        var command = new Command("pack", "Make a card image from a model, or from a bitstream");
        ModelOptions model = ModelOptions.AddTo(command, modelRequired: false);
        var options = new ImagePackCommand();
        foreach (Option option in new Option[] { options.output, options.clock, options.reachedBy, options.bitstream, options.report, options.part, options.shellId, options.buildId, options.sign })
        {
            command.Add(option);
        }

        Option<string?> passphrase = Passphrase.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            string target = parsed.GetRequiredValue(options.output);
            OutputPath.CheckFile(target, "--output");
            bool fromModel = model.HasModel(parsed);
            if (fromModel == parsed.GetValue(options.bitstream) is not null)
            {
                throw new InvalidInputException("give either a MODEL, for a simulated card, or --bitstream FILE.");
            }

            CardImage image = fromModel ? options.FromModel(parsed, model, terminal, cancel) : options.FromBitstream(parsed);
            cancel.ThrowIfCancellationRequested();
            image = parsed.GetValue(options.sign) ? ImageSignCommand.Signed(image, parsed.GetValue(passphrase)) : image;
            WholeFile.Write(target, image.WriteTo);
            terminal.Result(
                new { File = Path.GetFullPath(target), image.Manifest.ImageId, image.Manifest, image.Signature?.KeyId },
                text => text.WriteLine($"{target}: card image {image.Manifest.ImageId}, {image.Manifest.Kind}, {image.Payload.Length} bytes, {(image.Signature is { } signature ? $"signed by key {signature.KeyId}" : "not signed")}"));
            return ExitCode.Success;
        });
        return command;
    }

    private CardImage FromModel(ParseResult parsed, ModelOptions model, Terminal terminal, CancellationToken cancel)
    {
        foreach (Option<string?> option in new[] { report, part, shellId, buildId, reachedBy }.Where(option => parsed.GetValue(option) is not null))
        {
            throw new InvalidInputException($"{option.Name} goes with --bitstream; a model makes a simulated card.");
        }

        QuantizedModel quantized = model.Quantized(parsed, terminal);
        FabricNetwork fabric = FabricNetwork.Compile(quantized.Integers, model.LevelsPerStage(parsed));
        string text = JsonSerializer.Serialize(CompiledNetwork.Report(quantized, fabric, model.Path(parsed)), CompiledNetwork.Json);
        return SimulatedCardImage.Build(fabric, Clock(parsed) / 1e6, text, terminal.Progress, cancel);
    }

    private CardImage FromBitstream(ParseResult parsed) => BitstreamCardImage.Build(
        parsed.GetValue(bitstream)!,
        Needed(parsed, part),
        parsed.GetValue(shellId) is null ? null : Hexadecimal(parsed, shellId),
        Hexadecimal(parsed, buildId),
        Needed(parsed, report),
        Clock(parsed) / 1e6,
        parsed.GetValue(reachedBy));

    private double Clock(ParseResult parsed)
    {
        if (parsed.GetValue(clock) is not { } text)
        {
            return DefaultClockHertz;
        }

        (double? hertz, string? fault) = Quantity.Parse(text, Dimension.Frequency);
        return hertz is >= 1e6 and <= 1e9 ? hertz.Value : throw new InvalidInputException($"--clock: {fault ?? $"found '{text}'"}; 1 MHz to 1 GHz are allowed.");
    }

    private static string Needed(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) ?? throw new InvalidInputException($"{option.Name} is missing: {option.Name} {option.HelpName}. {option.Description}.");

    private static uint Hexadecimal(ParseResult parsed, Option<string?> option)
    {
        string text = Needed(parsed, option);
        return uint.TryParse(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) ? value
            : throw new InvalidInputException($"{option.Name} {text}: up to 8 hexadecimal digits are expected.");
    }
}
