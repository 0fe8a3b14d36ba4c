using Edge.Appliance.Cards;
using Edge.Appliance.Triggers.Calibrations.Fits;
using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Appliance.Triggers.Calibrations;

/// <summary>How much is measured; more beam makes smaller uncertainties.</summary>
/// <param name="Effort">1 is the usual; uncertainties go with its root.</param>
/// <param name="SettleWithin">Distance at which the probe counts as settled, angstrom.</param>
/// <param name="Valid">How long the results hold.</param>
public sealed record CalibrationOptions(double Effort, double SettleWithin, TimeSpan Valid)
{
    public static CalibrationOptions Usual { get; } = new(1, 0.1, TimeSpan.FromDays(7));
}

/// <summary>Measures detector, blanker and scan through the card: the beam is switched and the probe is moved over contrast,
/// and the detector's raw samples tell. Needs a field with an even contrast (a wedge, the edge of a thick film).</summary>
public sealed class Calibrator
{
    private const double FieldCodes = 65536;
    private const int MapSide = 16;
    private const int Places = 8;

    private readonly VisitRunFile file;
    private readonly CalibrationOptions options;
    private readonly CardControl control;
    private readonly CardSampler sampler;
    private readonly ICard card;
    private readonly Action<string> progress;
    private readonly double period;
    private readonly CancellationToken cancel;
    private readonly List<string> notes = [];

    /// <param name="progress">Told each step.</param>
    public Calibrator(VisitRunFile file, CalibrationOptions options, ICard card, Action<string> progress, CancellationToken cancel)
    {
        (this.file, this.options, this.card, this.progress, this.cancel) = (file, options, card, progress, cancel);
        control = new(card);
        sampler = new(card, control, file.ClocksPerSample);
        period = file.SamplePeriodSeconds * 1e9;
    }

    /// <param name="raiseBeam">Multiplies the beam current, for the clipping level; 1 gives it back. An operator, or the
    /// simulated microscope.</param>
    /// <exception cref="CalibrationException">Something cannot be measured; the message says what to look at.</exception>
    /// <exception cref="CardStoppedException">The card tripped.</exception>
    public (CardCalibration Result, CalibrationCurves Curves) Run(DateTimeOffset now, Action<double> raiseBeam)
    {
        control.Identify();
        card.Write(CardRegisters.HeartbeatTimeoutAddress, file.Card.Clocks(file.HeartbeatSeconds));
        card.Write(CardRegisters.DetectorTimeoutAddress, (uint)(20 * file.ClocksPerSample));
        control.Write64(CardRegisters.FrameCapLowAddress, 1);
        control.Engage();

        progress("dark: pedestal and read noise");
        (Measured pedestal, Measured readNoise) = Dark();
        progress("contrast of the field");
        (Place bright, Place dim, double sign) = Survey(pedestal);
        progress("blanker: the beam is switched, the detector watched");
        TimingData timing = Toggle(pedestal.Value, sign, bright, readNoise.Value);
        TimingFit edges = TimingFit.Of(timing, Onset(timing));
        progress("single electrons");
        (PulseHeights pulses, double share) = Flashes(pedestal.Value, sign, dim, edges);
        progress("scan: the probe jumps over contrast");
        ScanData scan = Jumps(pedestal.Value, sign, bright, edges);
        double within = options.SettleWithin / file.FieldOfView;
        (ScanFit scanFit, Measured[] derived) = ScanFit.Of(scan, response =>
            [response.Delay, response.Constant, response.Lag, .. Enumerable.Range(1, Places - 1).Select(k => response.Settle((double)k / Places, within))]);
        progress("clipping: the beam is raised");
        Measured clipping = Clipping(sign, bright, raiseBeam);

        Measured gain = pulses.Gain.Times(1 / share).With(pulses.Gain.Value * 0.2 * (1 - share));
        Measured spread = pulses.Spread;
        double narrow = Math.Max(0, 1 - (spread.Value * spread.Value));
        var result = new CardCalibration
        {
            Identity = new(file.Microscope, file.DetectorName, sign < 0, file.SamplePeriodSeconds, file.PipelineSamples, file.FieldOfView),
            MeasuredAt = now,
            ValidUntil = now + options.Valid,
            Pedestal = pedestal,
            ReadNoise = readNoise,
            Gain = gain,
            SingleElectronPeak = new Measured(gain.Value * narrow, gain.Uncertainty * narrow).With(2 * spread.Value * spread.Uncertainty * gain.Value),
            PulseSpread = spread,
            FastDecay = edges.Value(5),
            SlowShare = edges.Value(6),
            SlowDecay = edges.Value(7),
            ClippingLevel = clipping,
            OpeningDelay = edges.Value(1),
            Rise = edges.Value(2),
            ClosingDelay = edges.Value(3),
            Fall = edges.Value(4),
            ScanDelay = derived[0],
            ScanTimeConstant = derived[1],
            ScanLag = derived[2],
            SettleWithin = options.SettleWithin,
            Settle = [.. derived[3..].Select((time, k) => new SettleTime((k + 1.0) / Places, time))],
        };
        return (result, new(pulses, share, timing, edges, scan, scanFit, sampler.SamplesTaken, sampler.BeamClocks, notes));
    }

