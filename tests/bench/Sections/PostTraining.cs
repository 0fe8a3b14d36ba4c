using System.Globalization;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Bench.Sections;

/// <summary>A float network after our quantization, against its own float outputs.</summary>
internal static class PostTraining
{
    // ../shared/peers/README.md, section F: MinMax, per channel, QDQ in float.
    private const double TheirLargest = 11.25;
    private const double TheirMean = 0.183;
    private const double TheirRms = 0.275;
    private const double TheirAgreement = 97.30;

    private const string Name = "three_layer_keras, ";

    /// <exception cref="SectionSkippedException">The files are not on this machine.</exception>
    public static (IReadOnlyList<Row> Rows, string Note) Measure(BenchContext context)
    {
        string path = context.Shared("models", "three_layer_keras", "three_layer_keras.onnx");
        NpyArray calibration = NpyArray.Read(context.Shared("peers", "tlk_x_calib1000.npy"));
        NpyArray rows = NpyArray.Read(context.Shared("peers", "tlk_x_normal5000.npy"));
        double[] expected = NpyArray.Read(context.Shared("peers", "tlk_logits_float_normal5000.npy")).Values;
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path), inputShape: null);
        var calibrationRows = new CalibrationRows(calibration.Values, network.InputLength);
        Errors Quantized(QuantizationSettings settings, FixedPointFormat? format = null) =>
            Errors.Of(QuantizedModel.Quantize(network, calibrationRows, format, settings, context.Terminal.Progress), rows, expected);

        Errors eight = Quantized(new(new Precision(8, 8)));
        Errors eightBitInputs = Quantized(new(new Precision(8, 8)), new FixedPointFormat(Signed: true, Width: 8, IntegerBits: 4));
        Errors six = Quantized(new(new Precision(6, 6)));
        Errors plain = Quantized(new(new Precision(6, 6)) { RoundsAdaptively = false, Equalizes = false });
        Errors automatic = Quantized(new());
        Row[] figures =
        [
            AtMostHalf("8-bit weights and activations: mean error of a logit", eight.Mean, TheirMean),
            AtMostHalf("8-bit weights and activations: rms error", eight.Rms, TheirRms),
            new(Name + "8-bit weights and activations: largest error", Row.Text(eight.Largest), Theirs(Row.Text(TheirLargest))),
            new(Name + "8-bit weights and activations: same class as the float network", Percent(eight.Agreement), Theirs(Percent(TheirAgreement)), eight.Agreement >= TheirAgreement),
            AtMostHalf("8-bit weights, activations and inputs: mean error", eightBitInputs.Mean, TheirMean),
            AtMostHalf("8-bit weights, activations and inputs: rms error", eightBitInputs.Rms, TheirRms),
            BelowPlain("6-bit weights and activations: mean error", six.Mean, plain.Mean),
            BelowPlain("6-bit weights and activations: rms error", six.Rms, plain.Rms),
            BelowPlain("6-bit weights and activations: largest error", six.Largest, plain.Largest),
            new(Name + "6-bit weights and activations: same class as the float network", Percent(six.Agreement), $"plain rounding, 6 bits: {Percent(plain.Agreement)}", six.Agreement > plain.Agreement),
            new(Name + $"{automatic.Precision.WeightBits}-bit weights and {automatic.Precision.ActivationBits}-bit activations, chosen by itself: mean, rms, largest error", $"{Row.Text(automatic.Mean)}, {Row.Text(automatic.Rms)}, {Row.Text(automatic.Largest)}"),
        ];
        string note = $"Post-training quantization of three_layer_keras, min/max calibration with {calibrationRows.Count} rows of normal(0,1): logits of {Row.Text(rows.Rows)} other rows, none left out, against the float network. Inputs have the format chosen from the rows (16 bits or more), unless 8 are named. Theirs, from peers/README, measured on another machine with the same rows: ONNX Runtime 1.31.1 `quantize_static`, 8-bit weights per channel, 8-bit activations and inputs, QDQ evaluated in float, the best of its table for mean and rms. Plain rounding: our formats without equalisation, nearest weights, biases uncorrected.";
        return (figures, note);
    }

    private static Row AtMostHalf(string figure, double ours, double theirs) =>
        new(Name + figure, Row.Text(ours), $"at most {Row.Text(theirs / 2)}, half of theirs at 8 bits: {theirs.ToString(CultureInfo.InvariantCulture)}", ours <= theirs / 2);

    private static Row BelowPlain(string figure, double ours, double plain) =>
        new(Name + figure, Row.Text(ours), $"below plain rounding, 6 bits: {Row.Text(plain)}", ours < plain);

    private static string Theirs(string figure) => $"theirs, 8 bits: {figure}";

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + " %";

    private readonly record struct Errors(Precision Precision, double Mean, double Rms, double Largest, double Agreement)
    {
        public static Errors Of(QuantizedModel model, NpyArray rows, double[] expected)
        {
            IntegerNetwork network = model.Integers;
            long[] encoded = network.Input.EncodeRows(rows.Values, []);
            double[] values = network.Output.Decode(new FastInterpreter(network).RunRows(encoded), network.OutputLength, beforeSoftmax: true);
            double[] errors = [.. values.Zip(expected, (ours, floats) => Math.Abs(ours - floats))];
            int agree = values.Chunk(network.OutputLength).Zip(expected.Chunk(network.OutputLength), (ours, floats) => Class(ours) == Class(floats)).Count(same => same);
            return new(model.Precision!.Value, errors.Average(), Math.Sqrt(errors.Average(error => error * error)), errors.Max(), 100.0 * agree / rows.Rows);
        }

        private static int Class(double[] values) => Array.IndexOf(values, values.Max());
    }
}
