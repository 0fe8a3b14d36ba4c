using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Networks.Arrays;

namespace Edge.Cli.Runs.Visits;

/// <summary>The folder that a visit run leaves: report.html with its pictures, every visit as a table, the result as JSON.</summary>
internal static class VisitReport
{
    public const string FileName = "report.html";

    public static void Write(string folder, VisitRunFile file, SiteModel model, VisitResult result, VisitPictures pictures)
    {
        VisitCharts.Write(folder, model, result, pictures);
        Appliance.Sites.OverviewImage overview = pictures.Overview.Image;
        NpyArray.Write(Path.Combine(folder, "overview.npy"), [overview.Rows, overview.Columns], overview.Signal);
        File.WriteAllText(Path.Combine(folder, "visits.csv"), Table(model, pictures.Outcomes));
        File.WriteAllText(Path.Combine(folder, "result.json"), JsonSerializer.Serialize(result, Terminal.JsonFormat) + "\n");
        File.WriteAllText(Path.Combine(folder, FileName), Page(file, model, result, pictures));
    }

    /// <summary>One line a visit, comma-separated; lengths in angstrom, dose in electrons.</summary>
    private static string Table(SiteModel model, IReadOnlyList<VisitOutcome> outcomes)
    {
        var text = new StringBuilder("visit,x_A,y_A,class,true_class,cause,samples,sum_electrons,events,beam_electrons,latency_clocks\n");
        foreach (VisitOutcome visit in outcomes)
        {
            string decided = visit.Decided < 0 ? "undecided" : model.Classes[visit.Decided];
            text.Append(CultureInfo.InvariantCulture, $"{visit.Number},{visit.Position.X:F3},{visit.Position.Y:F3},{decided},{model.Classes[visit.Truth]},{visit.Cause},{visit.Samples},{visit.SumElectrons:F3},{visit.Events},{visit.Electrons:F1},{visit.LatencyClocks}\n");
        }

        return text.ToString();
    }

