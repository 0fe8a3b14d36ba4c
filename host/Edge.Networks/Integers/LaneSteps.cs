using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Edge.Networks.Numerics;
using static Edge.Networks.Integers.FastInterpreter;

namespace Edge.Networks.Integers;

/// <summary>Chooses the narrowest kernel that the exact ranges allow.</summary>
internal static class LaneSteps
{
    public static LaneStep Compile(IntegerNetwork network, IntegerOperation operation)
    {
        Interval[] input = network.Tensors[operation.Inputs[0]].Ranges;
        bool narrow = operation.Inputs.Append(operation.Output).All(tensor => network.Tensors[tensor].Range.Magnitude <= int.MaxValue);
        return operation switch
        {
            Affine affine when narrow && Fits(affine, input, short.MaxValue) && Avx2.IsSupported => new PairedAffine(affine),
            Affine affine when narrow && Fits(affine, input, int.MaxValue) => new NarrowAffine(affine),
            Requantize requantize when narrow && RoomToRound(requantize, input) => new NarrowRequantize(requantize),
            _ => new ElementStep(operation),
        };
    }

    /// <summary>Every factor has at most the given magnitude, and partial sums in any order stay inside 32 bits.</summary>
    private static bool Fits(Affine affine, Interval[] input, long largest)
    {
        for (int i = 0; i < affine.Weights.Rows; i++)
        {
            ReadOnlySpan<long> row = affine.Weights.Row(i);
            Int128 sum = Math.Abs(affine.Bias[i]);
            for (int j = 0; j < row.Length; j++)
            {
                if (Math.Abs(row[j]) > largest || input[j].Max > largest || input[j].Min < -largest - 1)
                {
                    return false;
                }

                sum += (Int128)Math.Abs(row[j]) * input[j].Magnitude;
            }

            if (sum > int.MaxValue)
            {
                return false;
            }
        }

        return true;
    }

    private static bool RoomToRound(Requantize requantize, Interval[] input) =>
        !requantize.Shifts.Where((shift, i) => shift > 30 || input[i].Magnitude + (1L << shift) > int.MaxValue
            || Math.Abs(requantize.Low[i]) > int.MaxValue || Math.Abs(requantize.High[i]) > int.MaxValue).Any();
}

/// <summary>Affine on 16-bit factors: two products and their sum in one instruction. Input elements 2p and 2p + 1 of a
/// row share one 32-bit lane; weight pairs of zeros are left out.</summary>
internal sealed class PairedAffine : LaneStep
{
    private readonly Affine affine;
    private readonly int[] packed;
    private readonly (int Pair, int Weights)[][] terms;

    public PairedAffine(Affine affine)
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

    public override void Run(LaneBlock[] blocks)
    {
        Pack(blocks[affine.Input].Narrow!);
        int[] output = blocks[affine.Output].Narrow!;
        ref int source = ref packed[0];
        ref int target = ref output[0];
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
    }

    private void Pack(int[] input)
    {
        int columns = affine.Weights.Columns;
        for (int j = 0; j < columns; j += 2)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                int high = j + 1 < columns ? input[((j + 1) * Lanes) + lane] : 0;
                packed[(j / 2 * Lanes) + lane] = (ushort)input[(j * Lanes) + lane] | (high << 16);
            }
        }
    }
}

/// <summary>Affine in 32 bits; zero weights are left out.</summary>
internal sealed class NarrowAffine(Affine affine) : LaneStep
{
    private readonly (int Column, int Weight)[][] terms =
        [.. Enumerable.Range(0, affine.Weights.Rows).Select(i => affine.Weights.Row(i).ToArray()
            .Select((weight, j) => (j, (int)weight)).Where(term => term.Item2 != 0).ToArray())];

    public override void Run(LaneBlock[] blocks)
    {
        ref int source = ref blocks[affine.Input].Narrow![0];
        ref int target = ref blocks[affine.Output].Narrow![0];
        for (int i = 0; i < terms.Length; i++)
        {
            for (int lane = 0; lane < Lanes; lane += Vector256<int>.Count)
            {
                Vector256<int> sum = Vector256.Create((int)affine.Bias[i]);
                foreach ((int column, int weight) in terms[i])
                {
                    sum += Vector256.LoadUnsafe(ref source, (nuint)((column * Lanes) + lane)) * weight;
                }

                sum.StoreUnsafe(ref target, (nuint)((i * Lanes) + lane));
            }
        }
    }
}

