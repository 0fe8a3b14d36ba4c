using Edge.Networks.Integers;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Networks.Onnx;

/// <summary>Runs exported networks, and original models, in ONNX Runtime on one thread.</summary>
public sealed class OnnxRuntimeBackend : IDisposable
{
    private const int MostRowsPerRun = 1024;
    private const int MostElementsPerRun = 1 << 24;

    private readonly InferenceSession session;

    /// <param name="optimize">ONNX Runtime's graph optimizations, all or none; the integers must not depend on it.</param>
    public OnnxRuntimeBackend(byte[] model, bool optimize)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = optimize ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL,
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        try
        {
            session = new InferenceSession(model, options);
        }
        catch (OnnxRuntimeException error)
        {
            throw new InvalidInputException($"ONNX Runtime refuses the model: {error.Message}", error);
        }
    }

    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>rows (count, InputLength) of real values to integers (count, OutputLength).</summary>
    public long[] RunIntegers(IntegerNetwork network, ReadOnlySpan<double> rows) => Run(
        network,
        rows,
        session.OutputNames.Single(name => name.EndsWith(OnnxExporter.IntegersSuffix, StringComparison.Ordinal) && !name.EndsWith(OnnxExporter.FinalIntegersSuffix, StringComparison.Ordinal)));

    /// <summary>The integers of what the host computes behind the network (<see cref="OutputDecoding.Final"/>).</summary>
    public long[] RunFinalIntegers(IntegerNetwork network, ReadOnlySpan<double> rows) =>
        Run(network, rows, session.OutputNames.Single(name => name.EndsWith(OnnxExporter.FinalIntegersSuffix, StringComparison.Ordinal)));

    private long[] Run(IntegerNetwork network, ReadOnlySpan<double> rows, string output)
    {
        int count = rows.Length / network.InputLength;
        var results = new long[count * network.OutputLength];
        int rowsPerRun = (int)Math.Clamp(MostElementsPerRun / Math.Max(1, LargestTensor(network)), 1, MostRowsPerRun);
        for (int start = 0; start < count; start += rowsPerRun)
        {
            int batch = Math.Min(rowsPerRun, count - start);
            var input = new float[batch * network.InputLength];
            for (int i = 0; i < input.Length; i++)
            {
                input[i] = (float)rows[(start * network.InputLength) + i];
            }

            using OrtValue tensor = OrtValue.CreateTensorValueFromMemory(input, [batch, .. network.Input.Shape.Select(size => (long)size)]);
            using var run = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [session.InputNames[0]], [tensor], [output]);
            outputs[0].GetTensorDataAsSpan<long>().CopyTo(results.AsSpan(start * network.OutputLength));
        }

        return results;
    }

    /// <summary>Elements of the largest tensor that the export makes of one row.</summary>
    private static long LargestTensor(IntegerNetwork network) => network.Operations.Select(operation => operation switch
    {
        WindowedAffine windowed => windowed.Windows.Size,
        WindowedMax windowed => windowed.Windows.Size,
        Thresholds thresholds => (long)thresholds.Levels.Length * thresholds.Levels.Values.Max(levels => levels.Length),
        _ => 1,
    }).Concat(network.Tensors.Select(tensor => (long)tensor.Length)).Max();

    public void Dispose() => session.Dispose();
}
