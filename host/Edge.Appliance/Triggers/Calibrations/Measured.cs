using System.Globalization;

namespace Edge.Appliance.Triggers.Calibrations;

/// <summary>A measured value with its uncertainty, one standard deviation, in the same unit.</summary>
public readonly record struct Measured(double Value, double Uncertainty)
{
    /// <summary>A second, independent source of uncertainty.</summary>
    public Measured With(double uncertainty) => this with { Uncertainty = Math.Sqrt((Uncertainty * Uncertainty) + (uncertainty * uncertainty)) };

    public Measured Times(double factor) => new(Value * factor, Uncertainty * Math.Abs(factor));

    /// <summary>As many digits as the uncertainty allows: <c>399.98 ± 0.09</c>.</summary>
    public override string ToString()
    {
        int digits = Uncertainty > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(Uncertainty)), 0, 6) : 3;
        string format = "F" + digits.ToString(CultureInfo.InvariantCulture);
        return $"{Value.ToString(format, CultureInfo.InvariantCulture)} ± {Uncertainty.ToString(format, CultureInfo.InvariantCulture)}";
    }
}

/// <summary>The calibration cannot be made; the message says what to look at.</summary>
public sealed class CalibrationException(string message) : Exception(message);
