using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Convolution and pooling. Standard operators lay data out as (batch, channels, places...); those of the
/// channels-last domain as (batch, places..., channels), with weights (kernels, places..., channels of a group).</content>
internal sealed partial class OperatorImport
{
    public const string ChannelsLastDomain = "qonnx.custom_op.channels_last";

    private RealValue Convolution(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        (int channels, int[] size, bool last) = Layout(node, x);
        ConstantTensor weights = Finite(node, Known(node, constants, 1), 1);
        if (weights.Shape.Length != x.Shape.Length)
        {
            throw node.Error($"weights of shape {Shapes.Text(weights.Shape)} against data of shape {Shapes.Text(x.Shape)}: they must have as many axes.");
        }

        if (last)
        {
            int[] axes = [0, weights.Shape.Length - 1, .. Enumerable.Range(1, size.Length)];
            (int[] shape, int[] indices) = Shapes.Transpose(weights.Shape, axes);
            weights = weights.Gathered(shape, indices);
        }

        int kernels = weights.Shape[0];
        long groups = node.Integer("group", 1);
        if (groups < 1 || groups > channels || channels % groups != 0 || kernels % groups != 0 || weights.Shape[1] != channels / groups)
        {
            throw node.Error($"weights of shape {Shapes.Text(weights.Shape)} do not fit {channels} channels in {groups} groups.");
        }

        WindowGeometry geometry = WindowGeometry.Of(node, size, weights.Shape[2..]);
        int[] places = geometry.Places(node, channels);
        CheckSize(node, geometry, kernels);
        Windows windows = Windows.Of(channels, (int)groups, size, Shapes.Count(geometry.Result), places, last);
        int[] natural = [1, kernels, .. geometry.Result];
        RealValue sums = Append(new Convolution(Next(), node.Description, Plain(natural), x.Number, weights.Reshaped([kernels, windows.Taps]), windows), natural);
        return InLayout(node, Biased(node, sums, constants, kernels), last);
    }

    /// <summary>ConvTranspose: each output reads the inputs whose kernels reach it. Weights (channels, kernels of a group, places...).</summary>
    private RealValue TransposedConvolution(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        (int channels, int[] size, bool last) = Layout(node, x);
        ConstantTensor weights = Finite(node, Known(node, constants, 1), 1);
        long groups = node.Integer("group", 1);
        if (weights.Shape.Length != x.Shape.Length || groups < 1 || groups > channels || channels % groups != 0 || weights.Shape[0] != channels || weights.Shape[1] < 1)
        {
            throw node.Error($"weights of shape {Shapes.Text(weights.Shape)} do not fit data of shape {Shapes.Text(x.Shape)} in {groups} groups.");
        }

        int perGroup = weights.Shape[1];
        int kernels = (int)Math.Min(perGroup * groups, Windows.LargestSize);
        WindowGeometry geometry = WindowGeometry.OfTransposed(node, size, weights.Shape[2..]);
        CheckSize(node, geometry, kernels);
        int[] places = geometry.TransposedPlaces(node, channels);

        // (groups, channels of a group, kernels of a group, places) to (groups, kernels of a group, channels of a group, places).
        (_, int[] order) = Shapes.Transpose([(int)groups, channels / (int)groups, perGroup, Shapes.Count(geometry.Kernel)], [0, 2, 1, 3]);
        Windows windows = Windows.Of(channels, (int)groups, size, Shapes.Count(geometry.Result), places, last);
        int[] natural = [1, kernels, .. geometry.Result];
        RealValue sums = Append(new Convolution(Next(), node.Description, Plain(natural), x.Number, weights.Gathered([kernels, windows.Taps], order), windows), natural);
        return InLayout(node, Biased(node, sums, constants, kernels), last);
    }

    private RealValue Biased(OnnxNode node, RealValue sums, ConstantTensor?[] constants, int kernels)
    {
        if (constants.Length < 3 || constants[2] is not { } bias)
        {
            return sums;
        }

        ConstantTensor column = bias.Length == kernels
            ? Finite(node, bias, 2).Reshaped([kernels, .. sums.Shape[2..].Select(_ => 1)])
            : throw node.Error($"a bias of shape {Shapes.Text(bias.Shape)} for {kernels} kernels.");
        return Affine(node, sums, [Rational.One], QuantizerImport.Broadcast(node, column, sums.Shape, "bias"));
    }

