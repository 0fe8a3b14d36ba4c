using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization;

/// <summary>Puts quantizers into an equalised float network and rounds its weights, layer after layer, each for the inputs it
/// gets once the layers before it are quantized.</summary>
internal sealed class QuantizedNetworkBuilder(
    EqualizedNetwork equalized, Precision precision, QuantizationSettings settings, CalibrationRows rows, FixedPointFormat format)
{
    /// <summary>Bits that a gain has more than a weight.</summary>
    private const int GainBits = 2;

    /// <summary>A limit is rounded where this keeps so many of its bits.</summary>
    private const int LimitBits = 12;

    /// <summary>Steps of weights that are tried.</summary>
    private const int FinerSteps = 3;

    private readonly Dictionary<int, double[]> corrections = []; // sums -> what to add to the bias after them

    public Network Build()
    {
        Network network = equalized.Network;
        int next = network.Layers.Max(layer => layer.Output);
        var scales = new Dictionary<int, Rational> { [0] = format.Step }; // values that are few bits wide
        var quantized = new Dictionary<int, int>();                       // value -> the same after its quantizer
        var units = new Dictionary<int, Rational[]>();                    // accumulators -> their grid, per element
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
        {
            switch (layer)
            {
                case Linear dense:
                    if (!scales.ContainsKey(dense.Input) && !quantized.ContainsKey(dense.Input))
                    {
                        Quantize quantize = Activation(network, dense.Input, ++next);
                        layers.Add(quantize);
                        quantized[dense.Input] = next;
                        scales[next] = quantize.Quantizer.Scales[0];
                    }

                    int input = quantized.GetValueOrDefault(dense.Input, dense.Input);
                    ConstantTensor weights = dense.Weights.Quantized is not null ? dense.Weights
                        : settings.RoundsAdaptively && dense is Dense adaptable ? Adapted(adaptable, network with { Layers = [.. layers] }, input)
                        : Nearest(dense.Weights);
                    layers.Add(dense with { Input = input, Weights = weights });
                    int columns = weights.Shape[1];
                    units[dense.Output] = [.. Enumerable.Range(0, dense.Length).Select(i => weights.Quantized!.ScaleOf(i / dense.OutputsPerKernel * columns) * scales[input])];
                    break;

                case ElementwiseAffine original:
                    ElementwiseAffine affine = Corrected(original);
                    Rational[] gains = [.. affine.Gains.Select(gain => Rounded(gain, precision.WeightBits + GainBits))];
                    if (UnitsOf(affine.Input) is { } before)
                    {
                        units[affine.Output] = [.. Enumerable.Range(0, affine.Length).Select(i => PowerBelow(RealVector.At(before, i) * RealVector.At(gains, i)))];
                        layers.Add(affine with { Gains = gains, Offsets = [.. units[affine.Output].Select((unit, i) => Rounding.HalfEven.Round(affine.OffsetOf(i) / unit) * unit)] });
                    }
                    else
                    {
                        layers.Add(affine with { Gains = gains });
                    }

                    break;

                case Clip clip when UnitsOf(clip.Input) is { } grid:
                    units[clip.Output] = grid;
                    Rational coarsest = grid.Max();
                    layers.Add(clip with { Low = Limit(clip.Low, coarsest), High = Limit(clip.High, coarsest) });
                    break;

                case Reorder reorder when scales.TryGetValue(reorder.Input, out Rational scale):
                    scales[reorder.Output] = scale;
                    layers.Add(reorder);
                    break;

                case Reorder reorder when UnitsOf(reorder.Input) is { } moved:
                    units[reorder.Output] = reorder.Indices is { } indices && moved.Length > 1 ? [.. indices.Select(index => moved[index])] : moved;
                    layers.Add(reorder);
                    break;

                // What the model quantized itself stays as it is.
                case Quantize { Quantizer.Scales: [var own] } quantizer:
                    scales[quantizer.Output] = own;
                    layers.Add(quantizer);
                    break;

                case Bipolar { Magnitudes: [var magnitude] } sign:
                    scales[sign.Output] = magnitude;
                    layers.Add(sign);
                    break;

                case MultiThreshold { Step.IsZero: false } thresholds:
                    scales[thresholds.Output] = thresholds.Step.Abs();
                    layers.Add(thresholds);
                    break;

                default:
                    layers.Add(layer);
                    break;
            }
        }

        return network with { Layers = layers };

        // Inputs have few bits: what is added to them keeps more.
        Rational[]? UnitsOf(int value) => units.GetValueOrDefault(value)
            ?? (scales.TryGetValue(value, out Rational scale) ? [PowerBelow(scale) * Rational.PowerOfTwo(-precision.WeightBits)] : null);
    }

    /// <summary>The nearest value of so many significant bits: gains stay cheap to multiply with.</summary>
    private static Rational Rounded(Rational value, int bits)
    {
        Rational step = value.IsZero ? Rational.One : PowerBelow(value) * Rational.PowerOfTwo(1 - bits);
        return Rounding.HalfEven.Round(value / step) * step;
    }

    /// <summary>The largest power of two that is at most |value|; 1 for 0.</summary>
    private static Rational PowerBelow(Rational value)
    {
        if (value.IsZero)
        {
            return Rational.One;
        }

        Rational power = Rational.PowerOfTwo((int)(value.Abs().Numerator.GetBitLength() - value.Denominator.GetBitLength()));
        return power > value.Abs() ? power / 2 : power;
    }

    /// <summary>A limit on the grid of what it limits, where that changes it by little.</summary>
    private static Rational? Limit(Rational? limit, Rational unit) => limit is { } value && unit <= value.Abs() * Rational.PowerOfTwo(-LimitBits)
        ? Rounding.HalfEven.Round(value / unit) * unit
        : limit;

    private Quantize Activation(Network network, int value, int output)
    {
        Layer producer = network.Producer(value)!;
        bool signed = !Equalization.IsUnsigned(network, value);
        (long low, long high) = Quantizer.Limits(precision.ActivationBits, signed, narrow: false);
        var quantizer = new Quantizer([Rational.PowerOfTwo(equalized.StepExponents[value])], [Rational.Zero], low, high, Rounding.HalfEven);
        return new(output, $"input of {producer.Name}", producer.Shape, value, quantizer);
    }

    private ElementwiseAffine Corrected(ElementwiseAffine affine) => corrections.TryGetValue(affine.Input, out double[]? correction)
        ? affine with { Offsets = [.. correction.Select((value, i) => affine.OffsetOf(i) + (affine.GainOf(i) * Rational.From(value)))] }
        : affine;

    private ConstantTensor Nearest(ConstantTensor weights) => Rounded(weights, (row, exponent) => (IntegersOf(row, exponent), 0), candidates: 1);

    /// <summary>Weights for the inputs as they are once quantized: first those real ones whose sums come nearest to the float
    /// layer's (they undo a part of the errors made before), then the best integers for these. What is left of the mean
    /// goes into the bias.</summary>
    private ConstantTensor Adapted(Dense dense, Network before, int input)
    {
        int columns = dense.Weights.Shape[1];
        var statistics = new InputStatistics(columns);
        Network floats = equalized.Network with { Layers = [.. equalized.Network.Layers.TakeWhile(layer => layer != dense)] };
        foreach (double[] row in rows.Each())
        {
            double[] limited = InputQuantization.Limited(row, format);
            double[] rounded = InputQuantization.Rounded(limited, format);
            statistics.Add(FloatInterpreter.Trace(floats, limited)[dense.Input], FloatInterpreter.Trace(before, rounded)[input]);
        }

        (double[,] gram, double[,] cross) = statistics.Covariances();
        double[,] factor = SymmetricMatrix.Cholesky(gram);
        var rounding = new WeightRounding(gram);
        var targets = new double[dense.Weights.Length];
        for (int start = 0; start < targets.Length; start += columns)
        {
            var product = new double[columns];
            for (int i = 0; i < columns; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    product[j] += dense.Weights.Values[start + i] * cross[i, j];
                }
            }

            SymmetricMatrix.Solve(factor, product).CopyTo(targets, start);
        }

        ConstantTensor weights = Rounded(
            new(dense.Weights.Shape, targets),
            (row, exponent) => rounding.Round(row, Math.ScaleB(1, exponent), WeightLimits.Low, WeightLimits.High),
            candidates: FinerSteps);
        double[] floatMeans = statistics.FloatMeans;
        double[] quantizedMeans = statistics.QuantizedMeans;
        corrections[dense.Output] = [.. Enumerable.Range(0, dense.Weights.Shape[0]).Select(i => Enumerable.Range(0, columns).Sum(j =>
            (dense.Weights.Values[(i * columns) + j] * floatMeans[j]) - (weights.Values[(i * columns) + j] * quantizedMeans[j])))];
        return weights;
    }

    private (long Low, long High) WeightLimits => Quantizer.Limits(precision.WeightBits, signed: true, narrow: false);

    private long[] IntegersOf(double[] row, int exponent) =>
        [.. row.Select(weight => (long)Math.Clamp(Math.Round(Math.ScaleB(weight, -exponent)), WeightLimits.Low, WeightLimits.High))];

    /// <summary>A step per output, a power of two (a shift in hardware, which costs nothing): of the one that clips nothing
    /// and the next finer ones, that with the least error.</summary>
    private ConstantTensor Rounded(ConstantTensor weights, Func<double[], int, (long[] Integers, double Error)> round, int candidates)
    {
        int columns = weights.Shape[1];
        var integers = new long[weights.Length];
        var values = new double[weights.Length];
        var scales = new Rational[weights.Length];
        for (int start = 0; start < integers.Length; start += columns)
        {
            double[] row = weights.Values[start..(start + columns)];
            double largest = row.Max(Math.Abs);
            int coarsest = largest > 0 ? (int)Math.Ceiling(Math.Log2(largest / (WeightLimits.High + 0.5))) : 0;
            (int exponent, (long[] best, _)) = Enumerable.Range(0, candidates).Select(finer => (coarsest - finer, round(row, coarsest - finer))).MinBy(tried => tried.Item2.Error);
            for (int j = 0; j < columns; j++)
            {
                integers[start + j] = best[j];
                values[start + j] = Math.ScaleB(best[j], exponent);
                scales[start + j] = Rational.PowerOfTwo(exponent);
            }
        }

        return new(weights.Shape, values) { Quantized = new(integers, scales) };
    }
}
