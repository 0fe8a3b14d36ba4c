using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <content>Layers as nodes. Element maps are turned back into the operators that they came from.</content>
public sealed partial class QonnxExporter
{
    private const int LargestUnrolled = 1 << 22;

    private string WriteDense(Dense dense)
    {
        int rows = dense.Weights.Shape[0];
        int columns = dense.Weights.Shape[1];
        string x = ShapeOf(dense.Input).Length == 1 ? Of(dense) : Reshaped(Of(dense), [columns]);
        (_, int[] order) = Shapes.Transpose([rows, columns], [1, 0]);
        string sums = graph.Node("MatMul", [x, Weights(dense, [columns, rows], order, scaleAxis: 1)]);
        return dense.Shape.Length == 1 ? sums : Reshaped(sums, dense.Shape);
    }

    private string WriteConvolution(Convolution convolution)
    {
        int[] shape = ShapeOf(convolution.Input);
        if (convolution.IsCopy && WindowRecovery.Padding(convolution.Windows, shape, convolution.Shape) is { } pads)
        {
            return graph.Node("Pad", [Of(convolution), graph.Constant([.. pads.Select(pad => (long)pad)])]);
        }

        if (shape.Length > 1 && convolution.Shape.Length == shape.Length && WindowRecovery.Of(convolution.Windows, shape, convolution.Shape) is { } geometry)
        {
            int perGroup = shape[0] / convolution.Windows.Groups;
            return IsMean(convolution, geometry)
                ? graph.Node("AveragePool", [Of(convolution)], attributes: Attributes(geometry, withKernel: true))
                : graph.Node("Conv", [Of(convolution), Weights(convolution, [convolution.Weights.Shape[0], perGroup, .. geometry.Kernel], null, scaleAxis: 0)],
                    attributes: [.. Attributes(geometry, withKernel: true), OnnxGraphWriter.Attribute("group", convolution.Windows.Groups)]);
        }

        return WriteDense(Unrolled(convolution));
    }

    private static bool IsMean(Convolution convolution, WindowRecovery geometry) =>
        convolution.Windows.Groups == convolution.Weights.Shape[0] && geometry.Pads.All(pad => pad == 0) && geometry.Dilations.All(dilation => dilation == 1)
        && convolution.Weights.Quantized is { } quantized && Enumerable.Range(0, quantized.Integers.Length).All(k => quantized.Integers[k] * quantized.ScaleOf(k) == Rational.One / convolution.Windows.Taps)
        && convolution.Weights.Values.Length == convolution.Windows.Groups * convolution.Windows.Taps && convolution.Windows.Taps > 1;

    /// <summary>As a matrix: right for any map, though larger.</summary>
    private Dense Unrolled(Convolution convolution)
    {
        int columns = Shapes.Count(ShapeOf(convolution.Input));
        if ((long)convolution.Length * columns > LargestUnrolled)
        {
            throw Refused(convolution, "reads elements in an order that is no Conv, and is too large for a matrix");
        }

        QuantizedValues quantized = convolution.Weights.Quantized ?? throw Refused(convolution, "has float weights");
        var integers = new long[convolution.Length * columns];
        var scales = new Rational[integers.Length];
        Windows windows = convolution.Windows;
        for (int i = 0; i < convolution.Length; i++)
        {
            int kernel = i / windows.Positions;
            ReadOnlySpan<int> window = windows.Of(convolution.GroupOf(kernel), i % windows.Positions);
            scales.AsSpan(i * columns, columns).Fill(quantized.ScaleOf(kernel * windows.Taps));
            for (int tap = 0; tap < window.Length; tap++)
            {
                if (window[tap] >= 0)
                {
                    integers[(i * columns) + window[tap]] += quantized.Integers[(kernel * windows.Taps) + tap];
                }
            }
        }

        double[] values = [.. integers.Select((integer, k) => (integer * scales[k]).ToDouble())];
        return new(convolution.Output, convolution.Name, convolution.Shape, convolution.Input, new([convolution.Length, columns], values) { Quantized = new(integers, scales) });
    }

