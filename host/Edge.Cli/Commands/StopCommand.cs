using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Edge.Appliance.Cards.Running;
using Edge.Cli.Output;

namespace Edge.Cli.Commands;

/// <summary>Blanks the beam of every card that runs on this machine. Anybody may, at any time: no lease, no question.</summary>
internal static class StopCommand
{
    /// <summary>One card and what became of it.</summary>
    /// <param name="Milliseconds">From the start of this program to the moment at which the card was seen blanked; null: it was not.</param>
    public sealed record Reached(int? Process, string? Run, string? User, bool Confirmed, string State, double? Milliseconds);

    public static Command Create()
    {
        var command = new Command("stop", "Blank the beam of every running card, now; anybody may");
        Terminal.Handle(command, (_, terminal, _) =>
        {
            using Process self = Process.GetCurrentProcess();
            DateTimeOffset started = new(self.StartTime.ToUniversalTime());

            // A thread each: one that hangs must not keep the others waiting.
            Task<Reached?>[] asked = [.. RunningCard.Find().Select(card => Task.Factory.StartNew(() => Stop(card, started), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            Reached[] cards = [.. asked.Select(task => task.GetAwaiter().GetResult()).OfType<Reached>().OrderBy(card => card.Process)];
            bool safe = cards.All(card => card.Confirmed);
            terminal.Result(new { Cards = cards, Blanked = safe }, text => Print(text, cards));
            return safe ? ExitCode.Success : ExitCode.CardStopped;
        });
        return command;
    }

    /// <returns>null: nobody is there any more.</returns>
    private static Reached? Stop(RunningCard card, DateTimeOffset started)
    {
        try
        {
            return card.Ask(new CardRequest("stop")) is not { } answer ? null
                : answer.Error is { } error ? new(answer.Process, answer.Run, answer.User, Confirmed: false, error, null)
                : new(answer.Process, answer.Run, answer.User, answer.Confirmed, answer.State, answer.BlankedAt is { } at ? Math.Round((at - started).TotalMilliseconds, 1) : null);
        }
        catch (IOException error)
        {
            return new(null, card.Path, null, Confirmed: false, error.Message, null);
        }
    }

    private static void Print(TextWriter text, Reached[] cards)
    {
        if (cards.Length == 0)
        {
            text.WriteLine("no card is running on this machine.");
        }

        foreach (Reached card in cards)
        {
            string who = card.Process is { } process ? $"{card.Run} (process {process}, user {card.User})" : $"{card.Run}";
            string time = card is { Confirmed: true, Milliseconds: { } ms } ? string.Create(CultureInfo.InvariantCulture, $", {ms:F0} ms after this command began") : string.Empty;
            text.WriteLine($"{(card.Confirmed ? "stopped " : "NOT CONFIRMED")} {who}: {card.State}{time}");
        }

        if (cards.Any(card => !card.Confirmed))
        {
            text.WriteLine("The beam may be ON. Blank it at the microscope, or open the external interlock; then look at the program that did not answer.");
        }
    }
}
