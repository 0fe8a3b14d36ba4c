using System.Globalization;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;

namespace Edge.Bench.Sections;

/// <summary>A float network after our quantization, against its own float outputs.</summary>
internal static class PostTraining
{
    // ../shared/peers/README.md, section F: MinMax, per channel, QDQ in float.
    private const double TheirLargest = 11.25;
    private const double TheirMean = 0.183;
    private const double TheirRms = 0.275;
    private const double TheirAgreement = 97.30;

    /// <exception cref="SectionSkippedException">The files are not on this machine.</exception>
    public static (IReadOnlyList<Row> Rows, string Note) Measure(BenchContext context)
    {
        string path = context.Shared("models", "three_layer_keras", "three_layer_keras.onnx");
        NpyArray calibration = NpyArray.Read(context.Shared("peers", "tlk_x_calib1000.npy"));
        NpyArray rows = NpyArray.Read(context.Shared("peers", "tlk_x_normal5000.npy"));
        double[] expected = NpyArray.Read(context.Shared("peers", "tlk_logits_float_normal5000.npy")).Values;
        QuantizedModel model = QuantizedModel.Load(path, calibration: calibration, progress: context.Terminal.Progress);
        IntegerNetwork network = model.Integers;
        long[] encoded = network.Input.EncodeRows(rows.Values, []);
        double[] values = network.Output.Decode(new FastInterpreter(network).RunRows(encoded), network.OutputLength, beforeSoftmax: true);
        double[] errors = [.. values.Zip(expected, (ours, floats) => Math.Abs(ours - floats))];
        int agree = values.Chunk(network.OutputLength).Zip(expected.Chunk(network.OutputLength), (ours, floats) => Largest(ours) == Largest(floats)).Count(same => same);
        double agreement = 100.0 * agree / rows.Rows;
        string name = $"three_layer_keras, our {model.Precision!.Value.WeightBits}-bit weights and {model.Precision.Value.ActivationBits}-bit activations: ";
        Row[] figures =
        [
            Against(name + "largest error of a logit", errors.Max(), TheirLargest),
            Against(name + "mean error", errors.Average(), TheirMean),
            Against(name + "rms error", Math.Sqrt(errors.Average(error => error * error)), TheirRms),
            new(name + "same class as the float network", Percent(agreement), Theirs(Percent(TheirAgreement))),
        ];
        string note = $"Post-training quantization of three_layer_keras: logits of {Row.Text(rows.Rows)} rows of normal(0,1), none left out, against the float network; {model.Notes[^1]} of the same kind. Theirs, from peers/README, measured on another machine: ONNX Runtime 1.31.1 `quantize_static`, 8-bit weights per channel and 8-bit activations, QDQ evaluated in float, the best of its table for mean and rms. Not a race on equal terms: our quantizer takes the bits that it needs for its tolerance of 1/512 of full scale.";
        return (figures, note);
    }

    private static Row Against(string figure, double ours, double theirs) => new(figure, Row.Text(ours), Theirs(theirs.ToString(CultureInfo.InvariantCulture)));

    private static string Theirs(string figure) => $"theirs, 8 bits: {figure}";

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + " %";

    private static int Largest(double[] values) => Array.IndexOf(values, values.Max());
}
