using ScottPlot;

namespace Edge.Cli.Output;

/// <summary>One curve: points with a name.</summary>
internal sealed record Curve(string Name, string Colour, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Curves and bars as PNG files.</summary>
internal static class CurvePlot
{
    private const int Width = 900;
    private const int Height = 560;

    /// <summary>Curves on two logarithmic axes; points at or below 0 have no place there and are left out.</summary>
    /// <param name="levels">Horizontal lines with a name.</param>
    public static void WriteLogLog(string path, string xTitle, string yTitle, IEnumerable<Curve> curves, params (double Y, string Name)[] levels)
    {
        using var plot = new Plot();
        foreach (Curve curve in curves)
        {
            (double X, double Y)[] shown = [.. curve.Points.Where(point => point.X > 0 && point.Y > 0)];
            if (shown.Length == 0)
            {
                continue;
            }

            var line = plot.Add.Scatter(shown.Select(point => Math.Log10(point.X)).ToArray(), shown.Select(point => Math.Log10(point.Y)).ToArray());
            line.LegendText = curve.Name;
            line.Color = Color.FromHex(curve.Colour);
            line.LineWidth = 2;
            line.MarkerSize = 7;
        }

        foreach ((double y, string name) in levels)
        {
            var line = plot.Add.HorizontalLine(Math.Log10(y));
            line.LinePattern = LinePattern.Dashed;
            line.Color = Colors.Gray;
            line.LegendText = name;
        }

        Logarithmic(plot.Axes.Bottom);
        Logarithmic(plot.Axes.Left);
        plot.XLabel(xTitle);
        plot.YLabel(yTitle);
        plot.ShowLegend(Alignment.LowerLeft);
        plot.SavePng(path, Width, Height);
    }

    /// <summary>Bars from a first value on, one a step.</summary>
    public static void WriteBars(string path, string xTitle, string yTitle, int first, IReadOnlyList<double> heights)
    {
        using var plot = new Plot();
        plot.Add.Bars(Enumerable.Range(first, heights.Count).Select(x => (double)x).ToArray(), heights.ToArray());
        plot.XLabel(xTitle);
        plot.YLabel(yTitle);
        plot.Axes.Margins(bottom: 0);
        plot.SavePng(path, Width, Height / 2);
    }

    private static void Logarithmic(IAxis axis)
    {
        axis.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            LabelFormatter = exponent => Math.Pow(10, exponent).ToString(exponent < 0 ? "0.###" : "#,0", System.Globalization.CultureInfo.InvariantCulture),
            IntegerTicksOnly = true,
            MinorTickGenerator = new ScottPlot.TickGenerators.LogMinorTickGenerator(),
        };
    }
}
