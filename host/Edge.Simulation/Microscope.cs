using Edge.Simulation.Detector;
using Edge.Simulation.Dose;
using Edge.Simulation.Noise;
using Edge.Simulation.Optics;
using Edge.Simulation.Specimens;

namespace Edge.Simulation;

/// <summary>The simulated microscope in closed loop: obeys the card's pins, yields ADC samples and counts every electron.
/// <para>A site begins with each pulse of pixel_advance and with each change of the scan codes (both at one edge are one).
/// Sites are numbered from 0; dose before the first counts to site 0. Noise is indexed by (seed, site, sample): the
/// samples of a site count from the one in which the beam is first permitted there, those before it apart. So what a
/// dwell sees does not depend on how long anything took before.</para>
/// <para>Allocates only as the ledger grows.</para></summary>
public sealed class Microscope : ISampleSource
{
    private readonly MicroscopeSettings _settings;
    private readonly Specimen _specimen;
    private readonly DetectorModel _detector;
    private readonly Blanker _blanker;
    private readonly ProbePositioner _probe;
    private readonly ushort[] _pipeline;
    private readonly double[] _parts = new double[20];
    private readonly double _clockNanoseconds, _electronsPerNanosecond;
    private ushort _codeX, _codeY;
    private bool _permit;
    private long _site = -1, _sampleOfSite, _samples;
    private DosePhase _phase = DosePhase.Settle;
    private double _nowNanoseconds, _idleNanoseconds;

    /// <exception cref="InvalidSettingException">A setting outside its range.</exception>
    public Microscope(MicroscopeSettings settings, Specimen specimen)
    {
        settings.Validate();
        (_settings, _specimen) = (settings, specimen);
        (GainFactor, CurrentFactor) = settings.DrawCalibration();
        _detector = new(settings.Detector, settings.SamplePeriodNanoseconds, GainFactor);
        _blanker = new(settings.Blanker);
        _probe = new(settings.Probe, settings.Seed);
        _clockNanoseconds = settings.ClockNanoseconds;
        _electronsPerNanosecond = settings.ElectronsPerSample * CurrentFactor / settings.SamplePeriodNanoseconds;
        _pipeline = new ushort[settings.Detector.AdcPipelineSamples];
        Array.Fill(_pipeline, (ushort)Math.Clamp(Math.Round(settings.Detector.OffsetCounts), 0, (1 << settings.Detector.AdcBits) - 1));
        DoseMap = settings.KeepDoseMap
            ? new(new(settings.AcceleratingKilovolts, settings.ConvergenceMilliradians, settings.SourceFwhmAngstrom), specimen.SizeAngstrom)
            : null;
    }

    /// <summary>Truth, for scoring: gain over nominal.</summary>
    public double GainFactor { get; }

    /// <summary>Truth, for scoring: current over nominal.</summary>
    public double CurrentFactor { get; }

    /// <summary>Beam current over what the settings say, from now on: an operator who changes the spot size.</summary>
    public double BeamScale { get; set; } = 1;

    /// <summary>Truth, for scoring: where the probe stands now.</summary>
    public PointAngstrom ProbePosition => _probe.PositionAt(_nowNanoseconds);

    /// <summary>Electrons by site and phase.</summary>
    public DoseLedger Dose { get; } = new();

    /// <summary>Electrons per square angstrom; null when not kept.</summary>
    public DoseMap? DoseMap { get; }

    /// <summary>Site under way.</summary>
    public long Site => Math.Max(_site, 0);

    /// <summary>Sample periods so far.</summary>
    public long Samples => _samples;

    /// <summary>First clock edge of the period to come.</summary>
    public long Cycle => _samples * _settings.ClocksPerSample;

    /// <summary>Electrons detected in the period last simulated: truth, for tests.</summary>
    public int LastDetected => _detector.LastDetected;

    /// <summary>Lets time pass in which the card's clock does not count, as while a host computes: the specimen drifts, and
    /// the closed blanker leaks.</summary>
    public void Idle(double seconds)
    {
        _idleNanoseconds += seconds * 1e9;
        Pass(_nowNanoseconds + (seconds * 1e9));
    }

