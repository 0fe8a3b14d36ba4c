using System.Globalization;
using System.Net;
using System.Text;

namespace Edge.Cli.Output;

/// <summary>One row of points in a drawing.</summary>
/// <param name="Dots">As dots with error bars; else a line.</param>
/// <param name="Bars">As bars from the axis, as wide as the points are apart.</param>
internal sealed record PlotSeries(string Name, string Colour, IReadOnlyList<(double X, double Y)> Points, bool Dots = false, bool Bars = false, IReadOnlyList<double>? Errors = null);

/// <summary>Measured points with the model through them, drawn inside a page.</summary>
internal static class SvgPlot
{
    private const int Width = 560;
    private const int Height = 300;
    private const int Left = 66;
    private const int Right = 14;
    private const int Top = 30;
    private const int Bottom = 44;

    /// <param name="logarithmic">Of y; values below 1 stand at 1.</param>
    public static string Draw(string label, string xAxis, string yAxis, IReadOnlyList<PlotSeries> series, bool logarithmic = false)
    {
        double Shown(double y) => logarithmic ? Math.Log10(Math.Max(y, 1)) : y;
        double[] xs = [.. series.SelectMany(one => one.Points.Select(point => point.X))];
        double[] ys = [.. series.SelectMany(one => one.Points.Select(point => Shown(point.Y)))];
        (double x0, double x1) = (xs.Min(), xs.Max());
        (double y0, double y1) = (Math.Min(0, ys.Min()), ys.Max() * 1.05);
        (x1, y1) = (x1 > x0 ? x1 : x0 + 1, y1 > y0 ? y1 : y0 + 1);
        double X(double value) => Left + ((value - x0) / (x1 - x0) * (Width - Left - Right));
        double Y(double value) => Height - Bottom - ((Shown(value) - y0) / (y1 - y0) * (Height - Top - Bottom));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" font-family=\"DejaVu Sans, sans-serif\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(label)}\"><rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        foreach (double tick in Ticks(x0, x1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(tick):F1}\" x2=\"{X(tick):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#eee\"/>");
            Text(svg, X(tick), Height - Bottom + 16, Number(tick), "middle");
        }

        foreach (double tick in logarithmic ? Enumerable.Range(0, (int)y1 + 1).Select(power => Math.Pow(10, power)) : Ticks(y0, y1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\" stroke=\"#eee\"/>");
            Text(svg, Left - 6, Y(tick) + 4, Number(tick), "end");
        }

        foreach (PlotSeries one in series)
        {
            Points(svg, one, X, Y, y0);
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\" stroke=\"#333\"/><line x1=\"{Left}\" x2=\"{Left}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#333\"/>");
        Text(svg, (Left + Width - Right) / 2.0, Height - 8, xAxis, "middle");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{Height / 2}\" font-size=\"12\" text-anchor=\"middle\" transform=\"rotate(-90 14 {Height / 2})\">{WebUtility.HtmlEncode(yAxis)}</text>");
        double at = Left;
        foreach (PlotSeries one in series.Where(one => one.Name.Length > 0))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{at:F0}\" y=\"10\" width=\"12\" height=\"{(one.Dots || one.Bars ? 10 : 3)}\" fill=\"{one.Colour}\"/>");
            Text(svg, at + 17, 19, one.Name, "start");
            at += 34 + (7.4 * one.Name.Length);
        }

        return svg.Append("</svg>").ToString();
    }

    private static void Points(StringBuilder svg, PlotSeries one, Func<double, double> x, Func<double, double> y, double floor)
    {
        if (one.Bars)
        {
            double wide = one.Points.Count > 1 ? x(one.Points[1].X) - x(one.Points[0].X) : 4;
            foreach ((double px, double py) in one.Points.Where(point => point.Y > 0))
            {
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x(px) - (wide / 2):F1}\" y=\"{y(py):F1}\" width=\"{Math.Max(0.6, wide - 0.4):F1}\" height=\"{Math.Max(0, y(floor) - y(py)):F1}\" fill=\"{one.Colour}\"/>");
            }

            return;
        }

        if (!one.Dots)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{string.Join(' ', one.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{x(point.X):F1},{y(point.Y):F1}")))}\" fill=\"none\" stroke=\"{one.Colour}\" stroke-width=\"2\"/>");
            return;
        }

        for (int k = 0; k < one.Points.Count; k++)
        {
            (double px, double py) = one.Points[k];
            if (one.Errors is { } errors)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x(px):F1}\" x2=\"{x(px):F1}\" y1=\"{y(py - errors[k]):F1}\" y2=\"{y(py + errors[k]):F1}\" stroke=\"{one.Colour}\" opacity=\"0.6\"/>");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x(px):F1}\" cy=\"{y(py):F1}\" r=\"2.6\" fill=\"{one.Colour}\"/>");
        }
    }

    private static IEnumerable<double> Ticks(double low, double high)
    {
        double rough = (high - low) / 6, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
        for (double tick = Math.Ceiling(low / step) * step; tick <= high + (1e-9 * step); tick += step)
        {
            yield return Math.Abs(tick) < 1e-9 * step ? 0 : tick;
        }
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" font-size=\"12\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    private static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