    private static string Page(VisitRunFile file, SiteModel model, VisitResult result, VisitPictures pictures)
    {
        string F(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        string H(string text) => WebUtility.HtmlEncode(text);
        double peakMean = result.Plan.OverviewDose + (result.MeanElectronsPerSite * result.Plan.PeakPerElectron);
        int wrong = result.Classes.Sum(c => c.Wrong);
        var page = new StringBuilder($$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Edge: {{H(Path.GetFileName(file.Path))}}</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>
            {{PageStyle.Css}}
            </style></head><body>
            <h1>Visit, decide, move on</h1>
            <p class="big">{{result.Visits}} visits: {{result.Visits - wrong - result.Undecided}} decided rightly, {{wrong}} wrongly, {{result.Undecided}} undecided at the maximum dwell.
            {{F(result.TotalElectrons, "N0")}} electrons in all, {{F(result.OverviewElectrons, "N0")}} of them for the overview; {{F(result.MeanElectronsPerSite, "N0")}} a site; {{F(result.SitesPerSecond, "N0")}} sites a second.</p>
            <p class="note">Run file {{H(Path.GetFileName(file.Path))}}, seed {{file.Simulation.Seed}}, simulated microscope and simulated card. Every number on this page was computed in this run, but for the times of detector and blanker, which the run file states, and the card's clock, which is assumed.</p>

            """);
        if (!result.Passed)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"warning\">{result.RecordsLost} records were lost and {result.LatencyMismatches} decisions moved the pin at another clock than their record says. Do not trust this run.</p>\n");
        }

        page.Append("<div class=\"pictures\">\n");
        Figure(page, VisitCharts.Expected, "What a perfect detector would see: the expected signal. Neither host nor network knows it.");
        Figure(page, VisitCharts.OverviewName, $"The overview that the host had: {F(result.Plan.OverviewDose, "F0")} e/A², and the {pictures.Overview.Sites.Count} sites that it fitted.");
        Figure(page, VisitCharts.Defects, "What the card decided (discs) against the truth (rings). Crossed: wrong or undecided.");
        Figure(page, VisitCharts.Dose, "Electrons at each site until the next one. Rare classes look like common ones for longer.");
        page.Append("</div>\n<h2>Classes</h2>\n<table><tr><th>class</th><th>sites</th><th>visits</th><th>wrong</th><th>undecided</th><th>mean electrons</th></tr>\n");
        foreach (ClassResult c in result.Classes)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{H(c.Name)}</td><td>{c.Sites}</td><td>{c.Visits}</td><td>{c.Wrong}</td><td>{c.Undecided}</td><td>{c.MeanElectrons:N0}</td></tr>\n");
        }

        page.Append("</table>\n<p class=\"note\">Electrons include settling, the fall of the beam and everything else that reached the specimen between one move and the next. One run is a small sample: error rates with enough visits stand in docs/measurements.md.</p>\n");
        Methods(page, result, peakMean);
        LatencyChain chain = result.Chain;
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>From an electron to the dark beam</h2>
            <table><tr><th>stage</th><th>ns</th></tr>
            <tr><td>light of the scintillator (mean)</td><td>{chain.LightNanoseconds:F0}</td></tr>
            <tr><td>until its ADC sample is complete (mean)</td><td>{chain.SampleNanoseconds:F0}</td></tr>
            <tr><td>ADC pipeline</td><td>{chain.AdcPipelineNanoseconds:F0}</td></tr>
            <tr><td><b>card: {chain.CardClocks} clocks at an assumed {result.ClockMegahertz:F0} MHz</b></td><td><b>{chain.CardNanoseconds:F0}</b></td></tr>
            <tr><td>blanker: delay</td><td>{chain.BlankerDelayNanoseconds:F0}</td></tr>
            <tr><td>blanker: fall</td><td>{chain.BlankerFallNanoseconds:F0}</td></tr>
            <tr><td>together</td><td>{chain.TotalNanoseconds:F0}</td></tr></table>
            <p class="note">The card measured its own latency in {result.Latency.Count} decisions: {result.Latency.Minimum} to {result.Latency.Maximum} clocks from the edge that takes the deciding sample to the edge that moves the pin; the pins showed the same ({result.LatencyMismatches} differ). The network takes {result.NetworkLatencyClocks} of them. The clock is assumed until place-and-route has reached it for a named part.</p>
            <img src="{VisitCharts.LatencyName}" alt="histogram of the card's latency" style="max-width:720px">
            <h2>Network and card</h2>
            <table><tr><th>figure</th><th>value</th></tr>
            <tr><td>adders in the network</td><td>{result.Adders:N0}</td></tr><tr><td>bits of these adders</td><td>{result.AdderBits:N0}</td></tr>
            <tr><td>pipeline register bits</td><td>{result.RegisterBits:N0}</td></tr>
            <tr><td>vectors that a newer one replaced</td><td>{result.Counters.VectorsReplaced}</td></tr><tr><td>results of a site already left</td><td>{result.Counters.ResultsStale}</td></tr>
            <tr><td>records dropped / lost</td><td>{result.Counters.EventsDropped} / {result.RecordsLost}</td></tr>
            <tr><td>gain, current over nominal, as the overview shows them</td><td>{result.GainEstimate:F3}, {result.CurrentEstimate:F3}</td></tr></table>
            <p class="note">Counted from the adder graph of the network; nothing was synthesised.</p>
            <p class="note">Files beside this page: visits.csv (every visit), overview.npy (electrons in each pixel), result.json (all numbers), PNG pictures.</p>
            </body></html>

            """);
        return page.ToString();
    }

    private static void Methods(StringBuilder page, VisitResult result, double peakMean)
    {
        page.Append("<h2>Other ways to answer the same question</h2>\n");
        if (result.Methods.Count == 0)
        {
            page.Append("<p class=\"note\">Not compared: comparison.visits_per_class is 0.</p>\n");
            return;
        }

        page.Append(CultureInfo.InvariantCulture, $"<img src=\"{VisitCharts.Curves}\" alt=\"error against dose\">\n<table><tr><th>way</th><th>electrons a site</th><th>electrons in all</th><th>against this run</th><th>peak e/A²</th><th>sites a second</th><th>condition</th></tr>\n");
        page.Append(CultureInfo.InvariantCulture, $"<tr><td><b>this run, on the card</b></td><td>{result.MeanElectronsPerSite:N0}</td><td>{result.TotalElectrons:N0}</td><td>1</td><td>{peakMean:N0}</td><td>{result.SitesPerSecond:N0}</td><td>as counted above</td></tr>\n");
        foreach (MethodResult method in result.Methods)
        {
            string rate = method.SitesPerSecond is double known ? known.ToString("N0", CultureInfo.InvariantCulture) : "-";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(method.Name)}</td><td>{method.ElectronsPerSite:N0}</td><td>{method.TotalElectrons:N0}</td><td>x {method.TotalElectrons / result.TotalElectrons:F1}</td><td>{method.PeakDose:N0}</td><td>{rate}</td><td>{WebUtility.HtmlEncode(method.Note)}</td></tr>\n");
        }

        page.Append("</table>\n<p class=\"note\">All but the first line are simulated beside the run, with the same specimen, gain, current, placement errors and detector; the overview is in every total but the scan's. Peak dose is that of the overview plus the electrons of a visit at the centre of the probe: a visited atom gets much of what a uniform scan gives it, though the specimen gets far less. A host that blanks while it thinks needs hardly more electrons; it is slower.</p>\n");
    }

    private static void Figure(StringBuilder page, string file, string caption) =>
        page.Append(CultureInfo.InvariantCulture, $"<figure><img src=\"{file}\" alt=\"{WebUtility.HtmlEncode(caption)}\"><figcaption>{WebUtility.HtmlEncode(caption)}</figcaption></figure>\n");
}
