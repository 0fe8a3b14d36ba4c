using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Edge.Networks.Integers;

/// <summary>Adds two products to each sum of a vector in one or two instructions: sum += x0 * w0 + x1 * w1, modulo the sum's
/// size. Lanes of TVector are sums; x and w hold two factors in each.</summary>
internal interface IPairProduct<TVector>
{
    /// <summary>Bytes of a sum.</summary>
    static abstract int SumSize { get; }

    static abstract TVector Repeat(int word);

    static abstract TVector Load(ref byte at, nuint offset);

    static abstract void Store(TVector value, ref byte at, nuint offset);

    static abstract TVector Add(TVector sum, TVector x, TVector w);
}

/// <summary>Unsigned bytes times signed bytes into 16 bits. A pair of products must fit 16 bits.</summary>
internal readonly struct BytePairs512 : IPairProduct<Vector512<byte>>
{
    public static int SumSize => sizeof(short);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Repeat(int word) => Vector512.Create(word).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(ref byte at, nuint offset) => Vector512.LoadUnsafe(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> value, ref byte at, nuint offset) => value.StoreUnsafe(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> sum, Vector512<byte> x, Vector512<byte> w) =>
        (sum.AsInt16() + Avx512BW.MultiplyAddAdjacent(x, w.AsSByte())).AsByte();
}

/// <inheritdoc cref="BytePairs512"/>
internal readonly struct BytePairs256 : IPairProduct<Vector256<byte>>
{
    public static int SumSize => sizeof(short);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Repeat(int word) => Vector256.Create(word).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(ref byte at, nuint offset) => Vector256.LoadUnsafe(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> value, ref byte at, nuint offset) => value.StoreUnsafe(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> sum, Vector256<byte> x, Vector256<byte> w) =>
        (sum.AsInt16() + Avx2.MultiplyAddAdjacent(x, w.AsSByte())).AsByte();
}

/// <summary>16 bits times 16 bits into 32.</summary>
internal readonly struct ShortPairs512 : IPairProduct<Vector512<byte>>
{
    public static int SumSize => sizeof(int);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Repeat(int word) => BytePairs512.Repeat(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(ref byte at, nuint offset) => BytePairs512.Load(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> value, ref byte at, nuint offset) => BytePairs512.Store(value, ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> sum, Vector512<byte> x, Vector512<byte> w) =>
        (sum.AsInt32() + Avx512BW.MultiplyAddAdjacent(x.AsInt16(), w.AsInt16())).AsByte();
}

/// <inheritdoc cref="ShortPairs512"/>
internal readonly struct ShortPairs256 : IPairProduct<Vector256<byte>>
{
    public static int SumSize => sizeof(int);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Repeat(int word) => BytePairs256.Repeat(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(ref byte at, nuint offset) => BytePairs256.Load(ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> value, ref byte at, nuint offset) => BytePairs256.Store(value, ref at, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> sum, Vector256<byte> x, Vector256<byte> w) =>
        (sum.AsInt32() + Avx2.MultiplyAddAdjacent(x.AsInt16(), w.AsInt16())).AsByte();
}
