using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>A float network that is quantized again and again, with other bits: what does not depend on them is done once.</summary>
internal sealed class QuantizationSession
{
    /// <summary>Any number does where only the places of quantizers count.</summary>
    private const int FewestBits = 2;

    private readonly Network network;
    private readonly Network folded;
    private readonly FunctionQuantization functions;
    private readonly CalibrationRows rows;
    private readonly QuantizationSettings settings;
    private readonly IReadOnlyList<ChannelSet> channels;
    private readonly Dictionary<int, MagnitudeHistogram[]> ranges;
    private readonly Linear[] layers;

    public QuantizationSession(Network network, CalibrationRows rows, FixedPointFormat format, QuantizationSettings settings)
    {
        this.network = network;
        this.rows = rows;
        this.settings = settings;
        folded = Folded(network);
        functions = new(folded, rows, settings.Method, new InputGrid(format).Limited);
        channels = ChannelSet.Of(functions.Apply(_ => FewestBits), settings.InputBits is not null);
        Inputs = new(channels.Any(set => set.IsInput) ? null : format);
        ranges = RangeObserver.Observe(folded, channels, rows, Inputs.Limited);
        layers = [.. folded.Layers.OfType<Linear>().Where(layer => layer.Weights.Quantized is null)];
    }

    public InputGrid Inputs { get; }

    /// <summary>Layers with float weights.</summary>
    public int LayerCount => layers.Length;

    /// <summary>The network with gains in its weights and a bias behind them.</summary>
    public static Network Folded(Network network) => WithBiases(GainFolding.Apply(network));

    /// <param name="precisions">Of each layer with float weights, in order; activations that several read get the most bits.</param>
    public (EqualizedNetwork Floats, Network Quantized) Quantize(IReadOnlyList<Precision> precisions)
    {
        var weightBits = layers.Zip(precisions).ToDictionary(pair => pair.First.Output, pair => pair.Second.WeightBits);
        int most = precisions.Select(precision => precision.ActivationBits).DefaultIfEmpty(QuantizationSettings.MostBits).Max();
        Dictionary<int, int> activationBits = channels.ToDictionary(set => set.Place, set => set.IsInput
            ? settings.InputBits!.Value
            : layers.Zip(precisions).Where(pair => pair.First.Input == set.Read).Select(pair => pair.Second.ActivationBits).DefaultIfEmpty(most).Max());
        EqualizedNetwork equalized = Equalization.Apply(functions.Apply(BitsRead), channels, ranges, place => activationBits[place], KeepsGrid, settings.Method, settings.Equalizes);
        return (equalized, new QuantizedNetworkBuilder(equalized, output => weightBits[output], settings, rows, Inputs).Build());

        int BitsRead(Linear? layer) => layers.Zip(precisions).Where(pair => pair.First.Output == layer?.Output).Select(pair => pair.Second.ActivationBits).DefaultIfEmpty(most).First();

        // Weights that are on a grid already stay there: channels are then scaled by powers of two only.
        bool KeepsGrid(int place)
        {
            ChannelSet set = channels.First(channel => channel.Place == place);
            return layers.Where(layer => layer.Input == set.Read || layer.Output == set.Producer).All(layer => IsOnGrid(layer.Weights, weightBits[layer.Output]));
        }
    }

    /// <summary>Largest and root mean square difference of the outputs from the float network's, in parts of full scale.</summary>
    public (double Largest, double Rms) ErrorOf(Network quantized)
    {
        double largest = 0;
        double squares = 0;
        double fullScale = double.Epsilon;
        long count = 0;
        foreach (double[] row in rows.Each())
        {
            double[] limited = Inputs.Limited(row);
            double[] expected = FloatInterpreter.Trace(network, limited)[network.OutputValue];
            double[] actual = FloatInterpreter.Trace(quantized, Inputs.Rounded(limited))[quantized.OutputValue];
            for (int i = 0; i < expected.Length; i++)
            {
                double error = Math.Abs(expected[i] - actual[i]);
                fullScale = Math.Max(fullScale, Math.Abs(expected[i]));
                largest = Math.Max(largest, error);
                squares += error * error;
                count++;
            }
        }

        return (largest / fullScale, Math.Sqrt(squares / Math.Max(1, count)) / fullScale);
    }

    /// <summary>Every layer with float weights gets a bias, so that there is a place for its correction.</summary>
    private static Network WithBiases(Network network)
    {
        int next = network.Layers.Max(layer => layer.Output);
        var biasedLayers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            bool biased = network.UsesOf(layer.Output) == 1 && network.Layers.Any(after => after is ElementwiseAffine affine && affine.Input == layer.Output);
            if (layer is Linear { Weights.Quantized: null } linear && !biased)
            {
                biasedLayers.Add(linear with { Output = ++next });
                biasedLayers.Add(new ElementwiseAffine(linear.Output, linear.Name, linear.Shape, next, [Rational.One], [Rational.Zero]));
            }
            else
            {
                biasedLayers.Add(layer);
            }
        }

        return network with { Layers = biasedLayers };
    }

    private static bool IsOnGrid(ConstantTensor weights, int bits)
    {
        int columns = weights.Shape[1];
        for (int start = 0; start < weights.Length; start += columns)
        {
            double[] row = weights.Values[start..(start + columns)];
            double largest = row.Max(Math.Abs);
            double step = largest == 0 ? 1 : Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(largest / (Math.ScaleB(1, bits - 1) - 0.5))));
            if (Array.Exists(row, weight => Math.IEEERemainder(weight, step) != 0))
            {
                return false;
            }
        }

        return true;
    }
}