    private string WriteMaxPool(MaxPool pool)
    {
        int[] shape = ShapeOf(pool.Input);
        return shape.Length > 1 && pool.Shape.Length == shape.Length && WindowRecovery.Of(pool.Windows, shape, pool.Shape) is { } geometry && geometry.Pads.All(pad => pad == 0)
            ? graph.Node("MaxPool", [Of(pool)], attributes: Attributes(geometry, withKernel: true))
            : throw Refused(pool, "reads elements in an order that is no MaxPool without padding");
    }

    private static AttributeProto[] Attributes(WindowRecovery geometry, bool withKernel)
    {
        static AttributeProto Whole(string name, IEnumerable<int> values) => new() { Name = name, Ints = { values.Select(value => (long)value) }, Type = 7 };
        var attributes = new List<AttributeProto> { Whole("strides", geometry.Strides), Whole("pads", geometry.Pads) };
        if (withKernel)
        {
            attributes.Add(Whole("kernel_shape", geometry.Kernel));
        }

        if (geometry.Dilations.Any(dilation => dilation != 1))
        {
            attributes.Add(Whole("dilations", geometry.Dilations));
        }

        return [.. attributes];
    }

    private string WriteAffine(ElementwiseAffine affine)
    {
        string x = Of(affine);
        x = affine.Gains.All(gain => gain == Rational.One) ? x : graph.Node("Mul", [x, PerElement(affine.Gains.ToArray(), affine.Shape, affine.Name)]);

        // A bias that single precision does not hold is added in two parts.
        Rational[] coarse = [.. affine.Offsets.Select(offset => Rational.From((float)offset.ToDouble()))];
        Rational[] rest = [.. affine.Offsets.Zip(coarse, (offset, part) => offset - part)];
        foreach (Rational[] part in new[] { coarse, rest })
        {
            x = Array.TrueForAll(part, offset => offset.IsZero) ? x : graph.Node("Add", [x, PerElement(part, affine.Shape, affine.Name)]);
        }

        return x;
    }

    private string WriteClip(Clip clip) => clip switch
    {
        { Low: { IsZero: true }, High: null } => graph.Node("Relu", [Of(clip)]),
        _ => graph.Node("Clip", [Of(clip), Limit(clip.Low, clip), Limit(clip.High, clip)]),
    };

    private string Limit(Rational? limit, Clip clip) => limit is { } value ? graph.Constant([], [Exactly(value, clip.Name)], OnnxType.Float) : string.Empty;

    private string WriteConcatenation(Concatenation concatenation)
    {
        int[][] shapes = [.. concatenation.Parts.Select(ShapeOf)];
        bool alongChannels = shapes.All(shape => shape.Length == concatenation.Shape.Length && shape.Skip(1).SequenceEqual(concatenation.Shape.Skip(1)));
        string[] parts = [.. concatenation.Parts.Select((part, k) => alongChannels ? names[part] : Reshaped(names[part], [Shapes.Count(shapes[k])]))];
        string joined = graph.Node("Concat", parts, attributes: OnnxGraphWriter.Attribute("axis", 1));
        return alongChannels ? joined : Reshaped(joined, concatenation.Shape);
    }

    private string WriteReorder(Reorder reorder)
    {
        int[] shape = ShapeOf(reorder.Input);
        if (reorder.Indices is not { } indices)
        {
            return shape.SequenceEqual(reorder.Shape) ? Of(reorder) : Reshaped(Of(reorder), reorder.Shape);
        }

        if (WindowRecovery.Permutation(indices, shape) is { } permutation)
        {
            string moved = graph.Node("Transpose", [Of(reorder)], attributes: new AttributeProto { Name = "perm", Ints = { permutation.Select(axis => axis + 1L).Prepend(0L) }, Type = 7 });
            int[] natural = [.. permutation.Select(axis => shape[axis])];
            return natural.SequenceEqual(reorder.Shape) ? moved : Reshaped(moved, reorder.Shape);
        }

        string flat = Reshaped(Of(reorder), [Shapes.Count(shape)]);
        string chosen = graph.Node("Gather", [flat, graph.Constant([.. indices.Select(index => (long)index)])], attributes: OnnxGraphWriter.Attribute("axis", 1));
        return reorder.Shape.Length == 1 ? chosen : Reshaped(chosen, reorder.Shape);
    }
}
