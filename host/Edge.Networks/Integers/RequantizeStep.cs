using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>Shift, round and limit, in T. Results of 32-bit arithmetic that fit 16 bits are stored as such at once.</summary>
internal sealed class RequantizeStep<T> : LaneStep
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly Requantize requantize;
    private readonly PerElement<Constants> constants;

    /// <summary>result = (x + Constant + (bit Bit of x) * Difference) >> Shift, limited; see Rounding.Offset. HalfEven looks at
    /// the lowest bit that is kept, the others at the sign.</summary>
    private readonly record struct Constants(int Shift, int Bit, T Constant, T Difference, T Low, T High);

    public RequantizeStep(Requantize requantize)
    {
        this.requantize = requantize;
        Rounding rounding = requantize.Rounding;
        constants = PerElement.Map(requantize.Shifts, requantize.Low, requantize.High, (shift, low, high) =>
        {
            long whenPositive = shift == 0 ? 0 : rounding.Offset(0, shift);
            long difference = shift == 0 ? 0 : rounding == Rounding.HalfEven ? 1 : rounding.Offset(-1, shift) - whenPositive;
            return new Constants(
                shift,
                rounding == Rounding.HalfEven ? shift : (Unsafe.SizeOf<T>() * 8) - 1,
                T.CreateTruncating(whenPositive),
                T.CreateTruncating(difference),
                T.CreateSaturating(low),
                T.CreateSaturating(high));
        }).Compacted();
    }

    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[requantize.Output];
        Span<T> source = blocks[requantize.Input].Read<T>();
        if (typeof(T) == typeof(int) && output.Size == sizeof(short) && output.Lanes % Vector512<short>.Count == 0)
        {
            RunNarrow(MemoryMarshal.Cast<T, int>(source), output.Write<short>(), output.Lanes);
            output.Written<short>();
            return;
        }

        Run(source, output.Write<T>(), output.Lanes);
        output.Written<T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunNarrow(Span<int> source, Span<short> target, int lanes)
    {
        ref int from = ref MemoryMarshal.GetReference(source);
        ref short to = ref MemoryMarshal.GetReference(target);
        nuint half = (nuint)Vector512<int>.Count;
        for (nuint at = 0, i = 0; at < (nuint)source.Length; i++)
        {
            Constants c = constants[(int)i];
            (int constant, int difference) = ((int)(object)c.Constant, (int)(object)c.Difference);
            (Vector512<int> low, Vector512<int> high) = (Vector512.Create((int)(object)c.Low), Vector512.Create((int)(object)c.High));
            Vector512<int> add = Vector512.Create(constant);
            Vector512<int> mask = Vector512.Create(difference == 0 ? 0 : 1);
            for (nuint end = at + (nuint)lanes; at < end; at += 2 * half)
            {
                Vector512<int> a = Vector512.LoadUnsafe(ref from, at), b = Vector512.LoadUnsafe(ref from, at + half);
                if (difference is 0 or 1)
                {
                    a = (a + add + ((a >>> c.Bit) & mask)) >> c.Shift;
                    b = (b + add + ((b >>> c.Bit) & mask)) >> c.Shift;
                }
                else
                {
                    a = (a + add + (((a >>> c.Bit) & mask) * difference)) >> c.Shift;
                    b = (b + add + (((b >>> c.Bit) & mask) * difference)) >> c.Shift;
                }

                Vector512.Narrow(Vector512.Min(Vector512.Max(a, low), high), Vector512.Min(Vector512.Max(b, low), high)).StoreUnsafe(ref to, at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(Span<T> source, Span<T> target, int lanes)
    {
        ref T from = ref MemoryMarshal.GetReference(source);
        ref T to = ref MemoryMarshal.GetReference(target);
        nuint step = (nuint)Vector256<T>.Count;
        for (nuint at = 0, i = 0; at < (nuint)source.Length; i++)
        {
            Constants c = constants[(int)i];
            (Vector256<T> low, Vector256<T> high) = (Vector256.Create(c.Low), Vector256.Create(c.High));
            (Vector256<T> add, Vector256<T> difference) = (Vector256.Create(c.Constant), Vector256.Create(c.Difference));
            for (nuint end = at + (nuint)lanes; at < end; at += step)
            {
                Vector256<T> x = Vector256.LoadUnsafe(ref from, at);
                if (c.Shift > 0)
                {
                    Vector256<T> set = Vector256<T>.Zero - ((x >>> c.Bit) & Vector256<T>.One);
                    x = Shifted(x + add + (difference & set), c.Shift);
                }

                Vector256.Min(Vector256.Max(x, low), high).StoreUnsafe(ref to, at);
            }
        }
    }

    /// <summary>x / 2^shift, rounded down. For 64 bits with logical shifts: there is no arithmetic one before AVX-512.</summary>
    private static Vector256<T> Shifted(Vector256<T> x, int shift)
    {
        if (Unsafe.SizeOf<T>() < sizeof(long))
        {
            return x >> shift;
        }

        Vector256<T> sign = Vector256.Create(T.MinValue);
        return ((x ^ sign) >>> shift) - (sign >>> shift);
    }
}
