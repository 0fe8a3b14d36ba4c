using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Sums, means and extremes over axes, and of several tensors.</content>
internal sealed partial class OperatorImport
{
    /// <summary>ReduceSum, ReduceMean, ReduceMax, ReduceMin: each output reads a window of its own.</summary>
    private RealValue Reduced(OnnxNode node, RealValue x, RealValue?[] reals, ConstantTensor?[] constants)
    {
        if (reals.Length > 1 && reals[1] is not null)
        {
            throw node.Error("its axes must be constants.");
        }

        int rank = x.Shape.Length;
        int[] given = ConstantFolding.Axes(node, constants) ?? [];
        if (given.Length == 0 && node.Integer("noop_with_empty_axes", 0) != 0)
        {
            return x;
        }

        HashSet<int> axes = given.Length == 0 ? [.. Enumerable.Range(0, rank)] : [.. given.Select(axis => ShapeInference.Axis(node, axis, rank))];
        int[] kept = [.. x.Shape.Select((size, axis) => axes.Contains(axis) ? 1 : size)];
        int[] shape = node.Integer("keepdims", 1) != 0 ? kept : [.. x.Shape.Where((_, axis) => !axes.Contains(axis))];
        int outputs = Shapes.Count(kept);
        int taps = Shapes.Count(x.Shape) / outputs;
        if (taps == 1)
        {
            return Renamed(node, x, shape);
        }

        int[] owners = Shapes.BroadcastIndices(kept, x.Shape);
        var filled = new int[outputs];
        var indices = new int[owners.Length];
        for (int i = 0; i < owners.Length; i++)
        {
            indices[(owners[i] * taps) + filled[owners[i]]++] = i;
        }

        var windows = new Windows(outputs, 1, taps, indices);
        bool mean = node.Operator == "ReduceMean";
        if (node.Operator is "ReduceSum" or "ReduceMean")
        {
            RealValue sums = Append(new Convolution(Next(), node.Description, Plain(shape), x.Number, Ones(outputs, taps, mean ? Rational.One / taps : Rational.One), windows), shape);
            return mean ? sums : Same(x, sums);
        }

        bool least = node.Operator == "ReduceMin";
        RealValue turned = Same(x, Turned(node, x, least));
        RealValue largest = Append(new MaxPool(Next(), node.Description, Plain(shape), turned.Number, windows), shape);
        return Same(x, Turned(node, largest, least));
    }

    /// <summary>Max and Min of any number of tensors.</summary>
    private RealValue Extreme(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        bool least = node.Operator == "Min";
        (RealValue[] computed, ConstantTensor? bound, int[] shape) = Operands(node, reals, constants, (a, b) => least ? Math.Min(a, b) : Math.Max(a, b));
        RealValue x = computed[0];
        if (computed.Length > 1)
        {
            int elements = Shapes.Count(shape);
            RealValue[] turned = [.. computed.Select(part => Turned(node, part, least))];
            RealValue all = Append(new Concatenation(Next(), node.Description, [elements * turned.Length], [.. turned.Select(part => part.Number)]), [1, elements * turned.Length]);
            int[] indices = [.. from i in Enumerable.Range(0, elements) from part in Enumerable.Range(0, turned.Length) select (part * elements) + i];
            RealValue largest = Append(new MaxPool(Next(), node.Description, Plain(shape), all.Number, new(elements, 1, turned.Length, indices)), shape);
            x = Turned(node, largest, least);
        }

        if (bound is null || Array.TrueForAll(bound.Values, value => value == (least ? double.PositiveInfinity : double.NegativeInfinity)))
        {
            return x;
        }

        // A bound per element is 0 beside the element's own offset.
        Rational[] bounds = QuantizerImport.PerElement(node, bound, shape, "its constant");
        (Rational? low, Rational? high) = least ? ((Rational?)null, (Rational?)Rational.Zero) : (Rational.Zero, null);
        if (bounds is [var single])
        {
            return Append(new Clip(Next(), node.Description, Plain(shape), x.Number, least ? null : single, least ? single : null), shape);
        }

        RealValue centred = Affine(node, x, [Rational.One], [.. bounds.Select(value => -value)]);
        RealValue clipped = Append(new Clip(Next(), node.Description, Plain(shape), centred.Number, low, high), shape);
        return Affine(node, clipped, [Rational.One], bounds);
    }

    /// <summary>Sum and Mean of any number of tensors.</summary>
    private RealValue Total(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        (RealValue[] computed, ConstantTensor? constant, int[] shape) = Operands(node, reals, constants, (a, b) => a + b);
        RealValue sum = computed.Aggregate((a, b) => Sum(node.As("Add"), a, b));
        Rational[] offsets = constant is null ? [Rational.Zero] : QuantizerImport.PerElement(node, constant, shape, "its constant");
        sum = Affine(node, sum, [Rational.One], offsets);
        return node.Operator == "Mean" ? Affine(node, sum, [Rational.One / reals.Length], [Rational.Zero]) : sum;
    }

    /// <summary>Operands broadcast to one shape: the computed ones, and what all constants come to.</summary>
    private (RealValue[] Computed, ConstantTensor? Constant, int[] Shape) Operands(
        OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants, Func<double, double, double> join)
    {
        int[] shape = [];
        ConstantTensor? constant = null;
        for (int i = 0; i < reals.Length; i++)
        {
            int[] here = reals[i]?.Shape ?? constants[i]?.Shape ?? throw node.Error("one of its inputs is missing.");
            shape = Shapes.Broadcast(shape, here) ?? throw node.Error($"shapes {Shapes.Text(shape)} and {Shapes.Text(here)} do not fit together.");
            if (constants[i] is { } given)
            {
                int bad = Array.FindIndex(given.Values, double.IsNaN);
                constant = bad >= 0 ? throw node.Error($"its constant \"{node.Inputs[i]}\" holds NaN. Export the model again.")
                    : constant is null ? given : ConstantFolding.Binary(node, constant, given, join);
            }
        }

        return ([.. reals.OfType<RealValue>().Select(real => Broadcasted(node, real, shape))], constant, shape);
    }

    private RealValue Turned(OnnxNode node, RealValue x, bool negated) => negated ? Affine(node, x, [-Rational.One], [Rational.Zero]) : x;
}
