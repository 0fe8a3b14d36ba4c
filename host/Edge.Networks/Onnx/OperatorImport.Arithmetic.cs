using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Arithmetic element by element.</content>
internal sealed partial class OperatorImport
{
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

        ConstantTensor given = Finite(node, constants[first ? 1 : 0]!, first ? 1 : 0);
        given = OldBroadcast(node, given, x.Shape.Length);
        x = Shapes.Broadcast(given.Shape, x.Shape) is { } shape ? Broadcasted(node, x, shape) : x;
        PerElement<Rational> constant = QuantizerImport.Broadcast(node, given, x.Shape, "its constant");
        Rational[] one = [Rational.One];
        Rational[] zero = [Rational.Zero];
        return (node.Operator, first) switch
        {
            ("Add", _) => Affine(node, x, one, constant),
            ("Sub", true) => Affine(node, x, one, constant.Map(value => -value)),
            ("Sub", false) => Affine(node, x, [-Rational.One], constant),
            ("Mul", _) => Affine(node, x, constant, zero),
            ("Div", true) when constant.All(value => !value.IsZero) => Affine(node, x, constant.Map(value => Rational.One / value), zero),
            ("Div", true) => throw node.Error("it divides by 0."),
            _ => throw node.Error("a constant divided by a computed tensor is not supported."),
        };
    }

    /// <summary>Before operator set 7 attributes say where the constant's axes lie; later they are the last ones.</summary>
    private ConstantTensor OldBroadcast(OnnxNode node, ConstantTensor constant, int rank)
    {
        if (Opset >= 7 || node.Integer("broadcast", 0) == 0 || !node.HasAttribute("axis") || constant.Shape.Length >= rank)
        {
            return constant;
        }

        int axis = ShapeInference.Axis(node, node.Integer("axis", 0), rank);
        int behind = rank - axis - constant.Shape.Length;
        return behind >= 0
            ? constant.Reshaped([.. constant.Shape, .. Enumerable.Repeat(1, behind)])
            : throw node.Error($"a constant of shape {Shapes.Text(constant.Shape)} does not fit behind axis {axis} of a tensor of {rank} axes.");
    }

    private RealValue Sum(OnnxNode node, RealValue left, RealValue right)
    {
        int[] shape = Shapes.Broadcast(left.Shape, right.Shape)
            ?? throw node.Error($"computed tensors of shapes {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)} do not fit together.");
        (left, right) = (Broadcasted(node, left, shape), Broadcasted(node, right, shape));
        return Append(new Sum(Next(), node.Description, Plain(shape), left.Number, right.Number, node.Operator == "Sub" ? -1 : 1), shape);
    }

    private RealValue BatchNormalization(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        if (node.Integer("training_mode", 0) != 0)
        {
            throw node.Error("it is in training mode: it would use the statistics of each batch. Export the model for inference.");
        }

        ConstantTensor[] parameters = [.. Enumerable.Range(1, 4).Select(i => Finite(node, Known(node, constants, i), i))];
        int channels = parameters[0].Length;
        int axis = node.Domain == ChannelsLastDomain && x.Shape.Length > 2 && x.Shape[^1] == channels ? x.Shape.Length - 1
            : node.Domain != ChannelsLastDomain && x.Shape.Length > 1 && x.Shape[1] == channels ? 1
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
        PerElement<Rational> Spread(double[] values) => QuantizerImport.Broadcast(node, new(shape, values), x.Shape, "parameter");
        RealValue centred = Affine(node, x, [Rational.One], Spread(parameters[2].Values).Map(mean => -mean));
        return Affine(node, centred, Spread(gains), Spread(offsets));
    }

    private RealValue Clip(OnnxNode node, RealValue x, RealValue?[] reals, ConstantTensor?[] constants)
    {
        Rational? Limit(int input, string attribute)
        {
            if (reals.Length > input && reals[input] is not null)
            {
                throw node.Error("its limits must be constants.");
            }

            ConstantTensor? given = constants.Length > input ? constants[input] : null;
            double value = given is null ? node.Real(attribute, attribute == "min" ? double.NegativeInfinity : double.PositiveInfinity)
                : given.Length == 1 ? given.Values[0]
                : throw node.Error($"its {attribute} must be one number; it has the shape {Shapes.Text(given.Shape)}.");
            return double.IsNaN(value) ? throw node.Error($"its {attribute} is NaN. Export the model again.")
                : Math.Abs(value) < float.MaxValue ? Rational.From(value) : null;
        }

        Rational? low = Limit(1, "min");
        Rational? high = Limit(2, "max");
        return low > high
            ? throw node.Error($"its min {low?.ToDouble()} lies above its max {high?.ToDouble()}.")
            : Append(new Clip(Next(), node.Description, Plain(x.Shape), x.Number, low, high), x.Shape);
    }
}
