using System.CommandLine;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.SelfTest;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Images;
using Edge.Networks;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Cli.Commands.Card;

internal static class CardSelfTestCommand
{
    private const int ClocksPerSample = 5;
    private const int Column = 40;

    public static Command Create()
    {
        var command = new Command("selftest", "Test a card from its bus to its pins, and say what is wrong where");
        var source = new Argument<string>("IMAGE.card") { Description = "The card image to test, or a run file whose card is" };
        command.Add(source);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            string path = parsed.GetRequiredValue(source);
            (CardImage image, int clocks) = Image(path, terminal, cancel);
            TestVectors? vectors;
            try
            {
                vectors = TestVectors.FromReport(image.Report, image.Manifest.InputCount, image.Manifest.OutputCount);
            }
            catch (InvalidInputException error)
            {
                throw new InvalidInputException($"{path}: {error.Message} Compile the network again.", error);
            }

            using var card = new SimulatedCard(image, new TestDetector(), clocks);
            SelfTestResult result = new CardSelfTest(card, new SimulatedHands(card), vectors, clocks, cancel).Run($"simulated card of {Path.GetFileName(path)}");
            terminal.Result(new { result.Card, result.Passed, result.Verdict, result.Failed, result.NotTested, result.Rows }, text => Print(text, result));
            return result.Passed ? ExitCode.Success : ExitCode.CardStopped;
        });
        return command;
    }

    private static (CardImage Image, int ClocksPerSample) Image(string path, Terminal terminal, CancellationToken cancel)
    {
        if (path.EndsWith(".card", StringComparison.OrdinalIgnoreCase))
        {
            return (CardImage.Read(path), ClocksPerSample);
        }

        RunFile run = RunFile.Read(path, calibrated: false);
        FixedPointFormat? format = run.Network.SettingsPath is { } settings ? FixedPointFormat.Parse(SiteModel.Read(settings).InputFormat) : null;
        return (SlotImage.Build(run.Network, run.Card, format, terminal, cancel).Card, run is VisitRunFile visit ? visit.ClocksPerSample : ClocksPerSample);
    }

    private static void Print(TextWriter text, SelfTestResult result)
    {
        text.WriteLine($"{result.Card}");
        foreach (SelfTestRow row in result.Rows)
        {
            string mark = row.Passed switch { true => "ok  ", false => "FAIL", null => " -  " };
            text.WriteLine($"{mark} {row.Part,-28} {row.Done,-Column} expected {row.Expected}; seen: {row.Seen}");
            if (row.Passed == false)
            {
                text.WriteLine($"     -> {row.Look}");
            }
        }

        text.WriteLine($"{result.Rows.Count(row => row.Passed == true)} passed, {result.Failed} failed, {result.NotTested} not tested: {result.Verdict}");
    }
}
