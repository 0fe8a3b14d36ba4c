using System.Globalization;
using System.Net;
using System.Text;
using Edge.Appliance.Triggers.Calibrations;
using Edge.Appliance.Triggers.Calibrations.Fits;
using Edge.Cli.Output;

namespace Edge.Cli.Runs.Calibrations;

/// <summary>The page beside a calibration: every value, and the curves it was taken from. Needs no other file.</summary>
internal static class CalibrationReport
{
    private const int ShownTraces = 4;

    public static string Page(CardCalibration result, CalibrationCurves curves)
    {
        CalibrationIdentity of = result.Identity;
        string H(string text) => WebUtility.HtmlEncode(text);
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Calibration of {{H(of.Microscope)}}, {{H(of.Detector)}}</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>
            {{PageStyle.Css}}
            </style></head><body>
            <h1>Calibration of {{H(of.Microscope)}}, {{H(of.Detector)}}</h1>
            <p class="big">Measured {{result.MeasuredAt:yyyy-MM-dd HH:mm}} UTC, valid until {{result.ValidUntil:yyyy-MM-dd HH:mm}} UTC. Runs refuse it afterwards.</p>
            <p class="note">{{curves.Samples:N0}} samples of {{of.SamplePeriodSeconds * 1e9:0.###}} ns were taken through the card, {{curves.BeamClocks:N0}} clocks of them with the beam on. Uncertainties are one standard deviation. The ADC is said to have {{of.PipelineSamples}} samples of pipeline: the delays below rest on that.</p>
            <h2>Values</h2>
            <table><tr><th>value</th><th>measured</th><th>unit</th></tr>

            """);
        foreach ((string name, Measured value, string unit) in Rows(result))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{name}</td><td>{value}</td><td>{unit}</td></tr>\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"</table>\n<p class=\"note\">Light {(of.NegativePolarity ? "lowers" : "raises")} the counts: {(of.NegativePolarity ? "negative" : "positive")} polarity.</p>\n<div class=\"pictures\">\n");
        Figure(page, Heights(curves.Pulses), $"Single electrons: light of short flashes of beam, {curves.Pulses.Occupancy.Value:F2} electrons each on average. The peak at 0 is flashes without an electron. Model: Poisson number, gamma charges, noise; deviance {curves.Pulses.ReducedDeviance:F2} a bin (1 is perfect).");
        Figure(page, Edge(curves.Timing, curves.TimingFit, rise: true), $"The beam is permitted at 0. Blanker and decay of the light together; χ² {curves.TimingFit.ReducedChiSquared:F2} a point.");
        Figure(page, Edge(curves.Timing, curves.TimingFit, rise: false), "The beam is blanked at 0. What falls slowly is the slow light.");
        Figure(page, Traces(curves), $"After jumps of the probe, at 0, over the contrast of the field; lengths in parts of the field. Points: means of ten samples; χ² {curves.ScanFit.ReducedChiSquared:F2} a sample.");
        Figure(page, Settling(result), $"Time until the probe is within {result.SettleWithin / 10:0.####} nm of its target, against the length of the jump.");
        page.Append("</div>\n</body></html>\n");
        return page.ToString();
    }

    /// <summary>Every value with its name and unit, in words.</summary>
    public static IEnumerable<(string Name, Measured Value, string Unit)> Rows(CardCalibration c)
    {
        yield return ("pedestal", c.Pedestal, "ADC counts");
        yield return ("read noise", c.ReadNoise, "ADC counts");
        yield return ("gain", c.Gain, "ADC counts an electron");
        yield return ("single-electron peak", c.SingleElectronPeak, "ADC counts");
        yield return ("pulse spread", c.PulseSpread, "of the mean");
        yield return ("clipping level", c.ClippingLevel, "ADC counts");
        yield return ("light decay", c.FastDecay, "ns");
        yield return ("slow light", c.SlowShare, "of all light");
        yield return ("slow decay", c.SlowDecay, "ns");
        yield return ("blanker opens after", c.OpeningDelay, "ns");
        yield return ("rise, 10 % to 90 %", c.Rise, "ns");
        yield return ("blanker closes after", c.ClosingDelay, "ns");
        yield return ("fall, 90 % to 10 %", c.Fall, "ns");
        yield return ("scan delay", c.ScanDelay, "ns");
        yield return ("scan time constant", c.ScanTimeConstant, "ns");
        yield return ("scan lag", c.ScanLag, "ns");
        foreach (SettleTime settle in c.Settle)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"settle, jump of {100 * settle.Jump:0.#} % of the field"), settle.Nanoseconds, "ns");
        }
    }

    private static string Heights(PulseHeights pulses)
    {
        double Centre(int k) => pulses.Low + ((k + 0.5) * pulses.BinWidth);
        return SvgPlot.Draw(
            "Histogram of pulse heights",
            "light of a flash, ADC counts above the pedestal",
            "flashes",
            [
                new("measured", Palette.Of(6), [.. pulses.Counts.Select((count, k) => (Centre(k), (double)count))], Bars: true),
                new("model", Palette.Of(2), [.. pulses.Expected.Select((count, k) => (Centre(k), count))]),
                new("one electron", "#333333", [(pulses.Gain.Value, 1), (pulses.Gain.Value, pulses.Counts.Max())]),
            ],
            logarithmic: true);
    }

    private static string Edge(TimingData data, TimingFit fit, bool rise)
    {
        (double[] mean, double[] error) = rise ? new RowStatistics(data.Rise, data.RiseColumns).Of() : new RowStatistics(data.Fall, data.FallColumns).Of();
        int first = rise ? data.RiseFirst : data.FallFirst;
        double zero = rise ? 0 : data.OnSamples * data.Period;
        double[] light = TimingFit.Model(data, fit.Values, fit.Rise.Linear, first + mean.Length);
        int[] shown = [.. Enumerable.Range(0, mean.Length).Where(k => first + k >= -2 && (rise ? k < first + 24 + (2 * -first) : true))];
        double Time(int k) => ((first + k + 0.5) * data.Period) - zero;
        return SvgPlot.Draw(
            rise ? "Opening of the beam" : "Closing of the beam",
            "nanoseconds after the pin",
            "ADC counts a sample",
            [
                new("measured", Palette.Of(6), [.. shown.Select(k => (Time(k), mean[k]))], Dots: true, Errors: [.. shown.Select(k => error[k])]),
                new("model", Palette.Of(2), [.. shown.Select(k => (Time(k), first + k < 0 ? 0 : fit.Level * light[first + k]))]),
            ]);
    }

    private static string Traces(CalibrationCurves curves)
    {
        const int Together = 10;
        ScanData scan = curves.Scan;
        var series = new List<PlotSeries>();
        foreach ((JumpTrace trace, int number) in scan.Traces.OrderByDescending(trace => Math.Abs(trace.To - trace.From)).Where((_, k) => k % 5 == 0).Take(ShownTraces).Select((trace, k) => (trace, k)))
        {
            (double[] mean, _) = new RowStatistics(trace.Samples, trace.Columns).Of();
            double[] light = ScanFit.Model(scan, curves.ScanFit.Response, curves.ScanFit.Levels, trace.From, trace.To, scan.First + trace.Columns);
            double Time(double k) => (((scan.First + k + 0.5) * scan.Period) + scan.MoveNanoseconds) / 1000;
            series.Add(new(string.Create(CultureInfo.InvariantCulture, $"{100.0 * (trace.To - trace.From) / scan.Places:+0.#;-0.#} %"), Palette.Of(number + 1),
                [.. Enumerable.Range(0, mean.Length / Together).Select(k => (Time((k * Together) + (0.5 * (Together - 1))), mean.AsSpan(k * Together, Together).ToArray().Average()))], Dots: true));
            series.Add(new(string.Empty, Palette.Of(number + 1), [.. Enumerable.Range(0, mean.Length).Where(k => scan.First + k >= 0).Select(k => (Time(k), light[scan.First + k]))]));
        }

        return SvgPlot.Draw("Light after jumps", "microseconds after the move", "ADC counts a sample", series);
    }

    private static string Settling(CardCalibration result) => SvgPlot.Draw(
        "Settling against jump length",
        "length of the jump, % of the field",
        "microseconds",
        [
            new("measured", Palette.Of(6), [.. result.Settle.Select(settle => (100 * settle.Jump, settle.Nanoseconds.Value / 1000))], Dots: true, Errors: [.. result.Settle.Select(settle => settle.Nanoseconds.Uncertainty / 1000)]),
            new("", Palette.Of(2), [.. result.Settle.Select(settle => (100 * settle.Jump, settle.Nanoseconds.Value / 1000))]),
        ]);

    private static void Figure(StringBuilder page, string svg, string caption) =>
        page.Append(CultureInfo.InvariantCulture, $"<figure>{svg}<figcaption>{WebUtility.HtmlEncode(caption)}</figcaption></figure>\n");
}
