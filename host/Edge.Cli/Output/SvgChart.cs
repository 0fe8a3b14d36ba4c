using System.Globalization;
using System.Net;
using System.Text;

namespace Edge.Cli.Output;

/// <summary>Small drawings that stand inside a page.</summary>
internal static class SvgChart
{
    private const int Width = 480;
    private const int Height = 170;
    private const int Left = 58;
    private const int Right = 12;
    private const int Top = 12;
    private const int Bottom = 34;

    /// <summary>Bars on a logarithmic scale of counts, with the range between two values shaded and its ends drawn.</summary>
    /// <param name="first">Where the first bar begins.</param>
    public static string Histogram(double first, double binWidth, IReadOnlyList<long> counts, double low, double high, string axis, string label)
    {
        double span = binWidth * counts.Count;
        double most = Math.Max(1, Math.Log10(1 + counts.Max()));
        double X(double value) => Left + ((value - first) / span * (Width - Left - Right));
        double Y(double count) => Height - Bottom - (Math.Log10(1 + count) / most * (Height - Top - Bottom));
        var svg = new StringBuilder();
        Begin(svg, Width, Height, label);
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{X(low):F1}\" y=\"{Top}\" width=\"{X(high) - X(low):F1}\" height=\"{Height - Top - Bottom}\" fill=\"#009E73\" opacity=\"0.10\"/>");
        for (int k = 0; k < counts.Count; k++)
        {
            if (counts[k] > 0)
            {
                double left = first + (k * binWidth);
                string colour = left + binWidth <= low + 1e-9 || left >= high - 1e-9 ? Palette.Of(2) : Palette.Of(6);
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{X(left):F1}\" y=\"{Y(counts[k]):F1}\" width=\"{Math.Max(0.8, X(left + binWidth) - X(left) - 0.6):F1}\" height=\"{Height - Bottom - Y(counts[k]):F1}\" fill=\"{colour}\"/>");
            }
        }

        foreach (double end in new[] { low, high })
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(end):F1}\" x2=\"{X(end):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#009E73\" stroke-dasharray=\"4 3\"/>");
            Text(svg, X(end), Height - Bottom + 14, Number(end), "middle");
        }

        for (int power = 0; power <= most; power++)
        {
            double count = Math.Pow(10, power);
            Text(svg, Left - 6, Y(count) + 4, count.ToString("N0", CultureInfo.InvariantCulture), "end");
        }

        Axes(svg, Width, Height);
        Text(svg, (Left + Width - Right) / 2.0, Height - 4, axis, "middle");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>Points on two logarithmic axes; those of the front are joined, the chosen one is ringed.</summary>
    public static string Pareto(IReadOnlyList<(double X, double Y, bool OnFront, bool Chosen)> points, string xAxis, string yAxis)
    {
        const int wide = 720;
        const int tall = 380;
        const double Least = 1e-9;
        double[] xs = [.. points.Select(point => Math.Log10(Math.Max(point.X, Least)))];
        double[] ys = [.. points.Select(point => Math.Log10(Math.Max(point.Y, Least)))];
        (double x0, double x1) = (xs.Min() - 0.05, xs.Max() + 0.05);
        (double y0, double y1) = (ys.Min() - 0.1, ys.Max() + 0.1);
        double X(double log) => Left + 20 + ((log - x0) / (x1 - x0) * (wide - Left - 20 - Right));
        double Y(double log) => tall - Bottom - 14 - ((log - y0) / (y1 - y0) * (tall - Top - Bottom - 14));
        var svg = new StringBuilder();
        Begin(svg, wide, tall, $"{yAxis} against {xAxis}");
        foreach (double tick in Ticks(x0, x1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(Math.Log10(tick)):F1}\" x2=\"{X(Math.Log10(tick)):F1}\" y1=\"{Top}\" y2=\"{tall - Bottom - 14}\" stroke=\"#eee\"/>");
            Text(svg, X(Math.Log10(tick)), tall - Bottom + 2, Number(tick), "middle");
        }

        foreach (double tick in Ticks(y0, y1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left + 20}\" x2=\"{wide - Right}\" y1=\"{Y(Math.Log10(tick)):F1}\" y2=\"{Y(Math.Log10(tick)):F1}\" stroke=\"#eee\"/>");
            Text(svg, Left + 14, Y(Math.Log10(tick)) + 4, Number(tick), "end");
        }

        string line = string.Join(' ', points.Select((point, k) => (point, k)).Where(pair => pair.point.OnFront).OrderBy(pair => xs[pair.k])
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{X(xs[pair.k]):F1},{Y(ys[pair.k]):F1}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\" fill=\"none\" stroke=\"{Palette.Of(6)}\" stroke-width=\"2\"/>");
        for (int k = 0; k < points.Count; k++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(xs[k]):F1}\" cy=\"{Y(ys[k]):F1}\" r=\"4\" fill=\"{(points[k].OnFront ? Palette.Of(6) : "#999999")}\"/>");
            if (points[k].Chosen)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(xs[k]):F1}\" cy=\"{Y(ys[k]):F1}\" r=\"9\" fill=\"none\" stroke=\"{Palette.Of(2)}\" stroke-width=\"2.5\"/>");
            }
        }

        Text(svg, wide / 2.0, tall - 6, xAxis, "middle");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{tall / 2}\" font-size=\"12\" text-anchor=\"middle\" transform=\"rotate(-90 14 {tall / 2})\">{WebUtility.HtmlEncode(yAxis)}</text>");
        return svg.Append("</svg>").ToString();
    }

    private static IEnumerable<double> Ticks(double low, double high)
    {
        double[] steps = high - low > 1.2 ? [1] : [1, 2, 5];
        return Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
            .SelectMany(power => steps.Select(step => step * Math.Pow(10, power))).Where(tick => Math.Log10(tick) >= low && Math.Log10(tick) <= high);
    }

    private static void Begin(StringBuilder svg, int width, int height, string label) =>
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"DejaVu Sans, sans-serif\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(label)}\"><rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>");

    private static void Axes(StringBuilder svg, int width, int height) =>
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{height - Bottom}\" y2=\"{height - Bottom}\" stroke=\"#333\"/><line x1=\"{Left}\" x2=\"{Left}\" y1=\"{Top}\" y2=\"{height - Bottom}\" stroke=\"#333\"/>");

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" font-size=\"12\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 1e4 || value == Math.Round(value) ? "#,0.#" : "G3", CultureInfo.InvariantCulture);
}
