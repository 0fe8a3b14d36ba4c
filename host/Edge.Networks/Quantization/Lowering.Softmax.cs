using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Softmax, and what the host computes behind the network's last sums.</content>
public sealed partial class Lowering
{
    /// <summary>Fraction bits of a function's results at the end of a model, where its largest is 1.</summary>
    private const int ResultBits = 24;

    /// <summary>True while lowering what the host computes: a function needs no quantizer there.</summary>
    private bool onHost;

    /// <summary>How many layers at the end, from a softmax or function without quantizer on, are left to the host.</summary>
    private static int CountOnHost(Network network, int firstLayer)
    {
        int count = 0;
        int value = network.OutputValue;
        for (int k = network.Layers.Count - 1; k >= firstLayer; k--)
        {
            Layer layer = network.Layers[k];
            if (layer.Output != value || network.UsesOf(value) != 1 || layer is not (SoftmaxLayer or ElementFunction or ElementwiseAffine or Clip or LeakyRelu or Reorder))
            {
                break;
            }

            count = layer is SoftmaxLayer or ElementFunction ? network.Layers.Count - k : count;
            value = layer.Inputs[0];
        }

        return count;
    }

    /// <summary>The last layers as a network from the integers of <paramref name="logits"/> on.</summary>
    private IntegerNetwork OnHost(RealVector logits, Layer[] layers)
    {
        PerElement<Interval> ranges = builder.Ranges(logits.Tensor);
        Interval all = ranges.Values.Aggregate(Interval.Union);
        var encoding = new InputEncoding([ranges.Length], [Rational.One], [Rational.Zero], Rounding.HalfEven, all.Min, all.Max, "integers of the network");
        var host = new Lowering(network, ranges, notes: null) { onHost = true };
        host.values[layers[0].Inputs[0]] = logits with { Tensor = 0 };
        foreach (Layer layer in layers)
        {
            host.values[layer.Output] = Named(layer.Name, () => host.Lower(layer));
        }

        return host.Finish(encoding, []);
    }

    private RealVector LowerSoftmax(SoftmaxLayer softmax) =>
        Normalised(softmax.Name, WithoutLimits(values[softmax.Input], softmax.Name), softmax.Length / softmax.Vectors, liftsLargest: true);

    private RealVector Normalised(string name, RealVector x, int vector, bool liftsLargest)
    {
        (ValueOrder order, Rational unit) = ValueOrder.Proportional(x.Scales.ToArray(), x.Offsets.ToArray(), builder.Ranges(x.Tensor).ToArray());
        int proportional = builder.Scale(name, x.Tensor, order.Factors, order.Addends);
        BigInteger farthest = builder.Ranges(proportional).ToArray().Chunk(vector).Max(ranges => (BigInteger)ranges.Max(range => range.Max) - ranges.Min(range => range.Min));
        SoftmaxTables tables = SoftmaxTables.For(unit, farthest);
        int shares = builder.Softmax(name, proportional, vector, tables.Drop, tables.FineBits, tables.Coarse, tables.Fine, liftsLargest);
        return new(shares, PerElement.Uniform(x.Length, new RealForm(Rational.PowerOfTwo(-Softmax.Bits), Rational.Zero, null, null)));
    }

    /// <summary>A function that no quantizer follows. Sigmoid and tanh are shares of a softmax of x and 0; others come from a
    /// table, for which x is rounded where it has too many integers.</summary>
    private RealVector LowerFinal(ElementFunction layer)
    {
        RealVector x = WithoutLimits(values[layer.Input], layer.Name);
        if (layer.Function.Kind == FunctionKind.Sigmoid)
        {
            return LogisticOf(layer.Name, x);
        }

        if (layer.Function.Kind == FunctionKind.Tanh)
        {
            // tanh x = 2 sigmoid(2 x) - 1
            RealVector sigmoid = LogisticOf(layer.Name, Scaled(x, 2, Rational.Zero));
            return Scaled(sigmoid, 2, -Rational.One);
        }

        Interval[] ranges = builder.Ranges(x.Tensor).ToArray();
        int[] shifts = [.. ranges.Select(range => Math.Max(0, ((BigInteger)range.Max - range.Min).ToString("b", null).TrimStart('0').Length - 16))];
        if (shifts.Any(shift => shift > 0))
        {
            long[] low = [.. ranges.Select((range, i) => range.Min >> shifts[i])];
            long[] high = [.. low.Select((least, i) => Math.Min(least + LargestTable - 1, Rounding.HalfEven.ShiftRight(ranges[i].Max, shifts[i])))];
            int coarser = builder.Requantize(layer.Name, x.Tensor, shifts, Rounding.HalfEven, low, high);
            x = new(coarser, PerElement.Map(x.Forms, (PerElement<int>)shifts, (form, shift) => form with { Scale = form.Scale * Rational.PowerOfTwo(shift) }));
        }

        ElementChain chain = new(x, [layer]);
        Interval[] inputs = builder.Ranges(x.Tensor).ToArray();
        double largest = Enumerable.Range(0, inputs.Length).Max(i => new[] { inputs[i].Min, inputs[i].Max }.Max(n => Math.Abs(chain.Approximately(i)(n).Value)));
        Rational step = Rational.PowerOfTwo((int)Math.Ceiling(Math.Log2(Math.Clamp(largest, 1e-6, 1e6))) - ResultBits);
        var quantizer = new Quantizer([step], [Rational.Zero], -(1L << (ResultBits + 1)), 1L << (ResultBits + 1), Rounding.HalfEven);
        return Dequantized(LowerChain(chain, new Quantize(layer.Output, layer.Name, layer.Shape, layer.Input, quantizer)), layer.Length, quantizer);
    }

    private static RealVector Scaled(RealVector x, Rational gain, Rational offset) => x with { Forms = x.Forms.Map(form => form.Transformed(gain, offset)) };

    private RealVector LogisticOf(string name, RealVector x)
    {
        // Pairs (x, 0).
        int zeros = builder.Scale(name, x.Tensor, Zeros(x.Length), Zeros(x.Length));
        int[] pairs = [.. Enumerable.Range(0, x.Length).SelectMany(i => new[] { i, x.Length + i })];
        int tensor = builder.Rearrange(name, builder.Concatenate(name, [x.Tensor, zeros]), pairs);
        PerElement<RealForm> forms = PerElement.Concatenated([x.Forms, x.Forms.Map(form => form with { Offset = Rational.Zero })]).Picked(pairs);
        RealVector shares = Normalised(name, new(tensor, forms), 2, liftsLargest: false);
        int[] firsts = [.. Enumerable.Range(0, x.Length).Select(i => 2 * i)];
        return new(builder.Rearrange(name, shares.Tensor, firsts), shares.Forms.Picked(firsts));
    }
}
