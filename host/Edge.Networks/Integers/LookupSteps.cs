using System.Numerics;
using System.Runtime.CompilerServices;

namespace Edge.Networks.Integers;

internal sealed class LookupStep<T>(Lookup lookup) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly T[][] tables = [.. lookup.Tables.Select(table => table.Values.Select(T.CreateTruncating).ToArray())];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[lookup.Output];
        int lanes = output.Lanes;
        Span<T> x = blocks[lookup.Input].Read<T>();
        Span<T> y = output.Write<T>();
        for (int i = 0; i < lookup.TableOf.Length; i++)
        {
            T[] table = tables[lookup.TableOf[i]];
            long first = lookup.Table(i).First;
            for (int at = i * lanes; at < (i + 1) * lanes; at++)
            {
                // Lanes without a row hold anything: perhaps no entry.
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
        int lanes = output.Lanes;
        Span<T> source = blocks[softmax.Input].Read<T>();
        Span<T> target = output.Write<T>();
        for (int start = 0; start < source.Length; start += softmax.Length * lanes)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                for (int i = 0; i < x.Length; i++)
                {
                    x[i] = long.CreateTruncating(source[start + (i * lanes) + lane]);
                }

                softmax.Apply(x, y);
                for (int i = 0; i < y.Length; i++)
                {
                    target[start + (i * lanes) + lane] = T.CreateTruncating(y[i]);
                }
            }
        }

        output.Written<T>();
    }
}
