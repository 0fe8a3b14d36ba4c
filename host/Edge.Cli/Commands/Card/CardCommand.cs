using System.CommandLine;
using Edge.Cli.Output;

namespace Edge.Cli.Commands.Card;

/// <summary>Commands for the card itself; a file each.</summary>
internal static class CardCommand
{
    public static Command Create() => new("card", "List, inspect, load, calibrate, test and watch cards")
    {
        CardListCommand.Create(),
        CardInfoCommand.Create(),
        CardLoadCommand.Create(),
        CardCalibrateCommand.Create(),
        CardSelfTestCommand.Create(),
        CardRegistersCommand.Create(),
        CardWatchCommand.Create(),
    };
}
