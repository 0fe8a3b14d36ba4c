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

    private const int OrdinaryRows = 256;
    private const double LeastAgreement = 99.5;

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
        Errors Quantized(QuantizationSettings settings) =>
            Errors.Of(QuantizedModel.Quantize(network, calibrationRows, null, settings, context.Terminal.Progress), rows, expected);

        Errors eight = Quantized(new(new Precision(8, 8)));
        Errors eightBitInputs = Quantized(new(new Precision(8, 8)) { InputBits = 8 });
        Errors six = Quantized(new(new Precision(6, 6)));
        Errors plain = Quantized(new(new Precision(6, 6)) { RoundsAdaptively = false, Equalizes = false });
        Errors automatic = Quantized(new());
        Row[] figures =
        [
            AtMostHalf(Name + "8-bit weights and activations: mean error of a logit", eight.Mean, TheirMean),
            AtMostHalf(Name + "8-bit weights and activations: rms error", eight.Rms, TheirRms),
            new(Name + "8-bit weights and activations: largest error", Row.Text(eight.Largest), Theirs(Row.Text(TheirLargest))),
            new(Name + "8-bit weights and activations: same class as the float network", Percent(eight.Agreement), Theirs(Percent(TheirAgreement)), eight.Agreement >= TheirAgreement),
            AtMostHalf(Name + "8-bit weights, activations and inputs: mean error", eightBitInputs.Mean, TheirMean),
            AtMostHalf(Name + "8-bit weights, activations and inputs: rms error", eightBitInputs.Rms, TheirRms),
            BelowPlain(Name + "6-bit weights and activations: mean error", six.Mean, plain.Mean),
            BelowPlain(Name + "6-bit weights and activations: rms error", six.Rms, plain.Rms),
            new(Name + "6-bit weights and activations: largest error", Row.Text(six.Largest), $"plain rounding, 6 bits: {Row.Text(plain.Largest)}"),
            new(Name + "6-bit weights and activations: same class as the float network", Percent(six.Agreement), $"plain rounding, 6 bits: {Percent(plain.Agreement)}", six.Agreement > plain.Agreement),
            new(Name + $"{automatic.Precision.WeightBits}-bit weights and {automatic.Precision.ActivationBits}-bit activations, chosen by itself: mean, rms, largest error", $"{Row.Text(automatic.Mean)}, {Row.Text(automatic.Rms)}, {Row.Text(automatic.Largest)}"),
            .. Convolutional(context, "conv2d_small_keras"),
            .. Convolutional(context, "torch_conv1d_autoencoder"),
        ];
        string note = $"Post-training quantization of three_layer_keras, min/max calibration with {calibrationRows.Count} rows of normal(0,1): logits of {Row.Text(rows.Rows)} other rows, none left out, against the float network. Inputs have the format chosen from the rows (16 bits or more), unless 8 are named. Theirs, from peers/README, measured on another machine with the same rows: ONNX Runtime 1.31.1 `quantize_static`, 8-bit weights per channel, 8-bit activations and inputs, QDQ evaluated in float, the best of its table for mean and rms. Plain rounding: our formats without equalisation, nearest weights, biases uncorrected. The convolutional networks: calibrated with their ordinary rows and measured on the same, or calibrated with every second row and measured on the others; results before a softmax. Theirs is the same `quantize_static` scheme (QDQ, min/max, uint8 activations, inputs and results, int8 weights per channel, evaluated in float), written again here (tests/bench/OnnxRuntimeScheme.cs), since its Python package is not on this machine; for three_layer_keras it gives a mean of {Row.Text(SchemeOnJets(network, calibration, rows, expected).Mean)} and an rms error of {Row.Text(SchemeOnJets(network, calibration, rows, expected).Rms)}.";
        return (figures, note);
    }

    private static IEnumerable<Row> Convolutional(BenchContext context, string name)
    {
        Network network = WithoutSoftmax(OnnxImporter.Import(OnnxModelFile.Read(context.Shared("models", name, $"{name}.onnx"))));
        NpyArray ordinary = ModelFolder.First(NpyArray.Read(context.Shared("models", name, "inputs.npy")), OrdinaryRows);
        Errors Ours(NpyArray calibration, NpyArray rows, QuantizationSettings settings) => Errors.Of(
            QuantizedModel.Quantize(network, new(calibration.Values, network.InputLength), null, settings, context.Terminal.Progress), rows, FloatInterpreter.RunRows(network, rows.Values));
        Errors Scheme(NpyArray calibration, NpyArray rows) => Errors.Between(
            FloatInterpreter.RunRows(OnnxRuntimeScheme.Quantized(network, calibration), rows.Values), FloatInterpreter.RunRows(network, rows.Values), rows.Rows, default);
        Errors theirs = Scheme(ordinary, ordinary);
        Errors eight = Ours(ordinary, ordinary, new(new Precision(8, 8)));
        Errors eightBitInputs = Ours(ordinary, ordinary, new(new Precision(8, 8)) { InputBits = 8 });
        Errors six = Ours(ordinary, ordinary, new(new Precision(6, 6)));
        Errors plain = Ours(ordinary, ordinary, new(new Precision(6, 6)) { RoundsAdaptively = false, Equalizes = false });
        Errors sixteen = Ours(ordinary, ordinary, new(new Precision(16, 16)));
        (NpyArray even, NpyArray odd) = (Every(ordinary, 0), Every(ordinary, 1));
        Errors theirsOnOthers = Scheme(even, odd);
        Errors eightOnOthers = Ours(even, odd, new(new Precision(8, 8)));
        double fullScale = FloatInterpreter.RunRows(network, ordinary.Values).Max(Math.Abs);
        yield return AtMostHalf($"{name}, 8-bit weights and activations: mean error", eight.Mean, theirs.Mean);
        yield return AtMostHalf($"{name}, 8-bit weights and activations: rms error", eight.Rms, theirs.Rms);
        yield return new($"{name}, 8-bit weights and activations: largest error", Row.Text(eight.Largest), Theirs(Row.Text(theirs.Largest)));
        yield return new($"{name}, 8-bit weights, activations and inputs: mean and rms error", $"{Row.Text(eightBitInputs.Mean)}, {Row.Text(eightBitInputs.Rms)}", Theirs($"{Row.Text(theirs.Mean)}, {Row.Text(theirs.Rms)}"));
        yield return new($"{name}, 8-bit weights and activations, rows not calibrated with: mean and rms error", $"{Row.Text(eightOnOthers.Mean)}, {Row.Text(eightOnOthers.Rms)}", Theirs($"{Row.Text(theirsOnOthers.Mean)}, {Row.Text(theirsOnOthers.Rms)}"));
        yield return BelowPlain($"{name}, 6-bit weights and activations: mean error", six.Mean, plain.Mean);
        yield return BelowPlain($"{name}, 6-bit weights and activations: rms error", six.Rms, plain.Rms);
        yield return Row.AtMost($"{name}, 16-bit weights and activations: largest error, of full scale", sixteen.Largest / fullScale, 1.0 / 256);
        yield return new($"{name}, 16-bit weights and activations: same largest output as the float network", Percent(sixteen.Agreement), "at least 99.50 %", sixteen.Agreement >= LeastAgreement);
    }

    private static Errors SchemeOnJets(Network network, NpyArray calibration, NpyArray rows, double[] expected)
    {
        Network quantized = OnnxRuntimeScheme.Quantized(WithoutSoftmax(network), calibration);
        return Errors.Between(FloatInterpreter.RunRows(quantized, rows.Values), expected, rows.Rows, default);
    }

    /// <summary>The network up to a softmax at its end.</summary>
    public static Network WithoutSoftmax(Network network) => network.Producer(network.OutputValue) is SoftmaxLayer softmax
        ? network with { Layers = [.. network.Layers.Where(layer => layer != softmax)], OutputValue = softmax.Input }
        : network;

    private static NpyArray Every(NpyArray rows, int first)
    {
        double[] values = [.. rows.Values.Chunk(rows.RowLength).Where((_, row) => row % 2 == first).SelectMany(row => row)];
        return new([values.Length / rows.RowLength, rows.RowLength], values, rows.Type);
    }

    private static Row AtMostHalf(string figure, double ours, double theirs) =>
        new(figure, Row.Text(ours), $"at most {Row.Text(theirs / 2)}, half of theirs at 8 bits: {theirs.ToString("G3", CultureInfo.InvariantCulture)}", ours <= theirs / 2);

    private static Row BelowPlain(string figure, double ours, double plain) =>
        new(figure, Row.Text(ours), $"below plain rounding, 6 bits: {Row.Text(plain)}", ours < plain);

    private static string Theirs(string figure) => $"theirs, 8 bits: {figure}";

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + " %";

    private readonly record struct Errors(Precision Precision, double Mean, double Rms, double Largest, double Agreement)
    {
        public static Errors Of(QuantizedModel model, NpyArray rows, double[] expected)
        {
            IntegerNetwork network = model.Integers;
            long[] encoded = network.Input.EncodeRows(rows.Values, []);
            double[] values = network.Output.Decode(new FastInterpreter(network).RunRows(encoded), network.OutputLength, beforeSoftmax: true);
            return Between(values, expected, rows.Rows, model.Precision!.Value);
        }

        public static Errors Between(double[] values, double[] expected, int rows, Precision precision)
        {
            int length = expected.Length / rows;
            double[] errors = [.. values.Zip(expected, (ours, floats) => Math.Abs(ours - floats))];
            int agree = values.Chunk(length).Zip(expected.Chunk(length), (ours, floats) => Class(ours) == Class(floats)).Count(same => same);
            return new(precision, errors.Average(), Math.Sqrt(errors.Average(error => error * error)), errors.Max(), 100.0 * agree / rows);
        }

        private static int Class(double[] values) => Array.IndexOf(values, values.Max());
    }
}
