using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <summary>Operators on values that depend on the input, one layer (or a few) each.</summary>
internal sealed partial class OperatorImport
{
    public static readonly IReadOnlySet<string> Supported = new HashSet<string>(StringComparer.Ordinal)
    {
        "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Neg", "BatchNormalization", "Relu", "Clip", "Quant", "BipolarQuant",
        "QuantizeLinear", "DequantizeLinear", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout",
        "Cast", "Softmax", "ArgMax", "Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LeakyRelu", "PRelu",
        "Concat", "Split", "Slice", "Gather", "Pad", "Resize", "Upsample", "Floor", "Ceil", "Round", "Abs",
        "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "ConvTranspose", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin",
        "Max", "Min", "Sum", "Mean", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Where", "Pow",
        "Sigmoid", "Tanh", "Erf", "Exp", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Swish", "Elu", "Selu", "Celu", "ThresholdedRelu", "Gelu", "Mish",
    };

    /// <summary>Operators of the domains of QONNX, FINN and Brevitas.</summary>
    public static readonly IReadOnlySet<string> SupportedQuantizers = new HashSet<string>(StringComparer.Ordinal)
    {
        "Quant", "IntQuant", "BipolarQuant", "Trunc", "MultiThreshold", "QuantAvgPool2d", "MaxPoolNHWC", "Im2Col",
    };

    /// <summary>Operators of the channels-last domain.</summary>
    public static readonly IReadOnlySet<string> SupportedChannelsLast = new HashSet<string>(StringComparer.Ordinal) { "Conv", "MaxPool", "AveragePool", "BatchNormalization" };

    private readonly List<Layer> layers = [];
    private readonly List<string> notes = [];
    private readonly HashSet<int> wholeNumbers = []; // values that are integers whatever the input
    private int count;

    public IReadOnlyList<string> Notes => notes;

    /// <summary>A batch size other than 1 that the file was exported with; reshapes to it mean a batch of 1.</summary>
    public int? BatchSize { get; set; }

    /// <summary>Version of the standard operators: some changed their meaning.</summary>
    public long Opset { get; set; }

