using System.Diagnostics;
using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Bench;

/// <summary>A model's integers against its expected outputs and from backend to backend, without RTL.</summary>
/// <param name="Expected">Expected outputs against the reference interpreter's. For a network quantized after training, ordinary
/// inputs only, within 2^-8 of full scale.</param>
/// <param name="Rows">All inputs, extreme ones too: compared between backends.</param>
/// <param name="OnnxRuntime">Rows that ONNX Runtime computes otherwise on the export, with or without its optimizations.</param>
/// <param name="Fast">Rows that the fast interpreter computes otherwise.</param>
internal sealed record ModelCheck(ExpectedComparison Expected, int Rows, int OnnxRuntime, int Fast)
{
    public int Wrong => Expected.Mismatches + OnnxRuntime + Fast;

    /// <exception cref="VerificationException">ONNX Runtime's integers depend on its optimizations.</exception>
    public static ModelCheck Of(ModelFolder folder, QuantizedModel model, CancellationToken cancel)
    {
        (NpyArray expected, bool beforeSoftmax) = folder.Expected(model.Integers.Output.Softmax);
        int compared = model.Precision is null ? folder.Inputs.Rows : folder.Ordinary;
        LadderResult Climb(int count, NpyArray? wanted, params Backend[] backends) => Ladder.Climb(
            model, ModelFolder.First(folder.Inputs, count), wanted, backends, demanded: false, beforeSoftmax, FabricNetwork.DefaultLevelsPerStage, cancel: cancel);

        ExpectedComparison against = Climb(compared, ModelFolder.First(expected, compared), Backend.Reference).Expected!;
        int runtime = Climb(folder.Inputs.Rows, wanted: null, Backend.Reference, Backend.OnnxRuntime).Comparisons.Sum(pair => pair.Mismatches);
        IntegerNetwork network = model.Integers;
        long[] encoded = Encoded(folder, network);
        long[] reference = ReferenceInterpreter.RunRows(network, encoded);
        long[] fast = new FastInterpreter(network).RunRows(encoded);
        int length = network.OutputLength;
        int differ = Enumerable.Range(0, folder.Inputs.Rows).Count(row => !fast.AsSpan(row * length, length).SequenceEqual(reference.AsSpan(row * length, length)));
        return new(against, folder.Inputs.Rows, runtime, differ);
    }

    public static long[] Encoded(ModelFolder folder, IntegerNetwork network) =>
        network.Input.EncodeRows([.. folder.Inputs.Values.Select(value => (double)(float)value)], []);

    /// <summary>How often a value that is rounded half to even lay exactly between two integers, and in how many rows.</summary>
    public static (long Ties, int Rows) ExactTies(IntegerNetwork network, long[] encoded)
    {
        Requantize[] roundings = [.. network.Operations.OfType<Requantize>().Where(operation => operation.Rounding == Rounding.HalfEven)];
        long ties = 0;
        int rows = 0;
        for (int start = 0; start < encoded.Length && roundings.Length > 0; start += network.InputLength)
        {
            long before = ties;
            long[][] tensors = ReferenceInterpreter.Trace(network, encoded.AsSpan(start, network.InputLength));
            foreach (Requantize requantize in roundings)
            {
                ties += requantize.Shifts.Where((shift, i) => shift > 0 && (tensors[requantize.Input][i] & ((1L << shift) - 1)) == 1L << (shift - 1)).Count();
            }

            rows += ties > before ? 1 : 0;
        }

        return (ties, rows);
    }

    /// <summary>Milliseconds of import and lowering when a process does nothing else before: a process that was just started
    /// measures it (the program with --load).</summary>
    public static double MillisecondsInFreshProcess(ModelFolder folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true };
        start.ArgumentList.Add("--load");
        start.ArgumentList.Add(folder.Folder);
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? double.Parse(said, System.Globalization.CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{folder.Name}: a fresh process ended with code {process.ExitCode}");
    }
}
