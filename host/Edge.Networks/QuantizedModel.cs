using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks;

/// <summary>A model file on its way to integers: what was read, what was decided, what came out.</summary>
/// <param name="Source">The network as imported (real numbers).</param>
/// <param name="Integers">What hardware computes.</param>
/// <param name="CalibrationError">For a network quantized after training, its largest difference from the float network on
/// the calibration rows, in parts of full scale; null when the model brought its own quantizers.</param>
public sealed record QuantizedModel(Network Source, IntegerNetwork Integers, Precision? Precision, double? CalibrationError, IReadOnlyList<string> Notes)
{
    /// <summary>What quantization after training did, layer by layer; null when the model brought its own quantizers.</summary>
    public PostTrainingResult? PostTraining { get; init; }

    /// <summary>Reads, quantizes if the model is not, and lowers.</summary>
    /// <param name="path">ONNX, QONNX or QDQ file.</param>
    /// <param name="inputFormat">null: the model's own input quantizer or the default format.</param>
    /// <param name="calibration">Rows of typical inputs; needed when the model has float weights.</param>
    /// <exception cref="InvalidInputException">Anything about the file or the rows that cannot be used.</exception>
    public static QuantizedModel Load(
        string path, FixedPointFormat? inputFormat = null, int[]? inputShape = null, Arrays.NpyArray? calibration = null, Action<string>? progress = null)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path), inputShape);
        try
        {
            if (network.IsQuantized)
            {
                var notes = new List<string>(network.Notes);
                return new(network, Lowering.ToIntegers(network, inputFormat, notes), null, null, notes);
            }

            if (calibration is null)
            {
                throw new InvalidInputException(
                    "the model has float weights or no quantizers. Give typical inputs to choose its formats from: --calibrate X.npy (a few hundred rows).");
            }

            CheckRows(calibration, network, "--calibrate");
            return Quantize(network, new(calibration.Values, network.InputLength), inputFormat, settings: null, progress);
        }
        catch (InvalidInputException error) when (!error.Message.StartsWith(path, StringComparison.Ordinal) && !error.Message.StartsWith("--", StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Quantizes a float network and lowers it.</summary>
    /// <param name="settings">null: the fewest bits within the tolerance.</param>
    public static QuantizedModel Quantize(
        Network network, CalibrationRows rows, FixedPointFormat? inputFormat, QuantizationSettings? settings, Action<string>? progress = null)
    {
        FixedPointFormat format = InputFormatFor(network, rows, inputFormat);
        PostTrainingResult result = PostTrainingQuantizer.Quantize(network, rows, format, settings, progress);
        if (result.InputFormat is null)
        {
            (InputEncoding own, int layers) = InputQuantization.Choose(result.Network, null);
            own = own with { Origin = $"{result.Settings.InputBits} bits, scaled by the calibration rows", RequiresRange = true };
            return new(network, Lowering.ToIntegers(result.Network, own, layers), result.Precision, result.Error, result.Network.Notes) { PostTraining = result };
        }

        string origin = inputFormat is not null ? "as asked for" : network.DeclaredFormat is not null ? "the type of the model's input" : "chosen from the calibration rows (change it with --input-format)";
        InputEncoding encoding = InputEncoding.From(format, network.InputShape, $"{format}, {origin}") with { RequiresGrid = false, RequiresRange = true };
        return new(network, Lowering.ToIntegers(result.Network, encoding, firstLayer: 0), result.Precision, result.Error, result.Network.Notes) { PostTraining = result };
    }

    /// <summary>The format of a float network's inputs: as asked for, as its type says, or chosen from the rows.</summary>
    public static FixedPointFormat InputFormatFor(Network network, CalibrationRows rows, FixedPointFormat? asked) => asked ?? network.DeclaredFormat
        ?? InputQuantization.FormatFor(network, rows.Sample(PostTrainingQuantizer.LargestTrialCount), PostTrainingQuantizer.Tolerance / 4);

    /// <summary>Checks that an array holds rows of the network's inputs.</summary>
    public static void CheckRows(Arrays.NpyArray rows, Network network, string name)
    {
        if (rows.Rows == 0 || rows.RowLength != network.InputLength)
        {
            throw new InvalidInputException(
                $"{name}: an array of shape ({string.Join(", ", rows.Shape)}) holds {rows.Rows} rows of {rows.RowLength} values; the model takes {network.InputLength} values a row (shape {Shapes.Text(network.InputShape)}).");
        }

        int bad = Array.FindIndex(rows.Values, double.IsNaN);
        if (bad >= 0)
        {
            throw new InvalidInputException($"{name}: row {bad / rows.RowLength} holds NaN at element {bad % rows.RowLength}. Replace or leave out that row.");
        }
    }
}
