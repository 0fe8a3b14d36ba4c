using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization;

/// <summary>Puts quantizers into an equalised float network and rounds its weights, layer after layer, each for the inputs it
/// gets once the layers before it are quantized.</summary>
/// <param name="equalized">Has the formats of activations.</param>
/// <param name="weightBits">Bits of the weights of each layer that has float ones, by the number of its sums.</param>
/// <param name="inputs">How rows become the network's inputs.</param>
internal sealed class QuantizedNetworkBuilder(
    EqualizedNetwork equalized, Func<int, int> weightBits, QuantizationSettings settings, CalibrationRows rows, InputGrid inputs)
{
    /// <summary>Inputs of a sum from which on its weights are rounded one by one: a matrix of their covariances would be large.</summary>
    private const int LargestAdapted = 2048;

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
        var scales = new Dictionary<int, Rational>();                     // values that are few bits wide
        if (inputs.Format is { } format)
        {
            scales[0] = format.Step;
        }

        var quantized = new Dictionary<int, int>();                       // value -> the same after its quantizer
        var units = new Dictionary<int, Rational[]>();                    // accumulators -> their grid, per element
        var layers = new List<Layer>();
        foreach (Layer original in network.Layers)
        {
            Layer layer = original;
            int read = layer.Inputs[0];
            if (equalized.Steps.TryGetValue(read, out ActivationFormat activation) && (layer is Linear and not Convolution { IsCopy: true } || (ChannelSet.Moves(layer) && network.UsesOf(read) == 1)))
            {
                if (!quantized.TryGetValue(read, out int few))
                {
                    few = ++next;
                    Quantize quantize = Activation(network, read, few, activation);
                    layers.Add(quantize);
                    quantized[read] = few;
                    scales[few] = quantize.Quantizer.Scales[0];
                }

                layer = Reading(layer, few);
            }

            switch (layer)
            {
                case Convolution { IsCopy: true } copy:
                    layers.Add(copy);
                    if (scales.TryGetValue(copy.Input, out Rational copied))
                    {
                        scales[copy.Output] = copied;
                    }
                    else if (UnitsOf(copy.Input) is { } copiedUnits)
                    {
                        units[copy.Output] = copiedUnits.Length == 1 ? copiedUnits : [.. copy.Windows.Indices.Select(source => copiedUnits[Math.Max(0, source)])];
                    }

                    break;

                case ElementwiseAffine { IsIdentity: true } same when scales.TryGetValue(same.Input, out Rational kept) && !corrections.ContainsKey(same.Input):
                    scales[same.Output] = kept;
                    layers.Add(same);
                    break;

                case Linear dense:
                    ConstantTensor weights = dense.Weights.Quantized is not null ? dense.Weights
                        : settings.RoundsAdaptively && weightBits(dense.Output) < settings.AdaptsBelow && dense.Weights.Shape[1] <= LargestAdapted ? Adapted((Linear)original, network with { Layers = [.. layers] }, dense.Input)
                        : Nearest(dense);
                    layers.Add(dense with { Weights = weights });
                    int columns = weights.Shape[1];
                    if (scales.TryGetValue(dense.Input, out Rational step))
                    {
                        units[dense.Output] = [.. Enumerable.Range(0, dense.Length).Select(i => weights.Quantized!.ScaleOf(i / dense.OutputsPerKernel * columns) * step)];
                    }

                    break;

                case ElementwiseAffine uncorrected:
                    ElementwiseAffine affine = Corrected(uncorrected);
                    if (UnitsOf(affine.Input) is { } before)
                    {
                        Rational[] gains = [.. affine.Gains.Select(gain => Rounded(gain, MostWeightBits + GainBits))];
                        units[affine.Output] = [.. Enumerable.Range(0, affine.Length).Select(i => PowerBelow(RealVector.At(before, i) * RealVector.At(gains, i)))];
                        layers.Add(affine with { Gains = gains, Offsets = [.. units[affine.Output].Select((unit, i) => Rounding.HalfEven.Round(affine.OffsetOf(i) / unit) * unit)] });
                    }
                    else
                    {
                        layers.Add(affine); // in front of the inputs' quantizer: the host computes it
                    }

                    break;

                case Clip clip when UnitsOf(clip.Input) is { } grid:
                    units[clip.Output] = grid;
                    Rational coarsest = grid.Max();
                    layers.Add(clip with { Low = Limit(clip.Low, coarsest), High = Limit(clip.High, coarsest) });
                    break;

                case LeakyRelu leaky when UnitsOf(leaky.Input) is { } sloped:
                    Rational[] slopes = [.. leaky.Slopes.Select(slope => Rounded(slope, MostWeightBits + GainBits))];
                    units[leaky.Output] = [.. Enumerable.Range(0, leaky.Length).Select(i => RealVector.At(sloped, i) / RealVector.At(slopes, i).Denominator)];
                    layers.Add(leaky with { Slopes = slopes });
                    break;

                case MaxPool pool when scales.TryGetValue(pool.Input, out Rational pooled):
                    scales[pool.Output] = pooled;
                    layers.Add(pool);
                    break;

                case MaxPool pool when UnitsOf(pool.Input) is { } windowed:
                    int taps = pool.Windows.Taps;
                    units[pool.Output] = windowed.Length == 1 ? windowed
                        : [.. Enumerable.Range(0, pool.Length).Select(i => pool.Windows.Indices.Skip(i * taps).Take(taps).Min(index => windowed[index]))];
                    layers.Add(pool);
                    break;

                case Sum sum when UnitsOf(sum.Left) is { } left && UnitsOf(sum.Right) is { } right:
                    units[sum.Output] = [.. Enumerable.Range(0, sum.Length).Select(i => Rational.Min(RealVector.At(left, i), RealVector.At(right, i)))];
                    layers.Add(sum);
                    break;

                case Concatenation concatenation when concatenation.Parts.All(scales.ContainsKey) && concatenation.Parts.Select(part => scales[part]).Distinct().Count() == 1:
                    scales[concatenation.Output] = scales[concatenation.Parts[0]];
                    layers.Add(concatenation);
                    break;

                case Concatenation concatenation when concatenation.Parts.All(part => UnitsOf(part) is not null):
                    units[concatenation.Output] = [.. concatenation.Parts.SelectMany(part => Enumerable.Range(0, network.Producer(part)?.Length ?? network.InputLength).Select(i => RealVector.At(UnitsOf(part)!, i)))];
                    layers.Add(concatenation);
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
            ?? (scales.TryGetValue(value, out Rational scale) ? [PowerBelow(scale) * Rational.PowerOfTwo(-MostWeightBits)] : null);
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

    private int MostWeightBits { get; } = equalized.Network.Layers.OfType<Linear>().Where(layer => layer.Weights.Quantized is null).Select(layer => weightBits(layer.Output)).DefaultIfEmpty(QuantizationSettings.MostBits).Max();

    private static Quantize Activation(Network network, int value, int output, ActivationFormat format)
    {
        Layer? producer = network.Producer(value);
        (long low, long high) = Quantizer.Limits(format.Bits, format.Signed, narrow: false);
        var quantizer = new Quantizer([Rational.PowerOfTwo(format.Exponent)], [Rational.Zero], low, high, Rounding.HalfEven);
        return new(output, $"input of {producer?.Name ?? network.InputName}", producer?.Shape ?? network.InputShape, value, quantizer);
    }

    private static Layer Reading(Layer layer, int input) => layer switch
    {
        Linear linear => linear with { Input = input },
        MaxPool pool => pool with { Input = input },
        Reorder reorder => reorder with { Input = input },
        ElementwiseAffine affine => affine with { Input = input },
        _ => layer,
    };

    private ElementwiseAffine Corrected(ElementwiseAffine affine) => corrections.TryGetValue(affine.Input, out double[]? correction)
        ? affine with { Offsets = [.. correction.Select((value, i) => affine.OffsetOf(i) + (affine.GainOf(i) * Rational.From(value)))] }
        : affine;

    private ConstantTensor Nearest(Linear layer)
    {
        (long low, long high) = WeightLimits(layer);
        return Rounded(layer, layer.Weights.Values, (_, row, exponent) => (Nearest(row, exponent, low, high), 0), candidates: 1);
    }

    private static long[] Nearest(double[] row, int exponent, long low, long high) =>
        [.. row.Select(weight => (long)Math.Clamp(Math.Round(Math.ScaleB(weight, -exponent)), low, high))];

    /// <summary>Weights for the inputs as they are once quantized: first those real ones whose sums come nearest to the float
    /// layer's (they undo a part of the errors made before), then the best integers for these. What is left of the mean
    /// goes into the bias.</summary>
    private ConstantTensor Adapted(Linear layer, Network before, int input)
    {
        int columns = layer.Weights.Shape[1];
        int kernels = layer.Weights.Shape[0];
        var statistics = new SumStatistics(layer, rows.Count);
        Network floats = equalized.Network with { Layers = [.. equalized.Network.Layers.TakeWhile(other => other.Output != layer.Output)] };
        long index = 0;
        foreach (double[] row in rows.Each())
        {
            if (statistics.Wants(index++))
            {
                double[] limited = inputs.Limited(row);
                statistics.Add(index - 1, FloatInterpreter.Trace(floats, limited)[layer.Input], FloatInterpreter.Trace(before, inputs.Rounded(limited))[input]);
            }
        }

        var targets = new double[layer.Weights.Length];
        var roundings = new WeightRounding[kernels];
        double[,] cross = new double[0, 0];
        double[,] factor = cross;
        for (int kernel = 0; kernel < kernels; kernel++)
        {
            if (kernel > 0 && statistics.GroupOf(kernel) == statistics.GroupOf(kernel - 1))
            {
                roundings[kernel] = roundings[kernel - 1];
            }
            else
            {
                (double[,] gram, cross) = statistics.GroupOf(kernel).Covariances();
                factor = SymmetricMatrix.Cholesky(gram);
                roundings[kernel] = new(gram);
            }

            int start = kernel * columns;
            var product = new double[columns];
            for (int i = 0; i < columns; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    product[j] += layer.Weights.Values[start + i] * cross[i, j];
                }
            }

            SymmetricMatrix.Solve(factor, product).CopyTo(targets, start);
        }

        (long low, long high) = WeightLimits(layer);
        ConstantTensor weights = Rounded(
            layer, targets, (kernel, row, exponent) => roundings[kernel].Round(row, Math.ScaleB(1, exponent), low, high), candidates: FinerSteps);
        double[] missing = [.. Enumerable.Range(0, kernels).Select(kernel =>
        {
            double[] floatMeans = statistics.GroupOf(kernel).FloatMeans;
            double[] quantizedMeans = statistics.GroupOf(kernel).QuantizedMeans;
            return Enumerable.Range(0, columns).Sum(j => (layer.Weights.Values[(kernel * columns) + j] * floatMeans[j]) - (weights.Values[(kernel * columns) + j] * quantizedMeans[j]));
        })];
        corrections[layer.Output] = [.. Enumerable.Range(0, layer.Length).Select(i => missing[i / layer.OutputsPerKernel])];
        return weights;
    }

    private (long Low, long High) WeightLimits(Linear layer) => Quantizer.Limits(weightBits(layer.Output), signed: true, narrow: false);

    /// <summary>A step per kernel, a power of two (a shift in hardware, which costs nothing): of the one that clips nothing
    /// and the next finer ones, that with the least error.</summary>
    private ConstantTensor Rounded(Linear layer, double[] targets, Func<int, double[], int, (long[] Integers, double Error)> round, int candidates)
    {
        int columns = layer.Weights.Shape[1];
        double most = WeightLimits(layer).High + 0.5;
        var integers = new long[targets.Length];
        var values = new double[targets.Length];
        var scales = new Rational[targets.Length];
        for (int start = 0; start < integers.Length; start += columns)
        {
            double[] row = targets[start..(start + columns)];
            double largest = row.Max(Math.Abs);
            int coarsest = largest > 0 ? (int)Math.Ceiling(Math.Log2(largest / most)) : 0;
            (int exponent, (long[] best, _)) = Enumerable.Range(0, candidates).Select(finer => (coarsest - finer, round(start / columns, row, coarsest - finer))).MinBy(tried => tried.Item2.Error);
            for (int j = 0; j < columns; j++)
            {
                integers[start + j] = best[j];
                values[start + j] = Math.ScaleB(best[j], exponent);
                scales[start + j] = Rational.PowerOfTwo(exponent);
            }
        }

        return new(layer.Weights.Shape, values) { Quantized = new(integers, scales) };
    }
}
