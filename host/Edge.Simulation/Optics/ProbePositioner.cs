using Edge.Simulation.Noise;
using Edge.Simulation.Specimens;

namespace Edge.Simulation.Optics;

/// <summary>Deflection of the probe and what moves it besides.</summary>
public sealed record ProbeSettings
{
    /// <summary>Position of code 0 in the map.</summary>
    public PointAngstrom FieldOriginAngstrom { get; init; }

    /// <summary>Field of view: a code c stands for origin + c / 65536 * field. No rotation.</summary>
    public PointAngstrom FieldAngstrom { get; init; } = new(31.8, 31.8);

    /// <summary>After a move the distance to the target decays with this time constant, microseconds. With 1 us, 10 us
    /// bring a jump across 32 A to within 1.5e-3 A; a raster without waits lags behind by speed times time constant.</summary>
    public double SettleTimeConstantMicroseconds { get; init; } = 1;

    /// <summary>From new codes to the first movement, nanoseconds: converters, filters and drivers of the scan.</summary>
    public double DelayNanoseconds { get; init; }

    /// <summary>Largest speed that the amplifiers give, angstrom per microsecond: long jumps then take longer than the time
    /// constant says. 0: no limit.</summary>
    public double SlewAngstromPerMicrosecond { get; init; }

    /// <summary>Each jump lands somewhere in a disc of this radius around its target.</summary>
    public double PlacementRadiusAngstrom { get; init; } = 0.3;

    /// <summary>Shorter moves than this keep the placement error of the last jump: steps of a raster.</summary>
    public double ShortestJumpAngstrom { get; init; } = 1;

    /// <summary>Speed of the specimen, angstrom per second, in a direction that the seed gives.</summary>
    public double DriftAngstromPerSecond { get; init; } = 0.3;

    /// <exception cref="InvalidSettingException">A value outside its range; all of them are named.</exception>
    public void Validate()
    {
        var check = new RangeCheck();
        check.Within(FieldAngstrom.X, 1e-3, 1e7, "FieldAngstrom.X", "A");
        check.Within(FieldAngstrom.Y, 1e-3, 1e7, "FieldAngstrom.Y", "A");
        check.Within(FieldOriginAngstrom.Length, 0, 1e7, "FieldOriginAngstrom", "A");
        check.Within(SettleTimeConstantMicroseconds, 0, 1e4, "SettleTimeConstantMicroseconds", "us");
        check.Within(DelayNanoseconds, 0, 1e6, "DelayNanoseconds", "ns");
        check.Within(SlewAngstromPerMicrosecond, 0, 1e7, "SlewAngstromPerMicrosecond", "A/us");
        check.Within(PlacementRadiusAngstrom, 0, 100, "PlacementRadiusAngstrom", "A");
        check.Within(ShortestJumpAngstrom, 0, 1e7, "ShortestJumpAngstrom", "A");
        check.Within(DriftAngstromPerSecond, 0, 1e6, "DriftAngstromPerSecond", "A/s");
        check.ThrowIfAny();
    }
}

/// <summary>Scan codes -> where the probe really stands on the specimen. Time only goes forward.</summary>
public sealed class ProbePositioner
{
    private readonly ProbeSettings _settings;
    private readonly ulong _seed;
    private readonly double _timeConstantNanoseconds, _slew;
    private readonly Queue<(double AtNanoseconds, PointAngstrom Target)> _pending = new();
    private PointAngstrom _start, _target, _commanded, _error;
    private double _movedAtNanoseconds;
    private bool _settled = true, _moved;

    public ProbePositioner(ProbeSettings settings, ulong seed)
    {
        settings.Validate();
        _settings = settings;
        _seed = seed;
        _timeConstantNanoseconds = settings.SettleTimeConstantMicroseconds * 1e3;
        _slew = settings.SlewAngstromPerMicrosecond * 1e-3;
        var noise = new SiteNoise(seed, NoisePurpose.Drift, 0, 0);
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * noise.NextUniform());
        DriftAngstromPerSecond = settings.DriftAngstromPerSecond * new PointAngstrom(cosine, sine);
        _start = _target = _commanded = Commanded(0, 0);
    }

    /// <summary>Velocity of the probe over the specimen that drift causes.</summary>
    public PointAngstrom DriftAngstromPerSecond { get; }

    /// <summary>Where a pair of codes asks the probe to go, without errors.</summary>
    public PointAngstrom Commanded(ushort codeX, ushort codeY) =>
        _settings.FieldOriginAngstrom + new PointAngstrom(codeX / 65536.0 * _settings.FieldAngstrom.X, codeY / 65536.0 * _settings.FieldAngstrom.Y);

    /// <summary>New codes at a time. A jump lands with the placement error of its site.</summary>
    public void MoveTo(ushort codeX, ushort codeY, long site, double nanoseconds)
    {
        PointAngstrom commanded = Commanded(codeX, codeY);
        if (!_moved || (commanded - _commanded).Length >= _settings.ShortestJumpAngstrom)
        {
            _error = PlacementError(site);
        }

        _commanded = commanded;
        _moved = true;
        if (_settings.DelayNanoseconds > 0)
        {
            _pending.Enqueue((nanoseconds + _settings.DelayNanoseconds, commanded + _error));
        }
        else
        {
            Begin(commanded + _error, nanoseconds);
        }
    }

    /// <summary>Where the probe stands on the specimen at a time.</summary>
    public PointAngstrom PositionAt(double nanoseconds) =>
        Deflection(nanoseconds) + (nanoseconds * 1e-9 * DriftAngstromPerSecond);

    /// <summary>Uniform in the disc, the same for a site whenever it is asked.</summary>
    public PointAngstrom PlacementError(long site)
    {
        var noise = new SiteNoise(_seed, NoisePurpose.Placement, site, 0);
        double radius = _settings.PlacementRadiusAngstrom * Math.Sqrt(noise.NextUniform());
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * noise.NextUniform());
        return new(radius * cosine, radius * sine);
    }

    private void Begin(PointAngstrom target, double nanoseconds)
    {
        (_start, _target, _movedAtNanoseconds) = (Follow(nanoseconds), target, nanoseconds);
        _settled = _timeConstantNanoseconds == 0 && _slew == 0;
    }

    private PointAngstrom Deflection(double nanoseconds)
    {
        while (_pending.TryPeek(out var move) && move.AtNanoseconds <= nanoseconds)
        {
            Begin(move.Target, move.AtNanoseconds);
            _pending.Dequeue();
        }

        return Follow(nanoseconds);
    }

    private PointAngstrom Follow(double nanoseconds)
    {
        if (_settled)
        {
            return _target;
        }

        double since = nanoseconds - _movedAtNanoseconds;
        double left = _slew > 0 ? LeftWithSlew(since) : Math.Exp(-since / _timeConstantNanoseconds);

        // 1e-9 of any jump in the field is below the size of a nucleus.
        _settled = left < 1e-9;
        return _target + (left * (_start - _target));
    }

    /// <summary>Part of the way that is left: at the largest speed until the exponential approach is slower.</summary>
    private double LeftWithSlew(double since)
    {
        double way = (_start - _target).Length, near = Math.Min(way, _slew * _timeConstantNanoseconds);
        double fast = (way - near) / _slew;
        return way == 0 ? 0
            : since < fast ? 1 - (_slew * since / way)
            : near == 0 ? 0
            : near / way * Math.Exp(-(since - fast) / _timeConstantNanoseconds);
    }
}
