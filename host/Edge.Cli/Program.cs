using System.CommandLine;
using Edge.Cli;
using Edge.Cli.Commands;
using Edge.Cli.Output;

var root = new RootCommand("Edge puts a trained neural network on a STEM detector stream and moves the beam with it.")
{
    CompileCommand.Create(),
    PredictCommand.Create(),
    VerifyCommand.Create(),
    RunCommand.Create(),
    InspectCommand.Create(),
    DoctorCommand.Create(),
    CompletionCommand.Create(),
};
root.Add(Terminal.JsonOption);

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine($"edge: {error.Message}");
    }

    string command = parsed.CommandResult.Command is RootCommand ? string.Empty : $" {parsed.CommandResult.Command.Name}";
    Console.Error.WriteLine($"edge: see 'edge{command} --help'.");
    return ExitCode.BadInput;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
