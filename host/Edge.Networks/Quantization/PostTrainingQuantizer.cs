using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization;

/// <summary>Bits of weights and activations of a network that was quantized after training.</summary>
public readonly record struct Precision(int WeightBits, int ActivationBits);

/// <summary>A float network with quantizers, and what they did to it.</summary>
/// <param name="Precision">The most bits of any layer.</param>
/// <param name="Error">The largest difference from the float network on the calibration rows, in parts of full scale.</param>
/// <param name="RmsError">Root of the mean square of that difference, in parts of full scale.</param>
/// <param name="InputFormat">Of the inputs; null: the network holds their quantizer.</param>
public sealed record PostTrainingResult(
    Network Network, Precision Precision, double Error, double RmsError, QuantizationSettings Settings, IReadOnlyList<LayerFidelity> Layers, FixedPointFormat? InputFormat);

/// <summary>Gives a float network power-of-two formats: ranges from calibration rows, weights rounded for the sums they make,
/// precision as asked for or by trying.</summary>
public static class PostTrainingQuantizer
{
    /// <summary>The largest difference between float and quantized network on the calibration rows, in parts of full scale.</summary>
    public const double Tolerance = 1.0 / 512;

    internal const int LargestRowCount = 256;

    /// <summary>Rows with which numbers of bits are tried.</summary>
    internal const int LargestTrialCount = 1024;

    private const int FirstTrial = 8;

    /// <summary>Quantizes to the bits of the settings, or to the fewest from 8 on that agree with the float network within the
    /// tolerance on the calibration rows.</summary>
    /// <param name="format">Format of the inputs.</param>
    /// <param name="progress">Told each try.</param>
    public static PostTrainingResult Quantize(
        Network network, CalibrationRows rows, FixedPointFormat format, QuantizationSettings? settings = null, Action<string>? progress = null)
    {
        if (network.Layers.Count == 0)
        {
            throw new InvalidInputException("the model has no layers");
        }

        settings ??= new();
        if (settings.Precision is null && rows.Count > LargestTrialCount)
        {
            rows = new(rows.Sample(LargestTrialCount), rows.Width);
        }

        var session = new QuantizationSession(network, rows, format, settings);
        for (Precision precision = settings.Precision ?? new(FirstTrial, FirstTrial); ; precision = new(precision.WeightBits + 1, precision.ActivationBits + 1))
        {
            (EqualizedNetwork equalized, Network quantized) = session.Quantize(settings.LayerPrecisions ?? [.. Enumerable.Repeat(precision, session.LayerCount)]);
            (double error, double rms) = session.ErrorOf(quantized);
            precision = settings.LayerPrecisions is { } mixed ? new(mixed.Max(each => each.WeightBits), mixed.Max(each => each.ActivationBits)) : precision;
            string bits = settings.LayerPrecisions is { } layers && layers.Distinct().Count() > 1
                ? $"weights of {layers.Min(each => each.WeightBits)} to {precision.WeightBits} bits, activations of {layers.Min(each => each.ActivationBits)} to {precision.ActivationBits}"
                : $"{precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations";
            progress?.Invoke($"{bits}: largest error {error:P3} of full scale");
            if (!settings.ChoosesBits || error <= Tolerance || precision.WeightBits == QuantizationSettings.MostBits)
            {
                string doubt = error <= Tolerance || !settings.ChoosesBits ? string.Empty : $"; they differ from the float network by up to {error:P2} of full scale, more than the {Tolerance:P2} aimed at";
                string note = $"quantized after training: {bits}, calibrated with {rows.Count} rows{doubt}";
                IReadOnlyList<LayerFidelity> fidelity = FidelityMeter.Measure(equalized, quantized, rows, session.Inputs);
                return new(quantized with { Notes = [.. network.Notes, note] }, precision, error, rms, settings, fidelity, session.Inputs.Format);
            }
        }
    }
}
