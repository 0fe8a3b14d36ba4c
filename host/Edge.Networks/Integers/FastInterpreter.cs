using System.Numerics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>The same integers as <see cref="ReferenceInterpreter"/>, many vectors at a time: lanes hold rows, so that
/// every instruction works on eight or more of them. Tensors whose ranges fit 32 bits are computed in 32 bits, the
/// others element by element in 64. One thread; an instance may be used by one caller at a time.</summary>
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
        blocks = [.. network.Tensors.Select(tensor => new LaneBlock(tensor.Length, tensor.Range.Magnitude <= int.MaxValue))];
        steps = [.. network.Operations.Select(operation => LaneSteps.Compile(network, operation))];
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
            blocks[0].Load(rows.Slice(start * inputs, batch * inputs), inputs);
            foreach (LaneStep step in steps)
            {
                step.Run(blocks);
            }

            blocks[network.OutputTensor].Store(results.Slice(start * outputs, batch * outputs), outputs);
        }
    }
}

/// <summary>One tensor for a block of rows, element by element: lane r of element i stands at i * Lanes + r.</summary>
internal sealed class LaneBlock(int length, bool narrow)
{
    public int Length => length;

    /// <summary>Set when every value fits 32 bits.</summary>
    public int[]? Narrow { get; } = narrow ? new int[length * FastInterpreter.Lanes] : null;

    /// <summary>Set otherwise.</summary>
    public long[]? Wide { get; } = narrow ? null : new long[length * FastInterpreter.Lanes];

    public long this[int index]
    {
        get => Narrow is not null ? Narrow[index] : Wide![index];
        set
        {
            if (Narrow is not null)
            {
                Narrow[index] = (int)value;
            }
            else
            {
                Wide![index] = value;
            }
        }
    }

    public void Load(ReadOnlySpan<long> rows, int rowLength)
    {
        for (int r = 0; r * rowLength < rows.Length; r++)
        {
            for (int i = 0; i < rowLength; i++)
            {
                this[(i * FastInterpreter.Lanes) + r] = rows[(r * rowLength) + i];
            }
        }
    }

    public void Store(Span<long> rows, int rowLength)
    {
        for (int r = 0; r * rowLength < rows.Length; r++)
        {
            for (int i = 0; i < rowLength; i++)
            {
                rows[(r * rowLength) + i] = this[(i * FastInterpreter.Lanes) + r];
            }
        }
    }
}

/// <summary>An operation compiled for blocks of rows.</summary>
internal abstract class LaneStep
{
    public abstract void Run(LaneBlock[] blocks);
}
