using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <content>Functions of one element, and softmax. What operator set 13 does not have (HardSwish, Gelu, Mish, Swish) is written
/// out in operators that every reader knows; the import recognizes it.</content>
public sealed partial class QonnxExporter
{
    private string WriteFunction(ElementFunction layer)
    {
        RealFunction function = layer.Function;
        string x = Of(layer);
        string Plain(string operation, params AttributeProto[] attributes) => graph.Node(operation, [x], attributes: attributes);
        AttributeProto Parameter(string name, Rational value) => new() { Name = name, F = (float)Exactly(value, layer.Name), Type = 1 };
        string Number(double value) => graph.Constant([], [value], OnnxType.Float);
        string Product(string left, string right) => graph.Node("Mul", [left, right]);
        string Half(string gate) => Product(Product(x, graph.Node("Add", [gate, Number(1)])), Number(0.5)); // x (gate + 1) / 2

        switch (function.Kind)
        {
            case FunctionKind.Sigmoid or FunctionKind.Tanh or FunctionKind.Erf or FunctionKind.Exp or FunctionKind.Softplus or FunctionKind.Softsign:
                return Plain($"{function.Kind}");
            case FunctionKind.Selu when function.Second == Rational.One:
                return Plain("Elu", Parameter("alpha", function.First));
            case FunctionKind.Selu:
                return Plain("Selu", Parameter("alpha", function.First), Parameter("gamma", function.Second));
            case FunctionKind.Celu or FunctionKind.ThresholdedRelu:
                return Plain($"{function.Kind}", Parameter("alpha", function.First));
            case FunctionKind.HardSwish:
                return Product(x, Plain("HardSigmoid", new() { Name = "alpha", F = 1f / 6, Type = 1 }, new() { Name = "beta", F = 0.5f, Type = 1 }));
            case FunctionKind.Swish:
                string inner = function.First == Rational.One ? x : Product(x, Number(Exactly(function.First, layer.Name)));
                return Product(x, graph.Node("Sigmoid", [inner]));
            case FunctionKind.Gelu:
                return Half(graph.Node("Erf", [Product(x, Number(1 / Math.Sqrt(2)))]));
            case FunctionKind.GeluOfTanh:
                string cubic = Product(graph.Node("Pow", [x, Number(3)]), Number(0.044715));
                return Half(graph.Node("Tanh", [Product(graph.Node("Add", [x, cubic]), Number(Math.Sqrt(2 / Math.PI)))]));
            case FunctionKind.Mish:
                return Product(x, graph.Node("Tanh", [Plain("Softplus")]));
            case FunctionKind.Power:
                return graph.Node("Pow", [x, Number(Exactly(function.First, layer.Name))]);
            default:
                throw Refused(layer, "has no form in QONNX");
        }
    }

    /// <summary>Over the last axis; vectors that are no last axis become one.</summary>
    private string WriteSoftmax(SoftmaxLayer layer)
    {
        int size = layer.Length / layer.Vectors;
        int[] input = ShapeOf(layer.Input);
        bool isLastAxis = input.Length > 0 && input[^1] == size && input.SequenceEqual(layer.Shape);
        string x = isLastAxis ? Of(layer) : Reshaped(Of(layer), [layer.Vectors, size]);
        string shares = graph.Node("Softmax", [x], attributes: OnnxGraphWriter.Attribute("axis", -1));
        return isLastAxis ? shares : Reshaped(shares, layer.Shape);
    }
}