    /// <summary>A place in the field, in scan codes.</summary>
    private readonly record struct Place(double X, double Y);

    private int Many(double usual) => Math.Max(64, (int)(usual * options.Effort));

    private uint Settled => Clocks(200) + file.Card.Clocks(file.SettleSeconds);

    private uint Clocks(double samples) => (uint)Math.Ceiling(samples * file.ClocksPerSample);

    private double[] Take(SampledScan scan) => sampler.Take(scan, cancel);

    private (Measured Pedestal, Measured Noise) Dark()
    {
        double[] dark = Take(new(FieldCodes / 2, FieldCodes / 2, 1000, Many(64), OnClocks: 0));
        double[] sorted = [.. dark.Order()];
        double centre = sorted[sorted.Length / 2];
        double width = Math.Max(0.5, (sorted[(int)(0.8413 * sorted.Length)] - sorted[(int)(0.1587 * sorted.Length)]) / 2);

        // Stray electrons only add light: what is far off the middle is left out, on both sides alike.
        for (int round = 0; round < 4; round++)
        {
            double[] core = [.. dark.Where(value => Math.Abs(value - centre) <= 3 * width)];
            centre = core.Average();
            double variance = core.Average(value => (value - centre) * (value - centre));

            // A normal distribution cut at 3 sigma keeps 0.97334 of its variance.
            width = Math.Max(0.5, Math.Sqrt(variance / 0.97334));
        }

        double noise = Math.Sqrt(Math.Max(0, (width * width) - (1.0 / 12)));
        double n = dark.Length;
        if (sorted[(int)(0.02 * n)] <= 0 || sorted[(int)(0.98 * n)] >= ushort.MaxValue)
        {
            throw new CalibrationException($"the dark signal lies at the end of the ADC's range ({centre:F1} counts). Move the detector's offset so that the noise is not cut off.");
        }

        return (new Measured(centre, width / Math.Sqrt(n)).With(0.2 * Math.Abs(dark.Average() - centre)).With(0.02), new Measured(noise, width * width / Math.Max(noise, 0.3) / Math.Sqrt(2 * n)).With(0.005 * width).With(0.01));
    }

    /// <summary>A coarse image: where it is bright, where dim, and which way light moves the counts.</summary>
    private (Place Bright, Place Dim, double Sign) Survey(Measured pedestal)
    {
        const int Samples = 200;
        double step = FieldCodes / MapSide;
        double[] map = Take(new(step / 2, step / 2, MapSide, MapSide, Samples, Math.Min(63, file.PipelineSamples), Settled, XStep: step, YStep: step));
        double[] light = [.. map.Select(sum => (sum / Samples) - pedestal.Value)];
        double mean = light.Average(), least = 8 * pedestal.Uncertainty;
        if (Math.Abs(mean) < least)
        {
            throw new CalibrationException($"the detector shows the same with the beam on and off ({pedestal.Value:F1} counts; they differ by {mean:F2}). Is the beam on, the detector inserted and its cable in the card's input?");
        }

        double sign = Math.Sign(mean);
        double[] up = [.. light.Select(value => sign * value)];
        int brightest = Array.IndexOf(up, up.Max()), dimmest = Array.IndexOf(up, up.Min());
        double contrast = Smooth(up).Max() - Smooth(up).Min();
        if (contrast < 0.2 * Math.Abs(mean))
        {
            throw new CalibrationException($"the field shows too little contrast to see the probe move (from {Smooth(up).Min():F1} to {Smooth(up).Max():F1} counts along the slow axis). Move to a wedge or to the edge of a thick film, bright at one end and dark at the other.");
        }

        return (At(brightest), At(dimmest), sign);

        Place At(int pixel) => new((pixel % MapSide + 0.5) * step, (pixel / MapSide + 0.5) * step);

        static double[] Smooth(double[] map) => [.. Enumerable.Range(0, MapSide / 2).Select(row => map.AsSpan(2 * row * MapSide, 2 * MapSide).ToArray().Average())];
    }

