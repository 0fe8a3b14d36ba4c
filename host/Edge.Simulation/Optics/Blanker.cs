namespace Edge.Simulation.Optics;

/// <summary>How the beam rises and falls when the blanker's field changes.</summary>
public enum BlankerShape
{
    /// <summary>The transmission approaches its goal exponentially: a driver behind a capacity.</summary>
    Exponential = 0,

    /// <summary>The transmission moves at a constant rate.</summary>
    Linear = 1,
}

/// <summary>Electrostatic blanker with its driver.</summary>
public sealed record BlankerSettings
{
    /// <summary>From the pin to the first change of the beam, nanoseconds.</summary>
    public double DelayNanoseconds { get; init; } = 40;

    /// <summary>Rise and fall from 10 % to 90 %, nanoseconds. 0: a step.</summary>
    public double RiseNanoseconds { get; init; } = 20;

    /// <summary>Share of the beam that passes a closed blanker.</summary>
    public double ResidualTransmission { get; init; } = 1e-4;

    public BlankerShape Shape { get; init; } = BlankerShape.Exponential;

    /// <exception cref="InvalidSettingException">A value outside its range; all of them are named.</exception>
    public void Validate()
    {
        var check = new RangeCheck();
        check.Within(DelayNanoseconds, 0, 1e6, "DelayNanoseconds", "ns");
        check.Within(RiseNanoseconds, 0, 1e6, "RiseNanoseconds", "ns");
        check.Within(ResidualTransmission, 0, 1, "ResidualTransmission", "");
        check.That(Enum.IsDefined(Shape), $"Shape is {Shape}; allowed are Exponential and Linear");
        check.ThrowIfAny();
    }
}

/// <summary>Pin permit_beam -> beam on the specimen, integrated exactly over any interval. Time only goes forward.</summary>
public sealed class Blanker
{
    private readonly BlankerSettings _settings;
    private readonly Queue<(double AtNanoseconds, bool Open)> _pending = new();
    private readonly double _timeConstant, _linearRate;
    private double _nowNanoseconds, _opening;
    private bool _goalOpen;

    /// <summary>Starts closed at time 0.</summary>
    public Blanker(BlankerSettings settings)
    {
        settings.Validate();
        _settings = settings;
        _timeConstant = settings.RiseNanoseconds / Math.Log(9);
        _linearRate = 0.8 / settings.RiseNanoseconds;
    }

    /// <summary>Nothing changes until the pin does.</summary>
    public bool Steady => _pending.Count == 0 && _opening == (_goalOpen ? 1 : 0);

    /// <summary>Share of the beam that reaches the specimen now.</summary>
    public double Transmission => Transmitted(_opening);

    /// <summary>The pin changes at the given time, not before the time already reached.</summary>
    public void Permit(bool open, double atNanoseconds) => _pending.Enqueue((atNanoseconds + _settings.DelayNanoseconds, open));

    /// <summary>Goes forward to a time and integrates the transmission on the way.</summary>
    /// <returns>Nanoseconds of full beam.</returns>
    public double AdvanceTo(double nanoseconds)
    {
        double lit = 0;
        while (_pending.TryPeek(out var change) && change.AtNanoseconds <= nanoseconds)
        {
            lit += Integrate(change.AtNanoseconds - _nowNanoseconds);
            _nowNanoseconds = change.AtNanoseconds;
            _goalOpen = change.Open;
            _pending.Dequeue();
        }

        lit += Integrate(nanoseconds - _nowNanoseconds);
        _nowNanoseconds = nanoseconds;
        return lit;
    }

    private double Transmitted(double opening) =>
        _settings.ResidualTransmission + ((1 - _settings.ResidualTransmission) * opening);

    private double Integrate(double duration)
    {
        double goal = _goalOpen ? 1 : 0, away = _opening - goal;
        if (duration <= 0)
        {
            return 0;
        }

        if (away == 0)
        {
            return Transmitted(goal) * duration;
        }

        // Integral of (opening - goal) over the duration, and where it ends.
        double area;
        if (_settings.RiseNanoseconds == 0)
        {
            (area, away) = (0, 0);
        }
        else if (_settings.Shape == BlankerShape.Exponential)
        {
            double kept = Math.Exp(-duration / _timeConstant);
            area = away * _timeConstant * (1 - kept);
            away *= kept;
        }
        else
        {
            double moving = Math.Min(duration, Math.Abs(away) / _linearRate);
            double end = away - (Math.Sign(away) * _linearRate * moving);
            area = 0.5 * (away + end) * moving;
            away = moving < duration ? 0 : end;
        }

        // Below 1e-12 the rest adds less than a rounding error.
        _opening = Math.Abs(away) < 1e-12 ? goal : goal + away;
        return (Transmitted(goal) * duration) + ((1 - _settings.ResidualTransmission) * area);
    }
}
