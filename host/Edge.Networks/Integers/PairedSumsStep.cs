using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Edge.Networks.Integers;

/// <summary>WindowedAffine on small factors: window by window its elements are put together in pairs, then four kernels at a
/// time run over them. Pairs of zero weights are left out.</summary>
/// <param name="least">What is added to each element so that bytes are not negative; 0 for 16-bit factors.</param>
internal sealed class PairedSumsStep<TVector, TProduct> : LaneStep
    where TProduct : IPairProduct<TVector>
{
    private const int Rows = 4;

    private readonly WindowedAffine windowed;
    private readonly int least;
    private readonly Term[][] terms; // of four kernels each, group by group
    private readonly int[] corrections; // of the kernels' sums, for the least
    private readonly byte[] packed;
    private readonly byte[] unused;

    /// <summary>Two weights of each of four kernels.</summary>
    private readonly record struct Term(int Pair, int W0, int W1, int W2, int W3);

    public PairedSumsStep(WindowedAffine windowed, int lanes, long least)
    {
        this.windowed = windowed;
        this.least = (int)least;
        int pairs = (windowed.Windows.Taps + 1) / 2;
        packed = GC.AllocateUninitializedArray<byte>(pairs * lanes * TProduct.SumSize, pinned: true);
        unused = GC.AllocateUninitializedArray<byte>(lanes * TProduct.SumSize, pinned: true);
        corrections = new int[windowed.Kernels.Rows];
        for (int kernel = 0; kernel < corrections.Length; kernel++)
        {
            foreach (long weight in windowed.Kernels.Row(kernel))
            {
                corrections[kernel] += (int)weight * this.least;
            }
        }

        int perGroup = PerGroup;
        terms = [.. Enumerable.Range(0, windowed.Windows.Groups).SelectMany(group => Enumerable.Range(0, (perGroup + Rows - 1) / Rows).Select(block =>
        {
            int Word(int row, int pair) => (Rows * block) + row < perGroup ? WordOf((group * perGroup) + (Rows * block) + row, pair) : 0;
            return Enumerable.Range(0, pairs).Select(pair => new Term(pair, Word(0, pair), Word(1, pair), Word(2, pair), Word(3, pair)))
                .Where(term => (term.W0 | term.W1 | term.W2 | term.W3) != 0).ToArray();
        }))];
    }

    private int PerGroup => windowed.Kernels.Rows / windowed.Windows.Groups;

    /// <summary>Weights of taps 2 pair and 2 pair + 1, as they lie in a vector.</summary>
    private int WordOf(int kernel, int pair)
    {
        int Weight(int tap) => tap < windowed.Kernels.Columns ? (int)windowed.Kernels[kernel, tap] : 0;
        (int first, int second) = (Weight(2 * pair), Weight((2 * pair) + 1));
        return TProduct.SumSize == sizeof(int)
            ? (ushort)first | (second << 16)
            : ((byte)first | ((byte)second << 8)) * 0x10001;
    }

    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock input = blocks[windowed.Input];
        LaneBlock output = blocks[windowed.Output];
        int lanes = input.Lanes;
        Span<short> source = input.Read<short>();
        Span<byte> target = TProduct.SumSize == sizeof(short) ? MemoryMarshal.AsBytes(output.Write<short>()) : MemoryMarshal.AsBytes(output.Write<int>());
        int rowBytes = lanes * TProduct.SumSize;
        int positions = windowed.Windows.Positions;
        int perGroup = PerGroup;
        var window = new int[windowed.Windows.Taps];
        for (int position = 0; position < positions; position++)
        {
            int block = 0;
            for (int group = 0; group < windowed.Windows.Groups; group++)
            {
                windowed.Windows.Read(group, position, window);
                if (TProduct.SumSize == sizeof(short))
                {
                    PackBytes(source, window, lanes);
                }
                else
                {
                    PackShorts(source, window, lanes);
                }

                for (int first = 0; first < perGroup; first += Rows, block++)
                {
                    int kernel = (group * perGroup) + first;
                    int last = Math.Min(perGroup - first, Rows) - 1;
                    ref byte start = ref target[((kernel * positions) + position) * rowBytes];
                    nint step = (nint)positions * rowBytes;
                    Multiply(
                        terms[block],
                        rowBytes,
                        ref start,
                        ref (last < 1 ? ref unused[0] : ref Unsafe.Add(ref start, step)),
                        ref (last < 2 ? ref unused[0] : ref Unsafe.Add(ref start, 2 * step)),
                        ref (last < 3 ? ref unused[0] : ref Unsafe.Add(ref start, 3 * step)),
                        Bias(kernel, position),
                        Bias(kernel + Math.Min(last, 1), position),
                        Bias(kernel + Math.Min(last, 2), position),
                        Bias(kernel + last, position));
                }
            }
        }

        if (TProduct.SumSize == sizeof(short))
        {
            output.Written<short>();
        }
        else
        {
            output.Written<int>();
        }
    }

    private int Bias(int kernel, int position) => (int)windowed.Bias[(kernel * windowed.Windows.Positions) + position] + corrections[kernel];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(Term[] block, int rowBytes, ref byte y0, ref byte y1, ref byte y2, ref byte y3, int b0, int b1, int b2, int b3)
    {
        ref byte x = ref packed[0];
        nuint size = (nuint)Unsafe.SizeOf<TVector>();
        TVector bias0 = Repeated(b0), bias1 = Repeated(b1), bias2 = Repeated(b2), bias3 = Repeated(b3);
        for (nuint at = 0; at < (nuint)rowBytes; at += 2 * size)
        {
            TVector s00 = bias0, s01 = bias0, s10 = bias1, s11 = bias1, s20 = bias2, s21 = bias2, s30 = bias3, s31 = bias3;
            foreach (ref readonly Term term in block.AsSpan())
            {
                nuint from = (nuint)(term.Pair * rowBytes) + at;
                TVector x0 = TProduct.Load(ref x, from), x1 = TProduct.Load(ref x, from + size);
                TVector w = TProduct.Repeat(term.W0);
                s00 = TProduct.Add(s00, x0, w);
                s01 = TProduct.Add(s01, x1, w);
                w = TProduct.Repeat(term.W1);
                s10 = TProduct.Add(s10, x0, w);
                s11 = TProduct.Add(s11, x1, w);
                w = TProduct.Repeat(term.W2);
                s20 = TProduct.Add(s20, x0, w);
                s21 = TProduct.Add(s21, x1, w);
                w = TProduct.Repeat(term.W3);
                s30 = TProduct.Add(s30, x0, w);
                s31 = TProduct.Add(s31, x1, w);
            }

            TProduct.Store(s00, ref y0, at);
            TProduct.Store(s01, ref y0, at + size);
            TProduct.Store(s10, ref y1, at);
            TProduct.Store(s11, ref y1, at + size);
            TProduct.Store(s20, ref y2, at);
            TProduct.Store(s21, ref y2, at + size);
            TProduct.Store(s30, ref y3, at);
            TProduct.Store(s31, ref y3, at + size);
        }
    }

    private static TVector Repeated(int sum) => TProduct.Repeat(TProduct.SumSize == sizeof(int) ? sum : (ushort)sum * 0x10001);

    /// <summary>Two elements, each less the least, as bytes of a 16-bit lane. Padding reads zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackBytes(Span<short> source, int[] window, int lanes)
    {
        ref short x = ref MemoryMarshal.GetReference(source);
        ref short target = ref Unsafe.As<byte, short>(ref packed[0]);
        var subtracted = Vector256.Create((short)least);
        for (int tap = 0; tap < window.Length; tap += 2)
        {
            int first = window[tap];
            int second = tap + 1 < window.Length ? window[tap + 1] : -1;
            for (int lane = 0; lane < lanes; lane += Vector256<short>.Count)
            {
                Vector256<short> low = (first < 0 ? Vector256<short>.Zero : Vector256.LoadUnsafe(ref x, (nuint)((first * lanes) + lane))) - subtracted;
                Vector256<short> high = (second < 0 ? Vector256<short>.Zero : Vector256.LoadUnsafe(ref x, (nuint)((second * lanes) + lane))) - subtracted;
                (low | (high << 8)).StoreUnsafe(ref target, (nuint)((tap / 2 * lanes) + lane));
            }
        }
    }

    /// <summary>Two elements as halves of a 32-bit lane. Padding reads zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackShorts(Span<short> source, int[] window, int lanes)
    {
        ref ushort x = ref Unsafe.As<short, ushort>(ref MemoryMarshal.GetReference(source));
        ref uint target = ref Unsafe.As<byte, uint>(ref packed[0]);
        int half = Vector256<uint>.Count;
        for (int tap = 0; tap < window.Length; tap += 2)
        {
            int first = window[tap];
            int second = tap + 1 < window.Length ? window[tap + 1] : -1;
            for (int lane = 0; lane < lanes; lane += 2 * half)
            {
                Vector256<ushort> low = first < 0 ? Vector256<ushort>.Zero : Vector256.LoadUnsafe(ref x, (nuint)((first * lanes) + lane));
                Vector256<ushort> high = second < 0 ? Vector256<ushort>.Zero : Vector256.LoadUnsafe(ref x, (nuint)((second * lanes) + lane));
                nuint to = (nuint)((tap / 2 * lanes) + lane);
                (Vector256.WidenLower(low) | (Vector256.WidenLower(high) << 16)).StoreUnsafe(ref target, to);
                (Vector256.WidenUpper(low) | (Vector256.WidenUpper(high) << 16)).StoreUnsafe(ref target, to + (nuint)half);
            }
        }
    }
}