    private TimingData Toggle(double pedestal, double sign, Place place, double noise)
    {
        const int Rise = 40;
        const int Before = 6; // samples before the beam goes off
        int pipeline = file.PipelineSamples;
        uint dark = Clocks(160);
        double[] rise = Take(new(place.X, place.Y, Rise, Many(2500), SettleClocks: dark));
        int align = Math.Min(63, Rise - Before + pipeline), first = align - pipeline, on = first + Before;
        int columns = Math.Max(on, Math.Min(Rise, on));
        double[] fall = Take(new(place.X, place.Y, columns, Many(2500), Align: align, SettleClocks: dark + Clocks(64)));
        const int Skipped = 100;
        const int Line = 1124;
        double[] steady = Take(new(place.X, place.Y, Line, Many(400), SettleClocks: dark));
        return new(
            period,
            Up(rise),
            Rise,
            -pipeline,
            Up(fall),
            columns,
            first,
            on,
            Up([.. Enumerable.Range(0, steady.Length / Line).SelectMany(row => steady.AsSpan((row * Line) + Skipped, Line - Skipped).ToArray())]),
            Line - Skipped,
            noise);

        double[] Up(double[] counts) => [.. counts.Select(count => sign * (count - pedestal))];
    }

    /// <summary>Roughly when the light begins, ns after the pin: where half of the steady level is reached, less a little.</summary>
    private double Onset(TimingData timing)
    {
        (double[] mean, _) = new RowStatistics(timing.Rise, timing.RiseColumns).Of();
        double half = 0.5 * timing.Steady.Average();
        int k = Array.FindIndex(mean, value => value > half);
        if (k < 0)
        {
            throw new CalibrationException($"{timing.RiseColumns} samples after the pin permits the beam the detector shows no light. Is the blanker wired to permit_beam, and is its delay below {timing.RiseColumns * period / 1000:F1} us?");
        }

        double at = (timing.RiseFirst + k - 0.5) * period;
        return at > -period ? Math.Max(0, at) : throw new CalibrationException($"light comes before the pin permits the beam: detector.pipeline_samples is {file.PipelineSamples}; the ADC seems to have about {k} at most. Correct the run file.");
    }

    private (PulseHeights Pulses, double Share) Flashes(double pedestal, double sign, Place place, TimingFit edges)
    {
        uint on = Clocks(1);
        (double[] trial, double noise) = Window(on, 1000);
        double dark = (double)trial.Count(sum => sum < 2.5 * noise) / trial.Length;
        double occupancy = Math.Clamp(-Math.Log(Math.Clamp(dark, 1e-3, 0.999)), 0.005, 7);
        on = (uint)Math.Clamp(Math.Round(on * 0.4 / occupancy), 1, Clocks(6));
        (double[] sums, noise) = Window(on, Many(12_000));
        double seen = (double)sums.Count(sum => sum > 2.5 * noise) / sums.Length;
        if (seen > 0.9)
        {
            throw new CalibrationException($"{100 * seen:F0} % of the shortest flashes hold light: single electrons cannot be told apart. Lower the beam current for the calibration.");
        }

        PulseHeights pulses = PulseHeightFit.Fit(sums, noise);
        double seconds = on * period / file.ClocksPerSample;
        int first = FirstOfWindow, samples = WindowSamples(on, edges);
        double[] light = BeamResponse.Samples(period, samples + 2000, seconds, edges.Rise, edges.Fall, edges.Decay);
        double share = light.Take(first + samples).Sum() / light.Sum();
        return (pulses, share);

        (double[] Sums, double Noise) Window(uint clocks, int flashes)
        {
            int align = file.PipelineSamples + FirstOfWindow, width = WindowSamples(clocks, edges);
            uint settle = Clocks(2 * width) + file.Card.Clocks(4e-9 * Math.Min(edges.Decay.Slow, 40 * period));
            double[] none = Take(new(place.X, place.Y, 1, 1500, width, align, settle, OnClocks: 0));
            double[] lit = Take(new(place.X, place.Y, 1, flashes, width, align, settle, OnClocks: clocks));
            double[] sorted = [.. none.Order()];
            double sigma = Math.Max(0.5, (sorted[(int)(0.8413 * sorted.Length)] - sorted[(int)(0.1587 * sorted.Length)]) / 2);
            return ([.. lit.Select(sum => sign * (sum - (width * pedestal)))], sigma);
        }
    }

