using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

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
                    Multipliers = PerElement.Map(first.Multipliers, scale.Multipliers, (value, factor) => checked(value * factor)),
                    Addends = Folded(first.Addends, scale),
                };

            case Affine affine when scale.Multipliers.All(value => value == 0 || BitOperations.IsPow2(Math.Abs(value))):
                int columns = affine.Weights.Columns;
                return affine with
                {
                    Output = scale.Output,
                    Weights = affine.Weights with { Values = [.. affine.Weights.Values.Select((value, k) => checked(value * scale.Multipliers[k / columns]))] },
                    Bias = Folded(affine.Bias, scale).ToArray(),
                };

            case WindowedAffine windowed when scale.Multipliers.All(value => value == 0 || BitOperations.IsPow2(Math.Abs(value))) && OfKernels(windowed, scale.Multipliers) is { } factors:
                int taps = windowed.Kernels.Columns;
                return windowed with
                {
                    Output = scale.Output,
                    Kernels = windowed.Kernels with { Values = [.. windowed.Kernels.Values.Select((value, k) => checked(value * factors[k / taps]))] },
                    Bias = Folded(windowed.Bias, scale),
                };

            default:
                return null;
        }
    }

    /// <summary>One multiplier for each kernel; null where outputs of a kernel have different ones.</summary>
    private static long[]? OfKernels(WindowedAffine windowed, PerElement<long> multipliers)
    {
        PerElement<long> compact = multipliers.Compacted();
        int positions = windowed.Windows.Positions;
        return Enumerable.Range(0, windowed.Kernels.Rows).All(kernel => compact.Kinds.Part(kernel * positions, positions).Count == 1)
            ? [.. Enumerable.Range(0, windowed.Kernels.Rows).Select(kernel => compact[kernel * positions])]
            : null;
    }

    private static PerElement<long> Folded(PerElement<long> addends, Scale scale) =>
        PerElement.Map(addends, scale.Multipliers, scale.Addends, (value, factor, addend) => checked((value * factor) + addend));

    /// <summary>The operations that are left, numbered in order. Their results are those of before, and so are the ranges.</summary>
    private static IntegerNetwork Renumbered(IntegerNetwork network, List<IntegerOperation> operations)
    {
        var tensors = new List<IntegerTensor> { network.InputTensor };
        var renumbered = new List<IntegerOperation>();
        var numbers = new Dictionary<int, int> { [0] = 0 };
        foreach (IntegerOperation operation in operations)
        {
            int number = tensors.Count;
            tensors.Add(new(number, operation.Layer, network.Tensors[operation.Output].Ranges));
            renumbered.Add(operation.Renumbered(number, input => numbers[input]));
            numbers[operation.Output] = number;
        }

        return network with { Tensors = tensors, Operations = renumbered, OutputTensor = numbers[network.OutputTensor] };
    }
}
