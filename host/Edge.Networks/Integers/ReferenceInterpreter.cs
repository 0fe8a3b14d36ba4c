using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>Runs one vector through the network, one element at a time. This code is what a network means; everything
/// else (the fast interpreter, ONNX, HLS, RTL) is compared with it for equality. Tests hold it against a model in
/// unbounded integers.</summary>
public static class ReferenceInterpreter
{
    /// <summary>input (InputLength) to the output tensor (OutputLength).</summary>
    public static long[] Run(IntegerNetwork network, ReadOnlySpan<long> input) => Trace(network, input, keepsAll: false)[network.OutputTensor];

    /// <summary>rows (count, InputLength) to results (count, OutputLength).</summary>
    public static long[] RunRows(IntegerNetwork network, ReadOnlySpan<long> rows)
    {
        int count = rows.Length / network.InputLength;
        var results = new long[count * network.OutputLength];
        for (int row = 0; row < count; row++)
        {
            Run(network, rows.Slice(row * network.InputLength, network.InputLength))
                .CopyTo(results, row * network.OutputLength);
        }

        return results;
    }

    /// <summary>Every tensor, by number.</summary>
    /// <exception cref="ArgumentException">The input has another length or leaves the input's range.</exception>
    public static long[][] Trace(IntegerNetwork network, ReadOnlySpan<long> input) => Trace(network, input, keepsAll: true);

    private static long[][] Trace(IntegerNetwork network, ReadOnlySpan<long> input, bool keepsAll)
    {
        if (input.Length != network.InputLength)
        {
            throw new ArgumentException($"{input.Length} values for {network.InputLength} inputs", nameof(input));
        }

        for (int i = 0; i < input.Length; i++)
        {
            Interval range = network.InputTensor.Ranges[i];
            if (input[i] < range.Min || input[i] > range.Max)
            {
                throw new ArgumentException($"input {i} is {input[i]}, outside {range.Min} to {range.Max}", nameof(input));
            }
        }

        var tensors = new long[network.Tensors.Count][];
        tensors[0] = input.ToArray();
        var uses = new int[tensors.Length];
        foreach (int read in network.Operations.SelectMany(operation => operation.Inputs).Append(network.OutputTensor))
        {
            uses[read]++;
        }

        foreach (IntegerOperation operation in network.Operations)
        {
            tensors[operation.Output] = Apply(operation, tensors);
            foreach (int read in operation.Inputs)
            {
                if (--uses[read] == 0 && !keepsAll)
                {
                    tensors[read] = [];
                }
            }
        }

        return tensors;
    }

    private static long[] Apply(IntegerOperation operation, long[][] tensors)
    {
        long[] x = tensors[operation.Inputs[0]];
        switch (operation)
        {
            case Affine affine:
                var sums = new long[affine.Weights.Rows];
                for (int i = 0; i < sums.Length; i++)
                {
                    long sum = affine.Bias[i];
                    for (int j = 0; j < x.Length; j++)
                    {
                        sum = checked(sum + (affine.Weights[i, j] * x[j]));
                    }

                    sums[i] = sum;
                }

                return sums;

            case Scale scale:
                return Each(x, i => checked((scale.Multipliers[i] * x[i]) + scale.Addends[i]));

            case Requantize requantize:
                return Each(x, i => Math.Clamp(
                    requantize.Rounding.ShiftRight(x[i], requantize.Shifts[i]), requantize.Low[i], requantize.High[i]));

            case Thresholds thresholds:
                return Each(x, i => thresholds.Base[i] + thresholds.Levels[i].Count(level => level <= x[i]));

            case Add add:
                long[] y = tensors[add.Right];
                return Each(x, i => checked(x[i] + y[i]));

            case ArgMax:
                int largest = 0;
                for (int j = 1; j < x.Length; j++)
                {
                    largest = x[j] > x[largest] ? j : largest;
                }

                return [largest];

            case Rearrange rearrange:
                return [.. rearrange.Indices.Select(index => x[index])];

            case WindowedAffine windowed:
                return Windowed(windowed, x);

            case WindowedMax windowed:
                var greatest = new long[windowed.Windows.Groups * windowed.Windows.Positions];
                for (int i = 0; i < greatest.Length; i++)
                {
                    greatest[i] = long.MinValue;
                    foreach (int index in windowed.Windows.Of(i / windowed.Windows.Positions, i % windowed.Windows.Positions))
                    {
                        greatest[i] = Math.Max(greatest[i], x[index]);
                    }
                }

                return greatest;

            case Softmax softmax:
                var shares = new long[x.Length];
                for (int start = 0; start < x.Length; start += softmax.Length)
                {
                    softmax.Apply(x.AsSpan(start, softmax.Length), shares.AsSpan(start, softmax.Length));
                }

                return shares;

            case Lookup lookup:
                return Each(x, i => lookup.Table(i)[x[i]]);

            case Concatenate concatenate:
                return [.. concatenate.Parts.SelectMany(part => tensors[part])];

            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation");
        }
    }

    private static long[] Windowed(WindowedAffine windowed, long[] x)
    {
        var sums = new long[windowed.Bias.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            int kernel = i / windowed.Windows.Positions;
            ReadOnlySpan<long> weights = windowed.Kernels.Row(kernel);
            ReadOnlySpan<int> window = windowed.Windows.Of(windowed.GroupOf(kernel), i % windowed.Windows.Positions);
            sums[i] = windowed.Bias[i];
            for (int tap = 0; tap < window.Length; tap++)
            {
                sums[i] = checked(sums[i] + (window[tap] < 0 ? 0 : weights[tap] * x[window[tap]]));
            }
        }

        return sums;
    }

    private static long[] Each(long[] x, Func<int, long> function)
    {
        var y = new long[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = function(i);
        }

        return y;
    }
}
