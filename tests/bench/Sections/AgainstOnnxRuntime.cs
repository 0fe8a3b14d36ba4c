using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Bench.Sections;

/// <summary>The fast interpreter against ONNX Runtime, batched, one thread each.</summary>
internal static class AgainstOnnxRuntime
{
    private const double TimesOnJets = 5;
    private const double TimesOnImages = 1;
    private const double JetsASecond = 1e7;
    private const int Bits = 8;
    private const string OurName = "fast interpreter";
    private const string TheirName = "ONNX Runtime";

    private static readonly int[] JetBatches = [64, 256, 1024];
    private static readonly int[] ImageBatches = [16, 64, 256];

    private static readonly Entry[] Entries =
    [
        new("qkeras_jettagging", Original: false, JetBatches, TimesOnJets),
        new("three_layer_keras", Original: true, JetBatches, TimesOnJets),
        new("conv2d_small_keras", Original: true, ImageBatches, TimesOnImages),
        new("torch_conv1d_autoencoder", Original: true, ImageBatches, TimesOnImages),
        new("brevitas_cnn_bn", Original: false, ImageBatches, TimesOnImages),
        new("branched_model_ch_last", Original: false, ImageBatches, TimesOnImages),
    ];

    /// <exception cref="SectionSkippedException">The models are not on this machine.</exception>
    public static (IReadOnlyList<Row> Rows, string Note) Measure(BenchContext context)
    {
        string models = context.Shared("models");
        ModelFolder[] folders = [.. ModelFolder.Below(models)];
        var contestants = new List<Contestant>();
        var sessions = new List<BatchedModel>();
        try
        {
            foreach (Entry entry in Entries)
            {
                ModelFolder folder = folders.FirstOrDefault(each => each.Name == entry.Model)
                    ?? throw new SectionSkippedException($"it needs ../shared/models/{entry.Model}, which is not on this machine");
                context.Terminal.Progress($"{entry.Model}: preparing");
                QuantizedModel model = entry.Original ? EightBits(folder) : folder.Load();
                BatchedModel theirs = Theirs(folder, model.Integers, entry);
                sessions.Add(theirs);
                foreach (int batch in entry.Batches)
                {
                    double[] inputs = Repeated(folder, batch);
                    contestants.Add(Ours(entry, model.Integers, inputs, batch));
                    contestants.Add(new($"{entry.Model}, {TheirName}, {batch}", batch, theirs.Call([.. inputs.Select(value => (float)value)], batch)));
                }
            }

            context.Terminal.Progress($"{contestants.Count} benchmarks");
            IReadOnlyDictionary<string, Timing> rates = Throughput.Measure(context, contestants);
            Row[] rows = [.. Entries.SelectMany(entry => Rows(entry, rates))];
            return (rows, rows.Any(row => row.Met is false) ? $"{Note} {Closing}" : Note);
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    /// <summary>What is to be done about a target that is missed; nothing of it is measured.</summary>
    private const string Closing = "What should close the targets that are missed, not tried yet: sums by the processor's 8-bit dot products (VNNI, four products an instruction and lane) in place of 16-bit pairs, and several outputs' sums kept in registers, as ONNX Runtime's float32 products do; inputs and results as 8- or 16-bit integers in place of 64-bit ones.";

    private static string Note => $"Against ONNX Runtime {OnnxRuntimeBackend.Version}: {Throughput.Conditions}; one thread each, one process, rows of the model's folder repeated. Ours reads and writes 64-bit integers, theirs float32 (outputs not copied). Softmax at the end computed by neither. Ratios are of medians, at batches of 256 and of each side's fastest of {string.Join(", ", JetBatches)} (networks on images and series: {string.Join(", ", ImageBatches)}). \"Our export\": ONNX Runtime runs the exact integer network as `edge` exports it, since it cannot read QONNX. \"Float original\": it runs the model as it is but for an open batch axis (Flatten of axis 0 changed to axis 1), and ours runs our {Bits}-bit quantization of it (weights, activations and inputs).";

    private static IEnumerable<Row> Rows(Entry entry, IReadOnlyDictionary<string, Timing> rates)
    {
        const int Batch = 256;
        Timing Rate(string side, int batch) => rates[$"{entry.Model}, {side}, {batch}"];
        (int Batch, Timing Rate) Best(string side) => entry.Batches.Select(batch => (Batch: batch, Rate: Rate(side, batch))).MaxBy(pair => pair.Rate.Median);
        string kind = entry.Original ? "on the float original" : "on our export";
        (int ourBatch, Timing ours) = Best(OurName);
        (int theirBatch, Timing theirs) = Best(TheirName);
        string figure = $"{entry.Model}: fast interpreter, batch {ourBatch}";
        yield return entry.Times > 1 ? Row.AtLeast(figure, ours, JetsASecond, "/s") : Row.Info(figure, ours, "/s");
        yield return Row.Info($"{entry.Model}: ONNX Runtime {kind}, batch {theirBatch}", theirs, "/s");
        yield return Row.AtLeast($"{entry.Model}: times ONNX Runtime {kind}, batch {Batch} each", Rate(OurName, Batch).Median / Rate(TheirName, Batch).Median, entry.Times);
        yield return Row.AtLeast($"{entry.Model}: times ONNX Runtime {kind}, best batch each", ours.Median / theirs.Median, entry.Times);
    }

    private static Contestant Ours(Entry entry, IntegerNetwork network, double[] rows, int batch)
    {
        var interpreter = new FastInterpreter(network);
        long[] encoded = network.Input.EncodeRows(rows, []);
        var results = new long[batch * network.OutputLength];
        return new($"{entry.Model}, {OurName}, {batch}", batch, () => interpreter.RunRows(encoded, results));
    }

    /// <summary>ONNX Runtime's side; a float original must still compute what it did before its batch axis was opened.</summary>
    private static BatchedModel Theirs(ModelFolder folder, IntegerNetwork network, Entry entry)
    {
        if (!entry.Original)
        {
            IntegerNetwork bare = network with { Output = network.Output with { Softmax = false, Final = null } };
            return new(OnnxExporter.Write(bare), network.Input.Shape);
        }

        var freed = new BatchedModel(BatchedModel.Freed(folder.ModelPath), network.Input.Shape);
        Network source = OnnxImporter.Import(OnnxModelFile.Read(folder.ModelPath), folder.InputShape);
        const int Checked = 16;
        double[] rows = Repeated(folder, Checked);
        double[] expected = FloatInterpreter.RunRows(PostTraining.WithoutSoftmax(source), rows);
        double[] results = freed.Results([.. rows.Select(value => (float)value)], Checked);
        double limit = 1e-4 * expected.Max(Math.Abs);
        return results.Length == expected.Length && results.Zip(expected, (a, b) => Math.Abs(a - b)).Max() <= limit
            ? freed
            : throw new InvalidOperationException($"{folder.Name}: with an open batch axis it computes something else");
    }

    private static QuantizedModel EightBits(ModelFolder folder)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(folder.ModelPath), folder.InputShape);
        return QuantizedModel.Quantize(network, new CalibrationRows(ModelFolder.First(folder.Inputs, folder.Ordinary).Values, network.InputLength), null, new(new Precision(Bits, Bits)) { InputBits = Bits });
    }

    /// <summary>Ordinary rows of the folder, as many as asked for.</summary>
    private static double[] Repeated(ModelFolder folder, int count) =>
        [.. Enumerable.Range(0, count).SelectMany(row => folder.Inputs.Values.Skip(row % folder.Ordinary * folder.Inputs.RowLength).Take(folder.Inputs.RowLength))];

    /// <param name="Original">ONNX Runtime runs the float original, not our export.</param>
    /// <param name="Times">How many times ONNX Runtime's rate ours should be.</param>
    private sealed record Entry(string Model, bool Original, int[] Batches, double Times);
}
