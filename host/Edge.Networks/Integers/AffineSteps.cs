using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

/// <summary>Affine on 16-bit factors: two products and their sum in one instruction. Input elements 2p and 2p + 1 of a
/// row share one 32-bit lane; weight pairs of zeros are left out.</summary>
internal sealed class PairedAffineStep : LaneStep
{
    private readonly Affine affine;
    private readonly int[] packed;
    private readonly (int Pair, int Weights)[][] terms;

    public PairedAffineStep(Affine affine)
    {
        this.affine = affine;
        int columns = affine.Weights.Columns;
        int pairs = (columns + 1) / 2;
        packed = new int[pairs * Lanes];
        terms = new (int, int)[affine.Weights.Rows][];
        for (int i = 0; i < terms.Length; i++)
        {
            long Weight(int j) => j < columns ? affine.Weights[i, j] : 0;
            terms[i] = [.. Enumerable.Range(0, pairs)
                .Select(p => (Pair: p, Weights: (int)(ushort)Weight(2 * p) | ((int)Weight((2 * p) + 1) << 16)))
                .Where(term => term.Weights != 0)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        Pack(blocks[affine.Input].Read<int>());
        LaneBlock output = blocks[affine.Output];
        ref int source = ref packed[0];
        ref int target = ref output.Write<int>()[0];
        int step = Vector256<int>.Count;
        for (int i = 0; i < terms.Length; i++)
        {
            Vector256<int> bias = Vector256.Create((int)affine.Bias[i]);
            for (int lane = 0; lane < Lanes; lane += 4 * step)
            {
                Vector256<int> sum0 = bias, sum1 = bias, sum2 = bias, sum3 = bias;
                foreach ((int pair, int weights) in terms[i])
                {
                    Vector256<short> w = Vector256.Create(weights).AsInt16();
                    nuint at = (nuint)((pair * Lanes) + lane);
                    sum0 += Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref source, at).AsInt16(), w);
                    sum1 += Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref source, at + (nuint)step).AsInt16(), w);
                    sum2 += Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref source, at + (nuint)(2 * step)).AsInt16(), w);
                    sum3 += Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref source, at + (nuint)(3 * step)).AsInt16(), w);
                }

                nuint to = (nuint)((i * Lanes) + lane);
                sum0.StoreUnsafe(ref target, to);
                sum1.StoreUnsafe(ref target, to + (nuint)step);
                sum2.StoreUnsafe(ref target, to + (nuint)(2 * step));
                sum3.StoreUnsafe(ref target, to + (nuint)(3 * step));
            }
        }

        output.Written<int>();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(int[] input)
    {
        ref int source = ref input[0];
        ref int target = ref packed[0];
        int columns = affine.Weights.Columns;
        for (int j = 0; j < columns; j += 2)
        {
            for (int lane = 0; lane < Lanes; lane += Vector256<int>.Count)
            {
                Vector256<int> pair = Vector256.LoadUnsafe(ref source, (nuint)((j * Lanes) + lane)) & Vector256.Create(0xFFFF);
                if (j + 1 < columns)
                {
                    pair |= Vector256.LoadUnsafe(ref source, (nuint)(((j + 1) * Lanes) + lane)) << 16;
                }

                pair.StoreUnsafe(ref target, (nuint)((j / 2 * Lanes) + lane));
            }
        }
    }
}

/// <summary>Affine in T; zero weights are left out.</summary>
internal sealed class AffineStep<T, TProduct>(Affine affine) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
    where TProduct : IProduct<T>
{
    private readonly T[] bias = [.. affine.Bias.Select(T.CreateTruncating)];

    private readonly (int Column, T Weight)[][] terms =
        [.. Enumerable.Range(0, affine.Weights.Rows).Select(i => affine.Weights.Row(i).ToArray()
            .Select((weight, j) => (j, weight)).Where(term => term.weight != 0).Select(term => (term.j, T.CreateTruncating(term.weight))).ToArray())];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[affine.Output];
        ref T source = ref blocks[affine.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        int step = Vector256<T>.Count;
        for (int i = 0; i < terms.Length; i++)
        {
            for (int lane = 0; lane < Lanes; lane += 4 * step)
            {
                Vector256<T> sum0 = Vector256.Create(bias[i]), sum1 = sum0, sum2 = sum0, sum3 = sum0;
                foreach ((int column, T weight) in terms[i])
                {
                    Vector256<T> w = Vector256.Create(weight);
                    nuint at = (nuint)((column * Lanes) + lane);
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
