using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <content>Operators on integer tensors (QLinearConv and its like, QOperator files of ONNX Runtime): read as the same in
/// QuantizeLinear and DequantizeLinear, which is how they are defined.</content>
internal sealed partial class OperatorImport
{
    /// <summary>Integer operators of ONNX Runtime's domain; the standard ones are in <see cref="Supported"/>.</summary>
    public static readonly IReadOnlySet<string> SupportedMicrosoft = new HashSet<string>(StringComparer.Ordinal)
    {
        "QuantizeLinear", "DequantizeLinear", "QGemm", "QLinearAdd", "QLinearMul", "QLinearAveragePool", "QLinearGlobalAveragePool",
        "QLinearLeakyRelu", "QLinearConcat",
    };

    /// <summary>Element type of a constant, by name; 0 if not known.</summary>
    public Func<string, int> ElementTypeOf { get; set; } = _ => 0;

    private static bool IsIntegerOperator(string operation) =>
        operation is "MatMulInteger" or "ConvInteger" or "QGemm" || operation.StartsWith("QLinear", StringComparison.Ordinal);

    private RealValue IntegerOperator(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        var tensors = new (RealValue? Real, ConstantTensor? Constant)[Math.Max(reals.Length, 10)];
        for (int i = 0; i < reals.Length; i++)
        {
            tensors[i] = (reals[i], constants[i]);
        }

        // Data, scale and zero point at these inputs, dequantized; weights along an axis where their scale is a vector.
        (RealValue? Real, ConstantTensor? Constant) Dequantized(int data, int scale, int zero, int axis = 1) =>
            Dequantize(node, tensors[data], tensors[scale].Constant, tensors[zero].Constant, axis);
        RealValue Quantized(RealValue y, int scale, int zero) =>
            QuantizeLinear(node.As("QuantizeLinear"), y, [null, Known(node, constants, scale), tensors[zero].Constant], zero < node.Inputs.Count ? ElementTypeOf(node.Inputs[zero]) : 0);
        switch (node.Operator)
        {
            case "MatMulInteger":
            case "ConvInteger":
                bool matrix = node.Operator == "MatMulInteger";
                RealValue sums = Apply(node.As(matrix ? "MatMul" : "Conv"), Centred(0, 2, matrix ? -2 : 1), Centred(1, 3, matrix ? -1 : 0));
                wholeNumbers.Add(sums.Number);
                return sums;

            case "QLinearMatMul":
                return Quantized(Apply(node.As("MatMul"), Dequantized(0, 1, 2, -2), Dequantized(3, 4, 5, -1)), 6, 7);

            case "QGemm":
                (RealValue?, ConstantTensor?) c = node.HasInput(6) ? Biased(node, tensors[6], Known(node, constants, 1), Known(node, constants, 4), 1, node.Real("alpha", 1)) : default;
                RealValue product = Apply(node.As("Gemm", "alpha", "transA", "transB"), Dequantized(0, 1, 2), Dequantized(3, 4, 5, node.Integer("transB", 0) != 0 ? 0 : 1), c);
                return node.HasInput(7) ? Quantized(product, 7, 8) : product;

            case "QLinearConv":
                (RealValue?, ConstantTensor?) bias = node.HasInput(8) ? Biased(node, tensors[8], Known(node, constants, 1), Known(node, constants, 4), 0, 1) : default;
                return Quantized(Apply(node.As("Conv", "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"), Dequantized(0, 1, 2), Dequantized(3, 4, 5, 0), bias), 6, 7);

            case "QLinearAdd":
            case "QLinearMul":
                return Quantized(Apply(node.As(node.Operator[7..]), Dequantized(0, 1, 2), Dequantized(3, 4, 5)), 6, 7);

            case "QLinearAveragePool":
            case "QLinearGlobalAveragePool":
                if (node.Integer("channels_last", 0) != 0)
                {
                    throw node.Error("channels_last 1 is not supported. Export the model with channels first.");
                }

                string[] geometry = ["auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides"];
                return Quantized(Apply(node.As(node.Operator[7..], geometry), Dequantized(0, 1, 2)), 3, 4);

            case "QLinearLeakyRelu":
                return Quantized(Apply(node.As("LeakyRelu", "alpha"), Dequantized(0, 1, 2)), 3, 4);

            case "QLinearConcat":
                Array.Resize(ref tensors, reals.Length);
                (RealValue?, ConstantTensor?)[] parts = [.. Enumerable.Range(0, (reals.Length - 2) / 3).Select(k => Dequantized(2 + (3 * k), 3 + (3 * k), 4 + (3 * k)))];
                return Quantized(Apply(node.As("Concat", "axis"), parts), 0, 1);

            default:
                throw node.Error("this operator on integers is not supported. Export the model in QDQ format (QuantizeLinear and DequantizeLinear).");
        }

        (RealValue?, ConstantTensor?) Centred(int data, int zero, int axis) => Dequantize(node, tensors[data], ConstantTensor.Scalar(1), tensors[zero].Constant, axis);
    }

    private (RealValue? Real, ConstantTensor? Constant) Dequantize(
        OnnxNode node, (RealValue? Real, ConstantTensor? Constant) data, ConstantTensor? scale, ConstantTensor? zero, int axis)
    {
        OnnxNode step = node.AsNew("DequantizeLinear", new AttributeProto { Name = "axis", I = axis, Type = (int)AttributeType.Integer });
        return data.Real is { } real ? (DequantizeLinear(step, real, [null, scale, zero]), null)
            : data.Constant is { } constant ? (null, QuantizerImport.OnConstant(step, constant, [constant, scale, zero], 0))
            : throw node.Error("one of its inputs is missing. Export the model again.");
    }

    /// <summary>A bias of 32-bit integers counts products of steps: of the data and of the weights, one or one per channel.</summary>
    private static (RealValue? Real, ConstantTensor? Constant) Biased(
        OnnxNode node, (RealValue? Real, ConstantTensor? Constant) bias, ConstantTensor data, ConstantTensor weights, int axis, double alpha)
    {
        ConstantTensor integers = bias.Constant ?? throw node.Error("its bias must be a constant.");
        if (data.Length != 1 || (weights.Length != 1 && weights.Length != integers.Length))
        {
            throw node.Error($"a bias of shape {Shapes.Text(integers.Shape)} with {data.Length} and {weights.Length} scales; one for the data, and one or one per channel for the weights, are needed.");
        }

        Rational factor = Rational.From(data.Values[0]) * Rational.From(alpha);
        Rational[] steps = [.. weights.Values.Select(weight => Rational.From(weight) * factor)];
        return (null, new(integers.Shape, [.. integers.Values.Select((value, i) => value * steps[steps.Length == 1 ? 0 : i].ToDouble())])
        {
            Quantized = new([.. integers.Values.Select(value => (long)value)], steps),
        });
    }

    private RealValue Apply(OnnxNode node, params (RealValue? Real, ConstantTensor? Constant)[] inputs) =>
        Import(node, [.. inputs.Select(input => input.Real)], [.. inputs.Select(input => input.Constant)], 0);
}
