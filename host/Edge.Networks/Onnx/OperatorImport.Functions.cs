using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Functions of one element.</content>
internal sealed partial class OperatorImport
{
    private RealValue Function(OnnxNode node, RealValue x)
    {
        Rational Parameter(string name, double missing) => Rational.From(Real(node, name, missing));
        switch (node.Operator)
        {
            // Straight lines and limits: exact without a table.
            case "HardSigmoid":
                RealValue line = Affine(node, x, [Parameter("alpha", 0.2f)], [Parameter("beta", 0.5f)]);
                return Append(new Clip(Next(), node.Description, Plain(x.Shape), line.Number, Rational.Zero, Rational.One), x.Shape);
            case "Celu" when Parameter("alpha", 1).IsZero:
                throw node.Error("its alpha is 0, by which it divides.");
        }

        RealFunction function = node.Operator switch
        {
            "Sigmoid" => new(FunctionKind.Sigmoid),
            "Tanh" => new(FunctionKind.Tanh),
            "Erf" => new(FunctionKind.Erf),
            "Exp" => new(FunctionKind.Exp),
            "Softplus" => new(FunctionKind.Softplus),
            "Softsign" => new(FunctionKind.Softsign),
            "Elu" => new(FunctionKind.Selu, Parameter("alpha", 1), Rational.One),
            "Selu" => new(FunctionKind.Selu, Parameter("alpha", Opset < 6 ? 1.6732f : 1.67326319217681884765625f), Parameter("gamma", Opset < 6 ? 1.0507f : 1.05070102214813232421875f)),
            "Celu" => new(FunctionKind.Celu, Parameter("alpha", 1), Rational.One),
            "ThresholdedRelu" => new(FunctionKind.ThresholdedRelu, Parameter("alpha", 1), Rational.One),
            "HardSwish" => new(FunctionKind.HardSwish),
            "Swish" => new(FunctionKind.Swish, Parameter("alpha", 1), Rational.One),
            "Mish" => new(FunctionKind.Mish),
            "Gelu" => new(node.Text("approximate", "none") == "tanh" ? FunctionKind.GeluOfTanh : FunctionKind.Gelu),
            _ => throw node.Error("it is no function of one element."),
        };
        return Append(new ElementFunction(Next(), node.Description, Plain(x.Shape), x.Number, function), x.Shape);
    }
}
