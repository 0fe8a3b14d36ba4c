using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Cli.Runs.Visits;
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
                case VisitRunFile visit:
                    VisitResult visited = VisitJob.Run(visit, terminal, cancel);
                    terminal.Result(visited, text => Print(text, visited));
                    return visited.Passed ? ExitCode.Success : ExitCode.Mismatch;
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

    private static void Print(TextWriter text, VisitResult result)
    {
        string F(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        text.WriteLine($"{"class",-16} {"sites",6} {"visits",7} {"wrong",6} {"undecided",10} {"mean electrons",15}");
        foreach (ClassResult c in result.Classes)
        {
            text.WriteLine($"{c.Name,-16} {c.Sites,6} {c.Visits,7} {c.Wrong,6} {c.Undecided,10} {F(c.MeanElectrons, "N0"),15}");
        }

        text.WriteLine($"{F(result.TotalElectrons, "N0")} electrons in all, {F(result.OverviewElectrons, "N0")} in the overview, {F(result.MeanElectronsPerSite, "N0")} a site; {F(result.SitesPerSecond, "N0")} sites a second; highest dose at a site {F(result.PeakDose, "N0")} e/A^2");
        if (result.Methods.Count > 0)
        {
            text.WriteLine($"{"other ways, at most 1 % wrong",-30} {"electrons a site",17} {"in all",12} {"against this run",17} {"peak e/A^2",11}");
            foreach (MethodResult method in result.Methods)
            {
                text.WriteLine($"{"  " + method.Name,-30} {F(method.ElectronsPerSite, "N0"),17} {F(method.TotalElectrons, "N0"),12} {"x " + F(method.TotalElectrons / result.TotalElectrons, "F1"),17} {F(method.PeakDose, "N0"),11}");
            }
        }

        text.WriteLine($"from an electron to the dark beam {F(result.Chain.TotalNanoseconds, "F0")} ns, of which the card {F(result.Chain.CardNanoseconds, "F0")} ns ({result.Chain.CardClocks} clocks at an assumed {F(result.ClockMegahertz, "F0")} MHz)");
        if (!result.Passed)
        {
            text.WriteLine($"FAILED: {result.RecordsLost} records lost, {result.LatencyMismatches} decisions moved the pin at another clock than recorded");
        }

        text.WriteLine($"report: {Path.Combine(result.Folder, VisitReport.FileName)}");
    }
}
