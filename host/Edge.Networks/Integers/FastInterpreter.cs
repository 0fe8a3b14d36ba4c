using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Edge.Networks.Integers;

/// <summary>The same integers as <see cref="ReferenceInterpreter"/>, many vectors at a time: lanes hold rows, so that
/// every instruction works on several of them. Every tensor is computed in the narrowest of 16, 32 and 64 bits that holds
/// its range; which instructions are used is decided once, by what the processor has. One thread; an instance may be used
/// by one caller at a time.</summary>
public sealed class FastInterpreter
{
    /// <summary>Rows per block: large enough to fill the vector units, small enough for the first cache.</summary>
    private const int MostLanes = 64;

    /// <summary>A vector of the narrowest lanes.</summary>
    private const int FewestLanes = 16;

    /// <summary>Bytes of the largest tensor's block; networks on large images take fewer rows at a time.</summary>
    private const long LargestBlock = 1 << 28;

    private readonly IntegerNetwork network;
    private readonly LaneStep[] steps;
    private readonly LaneBlock[] blocks;
    private readonly int[][] finished; // tensors that nothing reads behind each step
    private readonly int lanes = MostLanes;

    private static InstructionSet Best => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? InstructionSet.Avx512
        : Avx2.IsSupported ? InstructionSet.Avx2
        : InstructionSet.Common;

    public FastInterpreter(IntegerNetwork network)
        : this(network, Best)
    {
    }

    internal FastInterpreter(IntegerNetwork network, InstructionSet instructions)
    {
        this.network = network;
        long largest = network.Tensors.Max(tensor => tensor.Length * (long)LaneBlock.SizeOf(tensor.Range));
        while (lanes > FewestLanes && largest * lanes > LargestBlock)
        {
            lanes /= 2;
        }

        var pool = new LanePool();
        blocks = [.. network.Tensors.Select(tensor => new LaneBlock(tensor.Length, lanes, tensor.Range, pool))];
        steps = [.. network.Operations.Select(operation => LaneStep.Compile(network, operation, lanes, instructions))];
        var last = new int[network.Tensors.Count];
        for (int k = 0; k < steps.Length; k++)
        {
            foreach (int tensor in network.Operations[k].Inputs.Append(network.Operations[k].Output))
            {
                last[tensor] = k;
            }
        }

        last[network.OutputTensor] = int.MaxValue;
        finished = [.. Enumerable.Range(0, steps.Length).Select(k => Enumerable.Range(0, last.Length).Where(tensor => last[tensor] == k).ToArray())];
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
        for (int start = 0; start < count; start += lanes)
        {
            int batch = Math.Min(lanes, count - start);
            blocks[0].Load(rows.Slice(start * inputs, batch * inputs));
            for (int k = 0; k < steps.Length; k++)
            {
                steps[k].Run(blocks);
                foreach (int tensor in finished[k])
                {
                    blocks[tensor].Release();
                }
            }

            blocks[network.OutputTensor].Store(results.Slice(start * outputs, batch * outputs));
            blocks[network.OutputTensor].Release();
        }
    }
}

/// <summary>Vector instructions of a processor, each kind including the ones before it.</summary>
internal enum InstructionSet
{
    /// <summary>What every processor has, or imitates.</summary>
    Common,

    /// <summary>256 bits, with sums of products.</summary>
    Avx2,

    /// <summary>512 bits.</summary>
    Avx512,
}
