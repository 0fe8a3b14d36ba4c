using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>Collects integer operations, derives their ranges, and leaves out what does nothing.</summary>
internal sealed class IntegerNetworkBuilder
{
    private readonly List<IntegerTensor> tensors = [];
    private readonly List<IntegerOperation> operations = [];

    public IntegerNetworkBuilder(PerElement<Interval> input) => tensors.Add(new(0, "input", input));

    public PerElement<Interval> Ranges(int tensor) => tensors[tensor].Ranges;

    public int Length(int tensor) => tensors[tensor].Length;

    public int Affine(string layer, int input, IntegerMatrix weights, long[] bias) =>
        Append(output => new Affine(output, layer, input, weights, bias));

    public int WindowedAffine(string layer, int input, IntegerMatrix kernels, Windows windows, PerElement<long> bias) =>
        Append(output => new WindowedAffine(output, layer, input, kernels, windows, bias));

    public int WindowedMax(string layer, int input, Windows windows) => Append(output => new WindowedMax(output, layer, input, windows));

    public int Concatenate(string layer, int[] parts) => Append(output => new Concatenate(output, layer, parts));

    public int Add(string layer, int left, int right) => Append(output => new Add(output, layer, left, right));

    public int ArgMax(string layer, int input) => Append(output => new ArgMax(output, layer, input));

    public int Rearrange(string layer, int input, int[] indices) => Append(output => new Rearrange(output, layer, input, indices));

    public int Thresholds(string layer, int input, PerElement<long[]> levels, PerElement<long> first) =>
        Append(output => new Thresholds(output, layer, input, levels, first));

    public int Softmax(string layer, int input, int length, int drop, int fineBits, long[] coarse, long[] fine, bool liftsLargest) =>
        Append(output => new Softmax(output, layer, input, length, drop, fineBits, coarse, fine, liftsLargest));

    public int Lookup(string layer, int input, LookupTable[] tables, int[] tableOf) =>
        Append(output => new Lookup(output, layer, input, tables, tableOf));

    public int Scale(string layer, int input, PerElement<long> multipliers, PerElement<long> addends)
    {
        if (multipliers.All(value => value == 1) && addends.All(value => value == 0))
        {
            return input;
        }

        return Append(output => new Scale(output, layer, input, multipliers, addends));
    }

    public int Requantize(string layer, int input, PerElement<int> shifts, Rounding rounding, PerElement<long> low, PerElement<long> high)
    {
        bool nothing = shifts.All(shift => shift == 0)
            && PerElement.Map(Ranges(input), low, high, (range, least, most) => range.Min >= least && range.Max <= most).All(inside => inside);
        return nothing ? input : Append(output => new Requantize(output, layer, input, shifts, rounding, low, high));
    }

    public IntegerNetwork Build(string name, InputEncoding input, int result, OutputDecoding output) =>
        new(name, input, [.. tensors], [.. operations], result, output);

    private int Append(Func<int, IntegerOperation> make)
    {
        IntegerOperation operation = make(tensors.Count);
        PerElement<Interval> ranges = RangeAnalysis.Of(operation, Ranges);
        operations.Add(operation);
        tensors.Add(new(operation.Output, operation.Layer, ranges));
        return operation.Output;
    }
}