    /// <param name="reals">Inputs that depend on the network's input; null where constant.</param>
    /// <param name="constants">Inputs that are constant; null where not.</param>
    public RealValue Import(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants, int zeroPointType)
    {
        if (IsIntegerOperator(node.Operator))
        {
            return IntegerOperator(node, reals, constants);
        }

        bool anyInput = node.Operator is "Add" or "Sub" or "Mul" or "Div" or "MatMul" or "Gemm" or "Concat" or "Where" or "Max" or "Min" or "Sum" or "Mean";
        RealValue x = (anyInput ? Array.Find(reals, real => real is not null) : reals[0]) ?? throw node.Error("its first input must depend on the network's input.");
        return node.Operator switch
        {
            "Identity" => x,
            "Dropout" => Dropout(node, x, constants),
            "Cast" => Cast(node, x),
            "Reshape" => Renamed(node, x, ShapeInference.Reshape(node, x.Shape, node.Integers("shape") ?? ConstantFolding.Integers(Known(node, constants, 1)), BatchSize)),
            "Flatten" => Renamed(node, x, ShapeInference.Flatten(node, x.Shape)),
            "Squeeze" => Renamed(node, x, ShapeInference.Squeeze(node, x.Shape, ConstantFolding.Axes(node, constants))),
            "Unsqueeze" => Renamed(node, x, ShapeInference.Unsqueeze(node, x.Shape, ConstantFolding.Axes(node, constants))),
            "Transpose" => Transpose(node, x),
            "MatMul" => MatMul(node, reals, constants),
            "Gemm" => Gemm(node, reals, constants),
            "Add" or "Sub" when reals[0] is { } left && reals[1] is { } right => Sum(node, left, right),
            "Mul" when reals[0] is { } one && reals[1] is { } other && WrittenOut(node, one, other) is { } function => function,
            "Pow" => Power(node, x, constants),
            "Add" or "Sub" or "Mul" or "Div" or "Neg" => Arithmetic(node, x, reals, constants),
            "BatchNormalization" => BatchNormalization(node, x, constants),
            "Relu" => Append(new Clip(Next(), node.Description, Plain(x.Shape), x.Number, Rational.Zero, null), x.Shape),
            "Clip" => Clip(node, x, reals, constants),
            "Quant" or "IntQuant" => Quant(node, x, constants),
            "Trunc" => Trunc(node, x, constants),
            "MultiThreshold" => Thresholds(node, x, constants),
            "QuantAvgPool2d" => QuantizedAveragePool(node, x),
            "Im2Col" => WindowsSideBySide(node, x),
            "Floor" => Rounded(node, x, Rounding.Floor),
            "Ceil" => Rounded(node, x, Rounding.Ceiling),
            "Round" => Rounded(node, x, Rounding.HalfEven),
            "Abs" => Leaky(node, x, [-Rational.One]),
            "BipolarQuant" => Sign(node, x, QuantizerImport.BipolarMagnitudes(node, constants, x.Shape)),
            "QuantizeLinear" => QuantizeLinear(node, x, constants, zeroPointType),
            "DequantizeLinear" => DequantizeLinear(node, x, constants),
            "Conv" => Convolution(node, x, constants),
            "ConvTranspose" => TransposedConvolution(node, x, constants),
            "ReduceSum" or "ReduceMean" or "ReduceMax" or "ReduceMin" => Reduced(node, x, reals, constants),
            "Max" or "Min" => Extreme(node, reals, constants),
            "Sum" or "Mean" => Total(node, reals, constants),
            "Expand" => Expand(node, x, constants),
            "Tile" => Tile(node, x, constants),
            "DepthToSpace" or "SpaceToDepth" => Blocks(node, x),
            "MaxPool" or "MaxPoolNHWC" or "GlobalMaxPool" => MaxPool(node, x, node.Operator == "GlobalMaxPool"),
            "AveragePool" or "GlobalAveragePool" => AveragePool(node, x, node.Operator == "GlobalAveragePool"),
            "LeakyRelu" => Leaky(node, x, [Rational.From(Real(node, "alpha", 0.01f))]),
            "PRelu" => Leaky(node, x, QuantizerImport.PerElement(node, Finite(node, Known(node, constants, 1), 1), x.Shape, "slope")),
            "Concat" => Concat(node, reals, constants),
            "Where" => Where(node, reals, constants),
            "Slice" or "Gather" => Moved(node, x, constants),
            "Pad" => Pad(node, x, constants),
            "Resize" or "Upsample" => Resize(node, x, constants),
            "Sigmoid" or "Tanh" or "Erf" or "Exp" or "Softplus" or "Softsign" or "HardSigmoid" or "HardSwish" or "Swish" or "Elu" or "Selu" or "Celu" or "ThresholdedRelu"
                or "Gelu" or "Mish" => Function(node, x),
            "Softmax" => Softmax(node, x),
            "ArgMax" => ArgMax(node, x),
            _ => throw node.Error("it reads a value that depends on the input; it is supported on constants only."),
        };
    }

    private static RealValue Dropout(OnnxNode node, RealValue x, ConstantTensor?[] constants) =>
        constants.Length > 2 && constants[2] is { Values: [not 0, ..] }
            ? throw node.Error("it is in training mode and would drop values at random. Export the model for inference.")
            : x;

    private RealValue Cast(OnnxNode node, RealValue x) => CastImport.IsReal(CastImport.Target(node)) || wholeNumbers.Contains(x.Number)
        ? x
        : throw node.Error("it makes integers of computed values, which is not supported. Use a quantizer (Quant, QuantizeLinear).");

