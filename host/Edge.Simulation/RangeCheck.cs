using System.Globalization;

namespace Edge.Simulation;

/// <summary>A setting of the simulation is outside its range. The message names all that are, and what is allowed.</summary>
public sealed class InvalidSettingException(string message) : ArgumentException(message);

/// <summary>Collects every setting outside its range, so that all are named at once.</summary>
internal sealed class RangeCheck
{
    private readonly List<string> _faults = [];

    public void Within(double value, double low, double high, string name, string unit)
    {
        // Written so that NaN fails.
        if (!(value >= low && value <= high))
        {
            string space = unit.Length > 0 ? " " : "";
            _faults.Add(string.Create(
                CultureInfo.InvariantCulture, $"{name} is {value}{space}{unit}; allowed are {low} to {high}{space}{unit}"));
        }
    }

    public void That(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }

    /// <exception cref="InvalidSettingException">There were faults.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
        {
            throw new InvalidSettingException(string.Join(". ", _faults) + ".");
        }
    }
}
