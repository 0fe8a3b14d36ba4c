using System.Numerics;
using Edge.Networks.Integers;

namespace Edge.Networks.Quantization;

/// <summary>Folds each multiplication into the operation before it when nobody else reads that one's result: two
/// multiplications into one, powers of two (which cost no adder) into affine weights.</summary>
internal static class ScaleFolding
{
    public static IntegerNetwork Apply(IntegerNetwork network)
    {
        int[] uses = new int[network.Tensors.Count];
        uses[network.OutputTensor]++;
        foreach (int input in network.Operations.SelectMany(operation => operation.Inputs))
        {
            uses[input]++;
        }

        var operations = new List<IntegerOperation>();
        foreach (IntegerOperation operation in network.Operations)
        {
            int producer = operations.FindIndex(earlier => earlier.Output == operation.Inputs[0]);
            if (operation is Scale scale && producer >= 0 && uses[scale.Input] == 1
                && Folded(operations[producer], scale) is { } folded)
            {
                operations.RemoveAt(producer);
                operations.Add(folded);
            }
            else
            {
                operations.Add(operation);
            }
        }

        return Renumbered(network, operations);
    }

    private static IntegerOperation? Folded(IntegerOperation producer, Scale scale)
    {
        switch (producer)
        {
            case Scale first:
                return first with
                {
                    Output = scale.Output,
                    Multipliers = [.. first.Multipliers.Select((value, i) => checked(value * scale.Multipliers[i]))],
                    Addends = [.. first.Addends.Select((value, i) => checked((value * scale.Multipliers[i]) + scale.Addends[i]))],
                };

            case Affine affine when scale.Multipliers.All(value => value == 0 || BitOperations.IsPow2(Math.Abs(value))):
                int columns = affine.Weights.Columns;
                return affine with
                {
                    Output = scale.Output,
                    Weights = affine.Weights with { Values = [.. affine.Weights.Values.Select((value, k) => checked(value * scale.Multipliers[k / columns]))] },
                    Bias = [.. affine.Bias.Select((value, i) => checked((value * scale.Multipliers[i]) + scale.Addends[i]))],
                };

            case WindowedAffine windowed when scale.Multipliers.All(value => value == 0 || BitOperations.IsPow2(Math.Abs(value))) && OfKernels(windowed, scale.Multipliers) is { } factors:
                int taps = windowed.Kernels.Columns;
                return windowed with
                {
                    Output = scale.Output,
                    Kernels = windowed.Kernels with { Values = [.. windowed.Kernels.Values.Select((value, k) => checked(value * factors[k / taps]))] },
                    Bias = [.. windowed.Bias.Select((value, i) => checked((value * scale.Multipliers[i]) + scale.Addends[i]))],
                };

            default:
                return null;
        }
    }

    /// <summary>One multiplier for each kernel; null where outputs of a kernel have different ones.</summary>
    private static long[]? OfKernels(WindowedAffine windowed, long[] multipliers)
    {
        int positions = windowed.Windows.Positions;
        return multipliers.Where((value, i) => value != multipliers[i / positions * positions]).Any()
            ? null
            : [.. Enumerable.Range(0, windowed.Kernels.Rows).Select(kernel => multipliers[kernel * positions])];
    }

    private static IntegerNetwork Renumbered(IntegerNetwork network, List<IntegerOperation> operations)
    {
        var builder = new IntegerNetworkBuilder(network.InputTensor.Ranges);
        var numbers = new Dictionary<int, int> { [0] = 0 };
        foreach (IntegerOperation operation in operations)
        {
            numbers[operation.Output] = operation switch
            {
                Affine o => builder.Affine(o.Layer, numbers[o.Input], o.Weights, o.Bias),
                WindowedAffine o => builder.WindowedAffine(o.Layer, numbers[o.Input], o.Kernels, o.Windows, o.Bias),
                WindowedMax o => builder.WindowedMax(o.Layer, numbers[o.Input], o.Windows),
                Concatenate o => builder.Concatenate(o.Layer, [.. o.Parts.Select(part => numbers[part])]),
                Scale o => builder.Scale(o.Layer, numbers[o.Input], o.Multipliers, o.Addends),
                Requantize o => builder.Requantize(o.Layer, numbers[o.Input], o.Shifts, o.Rounding, o.Low, o.High),
                Thresholds o => builder.Thresholds(o.Layer, numbers[o.Input], o.Levels, o.Base),
                Add o => builder.Add(o.Layer, numbers[o.Left], numbers[o.Right]),
                ArgMax o => builder.ArgMax(o.Layer, numbers[o.Input]),
                Rearrange o => builder.Rearrange(o.Layer, numbers[o.Input], o.Indices),
                _ => throw new ArgumentOutOfRangeException(nameof(operations), operation.Kind, "unknown operation"),
            };
        }

        return builder.Build(network.Name, network.Input, numbers[network.OutputTensor], network.Output);
    }
}
