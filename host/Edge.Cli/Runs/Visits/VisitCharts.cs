using System.Globalization;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers;
using Edge.Cli.Output;
using Edge.Cli.Runs.Studies;
using Edge.Simulation.Specimens;

namespace Edge.Cli.Runs.Visits;

/// <summary>The pictures of a visit run.</summary>
internal static class VisitCharts
{
    public const string Expected = "expected-signal.png";
    public const string OverviewName = "overview.png";
    public const string Defects = "defect-map.png";
    public const string Dose = "electrons-per-site.png";
    public const string Curves = "error-against-dose.png";
    public const string LatencyName = "latency.png";

    public static void Write(string folder, SiteModel model, VisitResult result, VisitPictures pictures)
    {
        double field = pictures.FieldOfView;
        double[,] truth = Truth(pictures.Specimen, field);
        OverviewImage overview = pictures.Overview.Image;
        new MapPicture(field).Grey(truth).Write(Path.Combine(folder, Expected));
        new MapPicture(field).Grey(Rows(overview))
            .Marks(pictures.Overview.Sites.Select(site => new MapMark(site.X, site.Y, null, Palette.Of(0))))
            .Write(Path.Combine(folder, OverviewName));
        WriteDefects(Path.Combine(folder, Defects), model, pictures, truth);
        WriteDose(Path.Combine(folder, Dose), pictures, truth);
        if (pictures.Curves.Count > 0)
        {
            WriteCurves(Path.Combine(folder, Curves), pictures.Curves, pictures.Shares);
        }

        int first = Array.FindIndex(result.Latency.Histogram, count => count > 0);
        int last = Array.FindLastIndex(result.Latency.Histogram, count => count > 0);
        (first, last) = first < 0 ? (0, 0) : (Math.Max(0, first - 3), Math.Min(31, last + 3));
        CurvePlot.WriteBars(
            Path.Combine(folder, LatencyName), "clocks from deciding sample to pin", "decisions", first, [.. result.Latency.Histogram[first..(last + 1)].Select(count => (double)count)]);
    }

    /// <summary>Error against dose of every method.</summary>
    public static void WriteCurves(string path, IReadOnlyList<MethodCurve> curves, double[] shares) => CurvePlot.WriteLogLog(
        path,
        "mean beam electrons per site",
        "wrong decisions in the worst class, %",
        curves.Select((curve, i) => new Curve(curve.Name, Palette.Of(i), [.. Sorted(curve, shares)])),
        (100 * VisitJob.AllowedWrong, "1 %"));

    private static void WriteDefects(string path, SiteModel model, VisitPictures pictures, double[,] truth)
    {
        var map = new MapPicture(pictures.FieldOfView).Grey(truth);
        map.Marks(pictures.Outcomes.Take(pictures.Truth.Count).Select(visit =>
            new MapMark(visit.Position.X, visit.Position.Y, visit.Decided < 0 ? null : Palette.Of(visit.Decided), Palette.Of(visit.Truth), visit.Decided != visit.Truth)));
        for (int k = 0; k < model.Classes.Count; k++)
        {
            map.Legend(new(0, 0, Palette.Of(k), Palette.Of(k)), model.Classes[k]);
        }

        map.Legend(new(0, 0, null, null, Crossed: true), "wrong, or undecided (no disc); disc: decided, ring: true").Write(path);
    }

    private static void WriteDose(string path, VisitPictures pictures, double[,] truth)
    {
        double[] electrons = [.. pictures.Outcomes.Take(pictures.Truth.Count).Select(visit => visit.Electrons)];
        double low = electrons.DefaultIfEmpty(0).Min();
        double high = electrons.DefaultIfEmpty(1).Max();
        new MapPicture(pictures.FieldOfView).Grey(truth)
            .Marks(pictures.Outcomes.Take(electrons.Length).Select(visit =>
                new MapMark(visit.Position.X, visit.Position.Y, Palette.Scale((visit.Electrons - low) / Math.Max(1, high - low)), null)))
            .ColourBar(low.ToString("N0", CultureInfo.InvariantCulture), high.ToString("N0", CultureInfo.InvariantCulture) + " electrons")
            .Write(path);
    }

    private static IEnumerable<(double X, double Y)> Sorted(MethodCurve curve, double[] shares) => curve.Points
        .Select(point => (X: point.MeanElectrons(shares), Y: 100 * point.WorstWrong))
        .OrderBy(point => point.X);

    private static double[,] Rows(OverviewImage image)
    {
        var rows = new double[image.Rows, image.Columns];
        Buffer.BlockCopy(image.Signal, 0, rows, 0, image.Signal.Length * sizeof(double));
        return rows;
    }

    private static double[,] Truth(Specimen specimen, double field)
    {
        const int Pixels = 256;
        var rows = new double[Pixels, Pixels];
        for (int row = 0; row < Pixels; row++)
        {
            for (int column = 0; column < Pixels; column++)
            {
                rows[row, column] = specimen.FractionAt(new((column + 0.5) * field / Pixels, (row + 0.5) * field / Pixels));
            }
        }

        return rows;
    }
}
