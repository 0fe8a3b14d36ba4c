using System.Globalization;
using System.Text;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Appliance.Triggers.Calibrations;

/// <summary>The calibration on disk: YAML, every value with its uncertainty; fields in docs/file-formats.md.</summary>
public static class CalibrationFile
{
    public const int Format = 1;

    /// <summary>Jumps whose settling is in a file.</summary>
    public const int Jumps = 7;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string Text(CardCalibration c)
    {
        var text = new StringBuilder();
        CalibrationIdentity of = c.Identity;
        Line("# Written by 'edge card calibrate'. Uncertainties are one standard deviation.");
        Line("kind: calibration");
        Line($"format: {Format}");
        Line($"microscope: {Quoted(of.Microscope)}");
        Line($"measured_at: {Time(c.MeasuredAt)}");
        Line($"valid_until: {Time(c.ValidUntil)}");
        Line($"field_of_view: {N(of.FieldOfView)} A");
        Line("detector:");
        Line($"  name: {Quoted(of.Detector)}");
        Line($"  polarity: {(of.NegativePolarity ? "negative" : "positive")}");
        Line($"  sample_period: {N(of.SamplePeriodSeconds * 1e9)} ns");
        Line($"  pipeline_samples: {of.PipelineSamples}");
        Counts("pedestal", c.Pedestal, "ADC counts without light");
        Counts("read_noise", c.ReadNoise, "ADC counts, standard deviation without light");
        Counts("gain", c.Gain, "ADC counts of a mean electron, all of its light");
        Counts("single_electron_peak", c.SingleElectronPeak, "ADC counts at which one electron is most likely");
        Counts("pulse_spread", c.PulseSpread, "standard deviation of an electron's light over its mean");
        Counts("clipping_level", c.ClippingLevel, "ADC count at which light is cut off");
        Times("fast_decay", c.FastDecay, "of the light");
        Counts("slow_share", c.SlowShare, "part of the light that is slow");
        Times("slow_decay", c.SlowDecay, "of the slow light");
        Times("opening_delay", c.OpeningDelay, "from permit_beam to the first change of the beam");
        Times("rise", c.Rise, "10 % to 90 %");
        Times("closing_delay", c.ClosingDelay, "from blanking to the first change");
        Times("fall", c.Fall, "90 % to 10 %");
        Times("scan_delay", c.ScanDelay, "from new codes to the first movement");
        Times("scan_time_constant", c.ScanTimeConstant, "with which the probe follows");
        Times("scan_lag", c.ScanLag, "behind the codes in a raster line");
        Line("settle:");
        Line($"  within: {N(c.SettleWithin)} A");
        Line($"  jump: [{List(c.Settle.Select(settle => settle.Jump))}]   # parts of the field");
        Line($"  nanoseconds: [{List(c.Settle.Select(settle => settle.Nanoseconds.Value))}]");
        Line($"  uncertainty: [{List(c.Settle.Select(settle => settle.Nanoseconds.Uncertainty))}]");
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
        void Counts(string field, Measured value, string meaning) => Line($"{field}: {{value: {N(value.Value)}, uncertainty: {N(value.Uncertainty)}}}   # {meaning}");
        void Times(string field, Measured value, string meaning) => Line($"{field}: {{value: {N(value.Value)} ns, uncertainty: {N(value.Uncertainty)} ns}}   # {meaning}");
        string List(IEnumerable<double> values) => string.Join(", ", values.Select(N));
    }

