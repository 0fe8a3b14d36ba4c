namespace Edge.Networks.Integers;

/// <summary>The same integers as <see cref="ReferenceInterpreter"/>, many vectors at a time: lanes hold rows, so that
/// every instruction works on several of them. Tensors whose ranges fit 32 bits are computed in 32 bits, the others in 64.
/// One thread; an instance may be used by one caller at a time.</summary>
public sealed class FastInterpreter
{
    /// <summary>Rows per block: large enough to fill the vector units, small enough for the first cache.</summary>
    internal const int Lanes = 64;

    private readonly IntegerNetwork network;
    private readonly LaneStep[] steps;
    private readonly LaneBlock[] blocks;

    public FastInterpreter(IntegerNetwork network)
    {
        this.network = network;
        blocks = [.. network.Tensors.Select(tensor => new LaneBlock(tensor.Length, LaneStep.IsNarrow(tensor.Range)))];
        steps = [.. network.Operations.Select(operation => LaneStep.Compile(network, operation))];
    }

    /// <summary>rows (count, InputLength) to results (count, OutputLength). Values must lie in the input's range.</summary>
    public long[] RunRows(ReadOnlySpan<long> rows)
    {
        int count = rows.Length / network.InputLength;
        var results = new long[count * network.OutputLength];
        RunRows(rows, results);
        return results;
    }

    /// <inheritdoc cref="RunRows(ReadOnlySpan{long})"/>
    public void RunRows(ReadOnlySpan<long> rows, Span<long> results)
    {
        int inputs = network.InputLength;
        int outputs = network.OutputLength;
        int count = rows.Length / inputs;
        for (int start = 0; start < count; start += Lanes)
        {
            int batch = Math.Min(Lanes, count - start);
            blocks[0].Load(rows.Slice(start * inputs, batch * inputs));
            foreach (LaneStep step in steps)
            {
                step.Run(blocks);
            }

            blocks[network.OutputTensor].Store(results.Slice(start * outputs, batch * outputs));
        }
    }
}
