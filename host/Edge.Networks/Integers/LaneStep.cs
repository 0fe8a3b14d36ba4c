using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>An operation compiled for blocks of rows. Steps compute in int or long; sums and products may wrap on the way,
/// since they are exact modulo 2^32 or 2^64 and the tensor's range says that the result fits.</summary>
internal abstract class LaneStep
{
    public abstract void Run(LaneBlock[] blocks);

    public static bool IsNarrow(Interval range) => range.Min >= int.MinValue && range.Max <= int.MaxValue;

    /// <summary>Chooses the narrowest arithmetic that the exact ranges allow.</summary>
    public static LaneStep Compile(IntegerNetwork network, IntegerOperation operation)
    {
        bool narrow = operation.Inputs.Append(operation.Output).All(tensor => IsNarrow(network.Tensors[tensor].Range));
        return operation switch
        {
            Affine affine => Compile(affine, network.Tensors[affine.Input].Range, narrow),
            WindowedAffine windowed => Compile(windowed, network.Tensors[windowed.Input].Range, narrow),
            Requantize requantize => narrow && RoomToRound(requantize, network.Tensors[requantize.Input].Ranges)
                ? new RequantizeStep<int>(requantize)
                : new RequantizeStep<long>(requantize),
            _ => narrow ? Elementwise<int>(operation) : Elementwise<long>(operation),
        };
    }

    private static LaneStep Compile(Affine affine, Interval input, bool narrow)
    {
        bool Fit(long min, long max) => input.Min >= min && input.Max <= max && affine.Weights.Values.All(weight => weight >= min && weight <= max);
        return narrow && Fit(short.MinValue, short.MaxValue) && Avx2.IsSupported ? new PairedAffineStep(affine)
            : narrow ? new AffineStep<int, WholeProduct<int>>(affine)
            : Fit(int.MinValue, int.MaxValue) && Avx2.IsSupported ? new AffineStep<long, LowHalvesProduct>(affine)
            : new AffineStep<long, WholeProduct<long>>(affine);
    }

    private static LaneStep Compile(WindowedAffine windowed, Interval input, bool narrow)
    {
        bool Fit(long min, long max) => input.Min >= min && input.Max <= max && windowed.Kernels.Values.All(weight => weight >= min && weight <= max);
        return narrow ? new WindowedAffineStep<int, WholeProduct<int>>(windowed)
            : Fit(int.MinValue, int.MaxValue) && Avx2.IsSupported ? new WindowedAffineStep<long, LowHalvesProduct>(windowed)
            : new WindowedAffineStep<long, WholeProduct<long>>(windowed);
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
            Concatenate concatenate => new ConcatenateStep<T>(concatenate),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation"),
        };

    /// <summary>The constant that is added before the shift stays inside 32 bits; here a sum that wraps would be wrong.</summary>
    private static bool RoomToRound(Requantize requantize, PerElement<Interval> input) =>
        PerElement.Map(requantize.Shifts, input, (shift, range) => shift <= 30 && range.Magnitude + (1L << shift) <= int.MaxValue).All(fits => fits);
}