    /// <inheritdoc/>
    public ushort NextSample(ReadOnlySpan<PinChange> changes)
    {
        long end = Cycle + _settings.ClocksPerSample;
        double signal = 0;
        bool resolve = _settings.Detector.ResolveArrivals && (changes.Length > 0 || !_blanker.Steady);
        Array.Clear(_parts);
        foreach (PinChange change in changes)
        {
            double at = (change.Cycle * _clockNanoseconds) + _idleNanoseconds;
            if (change.Cycle < Cycle || change.Cycle >= end || at < _nowNanoseconds)
            {
                throw new ArgumentException($"A pin change at cycle {change.Cycle}; this period is cycles {Cycle} to {end - 1}, and changes come in order.", nameof(changes));
            }

            signal += resolve ? PassInParts(at) : Pass(at);
            Apply(change, at);
        }

        double periodEnd = (end * _clockNanoseconds) + _idleNanoseconds;
        signal += resolve ? PassInParts(periodEnd) : Pass(periodEnd);
        NoisePurpose purpose = _phase == DosePhase.Settle ? NoisePurpose.SettleSample : NoisePurpose.DwellSample;
        var noise = new SiteNoise(_settings.Seed, purpose, _site + 1, _sampleOfSite++);
        ushort sample = _detector.Integrate(signal, resolve ? _parts : [], ref noise);
        int slot = _pipeline.Length == 0 ? 0 : (int)(_samples % _pipeline.Length);
        _samples++;
        if (_pipeline.Length > 0)
        {
            (sample, _pipeline[slot]) = (_pipeline[slot], sample);
        }

        return sample;
    }

    /// <summary>Goes forward and notes in which part of the period the electrons came.</summary>
    private double PassInParts(double untilNanoseconds)
    {
        double start = (Cycle * _clockNanoseconds) + _idleNanoseconds, part = _settings.SamplePeriodNanoseconds / _parts.Length;
        double sum = 0;
        while (_nowNanoseconds < untilNanoseconds)
        {
            int k = Math.Clamp((int)(((_nowNanoseconds - start) / part) + 1e-6), 0, _parts.Length - 1);
            double next = k == _parts.Length - 1 ? untilNanoseconds : Math.Min(untilNanoseconds, start + ((k + 1) * part));
            double electrons = Pass(next);
            _parts[k] += electrons;
            sum += electrons;
        }

        return sum;
    }

    /// <summary>Goes forward to a time with the pins as they are.</summary>
    /// <returns>Expected electrons that reach the detector on the way.</returns>
    private double Pass(double untilNanoseconds)
    {
        if (untilNanoseconds <= _nowNanoseconds)
        {
            return 0;
        }

        double electrons = BeamScale * _electronsPerNanosecond * _blanker.AdvanceTo(untilNanoseconds);
        PointAngstrom position = _probe.PositionAt(0.5 * (_nowNanoseconds + untilNanoseconds));
        Dose.Add(Site, _phase, electrons);
        DoseMap?.Add(position, electrons);
        _nowNanoseconds = untilNanoseconds;
        return electrons * _specimen.FractionAt(position);
    }

    private void Apply(PinChange change, double nanoseconds)
    {
        bool moved = change.X != _codeX || change.Y != _codeY;
        if (moved || change.PixelAdvance)
        {
            _site++;
            _sampleOfSite = 0;
            _phase = DosePhase.Settle;

            // The first site is a jump from where the probe rested, also when its codes are zero.
            if (moved || _site == 0)
            {
                _probe.MoveTo(change.X, change.Y, _site, nanoseconds);
                (_codeX, _codeY) = (change.X, change.Y);
            }
        }

        if (change.PermitBeam != _permit)
        {
            _blanker.Permit(change.PermitBeam, nanoseconds);
            _permit = change.PermitBeam;
        }

        if (_permit && _phase == DosePhase.Settle)
        {
            _sampleOfSite = 0;
        }

        _phase = _permit ? DosePhase.Dwell : _phase == DosePhase.Settle ? DosePhase.Settle : DosePhase.AfterDecision;
    }
}
