using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>WindowedAffine in T; zero weights are left out, kernels are stored once. Sums may wrap on the way: the result
/// fits T.</summary>
internal sealed class SumsStep<T, TProduct>(WindowedAffine windowed) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
    where TProduct : IProduct<T>
{
    private readonly PerElement<T> bias = windowed.Bias.Map(T.CreateTruncating);

    private readonly (int Tap, T Weight)[][] kernels =
        [.. Enumerable.Range(0, windowed.Kernels.Rows).Select(k => windowed.Kernels.Row(k).ToArray()
            .Select((weight, tap) => (tap, weight)).Where(term => term.weight != 0).Select(term => (term.tap, T.CreateTruncating(term.weight))).ToArray())];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[windowed.Output];
        int lanes = output.Lanes;
        ref T source = ref blocks[windowed.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        int positions = windowed.Windows.Positions;
        int perGroup = windowed.Kernels.Rows / windowed.Windows.Groups;
        var window = new int[windowed.Windows.Taps];
        for (int group = 0; group < windowed.Windows.Groups; group++)
        {
            for (int position = 0; position < positions; position++)
            {
                windowed.Windows.Read(group, position, window);
                for (int kernel = group * perGroup; kernel < (group + 1) * perGroup; kernel++)
                {
                    int i = (kernel * positions) + position;
                    Sum(kernels[kernel], window, bias[i], lanes, ref source, ref Unsafe.Add(ref target, (nint)i * lanes));
                }
            }
        }

        output.Written<T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum((int Tap, T Weight)[] kernel, int[] window, T bias, int lanes, ref T source, ref T target)
    {
        int step = Vector256<T>.Count;
        int lane = 0;
        for (; lane + (4 * step) <= lanes; lane += 4 * step)
        {
            Vector256<T> sum0 = Vector256.Create(bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            foreach ((int tap, T weight) in kernel)
            {
                if (window[tap] < 0)
                {
                    continue;
                }

                Vector256<T> w = Vector256.Create(weight);
                nuint at = (nuint)((window[tap] * lanes) + lane);
                sum0 += TProduct.Of(Vector256.LoadUnsafe(ref source, at), w);
                sum1 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)step), w);
                sum2 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)(2 * step)), w);
                sum3 += TProduct.Of(Vector256.LoadUnsafe(ref source, at + (nuint)(3 * step)), w);
            }

            sum0.StoreUnsafe(ref target, (nuint)lane);
            sum1.StoreUnsafe(ref target, (nuint)(lane + step));
            sum2.StoreUnsafe(ref target, (nuint)(lane + (2 * step)));
            sum3.StoreUnsafe(ref target, (nuint)(lane + (3 * step)));
        }

        for (; lane < lanes; lane += step)
        {
            var sum = Vector256.Create(bias);
            foreach ((int tap, T weight) in kernel)
            {
                sum += window[tap] < 0 ? Vector256<T>.Zero : TProduct.Of(Vector256.LoadUnsafe(ref source, (nuint)((window[tap] * lanes) + lane)), Vector256.Create(weight));
            }

            sum.StoreUnsafe(ref target, (nuint)lane);
        }
    }
}

/// <summary>A way to multiply lanes.</summary>
internal interface IProduct<T>
{
    static abstract Vector256<T> Of(Vector256<T> x, Vector256<T> weight);
}

/// <summary>All bits of both factors, modulo the lane's size.</summary>
internal readonly struct WholeProduct<T> : IProduct<T>
{
    public static Vector256<T> Of(Vector256<T> x, Vector256<T> weight) => x * weight;
}

/// <summary>Factors that fit 32 bits, in 64-bit lanes: one instruction, where whole 64-bit products take many.</summary>
internal readonly struct LowHalvesProduct : IProduct<long>
{
    public static Vector256<long> Of(Vector256<long> x, Vector256<long> weight) => Avx2.Multiply(x.AsInt32(), weight.AsInt32());
}

internal sealed class WindowedMaxStep<T>(WindowedMax windowed) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[windowed.Output];
        int lanes = output.Lanes;
        Span<T> x = blocks[windowed.Input].Read<T>();
        Span<T> y = output.Write<T>();
        var window = new int[windowed.Windows.Taps];
        for (int i = 0; i < y.Length / lanes; i++)
        {
            windowed.Windows.Read(i / windowed.Windows.Positions, i % windowed.Windows.Positions, window);
            for (int lane = 0; lane < lanes; lane += Vector256<T>.Count)
            {
                Vector256<T> largest = Vector256.LoadUnsafe(ref x[0], (nuint)((window[0] * lanes) + lane));
                foreach (int index in window.AsSpan(1))
                {
                    largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref x[0], (nuint)((index * lanes) + lane)));
                }

                largest.StoreUnsafe(ref y[0], (nuint)((i * lanes) + lane));
            }
        }

        output.Written<T>();
    }
}

internal sealed class ConcatenateStep<T>(Concatenate concatenate) : LaneStep
    where T : unmanaged
{
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[concatenate.Output];
        Span<T> y = output.Write<T>();
        int start = 0;
        foreach (int part in concatenate.Parts)
        {
            Span<T> x = blocks[part].Read<T>();
            x.CopyTo(y[start..]);
            start += x.Length;
        }

        output.Written<T>();
    }
}
