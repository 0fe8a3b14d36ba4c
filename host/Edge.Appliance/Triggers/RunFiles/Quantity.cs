using System.Globalization;
using System.Text.RegularExpressions;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>What a number in a run file measures; each has units, and one base unit that the code computes in.</summary>
public sealed class Dimension
{
    public static readonly Dimension Time = new("time", ("s", 1), ("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12));
    public static readonly Dimension LongTime = new("time", ("s", 1), ("min", 60), ("h", 3600));
    public static readonly Dimension Length = new("length", ("A", 1), ("Å", 1), ("pm", 0.01), ("nm", 10), ("um", 1e4), ("µm", 1e4));
    public static readonly Dimension Speed = new("speed", ("A/s", 1), ("Å/s", 1), ("pm/s", 0.01), ("nm/s", 10), ("nm/min", 10.0 / 60));
    public static readonly Dimension Current = new("current", ("pA", 1), ("nA", 1e3), ("fA", 1e-3));
    public static readonly Dimension Voltage = new("voltage", ("kV", 1), ("V", 1e-3), ("MV", 1e3));
    public static readonly Dimension Angle = new("angle", ("mrad", 1), ("urad", 1e-3), ("µrad", 1e-3), ("rad", 1e3));
    public static readonly Dimension Dose = new("dose", ("e/A^2", 1), ("e/Å^2", 1), ("e/Å²", 1), ("e/nm^2", 0.01));
    public static readonly Dimension Electrons = new("number of electrons", ("e", 1), ("ke", 1e3), ("Me", 1e6), ("Ge", 1e9));
    public static readonly Dimension Frequency = new("frequency", ("Hz", 1), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9));
    public static readonly Dimension Fraction = new("fraction", ("%", 0.01));

    private readonly (string Unit, double Factor)[] units;

    private Dimension(string name, params (string Unit, double Factor)[] units)
    {
        Name = name;
        this.units = units;
    }

    public string Name { get; }

    public string Units => string.Join(", ", units.Select(unit => unit.Unit));

    /// <summary>Base units per given unit, or null.</summary>
    public double? Factor(string unit) => units.Where(known => known.Unit == unit).Select(known => (double?)known.Factor).FirstOrDefault();

    /// <summary>A value in the unit that reads best.</summary>
    public string Format(double value)
    {
        (string unit, double factor) = units
            .Where(known => value == 0 || Math.Abs(value / known.Factor) >= 1)
            .OrderByDescending(known => known.Factor)
            .DefaultIfEmpty(units.MinBy(known => known.Factor))
            .First();
        return string.Create(CultureInfo.InvariantCulture, $"{value / factor:0.####} {unit}");
    }
}

/// <summary>Reads <c>2 us</c>, <c>0.3 A/s</c>: a number and its unit.</summary>
public static partial class Quantity
{
    /// <summary>The value in the dimension's base unit.</summary>
    /// <returns>null and what is wrong, if the text is no such quantity.</returns>
    public static (double? Value, string? Fault) Parse(string text, Dimension dimension)
    {
        // The Greek letter and the sign for micro look alike, as do the letter and the sign for angstrom.
        Match match = Pattern().Match(text.Replace('\u03BC', 'µ').Replace('\u212B', 'Å'));
        if (!match.Success || !double.TryParse(match.Groups["number"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
        {
            return (null, $"found '{YamlSection.Shown(text)}', which is no {dimension.Name}; write a number and a unit ({dimension.Units})");
        }

        string unit = match.Groups["unit"].Value;
        return unit.Length == 0 ? (null, $"found '{YamlSection.Shown(text)}' without a unit; a {dimension.Name} needs one of {dimension.Units}")
            : dimension.Factor(unit) is double factor ? (number * factor, null)
            : (null, $"found the unit '{YamlSection.Shown(unit)}'; a {dimension.Name} is given in {dimension.Units}");
    }

    [GeneratedRegex(@"^\s*(?<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?)\s*(?<unit>[^\s\d].*?)?\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
