using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization;

/// <summary>Quantizers around the functions of a float network, so that a look-up table can hold them: one behind, with the bits
/// of activations, and one before, with a few more. A function at the network's end is left to the host.</summary>
internal sealed class FunctionQuantization
{
    /// <summary>Bits that the input of a function has more than its result, and at most: its table stays small.</summary>
    public const int MoreBits = 2;
    private const int MostInputBits = 14;

    private readonly Network network;
    private readonly CalibrationMethod method;
    private readonly HashSet<int> functions; // by their results
    private readonly Dictionary<int, MagnitudeHistogram> ranges = [];

    /// <param name="limit">Brings a row into the range of the input format.</param>
    public FunctionQuantization(Network network, CalibrationRows rows, CalibrationMethod method, Func<double[], double[]> limit)
    {
        this.network = network;
        this.method = method;
        functions = [.. network.Layers.OfType<ElementFunction>().Where(function => !IsFinal(function.Output)).Select(function => function.Output)];
        foreach (int value in functions.SelectMany(result => new[] { result, network.Producer(result)!.Inputs[0] }))
        {
            ranges.TryAdd(value, new());
        }

        foreach (double[] row in ranges.Count > 0 ? rows.Each() : [])
        {
            Dictionary<int, double[]> values = FloatInterpreter.Trace(network, limit(row));
            foreach ((int value, MagnitudeHistogram histogram) in ranges)
            {
                foreach (double element in values[value])
                {
                    histogram.Add(element);
                }
            }
        }
    }

    /// <summary>Layers with weights that read a function's result, perhaps moved, limited or through a further function.</summary>
    public static IReadOnlyList<Linear> ReadersOf(Network network, ElementFunction function)
    {
        var reached = new HashSet<int> { function.Output };
        var readers = new List<Linear>();
        foreach (Layer layer in network.Layers.Where(layer => layer.Inputs.Any(reached.Contains)))
        {
            if (layer is Linear linear and not Convolution { IsCopy: true })
            {
                readers.Add(linear);
            }
            else
            {
                reached.Add(layer.Output);
            }
        }

        return readers;
    }

    /// <summary>The network with quantizers; all values keep their numbers.</summary>
    /// <param name="activationBits">Of what a layer with weights reads; null: of what none reads.</param>
    public Network Apply(Func<Linear?, int> activationBits)
    {
        int next = network.Layers.Max(layer => layer.Output);
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            if (layer is not ElementFunction function || !functions.Contains(function.Output))
            {
                layers.Add(layer);
                continue;
            }

            IReadOnlyList<Linear> readers = ReadersOf(network, function);
            int bits = readers.Count == 0 ? activationBits(null) : readers.Max(activationBits);
            int read = function.Input;
            if (network.Producer(read) is not (Quantize or Bipolar or ElementFunction))
            {
                layers.Add(Quantizer(read, read, ++next, Math.Min(bits + MoreBits, MostInputBits)));
                read = next;
            }

            bool ownQuantizer = network.Layers.Any(after => after.Inputs.Contains(function.Output) && after is Quantize or Bipolar);
            layers.Add(function with { Input = read, Output = ownQuantizer ? function.Output : ++next });
            if (!ownQuantizer)
            {
                layers.Add(Quantizer(function.Output, next, function.Output, bits));
            }
        }

        return network with { Layers = layers };
    }

    private Quantize Quantizer(int value, int input, int output, int bits)
    {
        bool signed = !Equalization.IsUnsigned(network, value);
        (long low, long high) = Graph.Quantizer.Limits(bits, signed, narrow: false);
        int exponent = RangeChoice.StepExponent(ranges[value], signed ? bits - 1 : bits, method) ?? 0;
        Layer? producer = network.Producer(value);
        return new(output, $"result of {producer?.Name ?? network.InputName}", producer?.Shape ?? network.InputShape, input, new([Rational.PowerOfTwo(exponent)], [Rational.Zero], low, high, Rounding.HalfEven));
    }

    /// <summary>True where nothing but what a host computes lies between a value and the result.</summary>
    private bool IsFinal(int value)
    {
        if (value == network.OutputValue || network.UsesOf(value) != 1)
        {
            return value == network.OutputValue;
        }

        Layer reader = network.Layers.First(layer => layer.Inputs.Contains(value));
        return reader is Reorder or ElementwiseAffine or Clip or LeakyRelu or ElementFunction or SoftmaxLayer && IsFinal(reader.Output);
    }
}
