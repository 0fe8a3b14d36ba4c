namespace Edge.Networks.Quantization.Calibration;

/// <summary>What quantization did to one dense layer, measured on the calibration rows.</summary>
/// <param name="Layer">The model's node.</param>
/// <param name="Shape">Outputs, inputs.</param>
/// <param name="WeightBits">Bits of the weights, the sign counted.</param>
/// <param name="WeightSteps">Exponents of the smallest and the largest step of an output's weights; the step is 2^exponent.</param>
/// <param name="InputFormat">Format of the inputs; null: not of one format.</param>
/// <param name="SignalToNoise">Of the layer's sums, all errors before it included, in dB; infinite where they are exact.</param>
/// <param name="SaturatedShare">Share of its inputs that were clipped to their format's range.</param>
public sealed record LayerFidelity(
    string Layer, int[] Shape, int WeightBits, int[] WeightSteps, string? InputFormat, double SignalToNoise, double SaturatedShare);