    private RealValue Softmax(OnnxNode node, RealValue x)
    {
        // Up to operator set 12 all axes from this one on are flattened; later it is this axis alone.
        int axis = ShapeInference.Axis(node, node.Integer("axis", Opset < 13 ? 1 : -1), x.Shape.Length);
        int size = Opset < 13 ? Shapes.Count(x.Shape[axis..]) : x.Shape[axis];
        if (Opset >= 13 && axis == 0 && x.Shape.Length > 1)
        {
            throw node.Error($"it works along axis 0 of {Shapes.Text(x.Shape)}, the batch. Give it the axis of the classes.");
        }

        if (Opset < 13 || Shapes.Count(x.Shape[axis..]) == size)
        {
            return Append(new SoftmaxLayer(Next(), node.Description, Plain(x.Shape), x.Number) { Vectors = Shapes.Count(x.Shape) / size }, x.Shape);
        }

        // The axis moves to the end and back.
        int[] there = [.. Enumerable.Range(0, x.Shape.Length).Where(other => other != axis), axis];
        RealValue moved = Transposed(node, x, there);
        RealValue shares = Append(new SoftmaxLayer(Next(), node.Description, Plain(moved.Shape), moved.Number) { Vectors = Shapes.Count(x.Shape) / size }, moved.Shape);
        return Transposed(node, shares, [.. Enumerable.Range(0, there.Length).Select(k => Array.IndexOf(there, k))]);
    }

    private RealValue ArgMax(OnnxNode node, RealValue x)
    {
        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), x.Shape.Length);
        if (x.Shape[axis] != Shapes.Count(x.Shape) || node.Integer("select_last_index", 0) != 0)
        {
            throw node.Error($"it must choose the first largest element of the whole vector; axis {axis} of {Shapes.Text(x.Shape)} does not.");
        }

        // Softmax keeps the order, so the largest before it is the largest after it.
        Layer? before = Producer(x.Number);
        while (before is Reorder { Indices: null } same)
        {
            before = Producer(same.Input);
        }

        x = before is SoftmaxLayer { Vectors: 1 } softmax ? new(softmax.Input, x.Shape) : x;
        int[] shape = node.Integer("keepdims", 1) != 0 ? [.. x.Shape.Select(_ => 1)] : [.. x.Shape.Where((_, i) => i != axis)];
        RealValue index = Append(new IndexOfLargest(Next(), node.Description, Plain(shape), x.Number), shape);
        wholeNumbers.Add(index.Number);
        return index;
    }

    private RealValue Transpose(OnnxNode node, RealValue x) => Transposed(node, x, ShapeInference.Permutation(node, x.Shape));

    private RealValue Leaky(OnnxNode node, RealValue x, Rational[] slopes) =>
        Append(new LeakyRelu(Next(), node.Description, Plain(x.Shape), x.Number, slopes), x.Shape);

    private static double Real(OnnxNode node, string name, double missing) => node.Real(name, missing) is var value && double.IsFinite(value)
        ? value
        : throw node.Error($"its {name} is no number. Export the model again.");

    private RealValue Renamed(OnnxNode node, RealValue x, int[] shape) =>
        Same(x, Append(new Reorder(Next(), node.Description, Plain(shape), x.Number, null), shape));

    /// <summary>The same elements under another number: whole numbers stay whole.</summary>
    private RealValue Same(RealValue before, RealValue after)
    {
        if (wholeNumbers.Contains(before.Number))
        {
            wholeNumbers.Add(after.Number);
        }

        return after;
    }

    private RealValue Affine(OnnxNode node, RealValue x, PerElement<Rational> gains, PerElement<Rational> offsets) =>
        gains is [{ } gain] && gain == Rational.One && offsets.All(offset => offset.IsZero)
            ? x
            : Append(new ElementwiseAffine(Next(), node.Description, Plain(x.Shape), x.Number, gains, offsets), x.Shape);

    private RealValue Append(Layer layer, int[] shape)
    {
        if (Shapes.Count(shape) == 0)
        {
            throw new InvalidInputException($"node {layer.Name}: it makes a tensor of shape {Shapes.Text(shape)}, which has no elements. Export the model again.");
        }

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
