using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Edge.Networks.Numerics;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

internal sealed class ScaleStep<T>(Scale scale) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly T[] multipliers = [.. scale.Multipliers.Select(T.CreateTruncating)];
    private readonly T[] addends = [.. scale.Addends.Select(T.CreateTruncating)];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[scale.Output];
        ref T source = ref blocks[scale.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        for (int i = 0; i < multipliers.Length; i++)
        {
            Vector256<T> multiplier = Vector256.Create(multipliers[i]);
            Vector256<T> addend = Vector256.Create(addends[i]);
            for (int lane = 0; lane < Lanes; lane += Vector256<T>.Count)
            {
                nuint at = (nuint)((i * Lanes) + lane);
                ((Vector256.LoadUnsafe(ref source, at) * multiplier) + addend).StoreUnsafe(ref target, at);
            }
        }

        output.Written<T>();
    }
}

/// <summary>Shift, round and limit.</summary>
internal sealed class RequantizeStep<T>(Requantize requantize) : LaneStep
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly T[] low = [.. requantize.Low.Select(T.CreateSaturating)];
    private readonly T[] high = [.. requantize.High.Select(T.CreateSaturating)];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[requantize.Output];
        ref T source = ref blocks[requantize.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        for (int i = 0; i < low.Length; i++)
        {
            int shift = requantize.Shifts[i];
            Vector256<T> least = Vector256.Create(low[i]);
            Vector256<T> most = Vector256.Create(high[i]);

            // offset = whenPositive, plus (a bit of the value) * difference; see Rounding.Offset. HalfEven looks at the lowest
            // bit that is kept, the others at the sign.
            long whenPositive = shift == 0 ? 0 : requantize.Rounding.Offset(0, shift);
            long difference = shift == 0 ? 0 : requantize.Rounding.Offset(-1, shift) - whenPositive;
            Vector256<T> constant = Vector256.Create(T.CreateTruncating(whenPositive));
            Vector256<T> ifSet = Vector256.Create(T.CreateTruncating(difference));
            int bit = requantize.Rounding == Rounding.HalfEven ? shift : Unsafe.SizeOf<T>() * 8 - 1;
            for (int lane = 0; lane < Lanes; lane += Vector256<T>.Count)
            {
                nuint at = (nuint)((i * Lanes) + lane);
                Vector256<T> x = Vector256.LoadUnsafe(ref source, at);
                if (shift > 0)
                {
                    Vector256<T> set = Vector256<T>.Zero - ((x >>> bit) & Vector256<T>.One);
                    x = Shifted(x + constant + (ifSet & set), shift);
                }

                Vector256.Min(Vector256.Max(x, least), most).StoreUnsafe(ref target, at);
            }
        }

        output.Written<T>();
    }

    /// <summary>x / 2^shift, rounded down. With logical shifts: there is no arithmetic one for 64 bits before AVX-512.</summary>
    private static Vector256<T> Shifted(Vector256<T> x, int shift)
    {
        Vector256<T> sign = Vector256.Create(T.MinValue);
        return ((x ^ sign) >>> shift) - (sign >>> shift);
    }
}

/// <summary>Counts the levels that are reached.</summary>
internal sealed class ThresholdsStep<T> : LaneStep
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly Thresholds thresholds;
    private readonly T[] first;
    private readonly T[][] levels;

    public ThresholdsStep(Thresholds thresholds)
    {
        this.thresholds = thresholds;
        long least = long.CreateTruncating(T.MinValue);
        long most = long.CreateTruncating(T.MaxValue);

        // Levels that no T reaches are never counted, those below every T always.
        first = [.. thresholds.Base.Select((value, i) => T.CreateTruncating(value + thresholds.Levels[i].Count(level => level < least)))];
        levels = [.. thresholds.Levels.Select(list => list.Where(level => level >= least && level <= most).Select(T.CreateTruncating).ToArray())];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[thresholds.Output];
        ref T source = ref blocks[thresholds.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        for (int i = 0; i < levels.Length; i++)
        {
            for (int lane = 0; lane < Lanes; lane += Vector256<T>.Count)
            {
                nuint at = (nuint)((i * Lanes) + lane);
                Vector256<T> x = Vector256.LoadUnsafe(ref source, at);
                Vector256<T> count = Vector256.Create(first[i]);
                foreach (T level in levels[i])
                {
                    count -= Vector256.GreaterThanOrEqual(x, Vector256.Create(level));
                }

                count.StoreUnsafe(ref target, at);
            }
        }

        output.Written<T>();
    }
}

internal sealed class AddStep<T>(Add add) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[add.Output];
        T[] left = blocks[add.Left].Read<T>();
        T[] right = blocks[add.Right].Read<T>();
        T[] sum = output.Write<T>();
        for (int k = 0; k < sum.Length; k += Vector256<T>.Count)
        {
            (Vector256.LoadUnsafe(ref left[0], (nuint)k) + Vector256.LoadUnsafe(ref right[0], (nuint)k)).StoreUnsafe(ref sum[0], (nuint)k);
        }

        output.Written<T>();
    }
}

internal sealed class ArgMaxStep<T>(ArgMax argMax) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[argMax.Output];
        T[] x = blocks[argMax.Input].Read<T>();
        T[] y = output.Write<T>();
        for (int lane = 0; lane < Lanes; lane += Vector256<T>.Count)
        {
            Vector256<T> largest = Vector256.LoadUnsafe(ref x[0], (nuint)lane);
            Vector256<T> index = Vector256<T>.Zero;
            for (int j = 1; j < x.Length / Lanes; j++)
            {
                Vector256<T> other = Vector256.LoadUnsafe(ref x[0], (nuint)((j * Lanes) + lane));
                Vector256<T> greater = Vector256.GreaterThan(other, largest);
                largest = Vector256.ConditionalSelect(greater, other, largest);
                index = Vector256.ConditionalSelect(greater, Vector256.Create(T.CreateTruncating(j)), index);
            }

            index.StoreUnsafe(ref y[0], (nuint)lane);
        }

        output.Written<T>();
    }
}

internal sealed class RearrangeStep<T>(Rearrange rearrange) : LaneStep
{
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[rearrange.Output];
        T[] x = blocks[rearrange.Input].Read<T>();
        T[] y = output.Write<T>();
        for (int i = 0; i < rearrange.Indices.Length; i++)
        {
            x.AsSpan(rearrange.Indices[i] * Lanes, Lanes).CopyTo(y.AsSpan(i * Lanes));
        }

        output.Written<T>();
    }
}
