using System.CommandLine;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands;

internal static class InspectCommand
{
    public static Command Create()
    {
        var command = new Command("inspect", "Say what is in a file: model, array or recorded image");
        var file = new Argument<string>("FILE") { Description = ".onnx, .npy or .ser" };
        command.Add(file);
        Terminal.Handle(command, (parsed, _, _) => throw new InvalidInputException(parsed.GetRequiredValue(file)));
        return command;
    }
}
