using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

/// <summary>WindowedAffine in T; zero weights are left out, kernels are stored once.</summary>
internal sealed class WindowedAffineStep<T, TProduct>(WindowedAffine windowed) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
    where TProduct : IProduct<T>
{
    private readonly T[] bias = [.. windowed.Bias.Select(T.CreateTruncating)];

    private readonly (int Tap, T Weight)[][] kernels =
        [.. Enumerable.Range(0, windowed.Kernels.Rows).Select(k => windowed.Kernels.Row(k).ToArray()
            .Select((weight, tap) => (tap, weight)).Where(term => term.weight != 0).Select(term => (term.tap, T.CreateTruncating(term.weight))).ToArray())];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[windowed.Output];
        ref T source = ref blocks[windowed.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        int step = Vector256<T>.Count;
        for (int i = 0; i < bias.Length; i++)
        {
            int kernel = i / windowed.Windows.Positions;
            ReadOnlySpan<int> window = windowed.Windows.Of(windowed.GroupOf(kernel), i % windowed.Windows.Positions);
            for (int lane = 0; lane < Lanes; lane += 4 * step)
            {
                Vector256<T> sum0 = Vector256.Create(bias[i]), sum1 = sum0, sum2 = sum0, sum3 = sum0;
                foreach ((int tap, T weight) in kernels[kernel])
                {
                    if (window[tap] < 0)
                    {
                        continue;
                    }

                    Vector256<T> w = Vector256.Create(weight);
                    nuint at = (nuint)((window[tap] * Lanes) + lane);
                    sum0 += TProduct.Of(Vector256.LoadUnsafe(ref source, at), w);
                    sum1 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)step), w);
                    sum2 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)(2 * step)), w);
                    sum3 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)(3 * step)), w);
                }

                nuint to = (nuint)((i * Lanes) + lane);
                sum0.StoreUnsafe(ref target, to);
                sum1.StoreUnsafe(ref target, to + (nuint)step);
                sum2.StoreUnsafe(ref target, to + (nuint)(2 * step));
                sum3.StoreUnsafe(ref target, to + (nuint)(3 * step));
            }
        }

        output.Written<T>();
    }
}

internal sealed class WindowedMaxStep<T>(WindowedMax windowed) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[windowed.Output];
        T[] x = blocks[windowed.Input].Read<T>();
        T[] y = output.Write<T>();
        for (int i = 0; i < y.Length / Lanes; i++)
        {
            ReadOnlySpan<int> window = windowed.Windows.Of(i / windowed.Windows.Positions, i % windowed.Windows.Positions);
            for (int lane = 0; lane < Lanes; lane += Vector256<T>.Count)
            {
                Vector256<T> largest = Vector256.LoadUnsafe(ref x[0], (nuint)((window[0] * Lanes) + lane));
                foreach (int index in window[1..])
                {
                    largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref x[0], (nuint)((index * Lanes) + lane)));
                }

                largest.StoreUnsafe(ref y[0], (nuint)((i * Lanes) + lane));
            }
        }

        output.Written<T>();
    }
}

internal sealed class ConcatenateStep<T>(Concatenate concatenate) : LaneStep
{
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[concatenate.Output];
        T[] y = output.Write<T>();
        int start = 0;
        foreach (int part in concatenate.Parts)
        {
            T[] x = blocks[part].Read<T>();
            x.CopyTo(y, start);
            start += x.Length;
        }

        output.Written<T>();
    }
}
