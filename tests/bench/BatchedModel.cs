using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Bench;

/// <summary>A model in ONNX Runtime with a batch in one call, on one thread, optimizations on.</summary>
internal sealed class BatchedModel : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly long[] shape;
    private readonly string output;

    /// <param name="shape">Of one input, without the batch.</param>
    public BatchedModel(byte[] model, IEnumerable<int> shape)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        session = new(model, settings);
        this.shape = [.. shape.Select(size => (long)size)];
        output = session.OutputNames.SingleOrDefault(name => name.EndsWith(OnnxExporter.IntegersSuffix, StringComparison.Ordinal)) ?? session.OutputNames[0];
    }

    /// <summary>One call on rows that stay where they are; outputs are allocated by ONNX Runtime and not copied.</summary>
    public Action Call(float[] rows, int batch) => () =>
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows, [batch, .. shape]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, [session.InputNames[0]], [input], [output]);
    };

    /// <summary>Results of one call as real numbers (batch, outputs).</summary>
    public double[] Results(float[] rows, int batch)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows, [batch, .. shape]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, [session.InputNames[0]], [input], [output]);
        return [.. outputs[0].GetTensorDataAsSpan<float>().ToArray().Select(value => (double)value)];
    }

    /// <summary>A float model with its batch axis left open and without a softmax at its end, so that it computes what the
    /// interpreter does. Flatten of axis 0, which flattens the batch too, becomes Flatten of axis 1.</summary>
    public static byte[] Freed(string path)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        GraphProto graph = model.Graph;
        var initializers = graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        ValueInfoProto input = graph.Input.Single(value => !initializers.Contains(value.Name));
        input.Type.TensorType.Shape.Dim[0] = new() { DimParam = "batch" };
        foreach (AttributeProto axis in graph.Node.Where(node => node.OpType == "Flatten").SelectMany(node => node.Attribute).Where(attribute => attribute.Name == "axis"))
        {
            axis.I = Math.Max(axis.I, 1);
        }

        ValueInfoProto result = graph.Output.Single();
        if (graph.Node.FirstOrDefault(node => node.OpType == "Softmax" && node.Output[0] == result.Name) is { } softmax)
        {
            graph.Node.Remove(softmax);
            result.Name = softmax.Input[0];
        }

        result.Type.TensorType.Shape = null;
        return model.ToByteArray();
    }

    public void Dispose()
    {
        options.Dispose();
        session.Dispose();
    }
}
