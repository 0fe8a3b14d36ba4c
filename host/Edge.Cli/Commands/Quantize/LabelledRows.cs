using System.Globalization;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Cli.Commands.Quantize;

/// <summary>Where rows come from, and their classes where they are known.</summary>
internal sealed record RowFiles(string Option, string Path, string LabelOption, string? LabelPath)
{
    public LabelledRows Open(Network network)
    {
        CalibrationRows rows = CalibrationRows.Open(Path, network, Option);
        return new(rows, LabelPath is null ? null : Labels(LabelPath, rows.Count, network));
    }

    private double[] Labels(string path, int rows, Network network)
    {
        NpyArray labels = NpyArray.Read(path);
        int classes = network.Producer(network.OutputValue)?.Length ?? network.InputLength;
        if (labels.Rows != rows || labels.RowLength != 1)
        {
            throw new InvalidInputException($"{LabelOption} {path}: an array of shape ({string.Join(", ", labels.Shape)}); expected one class for each of the {rows} rows.");
        }

        int bad = Array.FindIndex(labels.Values, label => !(label >= 0 && label < classes && label == Math.Floor(label)));
        return bad < 0
            ? labels.Values
            : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{LabelOption} {path}: row {bad} says class {labels.Values[bad]}; the model has classes 0 to {classes - 1}."));
    }
}

/// <param name="Labels">The class of each row; null: not known.</param>
internal sealed record LabelledRows(CalibrationRows Rows, double[]? Labels);

/// <summary>Share of rows whose largest output is the labelled class.</summary>
internal sealed record Accuracy(double Float, double Quantized);

/// <summary>Float and quantized network on the same rows.</summary>
/// <param name="MeanError">Of an output before a softmax, as the largest and the rms error too.</param>
/// <param name="FullScale">The largest output of the float network.</param>
/// <param name="SameClass">Share of rows whose largest output is the same one.</param>
/// <param name="Accuracy">null without labels.</param>
internal sealed record Comparison(int Rows, double MeanError, double RmsError, double LargestError, double FullScale, double SameClass, Accuracy? Accuracy)
{
    private const int BlockRows = 256;

    public static Comparison Of(QuantizedModel model, LabelledRows labelled, CancellationToken cancel)
    {
        IntegerNetwork network = model.Integers;
        var interpreter = new FastInterpreter(network);
        Network source = model.Source;
        Network floats = source.Producer(source.OutputValue) is SoftmaxLayer softmax
            ? source with { Layers = [.. source.Layers.Where(layer => layer != softmax)], OutputValue = softmax.Input }
            : source;
        int length = network.OutputLength;
        (int rows, int same, int rightBefore, int rightAfter) = (0, 0, 0, 0);
        (double sum, double squares, double largest, double fullScale) = (0, 0, 0, 0);
        foreach (double[][] block in labelled.Rows.Each().Select(row => row.ToArray()).Chunk(BlockRows))
        {
            cancel.ThrowIfCancellationRequested();
            double[] found = network.Output.Decode(interpreter.RunRows(network.Input.EncodeRows([.. block.SelectMany(row => row)], [])), length, beforeSoftmax: true);
            for (int k = 0; k < block.Length; k++, rows++)
            {
                double[] expected = FloatInterpreter.RunRows(floats, block[k]);
                ReadOnlySpan<double> actual = found.AsSpan(k * length, length);
                for (int i = 0; i < length; i++)
                {
                    double error = Math.Abs(expected[i] - actual[i]);
                    (sum, squares, largest, fullScale) = (sum + error, squares + (error * error), Math.Max(largest, error), Math.Max(fullScale, Math.Abs(expected[i])));
                }

                (int floatClass, int quantizedClass) = (ClassOf(expected), ClassOf(actual));
                same += floatClass == quantizedClass ? 1 : 0;
                rightBefore += labelled.Labels is { } labels && floatClass == (int)labels[rows] ? 1 : 0;
                rightAfter += labelled.Labels is { } classes && quantizedClass == (int)classes[rows] ? 1 : 0;
            }
        }

        double count = (double)rows * length;
        Accuracy? accuracy = labelled.Labels is null ? null : new((double)rightBefore / rows, (double)rightAfter / rows);
        return new(rows, sum / count, Math.Sqrt(squares / count), largest, fullScale, (double)same / rows, accuracy);
    }

    private static int ClassOf(ReadOnlySpan<double> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return values.Length == 1 ? (int)values[0] : best;
    }
}
