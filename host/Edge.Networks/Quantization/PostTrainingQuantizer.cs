using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization;

/// <summary>Bits of weights and activations of a network that was quantized after training.</summary>
public readonly record struct Precision(int WeightBits, int ActivationBits);

/// <summary>A float network with quantizers, and what they did to it.</summary>
/// <param name="Error">The largest difference from the float network on the calibration rows, in parts of full scale.</param>
public sealed record PostTrainingResult(Network Network, Precision Precision, double Error, QuantizationSettings Settings, IReadOnlyList<LayerFidelity> Layers);

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

        Network folded = WithBiases(GainFolding.Apply(network));
        Dictionary<int, MagnitudeHistogram[]> ranges = RangeObserver.Observe(folded, rows, Limited);
        for (Precision precision = settings.Precision ?? new(FirstTrial, FirstTrial); ; precision = new(precision.WeightBits + 1, precision.ActivationBits + 1))
        {
            EqualizedNetwork equalized = Equalization.Apply(folded, ranges, precision.ActivationBits, settings.Method, settings.Equalizes);
            Network quantized = new QuantizedNetworkBuilder(equalized, precision, settings, rows, format).Build();
            double error = LargestError(network, quantized, rows, Limited, Rounded);
            progress?.Invoke($"{precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations: largest error {error:P3} of full scale");
            if (settings.Precision is not null || error <= Tolerance || precision.WeightBits == QuantizationSettings.MostBits)
            {
                string doubt = error <= Tolerance || settings.Precision is not null ? string.Empty : $"; they differ from the float network by up to {error:P2} of full scale, more than the {Tolerance:P2} aimed at";
                string note = $"quantized after training: {precision.WeightBits}-bit weights, {precision.ActivationBits}-bit activations, calibrated with {rows.Count} rows{doubt}";
                IReadOnlyList<LayerFidelity> layers = FidelityMeter.Measure(equalized, quantized, rows, format, Limited, Rounded);
                return new(quantized with { Notes = [.. network.Notes, note] }, precision, error, settings, layers);
            }
        }

        double[] Limited(double[] row) => InputQuantization.Limited(row, format);
        double[] Rounded(double[] row) => InputQuantization.Rounded(row, format);
    }

    /// <summary>Every dense layer with float weights gets a bias, so that there is a place for its correction.</summary>
    private static Network WithBiases(Network network)
    {
        int next = network.Layers.Max(layer => layer.Output);
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            bool biased = network.UsesOf(layer.Output) == 1 && network.Layers.Any(after => after is ElementwiseAffine affine && affine.Input == layer.Output);
            if (layer is Dense { Weights.Quantized: null } dense && !biased)
            {
                layers.Add(dense with { Output = ++next });
                layers.Add(new ElementwiseAffine(dense.Output, dense.Name, dense.Shape, next, [Rational.One], [Rational.Zero]));
            }
            else
            {
                layers.Add(layer);
            }
        }

        return network with { Layers = layers };
    }

    private static double LargestError(
        Network network, Network quantized, CalibrationRows rows, Func<double[], double[]> limit, Func<double[], double[]> round)
    {
        double largest = 0;
        double fullScale = double.Epsilon;
        foreach (double[] row in rows.Each())
        {
            double[] limited = limit(row);
            double[] expected = FloatInterpreter.Trace(network, limited)[network.OutputValue];
            double[] actual = FloatInterpreter.Trace(quantized, round(limited))[quantized.OutputValue];
            for (int i = 0; i < expected.Length; i++)
            {
                fullScale = Math.Max(fullScale, Math.Abs(expected[i]));
                largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
            }
        }

        return largest / fullScale;
    }
}
