using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Networks;

namespace Edge.Cli.Commands;

internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Carry out a run file on a card");
        var file = new Argument<string>("RUN.yaml") { Description = "What to do" };
        var card = new Option<string>("--card") { Description = "Which card: simulated", DefaultValueFactory = _ => "simulated", HelpName = "CARD" };
        card.CompletionSources.Add("simulated");
        command.Add(file);
        command.Add(card);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            if (parsed.GetValue(card) is not "simulated")
            {
                throw new InvalidInputException($"--card {parsed.GetValue(card)}: only the simulated card is available.");
            }

            switch (RunFile.Read(parsed.GetRequiredValue(file)))
            {
                case FeaturesRunFile features:
                    FeaturesJob.Result result = FeaturesJob.Run(features, terminal, cancel);
                    terminal.Result(result, text => Print(text, result));
                    return result.Passed ? ExitCode.Success : ExitCode.Mismatch;
                default:
                    throw new InvalidInputException("this kind of run is not known.");
            }
        });
        return command;
    }

    private static void Print(TextWriter text, FeaturesJob.Result result)
    {
        string nanoseconds = (result.LatencyClocks * 1000 / result.ClockMegahertz).ToString("F0", CultureInfo.InvariantCulture);
        text.WriteLine($"{result.Vectors} vectors, {result.Kept} kept, {result.RecordsLost} records lost, {result.Mismatches} differ from the interpreter");
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  a vector every {result.ClocksPerVector:F3} clocks; network latency {result.NetworkLatencyClocks} clocks, to the trigger pin {result.LatencyClocks} clocks by the card's counters, {(result.ObservedLatencyClocks < 0 ? "not observed" : $"{result.ObservedLatencyClocks}")} at the pins"));
        text.WriteLine($"  {nanoseconds} ns at an assumed clock of {result.ClockMegahertz} MHz");
        text.WriteLine($"  written to {result.Folder}: classes.npy, kept.npy, outputs.npy");
    }
}
