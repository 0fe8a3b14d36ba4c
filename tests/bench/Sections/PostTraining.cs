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
        const string Name = "three_layer_keras, our quantization: ";
        Row[] figures =
        [
            Against(Name + "largest error of a logit", errors.Max(), TheirLargest),
            Against(Name + "mean error", errors.Average(), TheirMean),
            Against(Name + "rms error", Math.Sqrt(errors.Average(error => error * error)), TheirRms),
            Row.AtLeast(Name + "same class as the float network", 100.0 * agree / rows.Rows, TheirAgreement, "%") with { Target = $"theirs: {TheirAgreement} %" },
        ];
        string note = $"Post-training quantization of three_layer_keras: logits of {Row.Text(rows.Rows)} rows of normal(0,1), none left out, against the float network; {model.Notes[^1]} of the same kind. Theirs, from peers/README, measured on another machine: ONNX Runtime 1.31.1 `quantize_static`, 8-bit weights per channel and 8-bit activations, QDQ evaluated in float, the best of its table for mean and rms. The bits differ: ours are those that the quantizer needs for its tolerance of 1/512 of full scale.";
        return (figures, note);
    }

    private static Row Against(string figure, double ours, double theirs) => Row.AtMost(figure, ours, theirs) with { Target = $"theirs: {Row.Text(theirs)}" };

    private static int Largest(double[] values) => Array.IndexOf(values, values.Max());
}
