using System.CommandLine;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Compiler.Synthesis;
using Edge.Networks;

namespace Edge.Cli.Commands;

internal static class SynthCommand
{
    public static Command Create()
    {
        var command = new Command("synth", "Say what a network costs on a part: cells, clock, nanoseconds; leaves a bitstream");
        var model = ModelOptions.AddTo(command);
        var target = new Option<string>("--target") { Description = string.Join(", ", SynthesisTarget.All.Select(known => known.Name)) + " (counts only)", Required = true, HelpName = "PART" };
        var output = new Option<string?>("--output", "-o") { Description = "Folder to write, as 'edge compile' does, with the report and the bitstream", HelpName = "DIR" };
        var limit = new Option<string>("--limit") { Description = "Time for all of it; cut in routing, the estimate after placement remains", DefaultValueFactory = _ => "10 min", HelpName = "TIME" };
        var clock = new Option<string?>("--clock") { Description = "Clock to work for (default: more than the part reaches)", HelpName = "F" };
        var seed = new Option<int>("--seed") { Description = "Of the placement's random numbers; clocks differ by some percent between seeds", DefaultValueFactory = _ => 1, HelpName = "N" };
        var noRoute = new Option<bool>("--no-route") { Description = "Stop after placement, with its estimate of the clock" };
        var check = new Option<bool>("--check") { Description = "ice40-hx8k: turn the bitstream back into logic, run that in the simulated card, and compare with the interpreter" };
        var top = new Option<string>("--top") { Description = "network, or card: the whole card with the network in its slot", DefaultValueFactory = _ => "network", HelpName = "TOP" };
        top.CompletionSources.Add("network");
        top.CompletionSources.Add("card");
        foreach (string name in SynthesisTarget.All.Select(known => known.Name))
        {
            target.CompletionSources.Add(name);
        }

        foreach (Option option in new Option[] { target, output, limit, clock, seed, noRoute, check, top })
        {
            command.Add(option);
        }

        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            var part = SynthesisTarget.Named(parsed.GetRequiredValue(target));
            var options = new SynthesisOptions(
                TimeSpan.FromSeconds(Positive(parsed.GetRequiredValue(limit), "--limit", Dimension.LongTime, 1e6)),
                parsed.GetValue(clock) is { } goal ? Positive(goal, "--clock", Dimension.Frequency, 1e10) / 1e6 : null,
                parsed.GetValue(seed),
                !parsed.GetValue(noRoute));
            string path = model.Path(parsed);
            bool checks = parsed.GetValue(check);
            PinUse pins = part.PlaceAndRoute is null || checks ? PinUse.Ports : PinUse.Serial;
            if (checks && (part != SynthesisTarget.Ice40 || !options.Route))
            {
                throw new InvalidInputException($"--check needs a bitstream that can be read back: --target {SynthesisTarget.Ice40.Name}, without --no-route.");
            }

            bool wholeCard = parsed.GetValue(top) switch
            {
                "network" => false,
                "card" when !checks => true,
                "card" => throw new InvalidInputException("--check is for a network alone; leave --top card out."),
                var other => throw new InvalidInputException($"--top {other}: expected network or card."),
            };
            if (Directory.Exists(path))
            {
                if (wholeCard)
                {
                    throw new InvalidInputException($"--top card: give the model; {path} holds the network's hardware only.");
                }

                if (checks)
                {
                    throw new InvalidInputException($"--check compares with the interpreter, which needs the model; {path} holds hardware only. Give the model.");
                }

                if (parsed.GetValue(output) is { } elsewhere)
                {
                    throw new InvalidInputException($"--output {elsewhere}: results for a compiled network go into its own folder, {path}. Leave --output out, or give the model.");
                }

                Show(SynthesisResult.Of(SynthesisDesign.Read(path, pins), part, options, terminal.Progress, cancel), null, path, terminal);
                return ExitCode.Success;
            }

            string? folder = parsed.GetValue(output) is { } given ? Path.TrimEndingDirectorySeparator(given) : null;
            if (folder is not null)
            {
                OutputPath.CheckFolder(folder, "--output");
                CompiledNetwork.CheckFolder(folder);
            }

            QuantizedModel quantized = model.Load(parsed, terminal);
            FabricNetwork fabric = FabricNetwork.Compile(quantized.Integers, model.LevelsPerStage(parsed));
            var result = SynthesisResult.Of(wholeCard ? SynthesisDesign.Card(fabric, part) : SynthesisDesign.Network(fabric, pins), part, options, terminal.Progress, cancel);
            if (checks && result.Placed?.BitstreamPath is null)
            {
                throw new InvalidInputException($"--check: there is no bitstream, because routing was not finished within --limit {parsed.GetValue(limit)}. Give more time.");
            }

            BitstreamCheck? compared = checks ? BitstreamCheck.Run(quantized, fabric, result, path, options.Seed, terminal, cancel) : null;
            if (folder is not null)
            {
                CompiledNetwork.Write(folder, quantized, fabric, path);
            }

            Show(result, compared, folder, terminal);
            return compared is { Passed: false } ? ExitCode.Mismatch : ExitCode.Success;
        });
        return command;
    }

    /// <summary>Adds the result to the folder, if there is one, and prints it.</summary>
    private static void Show(SynthesisResult result, BitstreamCheck? check, string? folder, Terminal terminal)
    {
        if (folder is not null)
        {
            SynthesisFolder.Add(folder, result);
        }

        terminal.Result(
            new { Folder = folder is null ? null : Path.GetFullPath(folder), Synthesis = result.Report(), Check = check },
            text => SynthesisText.Write(text, result, check, folder));
    }

    private static double Positive(string text, string option, Dimension dimension, double most)
    {
        (double? value, string? fault) = Quantity.Parse(text, dimension);
        return fault is not null ? throw new InvalidInputException($"{option}: {fault}.")
            : value > 0 && value <= most ? value.Value
            : throw new InvalidInputException($"{option} {text}: expected more than 0 and at most {dimension.Format(most)}.");
    }
}