    private RealValue MaxPool(OnnxNode node, RealValue x, bool everywhere)
    {
        (int channels, int[] size, bool last) = Layout(node, x);
        WindowGeometry geometry = everywhere ? Everywhere(size) : WindowGeometry.Of(node, size, null);
        int[] places = geometry.Places(node, channels);
        int taps = Shapes.Count(geometry.Kernel);
        for (int start = 0; start < places.Length; start += taps)
        {
            // Padding is smaller than any value: the window's other taps decide, and one of them may as well be read twice.
            Span<int> window = places.AsSpan(start, taps);
            int inside = -1;
            foreach (int place in window)
            {
                inside = Math.Max(inside, place);
            }

            if (inside < 0)
            {
                throw node.Error("one of its windows reads nothing but padding.");
            }

            window.Replace(Windows.Padding, inside);
        }

        return Largest(node, x, channels, geometry, places, last);
    }

    private RealValue Largest(OnnxNode node, RealValue x, int channels, WindowGeometry geometry, int[] places, bool last)
    {
        Windows windows = Windows.Of(channels, channels, geometry.Size, Shapes.Count(geometry.Result), places, last);
        int[] natural = [1, channels, .. geometry.Result];
        return InLayout(node, Append(new MaxPool(Next(), node.Description, Plain(natural), x.Number, windows), natural), last);
    }

    private RealValue AveragePool(OnnxNode node, RealValue x, bool everywhere)
    {
        (int channels, int[] size, bool last) = Layout(node, x);
        WindowGeometry geometry = everywhere ? Everywhere(size) : WindowGeometry.Of(node, size, null);
        if (node.Integer("ceil_mode", 0) != 0 && node.Integer("count_include_pad", 0) != 0)
        {
            throw node.Error("ceil_mode together with count_include_pad is not supported; export the model with one of them.");
        }

        int[] places = geometry.Places(node, channels);
        int taps = Shapes.Count(geometry.Kernel);
        int[] counts = [.. places.Chunk(taps).Select(window => node.Integer("count_include_pad", 0) != 0 ? taps : window.Count(place => place >= 0))];
        if (counts.Contains(0))
        {
            throw node.Error("one of its windows reads nothing but padding.");
        }

        // Where all windows count alike the kernel holds the division, exactly; else it follows the sums.
        bool alike = Array.TrueForAll(counts, count => count == counts[0]);
        Rational share = alike ? Rational.One / counts[0] : Rational.One;
        RealValue means = WindowSums(node, x, channels, geometry, places, last, share);
        means = alike ? means : Affine(node, means, [.. Enumerable.Range(0, channels * counts.Length).Select(i => Rational.One / counts[i % counts.Length])], [Rational.Zero]);
        return InLayout(node, means, last);
    }

    /// <summary>The sum of each window, channel by channel, times a share.</summary>
    private RealValue WindowSums(OnnxNode node, RealValue x, int channels, WindowGeometry geometry, int[] places, bool last, Rational share)
    {
        Windows windows = Windows.Of(channels, channels, geometry.Size, Shapes.Count(geometry.Result), places, last);
        int[] natural = [1, channels, .. geometry.Result];
        return Append(new Convolution(Next(), node.Description, Plain(natural), x.Number, Ones(channels, windows.Taps, share), windows), natural);
    }

    /// <summary>Kernels whose every weight is the same exact number.</summary>
    private static ConstantTensor Ones(int kernels, int taps, Rational share) => new([kernels, taps], [.. Enumerable.Repeat(share.ToDouble(), kernels * taps)])
    {
        Quantized = new([.. Enumerable.Repeat(1L, kernels * taps)], [share]),
    };

    private static (int Channels, int[] Size, bool Last) Layout(OnnxNode node, RealValue x)
    {
        bool last = node.Domain == ChannelsLastDomain || node.Operator == "MaxPoolNHWC" || IsLast(node);
        return x.Shape is [1, _, _, ..]
            ? last ? (x.Shape[^1], x.Shape[1..^1], last) : (x.Shape[1], x.Shape[2..], last)
            : throw node.Error($"its data has the shape {Shapes.Text(x.Shape)}; a batch of 1, channels and at least one more axis are needed.");
    }

    private RealValue InLayout(OnnxNode node, RealValue natural, bool last) => last
        ? Transposed(node, natural, [0, .. Enumerable.Range(2, natural.Shape.Length - 2), 1])
        : natural;

    private static WindowGeometry Everywhere(int[] size)
    {
        int[] ones = [.. size.Select(_ => 1)];
        return new(size, ones, size, ones, ones, new int[size.Length]);
    }

    private static void CheckSize(OnnxNode node, WindowGeometry geometry, int kernels)
    {
        long elements = geometry.Result.Aggregate((long)kernels, (product, size) => Math.Min(product * size, Windows.LargestSize));
        if (elements > Windows.LargestSize / 4)
        {
            throw node.Error($"it makes more than {Windows.LargestSize / 4} elements. Give the model a smaller input: --input-shape.");
        }
    }
}
