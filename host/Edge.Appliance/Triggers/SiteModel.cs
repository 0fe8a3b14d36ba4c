using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Appliance.Triggers;

/// <summary>What the host must know of a network that classifies sites, besides the network: the file beside the model,
/// written by the script that trained it.</summary>
public sealed record SiteModel
{
    public required IReadOnlyList<string> Classes { get; init; }

    public required string InputFormat { get; init; }

    /// <summary>At nominal gain and current.</summary>
    public required IngressSettings Ingress { get; init; }

    /// <summary>Samples to leave out beyond the ADC's pipeline, while the blanker opens.</summary>
    public required int ExtraAlignSamples { get; init; }

    public required int MinimumSamples { get; init; }

    public required int MaximumSamples { get; init; }

    /// <summary>How far the class must lead every other, in output steps; one per class.</summary>
    public required IReadOnlyList<int> Thresholds { get; init; }

    /// <summary>Beam electrons that a decision took on the specimens of training, a class each: what to expect.</summary>
    public required IReadOnlyList<double> MeanElectrons { get; init; }

    public required double NominalCurrentPicoamperes { get; init; }

    public required double NominalSamplePeriodNanoseconds { get; init; }

    public required double DetectorEfficiency { get; init; }

    public required double DarkElectronsPerSample { get; init; }

    /// <summary>How far gain times current may be off, as a part of nominal.</summary>
    public required double CalibrationError { get; init; }

    public required OverviewReference Overview { get; init; }

    /// <exception cref="Networks.InvalidInputException">A field is missing or outside its range; all are named.</exception>
    public static SiteModel Read(string path)
    {
        YamlFile file = YamlFile.Read(path);
        YamlSection root = file.Root;
        root.Text("model", null);
        root.Text("question", string.Empty);
        string[] classes = root.Texts("classes");
        root.Texts("inputs");
        YamlSection ingress = root.Section("ingress");
        YamlSection decision = root.Section("decision");
        YamlSection nominal = root.Section("nominal");
        YamlSection overview = root.Section("overview");
        decision.Choice("rule", null, "difference");
        decision.Number("output_lsb_logits", null, 1e-9, 1e9);
        decision.Numbers("thresholds_logits", classes.Length, -1e9, 1e9);
        nominal.Number("beam_electrons_per_sample", null, 1e-6, 1e9);
        nominal.Number("gain_counts_per_electron", null, 1e-6, 1e9);
        overview.Number("dose_e_per_A2", null, 1e-6, 1e9);
        overview.Number("pristine_mean_fraction", null, 0, 1);
        overview.Integer("samples_per_pixel", null, 1, 65535);
        overview.Number("events_per_sample", null, 0, 1);
        var model = new SiteModel
        {
            Classes = classes,
            InputFormat = root.Text("input_format", null),
            Ingress = new(
                (ushort)ingress.Integer("adc_offset_counts", null, 0, ushort.MaxValue),
                (ushort)ingress.Integer("adc_gain_nominal", null, 1, ushort.MaxValue),
                (ushort)ingress.Integer("elapsed_step_nominal", null, 1, 4095),
                (short)ingress.Integer("event_threshold_lsb", null, short.MinValue, short.MaxValue),
                (short)ingress.Integer("clip_lsb", null, short.MinValue, short.MaxValue)),
            ExtraAlignSamples = ingress.Integer("align_extra_samples", null, 0, 63),
            MinimumSamples = decision.Integer("min_samples", null, 1, 65535),
            MaximumSamples = decision.Integer("max_samples", null, 1, 65535),
            Thresholds = [.. decision.Numbers("thresholds_lsb", classes.Length, int.MinValue, int.MaxValue).Select(value => (int)value)],
            MeanElectrons = decision.Numbers("mean_electrons", classes.Length, 0, 1e12),
            NominalCurrentPicoamperes = nominal.Number("beam_current_pA", null, 1e-3, 1e6),
            NominalSamplePeriodNanoseconds = nominal.Number("sample_period_ns", null, 1, 1e6),
            DetectorEfficiency = nominal.Number("detector_efficiency", null, 0, 1),
            DarkElectronsPerSample = nominal.Number("dark_electrons_per_sample", null, 0, 1e6),
            CalibrationError = nominal.Number("gain_times_current_within", null, 0, 0.9),
            Overview = new(
                overview.Number("signal_per_sample", null, 1e-9, 1e6),
                overview.Number("floor_loss", null, 0, 1),
                new SortedDictionary<int, double>(OverviewReference.KnownSamplesPerPixel.ToDictionary(
                    samples => samples,
                    samples => overview.Number($"events_per_sample_{samples}", null, 1e-9, 1)))),
        };
        file.Finish();
        return model;
    }
}

/// <summary>What an overview of the pristine lattice shows at nominal gain and current.</summary>
/// <param name="SignalPerSample">Electrons, dark counts included.</param>
/// <param name="FloorLossPerSample">Electrons that rounding down takes off.</param>
/// <param name="EventsPerSample">By samples per pixel: an event that goes on counts again in the next pixel.</param>
public sealed record OverviewReference(double SignalPerSample, double FloorLossPerSample, SortedDictionary<int, double> EventsPerSample)
{
    internal static readonly int[] KnownSamplesPerPixel = [1, 2, 4, 8];
}

/// <summary>Gain and beam current over nominal, as an overview shows them.</summary>
/// <param name="RelativeUncertainty">One standard deviation of their product, from the number of events.</param>
public readonly record struct CalibrationEstimate(double Gain, double Current, double RelativeUncertainty)
{
    /// <param name="sum">Sum over the overview, 1/64 electron, taken with the nominal registers.</param>
    /// <param name="events">Events of the overview.</param>
    /// <param name="samples">ADC samples of the overview.</param>
    /// <exception cref="Networks.InvalidInputException">The overview has no signal, or samples per pixel without reference.</exception>
    public static CalibrationEstimate From(SiteModel model, double sum, double events, double samples, int samplesPerPixel)
    {
        if (!model.Overview.EventsPerSample.TryGetValue(samplesPerPixel, out double eventsPerSample))
        {
            throw new Networks.InvalidInputException(
                $"overview.dwell is {samplesPerPixel} samples a pixel; the model knows overviews of {string.Join(", ", model.Overview.EventsPerSample.Keys)} samples a pixel.");
        }

        double signal = (sum / 64 / samples) + model.Overview.FloorLossPerSample;
        if (events < 30 || signal <= model.DarkElectronsPerSample)
        {
            throw new Networks.InvalidInputException($"the overview shows no signal ({events} events in {samples} samples). Is the beam on, and is the detector connected?");
        }

        double reference = model.Overview.SignalPerSample;
        double product = Math.Clamp((signal - model.DarkElectronsPerSample) / (reference - model.DarkElectronsPerSample), 1 - model.CalibrationError, 1 + model.CalibrationError);
        double gain = signal / (events / samples) / (reference / eventsPerSample);
        return new(gain, product / gain, Math.Sqrt(1.25 / events));
    }

    /// <summary>The ingress settings that undo the estimated factors.</summary>
    public IngressSettings Applied(IngressSettings nominal) => nominal with
    {
        Gain = (ushort)Math.Clamp(Math.Round(nominal.Gain / Gain), 1, ushort.MaxValue),
        ElapsedStep = (ushort)Math.Clamp(Math.Round(nominal.ElapsedStep * Current), 1, 4095),
    };
}
