using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Functions that exporters write out: products of x and a function of x.</content>
internal sealed partial class OperatorImport
{
    /// <summary>How far the float32 constants of a written-out function may lie from the true ones, relative.</summary>
    private const double ConstantError = 1e-5;

    /// <summary>Gain * (value number Value) + Offset, uniform over the elements.</summary>
    private sealed record Line(int Value, Rational Gain, Rational Offset)
    {
        public bool IsProportional => Offset.IsZero;
    }

    /// <summary>The layers that the result depends on: a function that was recognized leaves its parts behind.</summary>
    public IReadOnlyList<Layer> LayersOf(int result)
    {
        var needed = new HashSet<int> { result };
        foreach (Layer layer in layers.AsEnumerable().Reverse().Where(layer => needed.Contains(layer.Output)))
        {
            needed.UnionWith(layer.Inputs);
        }

        return [.. layers.Where(layer => needed.Contains(layer.Output))];
    }

    /// <summary>A product of two computed tensors as one function of one of them; null where it is none that is known.</summary>
    private RealValue? WrittenOut(OnnxNode node, RealValue left, RealValue right)
    {
        if (!left.Shape.SequenceEqual(right.Shape))
        {
            return null;
        }

        return LinesOf(left.Number).Where(line => line.IsProportional).Select(x => Square(node, left, x, right.Number) ?? Gated(node, left, x, right.Number))
            .Concat(LinesOf(right.Number).Where(line => line.IsProportional).Select(x => Gated(node, left, x, left.Number)))
            .FirstOrDefault(found => found is not null);
    }

    private RealValue? Square(OnnxNode node, RealValue shape, Line x, int other) => LineOf(other, x.Value) is { IsProportional: true } same && same.Value == x.Value
        ? Scaled(node, shape, x.Value, new(FunctionKind.Power, 2, Rational.One), x.Gain * same.Gain)
        : null;

    /// <summary>x times a function that opens from 0 to 1 as x rises.</summary>
    private RealValue? Gated(OnnxNode node, RealValue shape, Line x, int factor)
    {
        Line gate = LineOf(factor, x.Value);
        Rational gain = x.Gain * gate.Gain;
        bool plusOne = gate.Offset == gate.Gain;
        switch (Producer(gate.Value))
        {
            case ElementFunction { Function.Kind: FunctionKind.Sigmoid } sigmoid
                when gate.IsProportional && LineOf(sigmoid.Input, x.Value) is { IsProportional: true } inner && inner.Value == x.Value:
                return Scaled(node, shape, x.Value, new(FunctionKind.Swish, inner.Gain, Rational.One), gain);

            case ElementFunction { Function.Kind: FunctionKind.Erf } erf
                when plusOne && LineOf(erf.Input, x.Value) is { IsProportional: true } inner && inner.Value == x.Value && Near(inner.Gain, 1 / Math.Sqrt(2)):
                return Scaled(node, shape, x.Value, new(FunctionKind.Gelu), gain * 2);

            case ElementFunction { Function.Kind: FunctionKind.Tanh } tanh
                when gate.IsProportional && LineOf(tanh.Input, x.Value) is { IsProportional: true } inner && inner.Gain == Rational.One
                    && Producer(inner.Value) is ElementFunction { Function.Kind: FunctionKind.Softplus } softplus && LineOf(softplus.Input, x.Value) == new Line(x.Value, Rational.One, Rational.Zero):
                return Scaled(node, shape, x.Value, new(FunctionKind.Mish), gain);

            case ElementFunction { Function.Kind: FunctionKind.Tanh } tanh when plusOne && IsCubicOf(LineOf(tanh.Input, x.Value), x.Value):
                return Scaled(node, shape, x.Value, new(FunctionKind.GeluOfTanh), gain * 2);

            case Clip { Low: { Sign: 0 }, High: { Sign: > 0 } high } clip
                when gate.IsProportional && LineOf(clip.Input, x.Value) is var inner && inner.Value == x.Value && Near(inner.Gain / high, 1.0 / 6) && Near(inner.Offset / high, 0.5):
                return Scaled(node, shape, x.Value, new(FunctionKind.HardSwish), gain * high);

            default:
                return null;
        }
    }

    /// <summary>sqrt(2 / pi) (x + 0.044715 x^3).</summary>
    private bool IsCubicOf(Line line, int x)
    {
        if (!line.IsProportional || Producer(line.Value) is not Sum { RightSign: 1 } sum)
        {
            return false;
        }

        (Line first, Line second) = (LineOf(sum.Left, x), LineOf(sum.Right, x));
        (Line linear, Line cubic) = first.Value == x ? (first, second) : (second, first);
        return linear.Value == x && linear.IsProportional && cubic.IsProportional && Near(line.Gain * linear.Gain, Math.Sqrt(2 / Math.PI)) && Near(cubic.Gain / linear.Gain, 0.044715)
            && Producer(cubic.Value) is ElementFunction { Function: { Kind: FunctionKind.Power, First: var exponent } } power && exponent == 3 && LineOf(power.Input, x) == new Line(x, Rational.One, Rational.Zero);
    }

    /// <summary>Follows gains and offsets that are alike for all elements, and reshapes, back to <paramref name="end"/> or as far as
    /// there are any.</summary>
    private Line LineOf(int value, int end) => LinesOf(value).FirstOrDefault(line => line.Value == end) ?? LinesOf(value).Last();

    /// <summary>A value by itself, and by each of the values it follows from.</summary>
    private IEnumerable<Line> LinesOf(int value)
    {
        for (Line? line = new(value, Rational.One, Rational.Zero); line is not null;)
        {
            yield return line;
            line = Producer(line.Value) switch
            {
                ElementwiseAffine affine when affine.Gains.IsUniform && affine.Offsets.IsUniform =>
                    new(affine.Input, line.Gain * affine.Gains[0], (line.Gain * affine.Offsets[0]) + line.Offset),
                Reorder { Indices: null } reorder => line with { Value = reorder.Input },
                _ => null,
            };
        }
    }

    private Layer? Producer(int value) => layers.Find(layer => layer.Output == value);

    private RealValue Scaled(OnnxNode node, RealValue shape, int x, RealFunction function, Rational gain) =>
        Affine(node, Append(new ElementFunction(Next(), node.Description, Plain(shape.Shape), x, function), shape.Shape), [gain], [Rational.Zero]);

    private static bool Near(Rational value, double wanted) => Math.Abs(value.ToDouble() - wanted) < ConstantError * wanted;

    /// <summary>x to a constant power of 2 or 3.</summary>
    private RealValue Power(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        double[] exponents = [.. Known(node, constants, 1).Values.Distinct()];
        return exponents is [1] ? x
            : exponents is [2 or 3] ? Append(new ElementFunction(Next(), node.Description, Plain(x.Shape), x.Number, new(FunctionKind.Power, (long)exponents[0], Rational.One)), x.Shape)
            : throw node.Error($"its exponent is {string.Join(", ", exponents.Take(3))}; computed tensors may be raised to 1, 2 or 3.");
    }
}
