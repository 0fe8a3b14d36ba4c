using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Edge.Networks.Integers;

namespace Edge.Tests.Networks;

/// <summary>The fast interpreter with every set of instructions that this processor has; all must agree.</summary>
internal static class FastOnEveryProcessor
{
    public static long[] RunRows(IntegerNetwork network, long[] rows)
    {
        long[] results = new FastInterpreter(network, InstructionSet.Common).RunRows(rows);
        if (Avx2.IsSupported)
        {
            Assert.Equal(results, new FastInterpreter(network, InstructionSet.Avx2).RunRows(rows));
        }

        if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported)
        {
            Assert.Equal(results, new FastInterpreter(network, InstructionSet.Avx512).RunRows(rows));
        }

        return results;
    }
}
