using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Operators on values that depend on the input, one layer (or a few) each.</summary>
internal sealed class OperatorImport
{
    public static readonly IReadOnlySet<string> Supported = new HashSet<string>(StringComparer.Ordinal)
    {
        "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Neg", "BatchNormalization", "Relu", "Clip", "Quant", "BipolarQuant",
        "QuantizeLinear", "DequantizeLinear", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout",
        "Cast", "Softmax", "ArgMax",
    };

    private readonly List<Layer> layers = [];
    private readonly List<string> notes = [];
    private readonly HashSet<int> softmaxes = [];
    private int count;

    public IReadOnlyList<Layer> Layers => layers;

    public IReadOnlyList<string> Notes => notes;

    /// <summary>A batch size other than 1 that the file was exported with; reshapes to it mean a batch of 1.</summary>
    public int? BatchSize { get; set; }

    /// <param name="reals">Inputs that depend on the network's input; null where constant.</param>
    /// <param name="constants">Inputs that are constant; null where not.</param>
    public RealValue Import(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants, int zeroPointType)
    {
        if (Array.Find(reals, real => real is not null && softmaxes.Contains(real.Number)) is not null
            && node.Operator is not ("Identity" or "ArgMax" or "Flatten" or "Reshape" or "Squeeze" or "Cast"))
        {
            throw node.Error("a Softmax may only stand at the end of the model (or before ArgMax).");
        }

        bool binary = node.Operator is "Add" or "Sub" or "Mul" or "Div" or "MatMul" or "Gemm";
        RealValue x = reals[0] ?? (binary ? reals[1] : null) ?? throw node.Error("its first input must depend on the network's input.");
        return node.Operator switch
        {
            "Identity" or "Dropout" => x,
            "Cast" => x,
            "Reshape" => Renamed(node, x, ShapeInference.Reshape(node, x.Shape, ConstantFolding.Integers(Known(node, constants, 1)), BatchSize)),
            "Flatten" => Renamed(node, x, ShapeInference.Flatten(node, x.Shape)),
            "Squeeze" => Renamed(node, x, ShapeInference.Squeeze(node, x.Shape, ConstantFolding.Axes(node, constants))),
            "Unsqueeze" => Renamed(node, x, ShapeInference.Unsqueeze(node, x.Shape, ConstantFolding.Axes(node, constants))),
            "Transpose" => Transpose(node, x),
            "MatMul" => MatMul(node, reals, constants),
            "Gemm" => Gemm(node, reals, constants),
            "Add" or "Sub" when reals[0] is { } left && reals[1] is { } right => Sum(node, left, right),
            "Add" or "Sub" or "Mul" or "Div" or "Neg" => Arithmetic(node, x, reals, constants),
            "BatchNormalization" => BatchNormalization(node, x, constants),
            "Relu" => Append(new Clip(Next(), node.Description, Plain(x.Shape), x.Number, Rational.Zero, null), x.Shape),
            "Clip" => Clip(node, x, constants),
            "Quant" => Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, QuantizerImport.Quant(node, constants, x.Shape)), x.Shape),
            "BipolarQuant" => Append(new Bipolar(Next(), node.Description, Plain(x.Shape), x.Number, QuantizerImport.BipolarMagnitudes(node, constants, x.Shape)), x.Shape),
            "QuantizeLinear" => QuantizeLinear(node, x, constants, zeroPointType),
            "DequantizeLinear" => DequantizeLinear(node, x, constants),
            "Softmax" => Softmax(node, x),
            "ArgMax" => ArgMax(node, x),
            _ => throw node.Error("it reads a value that depends on the input; it is supported on constants only."),
        };
    }

    private RealValue MatMul(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        if (reals[0] is { } x && constants[1] is { } right)
        {
            // [.., K] x [K, M]
            if (right.Shape.Length != 2 || x.Shape.Length == 0 || x.Shape[^1] != right.Shape[0])
            {
                throw node.Error($"shapes {Shapes.Text(x.Shape)} and {Shapes.Text(right.Shape)} do not fit.");
            }

            (int[] shape, int[] indices) = Shapes.Transpose(right.Shape, [1, 0]);
            return Dense(node, x, right.Gathered(shape, indices), [.. x.Shape[..^1], right.Shape[1]], 1);
        }

        if (constants[0] is { } left && reals[1] is { } y)
        {
            // [M, K] x [K, 1]
            if (left.Shape.Length != 2 || y.Shape.Length == 0 || (y.Shape.Length > 1 ? y.Shape[^2] : y.Shape[0]) != left.Shape[1])
            {
                throw node.Error($"shapes {Shapes.Text(left.Shape)} and {Shapes.Text(y.Shape)} do not fit.");
            }

            return Dense(node, y, left, y.Shape.Length > 1 ? [.. y.Shape[..^2], left.Shape[0], y.Shape[^1]] : [left.Shape[0]], 0);
        }

        throw node.Error("one factor must be constant; products of two computed tensors are not supported.");
    }

    private RealValue Gemm(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        bool first = reals[0] is not null;
        RealValue x = reals[0] ?? reals[1]!;
        ConstantTensor weights = constants[first ? 1 : 0] ?? throw node.Error("one factor must be constant; products of two computed tensors are not supported.");
        bool transA = node.Integer("transA", 0) != 0;
        bool transB = node.Integer("transB", 0) != 0;
        if (weights.Shape.Length != 2 || x.Shape.Length != 2)
        {
            throw node.Error($"it multiplies matrices; the shapes are {Shapes.Text(x.Shape)} and {Shapes.Text(weights.Shape)}.");
        }

        // As Dense wants them: (outputs, inputs).
        bool transpose = first ? !transB : transA;
        if (transpose)
        {
            (int[] shape, int[] indices) = Shapes.Transpose(weights.Shape, [1, 0]);
            weights = weights.Gathered(shape, indices);
        }

        bool transposed = first ? transA : transB;
        int[] data = transposed ? [x.Shape[1], x.Shape[0]] : x.Shape;
        int inner = first ? data[1] : data[0];
        int outer = first ? data[0] : data[1];
        if (inner != weights.Shape[1])
        {
            throw node.Error($"shape mismatch: the data has {inner} values, the weights \"{node.Inputs[first ? 1 : 0]}\" expect {weights.Shape[1]} ({inner} against {weights.Shape[1]}).");
        }

        QuantizerImport.CheckFinite(node, weights, first ? 1 : 0);
        Rational alpha = Rational.From(node.Real("alpha", 1));
        Rational beta = Rational.From(node.Real("beta", 1));
        RealValue product = Dense(node, x, weights, first ? [outer, weights.Shape[0]] : [weights.Shape[0], outer], first ? 1 : 0);
        if (reals.Length > 2 && reals[2] is { } computed)
        {
            return alpha == Rational.One && beta == Rational.One ? Sum(node, product, computed) : throw node.Error("a computed bias with alpha or beta other than 1 is not supported.");
        }

        Rational[] offsets = constants.Length > 2 && constants[2] is { } bias
            ? [.. QuantizerImport.PerElement(node, Finite(node, bias, 2), product.Shape, "bias").Select(value => value * beta)]
            : [Rational.Zero];
        return Affine(node, product, [alpha], offsets);
    }

    private RealValue Dense(OnnxNode node, RealValue x, ConstantTensor weights, int[] shape, int weightInput)
    {
        QuantizerImport.CheckFinite(node, weights, weightInput);
        return Shapes.Count(x.Shape) == weights.Shape[1] && Shapes.Count(shape) == weights.Shape[0]
            ? Append(new Dense(Next(), node.Description, Plain(shape), x.Number, weights), shape)
            : throw node.Error($"data of shape {Shapes.Text(x.Shape)} has more axes than a vector; matrix products are supported on one vector at a time.");
    }

    private RealValue Arithmetic(OnnxNode node, RealValue x, RealValue?[] reals, ConstantTensor?[] constants)
    {
        if (node.Operator == "Neg")
        {
            return Affine(node, x, [-Rational.One], [Rational.Zero]);
        }

        bool first = reals[0] is not null;
        if (first && reals[1] is not null)
        {
            throw node.Error("products and quotients of two computed tensors are not supported; one must be constant.");
        }

        Rational[] constant = QuantizerImport.PerElement(node, Finite(node, constants[first ? 1 : 0]!, first ? 1 : 0), x.Shape, "its constant");
        Rational[] one = [Rational.One];
        Rational[] zero = [Rational.Zero];
        return (node.Operator, first) switch
        {
            ("Add", _) => Affine(node, x, one, constant),
            ("Sub", true) => Affine(node, x, one, [.. constant.Select(value => -value)]),
            ("Sub", false) => Affine(node, x, [-Rational.One], constant),
            ("Mul", _) => Affine(node, x, constant, zero),
            ("Div", true) when Array.TrueForAll(constant, value => !value.IsZero) => Affine(node, x, [.. constant.Select(value => Rational.One / value)], zero),
            ("Div", true) => throw node.Error("it divides by 0."),
            _ => throw node.Error("a constant divided by a computed tensor is not supported."),
        };
    }

    private RealValue Sum(OnnxNode node, RealValue left, RealValue right) => left.Shape.SequenceEqual(right.Shape)
        ? Append(new Sum(Next(), node.Description, Plain(left.Shape), left.Number, right.Number, node.Operator == "Sub" ? -1 : 1), left.Shape)
        : throw node.Error($"computed tensors of shapes {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}; they must be alike.");

    private RealValue BatchNormalization(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        ConstantTensor[] parameters = [.. Enumerable.Range(1, 4).Select(i => Finite(node, Known(node, constants, i), i))];
        int channels = parameters[0].Length;
        int axis = x.Shape.Length > 1 && x.Shape[1] == channels ? 1
            : x.Shape.Length > 0 && x.Shape[0] == channels ? 0
            : throw node.Error($"{channels} channels against data of shape {Shapes.Text(x.Shape)}.");
        if (Array.Exists(parameters, parameter => parameter.Length != channels))
        {
            throw node.Error("its scale, bias, mean and variance have different lengths.");
        }

        double epsilon = node.Real("epsilon", 1e-5f);
        var gains = new double[channels];
        var offsets = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            double variance = parameters[3].Values[c] + epsilon;
            gains[c] = variance > 0
                ? parameters[0].Values[c] / Math.Sqrt(variance)
                : throw node.Error($"channel {c} has variance {parameters[3].Values[c]}, which is negative.");
            offsets[c] = parameters[1].Values[c];
        }

        int[] shape = [.. x.Shape.Select((_, i) => i == axis ? channels : 1)];
        Rational[] Spread(double[] values) => QuantizerImport.PerElement(node, new(shape, values), x.Shape, "parameter");
        RealValue centred = Affine(node, x, [Rational.One], [.. Spread(parameters[2].Values).Select(mean => -mean)]);
        return Affine(node, centred, Spread(gains), Spread(offsets));
    }

    private RealValue Clip(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        Rational? Limit(int input, string attribute)
        {
            double value = constants.Length > input && constants[input] is { Length: > 0 } given ? given.Values[0] : node.Real(attribute, double.NaN);
            return double.IsFinite(value) && Math.Abs(value) < float.MaxValue ? Rational.From(value) : null;
        }

        return Append(new Clip(Next(), node.Description, Plain(x.Shape), x.Number, Limit(1, "min"), Limit(2, "max")), x.Shape);
    }

    private RealValue QuantizeLinear(OnnxNode node, RealValue x, ConstantTensor?[] constants, int zeroPointType)
    {
        Quantizer quantizer = QuantizerImport.QuantizeLinear(node, constants, x.Shape, zeroPointType);
        RealValue rounded = Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, quantizer), x.Shape);
        return Affine(node, rounded, [.. quantizer.Scales.Select(scale => Rational.One / scale)], quantizer.ZeroPoints);
    }

    private RealValue DequantizeLinear(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        (Rational[] scales, Rational[] zeroPoints) = QuantizerImport.DequantizeLinear(node, constants, x.Shape);
        RealValue centred = Affine(node, x, [Rational.One], [.. zeroPoints.Select(zero => -zero)]);
        return Affine(node, centred, scales, [Rational.Zero]);
    }

    private RealValue Softmax(OnnxNode node, RealValue x)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", -1), x.Shape.Length);
        RealValue result = Shapes.Count(x.Shape[axis..]) == Shapes.Count(x.Shape)
            ? Append(new SoftmaxLayer(Next(), node.Description, Plain(x.Shape), x.Number), x.Shape)
            : throw node.Error($"it works along axis {axis} of {Shapes.Text(x.Shape)}; a softmax over the whole vector is supported.");
        softmaxes.Add(result.Number);
        return result;
    }

    private RealValue ArgMax(OnnxNode node, RealValue x)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), x.Shape.Length);
        if (x.Shape[axis] != Shapes.Count(x.Shape) || node.Integer("select_last_index", 0) != 0)
        {
            throw node.Error($"it must choose the first largest element of the whole vector; axis {axis} of {Shapes.Text(x.Shape)} does not.");
        }

        // Softmax keeps the order, so the largest before it is the largest after it.
        if (layers[^1] is SoftmaxLayer softmax && softmax.Output == x.Number)
        {
            layers.RemoveAt(layers.Count - 1);
            x = new(softmax.Input, x.Shape);
        }

        int[] shape = node.Integer("keepdims", 1) != 0 ? [.. x.Shape.Select(_ => 1)] : [.. x.Shape.Where((_, i) => i != axis)];
        return Append(new IndexOfLargest(Next(), node.Description, Plain(shape), x.Number), shape);
    }

    private RealValue Transpose(OnnxNode node, RealValue x)
    {
        (int[] shape, int[] indices) = Shapes.Transpose(x.Shape, ShapeInference.Permutation(node, x.Shape));
        bool sameOrder = indices.Select((index, i) => index == i).All(same => same);
        return Append(new Reorder(Next(), node.Description, Plain(shape), x.Number, sameOrder ? null : indices), shape);
    }

    private RealValue Renamed(OnnxNode node, RealValue x, int[] shape)
    {
        if (softmaxes.Contains(x.Number))
        {
            return new(x.Number, shape);
        }

        return Append(new Reorder(Next(), node.Description, Plain(shape), x.Number, null), shape);
    }

    private RealValue Affine(OnnxNode node, RealValue x, Rational[] gains, Rational[] offsets) =>
        gains is [{ } gain] && gain == Rational.One && Array.TrueForAll(offsets, offset => offset.IsZero)
            ? x
            : Append(new ElementwiseAffine(Next(), node.Description, Plain(x.Shape), x.Number, gains, offsets), x.Shape);

    private RealValue Append(Layer layer, int[] shape)
    {
        layers.Add(layer);
        return new(layer.Output, shape);
    }

    private int Next() => ++count;

    private static int[] Plain(int[] shape) => RealValue.WithoutBatch(shape);

    private static ConstantTensor Known(OnnxNode node, ConstantTensor?[] constants, int index) =>
        constants.Length > index && constants[index] is { } constant ? constant : throw node.Error($"its input {index} must be a constant.");

    private static ConstantTensor Finite(OnnxNode node, ConstantTensor constant, int input)
    {
        QuantizerImport.CheckFinite(node, constant, input);
        return constant;
    }
}
