using System.CommandLine;
using Edge.Cli;
using Edge.Cli.Commands;
using Edge.Cli.Commands.Card;
using Edge.Cli.Commands.Image;
using Edge.Cli.Commands.Keys;
using Edge.Cli.Commands.Quantize;
using Edge.Cli.Output;

var root = new RootCommand("Edge puts a trained neural network on a STEM detector stream and moves the beam with it.")
{
    CompileCommand.Create(),
    SynthCommand.Create(),
    QuantizeCommand.Create(),
    PredictCommand.Create(),
    VerifyCommand.Create(),
    RunCommand.Create(),
    StopCommand.Create(),
    InspectCommand.Create(),
    CardCommand.Create(),
    ImageCommand.Create(),
    KeysCommand.Create(),
    DoctorCommand.Create(),
    CompletionCommand.Create(),
};
root.Add(Terminal.JsonOption);

ParseResult parsed = root.Parse(args);
return Usage.Faults(parsed) is { Count: > 0 } faults
    ? Terminal.RefuseUsage(parsed, faults)
    : await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,

        // Commands end soon after Ctrl-C by themselves; one that writes a flash may take this long.
        ProcessTerminationTimeout = TimeSpan.FromHours(1),
    });