/// <summary>Shift, round and limit in 32 bits.</summary>
internal sealed class NarrowRequantize(Requantize requantize) : LaneStep
{
    public override void Run(LaneBlock[] blocks)
    {
        ref int source = ref blocks[requantize.Input].Narrow![0];
        ref int target = ref blocks[requantize.Output].Narrow![0];
        for (int i = 0; i < requantize.Shifts.Length; i++)
        {
            int shift = requantize.Shifts[i];
            Vector256<int> low = Vector256.Create((int)requantize.Low[i]);
            Vector256<int> high = Vector256.Create((int)requantize.High[i]);

            // offset = whenPositive, plus (a bit of the value) * difference; see Rounding.Offset
            int whenPositive = shift == 0 ? 0 : (int)requantize.Rounding.Offset(0, shift);
            int difference = shift == 0 ? 0 : (int)requantize.Rounding.Offset(-1, shift) - whenPositive;
            for (int lane = 0; lane < Lanes; lane += Vector256<int>.Count)
            {
                nuint at = (nuint)((i * Lanes) + lane);
                Vector256<int> x = Vector256.LoadUnsafe(ref source, at);
                if (shift > 0)
                {
                    Vector256<int> bit = requantize.Rounding == Rounding.HalfEven
                        ? Vector256.ShiftRightArithmetic(x, shift) & Vector256<int>.One
                        : Vector256.ShiftRightLogical(x, 31);
                    x = Vector256.ShiftRightArithmetic(x + Vector256.Create(whenPositive) + (bit * difference), shift);
                }

                Vector256.Min(Vector256.Max(x, low), high).StoreUnsafe(ref target, at);
            }
        }
    }
}

/// <summary>Any operation, element by element in 64 bits.</summary>
internal sealed class ElementStep(IntegerOperation operation) : LaneStep
{
    public override void Run(LaneBlock[] blocks)
    {
        LaneBlock x = blocks[operation.Inputs[0]];
        LaneBlock y = blocks[operation.Output];
        for (int i = 0; i < y.Length; i++)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                int at = (i * Lanes) + lane;
                y[at] = operation switch
                {
                    Affine affine => Sum(affine, x, i, lane),
                    Scale scale => (scale.Multipliers[i] * x[at]) + scale.Addends[i],
                    Requantize requantize => Math.Clamp(requantize.Rounding.ShiftRight(x[at], requantize.Shifts[i]), requantize.Low[i], requantize.High[i]),
                    Thresholds thresholds => thresholds.Base[i] + Reached(thresholds.Levels[i], x[at]),
                    Add add => x[at] + blocks[add.Right][at],
                    ArgMax => Largest(x, lane),
                    Rearrange rearrange => x[(rearrange.Indices[i] * Lanes) + lane],
                    _ => throw new ArgumentOutOfRangeException(operation.Kind),
                };
            }
        }
    }

    private static long Sum(Affine affine, LaneBlock x, int row, int lane)
    {
        long sum = affine.Bias[row];
        ReadOnlySpan<long> weights = affine.Weights.Row(row);
        for (int j = 0; j < weights.Length; j++)
        {
            sum += weights[j] * x[(j * Lanes) + lane];
        }

        return sum;
    }

    private static int Reached(long[] levels, long value)
    {
        int index = Array.BinarySearch(levels, value);
        if (index < 0)
        {
            return ~index;
        }

        while (index < levels.Length && levels[index] <= value)
        {
            index++;
        }

        return index;
    }

    private static int Largest(LaneBlock x, int lane)
    {
        int largest = 0;
        for (int j = 1; j < x.Length; j++)
        {
            largest = x[(j * Lanes) + lane] > x[(largest * Lanes) + lane] ? j : largest;
        }

        return largest;
    }
}
