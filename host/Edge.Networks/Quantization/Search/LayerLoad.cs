using Edge.Networks.Graph;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization.Search;

/// <summary>What a layer with float weights costs in hardware, before its integers are known.</summary>
/// <param name="Products">Multiplications with weights for one input of the network.</param>
/// <param name="FanIn">Products in one sum.</param>
/// <param name="ReadsInput">Its inputs have the format of the network's.</param>
/// <param name="Tables">Look-up tables of functions whose results it reads.</param>
internal sealed record LayerLoad(string Name, long Products, int FanIn, bool ReadsInput, long Tables)
{
    private const int TableBitsPerLut = 64;

    public static IReadOnlyList<LayerLoad> Of(Network network)
    {
        HashSet<int> quantized = [.. ChannelSet.Of(network, scalesInputs: false).Select(set => set.Read)];
        return [.. network.Layers.OfType<Linear>().Where(layer => layer.Weights.Quantized is null).Select(layer => new LayerLoad(
            layer.Name,
            layer is Convolution { Windows: var windows } ? windows.Indices.LongCount(index => index >= 0) * (layer.Weights.Shape[0] / windows.Groups) : layer.Weights.Length,
            layer.Weights.Shape[1],
            !quantized.Contains(layer.Input),
            network.Layers.OfType<ElementFunction>().Where(function => FunctionQuantization.ReadersOf(network, function).Any(reader => reader.Output == layer.Output)).Sum(function => (long)function.Length)))];
    }

    /// <summary>Bits of adders: a product with a weight of w bits has about w / 3 digits that are not zero (canonical signed
    /// digits), each an adder as wide as activation and half the weight and the sum's growth. Behind a function, its tables.</summary>
    public double Cost(Precision precision) =>
        Products * (precision.WeightBits + (1.0 / 3)) / 3 * (precision.ActivationBits + (precision.WeightBits / 2.0) + (Math.Log2(Math.Max(1, FanIn)) / 2))
        + (Tables * Math.ScaleB(precision.ActivationBits, precision.ActivationBits + FunctionQuantization.MoreBits) / TableBitsPerLut);
}
