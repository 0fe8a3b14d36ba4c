using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>A trained network as imported: layers in order of execution, on real numbers.</summary>
/// <param name="InputShape">Shape of one input, without the batch axis.</param>
/// <param name="OutputValue">Number of the value that is the result.</param>
/// <param name="Notes">What the importer decided or left out, for the report.</param>
public sealed record Network(
    string Name,
    string InputName,
    string OutputName,
    int[] InputShape,
    IReadOnlyList<Layer> Layers,
    int OutputValue,
    IReadOnlyList<string> Notes)
{
    /// <summary>The format that the model's input type implies (int8, uint16, ...); null where it takes reals.</summary>
    public FixedPointFormat? DeclaredFormat { get; init; }

    public int InputLength => InputShape.Aggregate(1, (product, size) => product * size);

    /// <summary>True when the model brings its own quantizers: every layer's weights, and activations unless a single
    /// layer has none to quantize.</summary>
    public bool IsQuantized => Layers.OfType<Linear>().All(dense => dense.Weights.Quantized is not null)
        && (Layers.Any(layer => layer is Quantize or Bipolar or MultiThreshold) || Layers.OfType<Linear>().Count() == 1);

    public Layer? Producer(int value) => Layers.FirstOrDefault(layer => layer.Output == value);

    public int UsesOf(int value) => Layers.Sum(layer => layer.Inputs.Count(input => input == value)) + (value == OutputValue ? 1 : 0);
}
