using System.Globalization;

namespace Edge.Bench;

/// <summary>One figure: what was measured, what it should be, whether it is.</summary>
/// <param name="Target">Empty where the figure only informs.</param>
/// <param name="Met">null without a target, or when nothing was measured.</param>
internal sealed record Row(string Figure, string Measured, string Target = "", bool? Met = null)
{
    public static Row Exactly(string figure, long measured, long target, string unit = "") =>
        new(figure, Text(measured, unit), Text(target, unit), measured == target);

    public static Row AtMost(string figure, double measured, double target, string unit = "") =>
        new(figure, Text(measured, unit), $"at most {Text(target, unit)}", measured <= target);

    public static Row Below(string figure, Timing timing, double target, string unit) =>
        new(figure, timing.Text(unit), $"below {Text(target, unit)}", timing.Median < target);

    public static Row AtLeast(string figure, double measured, double target, string unit = "") =>
        new(figure, Text(measured, unit), $"at least {Text(target, unit)}", measured >= target);

    public static Row AtLeast(string figure, Timing timing, double target, string unit) =>
        new(figure, timing.Text(unit), $"at least {Text(target, unit)}", timing.Median >= target);

    public static Row Info(string figure, Timing timing, string unit = "") => new(figure, timing.Text(unit));

    public static Row Info(string figure, double measured, string unit = "", string remark = "") => new(figure, Text(measured, unit) + remark);

    /// <summary>A figure that this machine cannot measure; its target is not met, and not missed either.</summary>
    public static Row Missing(string figure, string why, string target = "") => new(figure, $"not measured: {why}", target);

    /// <summary>Three significant digits, for what a shared machine cannot repeat more exactly.</summary>
    public static string Rough(double value, string unit = "")
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return Text(value, unit);
        }

        double step = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 2);
        return Text(Math.Round(value / step) * step, unit);
    }

    /// <summary>Whole numbers in full with groups, others with three significant digits.</summary>
    public static string Text(double value, string unit = "")
    {
        double size = Math.Abs(value);
        string number = size >= 100 || value == Math.Round(value)
            ? Math.Round(value).ToString("N0", CultureInfo.InvariantCulture)
            : size >= 10 ? value.ToString("F1", CultureInfo.InvariantCulture)
            : size >= 1 ? value.ToString("F2", CultureInfo.InvariantCulture)
            : value.ToString("G3", CultureInfo.InvariantCulture);
        return unit.Length == 0 ? number : unit == "%" ? number + " %" : $"{number} {unit}";
    }
}
