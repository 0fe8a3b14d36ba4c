using System.CommandLine;

namespace Edge.Cli.Commands.Image;

/// <summary>Card images: what compiler and appliance hand each other.</summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "Pack, inspect, verify and sign card images; what was loaded when")
    {
        ImagePackCommand.Create(),
        ImageInspectCommand.Create(),
        ImageVerifyCommand.Create(),
        ImageSignCommand.Create(),
        ImageHistoryCommand.Create(),
    };
}
