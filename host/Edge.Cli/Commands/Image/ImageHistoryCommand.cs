using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards.Loading;
using Edge.Cli.Output;

namespace Edge.Cli.Commands.Image;

internal static class ImageHistoryCommand
{
    public static Command Create()
    {
        var command = new Command("history", "Show what was loaded into which card, when and by whom");
        var card = new Option<string?>("--card") { Description = "Only of this card", HelpName = "CARD" };
        command.Add(card);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            var history = new LoadHistory(CardFolder.DefaultRoot);
            (IReadOnlyList<LoadEntry> all, string? fault) = history.Read();
            LoadEntry[] entries = [.. all.Where(entry => parsed.GetValue(card) is not { } wanted || entry.Card == wanted)];
            terminal.Result(new { history.Path, Entries = entries, Fault = fault }, text =>
            {
                text.WriteLine(entries.Length == 0 ? $"nothing was loaded yet ({history.Path})" : $"{"time (UTC)",-19}  {"card",-12}  {"outcome",-8}  {"image",-16}  network, by");
                foreach (LoadEntry entry in entries)
                {
                    text.WriteLine($"{entry.Time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),-19}  {entry.Card,-12}  {entry.Outcome,-8}  {entry.ImageId,-16}  {entry.Network}, {entry.User}{(entry.Outcome == LoadOutcome.Loaded ? string.Empty : $": {entry.Text}")}");
                }
            });
            if (fault is not null)
            {
                terminal.Progress(fault);
            }

            return fault is null ? ExitCode.Success : ExitCode.Mismatch;
        });
        return command;
    }
}
