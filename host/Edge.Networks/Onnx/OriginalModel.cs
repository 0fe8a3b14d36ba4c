using Edge.Networks.Graph;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Networks.Onnx;

/// <summary>A model file in ONNX Runtime as it is, in float32, one row at a time: for models that have no integer form.</summary>
public sealed class OriginalModel : IDisposable
{
    private readonly InferenceSession session;
    private readonly long[] shape;
    private readonly int rowLength;

    /// <param name="inputShape">Batch first; null: as the file says, a batch of 1, and at most one more open axis, which follows from
    /// the length of a row.</param>
    /// <exception cref="InvalidInputException">ONNX Runtime refuses the model, or a row does not fit its input.</exception>
    public OriginalModel(OnnxModelFile file, int[]? inputShape, int rowLength)
    {
        this.rowLength = rowLength;
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        try
        {
            session = new InferenceSession(file.Bytes, options);
        }
        catch (OnnxRuntimeException error)
        {
            throw new InvalidInputException($"{file.Path}: ONNX Runtime refuses the model: {error.Message}", error);
        }

        NodeMetadata input = session.InputMetadata[session.InputNames[0]];
        if (input.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
        {
            session.Dispose();
            throw new InvalidInputException($"{file.Path}: input \"{session.InputNames[0]}\" takes {input.ElementDataType}; only float inputs are run. Export the model with float inputs.");
        }

        int[] sizes = inputShape ?? Closed(input.Dimensions, rowLength);
        if (sizes.Aggregate(1L, (product, size) => product * size) != rowLength)
        {
            session.Dispose();
            throw new InvalidInputException(
                $"{file.Path}: rows of {rowLength} values do not fit the input \"{session.InputNames[0]}\" of shape {Shapes.Text(input.Dimensions)} (-1: open) with a batch of 1. Give its shape: --input-shape 1,10,4 (batch first).");
        }

        shape = [.. sizes.Select(size => (long)size)];
    }

    /// <summary>rows (count, row length) to results (count, Shape), and the shape of one.</summary>
    public (double[] Results, int[] Shape) RunRows(ReadOnlySpan<double> rows, CancellationToken cancel)
    {
        var results = new List<double>();
        int[] result = [];
        using var run = new RunOptions();
        for (int start = 0; start < rows.Length; start += rowLength)
        {
            cancel.ThrowIfCancellationRequested();
            var values = new float[rowLength];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)rows[start + i];
            }

            using OrtValue tensor = OrtValue.CreateTensorValueFromMemory(values, shape);
            try
            {
                using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [session.InputNames[0]], [tensor], [session.OutputNames[0]]);
                long[] sizes = outputs[0].GetTensorTypeAndShape().Shape;
                result = [.. sizes.Skip(sizes is [1, ..] ? 1 : 0).Select(size => (int)size)];
                results.AddRange(outputs[0].GetTensorDataAsSpan<float>().ToArray().Select(value => (double)value));
            }
            catch (OnnxRuntimeException error)
            {
                throw new InvalidInputException($"ONNX Runtime cannot run the model on an input of shape {string.Join(',', shape)}: {error.Message}", error);
            }
        }

        return ([.. results], result);
    }

    public void Dispose() => session.Dispose();

    private static int[] Closed(int[] dimensions, int rowLength)
    {
        int[] sizes = [.. dimensions.Select((size, axis) => size < 0 && axis == 0 ? 1 : size)];
        int open = Array.IndexOf(sizes, -1);
        if (open >= 0)
        {
            long known = sizes.Where(size => size > 0).Aggregate(1L, (product, size) => product * size);
            sizes[open] = (int)(rowLength / known);
        }

        return sizes;
    }
}
