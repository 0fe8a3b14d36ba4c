using System.Runtime.CompilerServices;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

/// <summary>One tensor for a block of rows, element by element: lane r of element i stands at i * Lanes + r.</summary>
/// <param name="length">Elements of the tensor.</param>
/// <param name="narrow">Every value fits 32 bits.</param>
internal sealed class LaneBlock(int length, bool narrow)
{
    private readonly int[] ints = narrow ? new int[length * Lanes] : [];

    /// <summary>The values, or room for a step that computes a narrow tensor in 64 bits.</summary>
    private long[] longs = narrow ? [] : new long[length * Lanes];

    /// <summary>The values, for a step that computes in T (int or long).</summary>
    public T[] Read<T>()
    {
        if (typeof(T) == typeof(int))
        {
            return (T[])(object)ints;
        }

        long[] wide = (long[])(object)Write<T>();
        for (int k = 0; k < ints.Length; k++)
        {
            wide[k] = ints[k];
        }

        return (T[])(object)wide;
    }

    /// <summary>Where a step that computes in T puts its values; <see cref="Written{T}"/> follows.</summary>
    public T[] Write<T>()
    {
        if (typeof(T) == typeof(int))
        {
            return (T[])(object)ints;
        }

        longs = longs.Length == 0 ? new long[length * Lanes] : longs;
        return (T[])(object)longs;
    }

    public void Written<T>()
    {
        if (typeof(T) == typeof(long))
        {
            for (int k = 0; k < ints.Length; k++)
            {
                ints[k] = (int)longs[k];
            }
        }
    }

    /// <summary>Fills the lanes from rows (up to Lanes, length); lanes behind them keep what they held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Load(ReadOnlySpan<long> rows)
    {
        int[] narrowLanes = ints;
        long[] wideLanes = longs;
        for (int k = 0, r = 0; k < rows.Length; r++)
        {
            for (int at = r; at < length * Lanes; at += Lanes, k++)
            {
                if (narrow)
                {
                    narrowLanes[at] = (int)rows[k];
                }
                else
                {
                    wideLanes[at] = rows[k];
                }
            }
        }
    }

    /// <summary>Takes rows (up to Lanes, length) out of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(Span<long> rows)
    {
        int[] narrowLanes = ints;
        long[] wideLanes = longs;
        for (int k = 0, r = 0; k < rows.Length; r++)
        {
            for (int at = r; at < length * Lanes; at += Lanes, k++)
            {
                rows[k] = narrow ? narrowLanes[at] : wideLanes[at];
            }
        }
    }
}
