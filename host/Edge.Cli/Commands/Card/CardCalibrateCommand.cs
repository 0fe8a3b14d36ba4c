using System.CommandLine;
using System.Globalization;
using System.Text;
using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs.Calibrations;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

internal static class CardCalibrateCommand
{
    private const double MostDays = 365;

    public static Command Create()
    {
        var command = new Command("calibrate", "Measure detector, blanker and scan; runs then work in electrons");
        var file = new Argument<string>("RUN.yaml") { Description = "A run file of kind visit: its microscope is calibrated" };
        var output = new Option<string?>("--output", "-o") { Description = "Where the calibration goes; the report goes beside it, as .html (default: calibration.yaml beside the run file)", HelpName = "FILE.yaml" };
        var days = new Option<double>("--valid-days") { Description = "How long it holds", DefaultValueFactory = _ => CalibrationOptions.Usual.Valid.TotalDays, HelpName = "DAYS" };
        var effort = new Option<double>("--effort") { Description = "How much beam is used: 4 halves the uncertainties", DefaultValueFactory = _ => 1, HelpName = "FACTOR" };
        var within = new Option<string>("--settle-within") { Description = "Distance at which the probe counts as settled", DefaultValueFactory = _ => "10 pm", HelpName = "LENGTH" };
        command.Add(file);
        command.Add(output);
        command.Add(days);
        command.Add(effort);
        command.Add(within);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            string path = parsed.GetRequiredValue(file);
            CalibrationOptions options = Options(parsed.GetValue(days), parsed.GetValue(effort), parsed.GetRequiredValue(within));
            if (RunFile.Read(path, calibrated: false) is not VisitRunFile run)
            {
                throw new InvalidInputException($"{path}: has no microscope; a run file of kind visit is needed.");
            }

            string target = parsed.GetValue(output) ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "calibration.yaml");
            string report = Path.ChangeExtension(target, ".html");
            OutputPath.CheckFile(target, "--output");
            if (target == report)
            {
                throw new InvalidInputException($"--output {target}: the report would take its place; give the calibration the extension .yaml.");
            }

            (CardCalibration result, CalibrationCurves curves) = CalibrationJob.Run(run, options, terminal, cancel);
            WholeFile.Write(report, stream => stream.Write(Encoding.UTF8.GetBytes(CalibrationReport.Page(result, curves))));
            WholeFile.Write(target, stream => stream.Write(Encoding.UTF8.GetBytes(CalibrationFile.Text(result))));
            terminal.Result(new { Calibration = result, File = target, Report = report, curves.Samples }, text => Print(text, result, target, report));
            return ExitCode.Success;
        });
        return command;
    }

    private static CalibrationOptions Options(double days, double effort, string within)
    {
        if (!(days > 0 && days <= MostDays))
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"--valid-days {days}: above 0 and up to {MostDays} are allowed."));
        }

        if (!(effort >= 0.1 && effort <= 100))
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"--effort {effort}: 0.1 to 100 are allowed."));
        }

        (double? length, string? fault) = Quantity.Parse(within, Dimension.Length);
        return length is double known and >= 1e-3 and <= 1e4
            ? new(effort, known, TimeSpan.FromDays(days))
            : throw new InvalidInputException($"--settle-within: {fault ?? $"found '{within}'; 0.1 pm to 1 um are allowed"}.");
    }

    private static void Print(TextWriter text, CardCalibration result, string target, string report)
    {
        text.WriteLine($"{result.Identity.Microscope}, {result.Identity.Detector}: {(result.Identity.NegativePolarity ? "negative" : "positive")} polarity");
        foreach ((string name, Measured value, string unit) in CalibrationReport.Rows(result))
        {
            text.WriteLine($"  {name,-36} {value,20}  {unit}");
        }

        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"valid until {result.ValidUntil:yyyy-MM-dd HH:mm} UTC"));
        text.WriteLine($"written to {target}; look at {report}. In the run file: calibration: {Path.GetFileName(target)}");
    }
}