    /// <exception cref="InvalidInputException">Not there, no calibration, or a field is missing or wrong; all are named.</exception>
    public static CardCalibration Read(string path)
    {
        YamlFile file = YamlFile.Read(path);
        YamlSection root = file.Root;
        root.Choice("kind", null, "calibration");
        root.Integer("format", null, Format, Format);
        file.ThrowIfFaulty();
        YamlSection detector = root.Section("detector");
        YamlSection settle = root.Section("settle");
        double[] jumps = settle.Numbers("jump", Jumps, 0, 1);
        double[] times = settle.Numbers("nanoseconds", Jumps, 0, 1e12);
        double[] doubts = settle.Numbers("uncertainty", Jumps, 0, 1e12);
        var calibration = new CardCalibration
        {
            Identity = new(
                root.Text("microscope", null),
                detector.Text("name", null),
                detector.Choice("polarity", null, "positive", "negative") == "negative",
                detector.Quantity("sample_period", Dimension.Time, null, 1e-9, 1e-5),
                detector.Integer("pipeline_samples", null, 0, 60),
                root.Quantity("field_of_view", Dimension.Length, null, 1, 1e5)),
            MeasuredAt = Moment(root, "measured_at", root.Text("measured_at", null)),
            ValidUntil = Moment(root, "valid_until", root.Text("valid_until", null)),
            Pedestal = Number(root.Section("pedestal"), 0, 65535),
            ReadNoise = Number(root.Section("read_noise"), 0, 65535),
            Gain = Number(root.Section("gain"), 1e-3, 1e6),
            SingleElectronPeak = Number(root.Section("single_electron_peak"), 0, 1e6),
            PulseSpread = Number(root.Section("pulse_spread"), 0, 10),
            ClippingLevel = Number(root.Section("clipping_level"), 0, 65535),
            FastDecay = Nanoseconds(root.Section("fast_decay")),
            SlowShare = Number(root.Section("slow_share"), 0, 1),
            SlowDecay = Nanoseconds(root.Section("slow_decay")),
            OpeningDelay = Nanoseconds(root.Section("opening_delay")),
            Rise = Nanoseconds(root.Section("rise")),
            ClosingDelay = Nanoseconds(root.Section("closing_delay")),
            Fall = Nanoseconds(root.Section("fall")),
            ScanDelay = Nanoseconds(root.Section("scan_delay")),
            ScanTimeConstant = Nanoseconds(root.Section("scan_time_constant")),
            ScanLag = Nanoseconds(root.Section("scan_lag")),
            SettleWithin = settle.Quantity("within", Dimension.Length, null, 1e-4, 1e5),
            Settle = [.. jumps.Select((jump, k) => new SettleTime(jump, new(times[k], doubts[k])))],
        };
        file.Finish();
        return calibration;
    }

    /// <summary>The calibration of a run; a stale one, or one of something else, is refused.</summary>
    /// <exception cref="InvalidInputException">Everything that is wrong with it, and how to mend it.</exception>
    public static CardCalibration ReadFor(VisitRunFile run, string path, DateTimeOffset now)
    {
        CardCalibration calibration = Read(path);
        CalibrationIdentity of = calibration.Identity;
        var faults = new List<string>();
        if (now > calibration.ValidUntil)
        {
            faults.Add($"valid_until: expired {Time(calibration.ValidUntil)}, {Ago(now - calibration.ValidUntil)} ago");
        }

        if (calibration.MeasuredAt > now + TimeSpan.FromMinutes(10))
        {
            faults.Add($"measured_at: {Time(calibration.MeasuredAt)} lies ahead of this computer's clock, {Time(now)}; one of the two clocks is wrong");
        }

        if (calibration.ValidUntil <= calibration.MeasuredAt)
        {
            faults.Add("valid_until: is not after measured_at");
        }

        Same("microscope", of.Microscope, run.Microscope);
        Same("detector.name", of.Detector, run.DetectorName);
        Same("detector.polarity", Polarity(of.NegativePolarity), Polarity(run.NegativePolarity));
        Same("detector.sample_period", Dimension.Time.Format(of.SamplePeriodSeconds), Dimension.Time.Format(run.SamplePeriodSeconds));
        Same("detector.pipeline_samples", $"{of.PipelineSamples}", $"{run.PipelineSamples}");
        return faults.Count == 0
            ? calibration
            : throw new InvalidInputException(string.Join(Environment.NewLine, faults.Select(fault => $"{path}: {fault}").Append($"{path}: is not used. Calibrate again: edge card calibrate {run.Path}")));

        void Same(string field, string found, string wanted)
        {
            if (found != wanted)
            {
                faults.Add($"{field}: found '{found}'; the run has '{wanted}'");
            }
        }
    }

    private static string Polarity(bool negative) => negative ? "negative" : "positive";

    private static string Ago(TimeSpan since) => since.TotalDays >= 2 ? $"{(int)since.TotalDays} days" : since.TotalHours >= 2 ? $"{(int)since.TotalHours} hours" : $"{(int)since.TotalMinutes + 1} minutes";

    private static DateTimeOffset Moment(YamlSection root, string field, string text)
    {
        if (DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment))
        {
            return moment;
        }

        if (text.Length > 0)
        {
            root.Reject(field, $"found '{YamlSection.Shown(text)}'; expected a time in UTC, as 2026-11-24T12:00:00Z");
        }

        return default;
    }

    private static Measured Number(YamlSection section, double least, double most) =>
        new(section.Number("value", null, least, most), section.Number("uncertainty", null, 0, 1e9));

    private static Measured Nanoseconds(YamlSection section) =>
        new(section.Quantity("value", Dimension.Time, null, 0, 1) * 1e9, section.Quantity("uncertainty", Dimension.Time, null, 0, 1) * 1e9);

    private static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static string N(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    private static string Quoted(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
}
