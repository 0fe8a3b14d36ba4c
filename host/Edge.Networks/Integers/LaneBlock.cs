using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>One tensor for a block of rows, element by element: lane r of element i stands at i * lanes + r. Lanes are short,
/// int or long, the narrowest that holds the tensor's range.</summary>
/// <param name="length">Elements of the tensor.</param>
/// <param name="lanes">Rows of a block.</param>
/// <param name="pool">Memory that tensors share which are not needed at the same time.</param>
internal sealed class LaneBlock(int length, int lanes, Interval range, LanePool pool)
{
    private byte[]? native;
    private byte[]? converted; // the values, or room for them, in another size

    public int Lanes => lanes;

    public int Length => length;

    /// <summary>Bytes of a lane.</summary>
    public int Size { get; } = SizeOf(range);

    public static int SizeOf(Interval range) => range.Min >= short.MinValue && range.Max <= short.MaxValue ? sizeof(short)
        : range.Min >= int.MinValue && range.Max <= int.MaxValue ? sizeof(int)
        : sizeof(long);

    /// <summary>The values, for a step that computes in T (short, int or long).</summary>
    public Span<T> Read<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() == Size)
        {
            return MemoryMarshal.Cast<byte, T>(native.AsSpan())[..(length * lanes)];
        }

        Span<T> values = Other<T>();
        Convert(native!, Size, converted!, Unsafe.SizeOf<T>(), length * lanes);
        return values;
    }

    /// <summary>Where a step that computes in T puts its values; <see cref="Written{T}"/> follows.</summary>
    public Span<T> Write<T>()
        where T : unmanaged
    {
        native ??= pool.Rent(length * lanes * Size);
        return Unsafe.SizeOf<T>() == Size ? MemoryMarshal.Cast<byte, T>(native.AsSpan())[..(length * lanes)] : Other<T>();
    }

    public void Written<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != Size)
        {
            Convert(converted!, Unsafe.SizeOf<T>(), native!, Size, length * lanes);
            DropCopy();
        }
    }

    /// <summary>No step reads the tensor any more.</summary>
    public void Release()
    {
        pool.Return(native);
        native = null;
        DropCopy();
    }

    /// <summary>A copy in another size is not needed any more.</summary>
    public void DropCopy()
    {
        pool.Return(converted);
        converted = null;
    }

    /// <summary>Fills the lanes from rows (up to Lanes, length); lanes behind them keep what they held.</summary>
    public void Load(ReadOnlySpan<long> rows)
    {
        switch (Size)
        {
            case sizeof(short):
                Load(rows, Write<short>());
                break;
            case sizeof(int):
                Load(rows, Write<int>());
                break;
            default:
                Load(rows, Write<long>());
                break;
        }
    }

    /// <summary>Takes rows (up to Lanes, length) out of the lanes.</summary>
    public void Store(Span<long> rows)
    {
        switch (Size)
        {
            case sizeof(short):
                Store(Read<short>(), rows);
                break;
            case sizeof(int):
                Store(Read<int>(), rows);
                break;
            default:
                Store(Read<long>(), rows);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load<T>(ReadOnlySpan<long> rows, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref T first = ref MemoryMarshal.GetReference(values);
        for (int k = 0, r = 0; k < rows.Length; r++)
        {
            for (int at = r; at < length * lanes; at += lanes, k++)
            {
                Unsafe.Add(ref first, at) = T.CreateTruncating(rows[k]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store<T>(ReadOnlySpan<T> values, Span<long> rows)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref T first = ref MemoryMarshal.GetReference(values);
        for (int k = 0, r = 0; k < rows.Length; r++)
        {
            for (int at = r; at < length * lanes; at += lanes, k++)
            {
                rows[k] = long.CreateTruncating(Unsafe.Add(ref first, at));
            }
        }
    }

    private Span<T> Other<T>()
        where T : unmanaged
    {
        converted ??= pool.Rent(length * lanes * Unsafe.SizeOf<T>());
        if (converted.Length < length * lanes * Unsafe.SizeOf<T>())
        {
            DropCopy();
            converted = pool.Rent(length * lanes * Unsafe.SizeOf<T>());
        }

        return MemoryMarshal.Cast<byte, T>(converted.AsSpan())[..(length * lanes)];
    }

    private static void Convert(byte[] from, int fromSize, byte[] to, int toSize, int count)
    {
        switch (fromSize, toSize)
        {
            case (sizeof(short), sizeof(int)):
                Widen<short, int>(from, to, count);
                break;
            case (sizeof(short), sizeof(long)):
                Widen<short, long>(from, to, count);
                break;
            case (sizeof(int), sizeof(long)):
                Widen<int, long>(from, to, count);
                break;
            case (sizeof(int), sizeof(short)):
                Narrow(MemoryMarshal.Cast<byte, int>(from.AsSpan()), MemoryMarshal.Cast<byte, short>(to.AsSpan()), count);
                break;
            case (sizeof(long), sizeof(short)):
                Widen<long, short>(from, to, count);
                break;
            default:
                Widen<long, int>(from, to, count);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TFrom, TTo>(byte[] from, byte[] to, int count)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>
    {
        Span<TFrom> source = MemoryMarshal.Cast<byte, TFrom>(from.AsSpan());
        Span<TTo> target = MemoryMarshal.Cast<byte, TTo>(to.AsSpan());
        for (int k = 0; k < count; k++)
        {
            target[k] = TTo.CreateTruncating(source[k]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow(Span<int> source, Span<short> target, int count)
    {
        ref int from = ref source[0];
        ref short to = ref target[0];
        for (nuint k = 0; k < (nuint)count; k += (nuint)Vector256<short>.Count)
        {
            Vector256.Narrow(Vector256.LoadUnsafe(ref from, k), Vector256.LoadUnsafe(ref from, k + (nuint)Vector256<int>.Count)).StoreUnsafe(ref to, k);
        }
    }
}

/// <summary>Memory for tensors, used again when a tensor is not needed any more.</summary>
internal sealed class LanePool
{
    private readonly List<byte[]> free = [];

    public byte[] Rent(int bytes)
    {
        int best = -1;
        for (int k = 0; k < free.Count; k++)
        {
            best = free[k].Length >= bytes && (best < 0 || free[k].Length < free[best].Length) ? k : best;
        }

        if (best < 0)
        {
            return GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        }

        byte[] found = free[best];
        free.RemoveAt(best);
        return found;
    }

    public void Return(byte[]? memory)
    {
        if (memory is not null)
        {
            free.Add(memory);
        }
    }
}
