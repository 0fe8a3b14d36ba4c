using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>A network whose channels have been rescaled.</summary>
/// <param name="Steps">The values that get a quantizer, and which.</param>
/// <param name="Factors">By how much each value's elements were multiplied; absent: not at all.</param>
internal sealed record EqualizedNetwork(Network Network, Dictionary<int, ActivationFormat> Steps, Dictionary<int, double[]> Factors);

/// <summary>Integers of so many bits that count steps 2^Exponent.</summary>
internal readonly record struct ActivationFormat(int Exponent, int Bits, bool Signed);

/// <summary>Gives every channel its own range though its value has one step 2^e for all. Between two layers with float
/// weights, with only biases, Relu, LeakyRelu, pooling by maxima and reordering between, channel i is multiplied by any
/// positive number and the weights that read it are divided (cross-layer equalisation, Nagel 2019): no hardware at all.
/// Elsewhere the channel is multiplied by a power of two in front of its quantizer: a shift, which is free. The inputs are
/// multiplied by the host.</summary>
internal static class Equalization
{
    private const int LargestShift = 30;

    /// <summary>Of the largest magnitude, the part from which on a centre is worth its offset.</summary>
    private const double LeastCentre = 0.2;

    /// <summary>Of the noise of the channel that makes most, the share below which a finer step is of no use.</summary>
    private const double LeastShare = 0.25;

    /// <param name="ranges">Histograms per channel of what gets a quantizer, by place.</param>
    /// <param name="bits">Bits of a value, by place.</param>
    /// <param name="equalize">False: one step for all channels, chosen over all of them.</param>
    public static EqualizedNetwork Apply(
        Network network, IReadOnlyList<ChannelSet> sets, Dictionary<int, MagnitudeHistogram[]> ranges, Func<int, int> bits, Func<int, bool> keepsGrid, CalibrationMethod method, bool equalize)
    {
        var result = new EqualizedNetwork(network, [], []);
        foreach (ChannelSet set in sets)
        {
            MagnitudeHistogram[] histograms = ranges[set.Place];
            bool signed = set.IsInput ? Array.Exists(histograms, histogram => histogram.Ends.Low < 0) : !IsUnsigned(network, set.Place);
            int valueBits = signed ? bits(set.Place) - 1 : bits(set.Place);
            double?[] steps = [.. histograms.Select(histogram => RangeChoice.Step(histogram, valueBits, method))];
            bool scalable = set.IsInput || ChannelSet.Readers(network).All(reader => reader.Input != set.Read || reader.Weights.Quantized is null);
            if (!scalable || (!equalize && !set.IsInput) || (set.Count == 1 && set.Producer is null && !set.IsInput))
            {
                var all = new MagnitudeHistogram();
                Array.ForEach(histograms, all.Add);
                result.Steps[set.Place] = new(RangeChoice.StepExponent(all, valueBits, method) ?? 0, bits(set.Place), signed);
                continue;
            }

            double[] centres = signed && !set.IsPadded && !keepsGrid(set.Place) ? [.. histograms.Select(Centre)] : new double[set.Count];
            bool shifts = (set.Producer is null && !set.IsInput) || keepsGrid(set.Place);
            if (shifts)
            {
                int?[] exponents = [.. histograms.Select(histogram => RangeChoice.StepExponent(histogram, valueBits, method))];
                steps = [.. exponents.Select(exponent => exponent is { } e ? Math.ScaleB(1, e) : (double?)null)];
            }

            steps = [.. steps.Select((step, channel) => step * HalfRange(histograms[channel], centres[channel], shifts))];
            steps = set.IsInput ? steps : Balanced(network, set, steps, shifts);
            int common = (int)Math.Ceiling(Math.Log2(steps.Max() ?? 1));
            // Of a factor that stays in the network as a gain, single precision is enough.
            double[] factors = [.. steps.Select(step => step is { } s ? (double)(float)Math.Min(Math.ScaleB(1 / s, common), Math.ScaleB(1, LargestShift)) : 1)];
            int quantized = set.Place;
            if (set.Producer is { } producer)
            {
                result = Through(result, set, producer, factors);
                centres = [.. centres.Zip(factors, (centre, factor) => centre * factor)];
                factors = [.. factors.Select(_ => 1.0)];
            }

            result = InFront(result, set, factors, centres, out quantized);
            result.Steps[quantized] = new(common, bits(set.Place), signed);
        }

        return result;
    }