    /// <summary>Sample of the window's start after the pin: none of the light is before it.</summary>
    private static int FirstOfWindow => 0;

    /// <summary>Until the fast light of a flash is over.</summary>
    private int WindowSamples(uint onClocks, TimingFit edges)
    {
        double nanoseconds = (onClocks * period / file.ClocksPerSample) + edges.Fall.Delay + (2.5 * edges.Fall.Rise) + (6 * edges.Decay.Fast);
        return Math.Clamp((int)Math.Ceiling(nanoseconds / period), 3, 200);
    }

    /// <summary>Lines at eight places along the slow axis, each begun by a jump: the light tells where the probe is.</summary>
    private ScanData Jumps(double pedestal, double sign, Place bright, TimingFit edges)
    {
        int[] steps = [1, 2, 3, 4];
        int columns = Math.Clamp((int)Math.Ceiling(1.2 * file.SettleSeconds / file.SamplePeriodSeconds), 100, 4000);
        double step = FieldCodes / Places;

        // In the dark long enough that no light of the place before is left, then the move, then the beam.
        uint blank = Clocks(Math.Clamp(Math.Ceiling(6 * edges.Decay.Slow / period), 60, 2000)) + 1;
        int align = Math.Min(63, file.PipelineSamples);
        var traces = new List<JumpTrace>();
        foreach (int over in steps)
        {
            int rows = Places * Math.Max(8, (int)(96 * options.Effort));
            double[] all = Take(new(bright.X, step / 2, columns, rows, Align: align, BlankClocks: blank, YStep: over * step));
            int cycle = Places / Gcd(over, Places);
            for (int k = 0; k < cycle; k++)
            {
                // The first line of all is left out: its move came with the start.
                int from = (k + cycle - 1) % cycle * over % Places, to = k * over % Places;
                double[] own = [.. Enumerable.Range(1, rows - 1).Where(row => row % cycle == k).SelectMany(row => all.AsSpan(row * columns, columns).ToArray()).Select(count => sign * (count - pedestal))];
                traces.Add(new(from, to, own, columns));
            }
        }

        double move = (file.ClocksPerSample - 1) * period / file.ClocksPerSample;
        return new(period, move, Places, align - file.PipelineSamples, traces, edges.Rise, edges.Decay);
    }

    private Measured Clipping(double sign, Place place, Action<double> raiseBeam)
    {
        try
        {
            for (double scale = 3; scale <= 30_000; scale *= 3)
            {
                raiseBeam(scale);
                double[] counts = Take(new(place.X, place.Y, 400, 4, SettleClocks: Clocks(200)));
                double[] lit = [.. Enumerable.Range(0, 4).SelectMany(row => counts.AsSpan((row * 400) + 100, 300).ToArray())];
                double last = sign > 0 ? lit.Max() : lit.Min();
                if (lit.Count(count => count == last) > 0.2 * lit.Length)
                {
                    return new(last, 0.5);
                }
            }
        }
        finally
        {
            raiseBeam(1);
        }

        throw new CalibrationException("the detector was not driven to its limit, so the clipping level is not known. Raise the beam current further, or the detector's gain.");
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
