using Edge.Networks.Integers;

namespace Edge.Networks.Onnx;

/// <summary>What an export was checked with: rows as they occur and rows at the ends of the input format.</summary>
/// <param name="Integers">Compared, once with ONNX Runtime's graph optimizations and once without.</param>
/// <param name="OnnxRuntime">Its version.</param>
public sealed record ExportProof(int Rows, int ExtremeRows, long Integers, string OnnxRuntime)
{
    private const int BlockElements = 1 << 18;
    private const int FewRows = 8;
    private const int LargestSpikeCount = 64;
    private const int RandomCorners = 16;

    /// <summary>Compares an export in ONNX Runtime with the interpreters: the fast one on all rows, the reference one on the
    /// first few and the extreme ones.</summary>
    /// <param name="model">The exported file.</param>
    /// <param name="rows">Inputs (InputLength each); rounded to float32, the type of the exported input.</param>
    /// <exception cref="ExportMismatchException">An integer differs.</exception>
    public static ExportProof Of(byte[] model, IntegerNetwork network, IEnumerable<double[]> rows, CancellationToken cancel = default)
    {
        using var optimized = new OnnxRuntimeBackend(model, optimize: true);
        using var plain = new OnnxRuntimeBackend(model, optimize: false);
        var fast = new FastInterpreter(network);
        int rowsPerBlock = Math.Max(1, BlockElements / network.InputLength);
        int count = 0;
        foreach (double[][] block in rows.Select(row => (double[])[.. row.Select(value => (double)(float)value)]).Chunk(rowsPerBlock))
        {
            cancel.ThrowIfCancellationRequested();
            double[] values = [.. block.SelectMany(row => row)];
            long[] encoded = network.Input.EncodeRows(values, []);
            long[] expected = fast.RunRows(encoded);
            if (count == 0)
            {
                int few = Math.Min(FewRows, block.Length);
                Compare("the fast interpreter", ReferenceInterpreter.RunRows(network, encoded.AsSpan(0, few * network.InputLength)), expected[..(few * network.OutputLength)], network, 0);
            }

            Compare("ONNX Runtime with optimizations", expected, optimized.RunIntegers(network, values), network, count);
            Compare("ONNX Runtime without optimizations", expected, plain.RunIntegers(network, values), network, count);
            count += block.Length;
        }

        double[][] extreme = [.. Extremes(network.Input)];
        double[] ends = [.. extreme.SelectMany(row => row)];
        long[] reference = ReferenceInterpreter.RunRows(network, network.Input.EncodeRows(ends, []));
        Compare("the fast interpreter", reference, fast.RunRows(network.Input.EncodeRows(ends, [])), network, count);
        Compare("ONNX Runtime with optimizations", reference, optimized.RunIntegers(network, ends), network, count);
        Compare("ONNX Runtime without optimizations", reference, plain.RunIntegers(network, ends), network, count);
        return new(count, extreme.Length, (long)(count + extreme.Length) * network.OutputLength, OnnxRuntimeBackend.Version);
    }

    private static void Compare(string who, long[] expected, long[] found, IntegerNetwork network, int firstRow)
    {
        int differing = expected.AsSpan().CommonPrefixLength(found);
        if (differing < expected.Length)
        {
            int row = firstRow + (differing / network.OutputLength);
            throw new ExportMismatchException(
                $"{who} computes {found[differing]} where the interpreter computes {expected[differing]} (row {row}, output {differing % network.OutputLength}). The export is not exact; please report this model.");
        }
    }

    /// <summary>All at the lowest, the highest value and zero, each alternating, single spikes, and random corners.</summary>
    private static IEnumerable<double[]> Extremes(InputEncoding input)
    {
        double[] low = [.. Enumerable.Range(0, input.Length).Select(i => ValueOf(input, input.Low, i))];
        double[] high = [.. Enumerable.Range(0, input.Length).Select(i => ValueOf(input, input.High, i))];
        double[] zero = new double[input.Length];
        yield return low;
        yield return high;
        yield return zero;
        yield return [.. low.Select((value, i) => i % 2 == 0 ? value : high[i])];
        yield return [.. high.Select((value, i) => i % 2 == 0 ? value : low[i])];
        for (int i = 0; i < Math.Min(input.Length, LargestSpikeCount); i++)
        {
            double[] spike = [.. zero];
            spike[i] = high[i];
            yield return spike;
        }

        var random = new Random(input.Length); // the same corners in every run
        for (int k = 0; k < RandomCorners; k++)
        {
            yield return [.. low.Select((value, i) => random.Next(2) == 0 ? value : high[i])];
        }
    }

    private static double ValueOf(InputEncoding input, long integer, int index)
    {
        double gain = input.Gain[input.Gain.Length == 1 ? 0 : index].ToDouble();
        double offset = input.Offset[input.Offset.Length == 1 ? 0 : index].ToDouble();
        double value = gain == 0 ? 0 : (float)((integer - offset) / gain);
        return double.IsFinite(value) ? value : 0;
    }
}

/// <summary>An exported file does not compute what the network means.</summary>
public sealed class ExportMismatchException(string message) : Exception(message);