    /// <summary>The middle of a channel's values; 0 where they are about as large on both sides.</summary>
    private static double Centre(MagnitudeHistogram histogram)
    {
        (double low, double high) = histogram.Ends;
        double centre = (low + high) / 2;
        return Math.Abs(centre) > LeastCentre * histogram.Largest ? centre : 0;
    }

    /// <summary>By how much the range shrinks about the centre.</summary>
    private static double HalfRange(MagnitudeHistogram histogram, double centre, bool shifts)
    {
        double share = centre == 0 ? 1 : Math.Max((histogram.Ends.High - histogram.Ends.Low) / 2 / histogram.Largest, Math.ScaleB(1, -LargestShift));
        return shifts ? Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(share))) : share;
    }

    /// <summary>Coarser steps for channels whose own would be finer than the sums notice: what calibration has not shown of
    /// them then finds more room. A channel's share of the noise is its step times the norm of the weights that read it.</summary>
    private static double?[] Balanced(Network network, ChannelSet set, double?[] steps, bool shifts)
    {
        var squares = new double[set.Count];
        foreach (Linear reader in ChannelSet.Readers(network).Where(layer => layer.Input == set.Read))
        {
            AddSquares(reader, set.Members[set.Read], squares);
        }

        double largest = steps.Select((step, channel) => (step ?? 0) * Math.Sqrt(squares[channel])).Max();
        return [.. steps.Select((step, channel) =>
        {
            double least = squares[channel] > 0 ? LeastShare * largest / Math.Sqrt(squares[channel]) : 0;
            return step is not { } own || own >= least ? step : Math.Min(shifts ? Math.ScaleB(1, (int)Math.Floor(Math.Log2(least))) : least, Math.Max(own, steps.Max() ?? own));
        })];
    }

    private static void AddSquares(Linear reader, int[] channels, double[] squares)
    {
        int columns = reader.Weights.Shape[1];
        int[] channelOf = TapChannels(reader, channels);
        for (int k = 0; k < reader.Weights.Length; k++)
        {
            int group = reader is Convolution convolution ? convolution.GroupOf(k / columns) : 0;
            int channel = channelOf[(group * columns) + (k % columns)];
            if (channel >= 0)
            {
                squares[channel] += reader.Weights.Values[k] * reader.Weights.Values[k];
            }
        }
    }

    /// <summary>The channel that each tap of each group reads (groups, taps); -1 where it reads nothing but padding.</summary>
    private static int[] TapChannels(Linear reader, int[] channels)
    {
        if (reader is not Convolution { Windows: var windows })
        {
            return channels;
        }

        var taps = new int[windows.Groups * windows.Taps];
        Array.Fill(taps, -1);
        for (int k = 0; k < windows.Indices.Length; k++)
        {
            if (windows.Indices[k] >= 0)
            {
                taps[(k / windows.Taps / windows.Positions * windows.Taps) + (k % windows.Taps)] = channels[windows.Indices[k]];
            }
        }

        return taps;
    }

    /// <summary>True where a value cannot be negative.</summary>
    public static bool IsUnsigned(Network network, int value) => network.Producer(value) switch
    {
        Clip { Low: { Sign: >= 0 } } => true,
        ElementFunction { Function.IsNotNegative: true } => true,
        Reorder reorder => IsUnsigned(network, reorder.Input),
        MaxPool pool => IsUnsigned(network, pool.Input),
        Linear linear => linear.Weights.Quantized is not null && Array.TrueForAll(linear.Weights.Values, weight => weight >= 0) && IsUnsigned(network, linear.Input),
        ElementwiseAffine affine => affine.Gains.All(gain => gain.Sign >= 0) && affine.Offsets.All(offset => offset.Sign >= 0) && IsUnsigned(network, affine.Input),
        _ => false,
    };

    /// <summary>The weights before take the factors, the weights behind their inverse, biases between follow.</summary>
    private static EqualizedNetwork Through(EqualizedNetwork equalized, ChannelSet set, int producer, double[] factors)
    {
        double[] FactorsOf(int value) => [.. set.Members[value].Select(channel => factors[channel])];
        foreach (int member in set.Members.Keys)
        {
            equalized.Factors[member] = FactorsOf(member);
        }

        Layer[] layers = [.. equalized.Network.Layers.Select(layer => layer switch
        {
            Linear linear when linear.Output == producer && linear.Weights.Quantized is null => linear with { Weights = Weighted(linear.Weights, (row, _) => factors[set.Members[producer][row * linear.OutputsPerKernel]]) },
            Linear and not Convolution { IsCopy: true } when layer.Inputs[0] == set.Read => Divided((Linear)layer, set.Members[set.Read], factors),
            ElementwiseAffine affine when set.Members.TryGetValue(affine.Output, out int[]? channels) && set.Members.ContainsKey(affine.Input) && !affine.Offsets.All(offset => offset.IsZero) =>
                affine with { Offsets = [.. channels.Select((channel, i) => affine.OffsetOf(i) * Rational.From(factors[channel]))] },
            _ => layer,
        })];
        return equalized with { Network = equalized.Network with { Layers = layers } };
    }

    /// <summary>A layer in front of the quantizer multiplies; the weights behind take the inverse.</summary>
    private static EqualizedNetwork InFront(EqualizedNetwork equalized, ChannelSet set, double[] factors, double[] centres, out int quantized)
    {
        quantized = set.Place;
        if (Array.TrueForAll(factors, factor => factor == 1) && Array.TrueForAll(centres, centre => centre == 0))
        {
            return equalized;
        }

        Network network = equalized.Network;
        int scaled = quantized = network.Layers.Max(layer => layer.Output) + 1;
        string name = network.Producer(set.Place)?.Name ?? network.InputName;
        int[] shape = network.Producer(set.Place)?.Shape ?? network.InputShape;
        Rational[] gains = [.. set.ChannelOf.Select(channel => Rational.From(factors[channel]))];
        var scaling = new ElementwiseAffine(scaled, $"scale of {name}", shape, set.Place, Array.TrueForAll(gains, gain => gain == gains[0]) ? [gains[0]] : gains, [.. set.ChannelOf.Select(channel => Rational.From(-(float)(factors[channel] * centres[channel])))]);
        var layers = new List<Layer>();
        bool inserted = false;
        foreach (Layer layer in network.Layers)
        {
            bool reads = set.Place == set.Read ? layer is Linear and not Convolution { IsCopy: true } && layer.Inputs[0] == set.Place : set.Members.ContainsKey(layer.Output) && layer.Inputs[0] == set.Place;
            if (reads && !inserted)
            {
                layers.Add(scaling);
                inserted = true;
            }

            Layer moved = reads ? Reading(layer, scaled) : layer;
            layers.Add(layer is Linear and not Convolution { IsCopy: true } && layer.Inputs[0] == set.Read ? Divided((Linear)moved, set.Members[set.Read], factors) : moved);
        }

        return equalized with { Network = WithoutCentres(network with { Layers = layers }, layers.OfType<Linear>().Where(reader => reader is not Convolution { IsCopy: true } && (reader.Input == set.Read || reader.Input == scaled)), set, factors, centres) };
    }

    /// <summary>Puts into the readers' biases what the centres that were taken away would have added to their sums.</summary>
    private static Network WithoutCentres(Network network, IEnumerable<Linear> readers, ChannelSet set, double[] factors, double[] centres)
    {
        int[] channels = set.Members[set.Read];
        double[] missing = [.. channels.Select(channel => (double)(float)(factors[channel] * centres[channel]))];
        if (Array.TrueForAll(missing, value => value == 0))
        {
            return network;
        }

        Dictionary<int, double[]> sums = readers.ToDictionary(reader => reader.Output, reader => FloatInterpreter.SumsOf(reader, missing));
        return network with
        {
            Layers = [.. network.Layers.Select(layer => layer is ElementwiseAffine affine && sums.TryGetValue(affine.Input, out double[]? sum)
                ? affine with { Offsets = [.. sum.Select((value, i) => affine.OffsetOf(i) + (affine.GainOf(i) * Rational.From(value)))] }
                : layer)],
        };
    }

    private static Layer Reading(Layer layer, int input) => layer switch
    {
        Linear linear => linear with { Input = input },
        MaxPool pool => pool with { Input = input },
        Reorder reorder => reorder with { Input = input },
        ElementwiseAffine affine => affine with { Input = input },
        _ => throw new ArgumentOutOfRangeException(nameof(layer), layer.Name, "not between a quantizer and its reader"),
    };

    private static Linear Divided(Linear reader, int[] channels, double[] factors)
    {
        int[] channelOf = TapChannels(reader, channels);
        int columns = reader.Weights.Shape[1];
        return reader with
        {
            Weights = Weighted(reader.Weights, (row, tap) =>
                channelOf[((reader is Convolution convolution ? convolution.GroupOf(row) : 0) * columns) + tap] is >= 0 and var channel ? 1 / factors[channel] : 1),
        };
    }

    private static ConstantTensor Weighted(ConstantTensor weights, Func<int, int, double> factor)
    {
        int columns = weights.Shape[1];
        return new(weights.Shape, [.. weights.Values.Select((weight, k) => weight * factor(k / columns, k % columns))]);
    }
}
