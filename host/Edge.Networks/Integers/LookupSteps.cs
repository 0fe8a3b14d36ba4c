using System.Numerics;
using System.Runtime.CompilerServices;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

internal sealed class LookupStep<T>(Lookup lookup) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly T[][] tables = [.. lookup.Tables.Select(table => table.Values.Select(T.CreateTruncating).ToArray())];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[lookup.Output];
        T[] x = blocks[lookup.Input].Read<T>();
        T[] y = output.Write<T>();
        for (int i = 0; i < lookup.TableOf.Length; i++)
        {
            T[] table = tables[lookup.TableOf[i]];
            long first = lookup.Table(i).First;
            for (int at = i * Lanes; at < (i + 1) * Lanes; at++)
            {
                // Lanes without a row hold what an earlier block left, or zeros: perhaps no entry.
                long entry = Math.Clamp(long.CreateTruncating(x[at]) - first, 0, table.Length - 1);
                y[at] = table[entry];
            }
        }

        output.Written<T>();
    }
}

internal sealed class SoftmaxStep<T>(Softmax softmax) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly long[] x = new long[softmax.Length];
    private readonly long[] y = new long[softmax.Length];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[softmax.Output];
        T[] source = blocks[softmax.Input].Read<T>();
        T[] target = output.Write<T>();
        for (int start = 0; start < source.Length; start += softmax.Length * Lanes)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                for (int i = 0; i < x.Length; i++)
                {
                    x[i] = long.CreateTruncating(source[start + (i * Lanes) + lane]);
                }

                softmax.Apply(x, y);
                for (int i = 0; i < y.Length; i++)
                {
                    target[start + (i * Lanes) + lane] = T.CreateTruncating(y[i]);
                }
            }
        }

        output.Written<T>();
    }
}
