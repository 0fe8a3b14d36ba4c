using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>An operation compiled for blocks of rows. Steps compute in short, int or long; sums and products may wrap on the
/// way, since they are exact modulo 2^16, 2^32 or 2^64 and the tensor's range says that the result fits.</summary>
internal abstract class LaneStep
{
    public abstract void Run(LaneBlock[] blocks);

    /// <summary>Chooses the narrowest arithmetic that the exact ranges allow.</summary>
    public static LaneStep Compile(IntegerNetwork network, IntegerOperation operation, int lanes, InstructionSet instructions)
    {
        int size = operation.Inputs.Append(operation.Output).Max(tensor => LaneBlock.SizeOf(network.Tensors[tensor].Range));
        return operation switch
        {
            Affine affine => Compile(network, Windowed(affine), lanes, instructions),
            WindowedAffine windowed => Compile(network, windowed, lanes, instructions),
            Requantize requantize => Math.Max(size, RoomToRound(requantize, network.Tensors[requantize.Input].Ranges)) switch
            {
                sizeof(short) => new RequantizeStep<short>(requantize),
                sizeof(int) => new RequantizeStep<int>(requantize),
                _ => new RequantizeStep<long>(requantize),
            },
            _ => size == sizeof(short) ? Elementwise<short>(operation) : size == sizeof(int) ? Elementwise<int>(operation) : Elementwise<long>(operation),
        };
    }

    /// <summary>One window that reads everything.</summary>
    private static WindowedAffine Windowed(Affine affine) => new(
        affine.Output, affine.Layer, affine.Input, affine.Weights, new Windows(1, 1, affine.Weights.Columns, [.. Enumerable.Range(0, affine.Weights.Columns)]), affine.Bias);

    private static LaneStep Compile(IntegerNetwork network, WindowedAffine windowed, int lanes, InstructionSet instructions)
    {
        Interval input = Interval.Union(network.Tensors[windowed.Input].Range, default);
        int inputSize = LaneBlock.SizeOf(input);
        int outputSize = LaneBlock.SizeOf(network.Tensors[windowed.Output].Range);
        bool Fit(long min, long max) => Array.TrueForAll(windowed.Kernels.Values, weight => weight >= min && weight <= max);
        bool several = windowed.Kernels.Rows > windowed.Windows.Groups;
        if (instructions >= InstructionSet.Avx2 && inputSize == sizeof(short) && outputSize <= sizeof(int) && (several || outputSize == sizeof(int)))
        {
            if (outputSize == sizeof(short) && input.Max - input.Min <= byte.MaxValue && Fit(sbyte.MinValue, sbyte.MaxValue) && PairsFit(windowed, input.Max - input.Min))
            {
                return instructions == InstructionSet.Avx512
                    ? new PairedSumsStep<Vector512<byte>, BytePairs512>(windowed, lanes, input.Min)
                    : new PairedSumsStep<Vector256<byte>, BytePairs256>(windowed, lanes, input.Min);
            }

            if (Fit(short.MinValue, short.MaxValue))
            {
                return instructions == InstructionSet.Avx512
                    ? new PairedSumsStep<Vector512<byte>, ShortPairs512>(windowed, lanes, 0)
                    : new PairedSumsStep<Vector256<byte>, ShortPairs256>(windowed, lanes, 0);
            }
        }

        return Math.Max(inputSize, outputSize) switch
        {
            sizeof(short) => new SumsStep<short, WholeProduct<short>>(windowed),
            sizeof(int) => new SumsStep<int, WholeProduct<int>>(windowed),
            _ => Avx2.IsSupported && inputSize <= sizeof(int) && Fit(int.MinValue, int.MaxValue)
                ? new SumsStep<long, LowHalvesProduct>(windowed)
                : new SumsStep<long, WholeProduct<long>>(windowed),
        };
    }

    /// <summary>The instruction saturates the sum of two products to 16 bits: none may be larger.</summary>
    private static bool PairsFit(WindowedAffine windowed, long largest)
    {
        for (int kernel = 0; kernel < windowed.Kernels.Rows; kernel++)
        {
            ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
            for (int tap = 0; tap < weights.Length; tap += 2)
            {
                if ((Math.Abs(weights[tap]) + (tap + 1 < weights.Length ? Math.Abs(weights[tap + 1]) : 0)) * largest > short.MaxValue)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static LaneStep Elementwise<T>(IntegerOperation operation)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => operation switch
        {
            Scale scale => new ScaleStep<T>(scale),
            Thresholds thresholds => new ThresholdsStep<T>(thresholds),
            Add add => new AddStep<T>(add),
            ArgMax argMax => new ArgMaxStep<T>(argMax),
            Rearrange rearrange => new RearrangeStep<T>(rearrange),
            WindowedMax windowed => new WindowedMaxStep<T>(windowed),
            Softmax softmax => new SoftmaxStep<T>(softmax),
            Lookup lookup => new LookupStep<T>(lookup),
            Concatenate concatenate => new ConcatenateStep<T>(concatenate),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation"),
        };

    /// <summary>Bytes in which the constant that is added before the shift leaves room; here a sum that wraps would be wrong.</summary>
    private static int RoomToRound(Requantize requantize, PerElement<Interval> input) =>
        PerElement.Map(requantize.Shifts, input, (shift, range) =>
            shift <= 14 && range.Magnitude + (1L << shift) <= short.MaxValue ? sizeof(short)
            : shift <= 30 && range.Magnitude + (1L << shift) <= int.MaxValue ? sizeof(int)
            : sizeof(long)).Values.Max();
}
