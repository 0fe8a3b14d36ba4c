using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

internal sealed class ScaleStep<T>(Scale scale) : LaneStep
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly PerElement<T> multipliers = scale.Multipliers.Map(T.CreateTruncating);
    private readonly PerElement<T> addends = scale.Addends.Map(T.CreateTruncating);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[scale.Output];
        int lanes = output.Lanes;
        ref T source = ref blocks[scale.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        for (int i = 0; i < multipliers.Length; i++)
        {
            Vector256<T> multiplier = Vector256.Create(multipliers[i]);
            Vector256<T> addend = Vector256.Create(addends[i]);
            for (int lane = 0; lane < lanes; lane += Vector256<T>.Count)
            {
                nuint at = (nuint)((i * lanes) + lane);
                ((Vector256.LoadUnsafe(ref source, at) * multiplier) + addend).StoreUnsafe(ref target, at);
            }
        }

        output.Written<T>();
    }
}

/// <summary>Counts the levels that are reached.</summary>
internal sealed class ThresholdsStep<T> : LaneStep
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly Thresholds thresholds;
    private readonly PerElement<T> first;
    private readonly PerElement<T[]> levels;

    public ThresholdsStep(Thresholds thresholds)
    {
        this.thresholds = thresholds;
        long least = long.CreateTruncating(T.MinValue);
        long most = long.CreateTruncating(T.MaxValue);

        // Levels that no T reaches are never counted, those below every T always.
        first = PerElement.Map(thresholds.Base, thresholds.Levels, (value, list) => T.CreateTruncating(value + list.Count(level => level < least)));
        levels = thresholds.Levels.Map<T[]>(list => [.. list.Where(level => level >= least && level <= most).Select(T.CreateTruncating)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[thresholds.Output];
        int lanes = output.Lanes;
        ref T source = ref blocks[thresholds.Input].Read<T>()[0];
        ref T target = ref output.Write<T>()[0];
        for (int i = 0; i < levels.Length; i++)
        {
            for (int lane = 0; lane < lanes; lane += Vector256<T>.Count)
            {
                nuint at = (nuint)((i * lanes) + lane);
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
        Span<T> left = blocks[add.Left].Read<T>();
        Span<T> right = blocks[add.Right].Read<T>();
        Span<T> sum = output.Write<T>();
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
        int lanes = output.Lanes;
        Span<T> x = blocks[argMax.Input].Read<T>();
        Span<T> y = output.Write<T>();
        for (int lane = 0; lane < lanes; lane += Vector256<T>.Count)
        {
            Vector256<T> largest = Vector256.LoadUnsafe(ref x[0], (nuint)lane);
            Vector256<T> index = Vector256<T>.Zero;
            for (int j = 1; j < x.Length / lanes; j++)
            {
                Vector256<T> other = Vector256.LoadUnsafe(ref x[0], (nuint)((j * lanes) + lane));
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
    where T : unmanaged
{
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock output = blocks[rearrange.Output];
        int lanes = output.Lanes;
        Span<T> x = blocks[rearrange.Input].Read<T>();
        Span<T> y = output.Write<T>();
        for (int i = 0; i < rearrange.Indices.Length; i++)
        {
            x.Slice(rearrange.Indices[i] * lanes, lanes).CopyTo(y[(i * lanes)..]);
        }

        output.Written<T>();
    }
}
