using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Products with constant matrices.</content>
internal sealed partial class OperatorImport
{
    private RealValue MatMul(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        if (reals[0] is { } x && constants[1] is { } right)
        {
            // [.., K] x [K, M]; leading axes of size 1 only widen the result, and [K] counts as [K, 1].
            int[] weights = [.. right.Shape.SkipWhile((size, axis) => size == 1 && axis < right.Shape.Length - 2)];
            int[] matrix = weights.Length == 1 ? [weights[0], 1] : weights;
            if (matrix.Length != 2 || x.Shape.Length == 0 || x.Shape[^1] != matrix[0])
            {
                throw node.Error($"shapes {Shapes.Text(x.Shape)} and {Shapes.Text(right.Shape)} do not fit.");
            }

            (int[] shape, int[] indices) = Shapes.Transpose(matrix, [1, 0]);
            int[] widened = [.. Enumerable.Repeat(1, Math.Max(0, right.Shape.Length - x.Shape.Length))];
            int[] columns = weights.Length == 1 ? [] : [matrix[1]];
            return Dense(node, x, right.Gathered(shape, indices), [.. widened, .. x.Shape[..^1], .. columns], 1);
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
}
