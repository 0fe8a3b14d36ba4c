using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>A vector of integers inside the network, with the exact range of each element.</summary>
public sealed record IntegerTensor(int Number, string Name, PerElement<Interval> Ranges)
{
    public int Length => Ranges.Length;

    /// <summary>The range that holds every element.</summary>
    public Interval Range => Ranges.Values.Aggregate(Interval.Union);
}

/// <summary>What a network computes, in integers: the one meaning that the interpreter defines and every backend is
/// held to, bit for bit.</summary>
/// <param name="Tensors">All tensors; number 0 is the input.</param>
/// <param name="Operations">In order of execution.</param>
/// <param name="OutputTensor">Number of the tensor that is the result.</param>
public sealed record IntegerNetwork(
    string Name,
    InputEncoding Input,
    IReadOnlyList<IntegerTensor> Tensors,
    IReadOnlyList<IntegerOperation> Operations,
    int OutputTensor,
    OutputDecoding Output)
{
    public IntegerTensor InputTensor => Tensors[0];

    public IntegerTensor Result => Tensors[OutputTensor];

    public int InputLength => InputTensor.Length;

    public int OutputLength => Result.Length;

    /// <summary>SHA-256 over everything that decides which integers come out.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Text(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
        void Longs(IEnumerable<long> values) => Text(string.Join(',', values));

        void Indices(Windows windows)
        {
            Text($"{windows.Groups} {windows.Positions} {windows.Taps}");
            var window = new int[windows.Taps];
            for (int i = 0; i < windows.Groups * windows.Positions; i++)
            {
                windows.Read(i / windows.Positions, i % windows.Positions, window);
                hash.AppendData(MemoryMarshal.AsBytes(window.AsSpan()));
            }
        }

        Text(nameof(IntegerNetwork));
        Longs(InputTensor.Ranges.SelectMany(range => new[] { range.Min, range.Max }));
        foreach (IntegerOperation operation in Operations)
        {
            Text($"{operation.Kind} {operation.Output} {string.Join(' ', operation.Inputs)}");
            switch (operation)
            {
                case Affine affine:
                    Longs(affine.Weights.Values);
                    Longs(affine.Bias);
                    break;
                case Scale scale:
                    Longs(scale.Multipliers);
                    Longs(scale.Addends);
                    break;
                case Requantize requantize:
                    Text($"{requantize.Rounding}");
                    Longs(requantize.Shifts.Select(shift => (long)shift));
                    Longs(requantize.Low);
                    Longs(requantize.High);
                    break;
                case Thresholds thresholds:
                    Longs(thresholds.Base);
                    foreach (long[] levels in thresholds.Levels)
                    {
                        Longs(levels);
                    }

                    break;
                case Rearrange rearrange:
                    Longs(rearrange.Indices.Select(index => (long)index));
                    break;
                case WindowedAffine windowed:
                    Longs(windowed.Kernels.Values);
                    Indices(windowed.Windows);
                    Longs(windowed.Bias);
                    break;
                case Softmax softmax:
                    Text($"{softmax.Length} {softmax.Drop} {softmax.FineBits} {softmax.LiftsLargest}");
                    Longs(softmax.Coarse);
                    Longs(softmax.Fine);
                    break;
                case Lookup lookup:
                    Longs(lookup.TableOf.Select(table => (long)table));
                    foreach (LookupTable table in lookup.Tables)
                    {
                        Text($"{table.First}");
                        Longs(table.Values);
                    }

                    break;
                case WindowedMax windowed:
                    Indices(windowed.Windows);
                    break;
            }
        }

        Text($"output {OutputTensor}");
        if (Output is { Softmax: true, Final: { } final })
        {
            Text($"final {final.Hash()}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
