using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Products with constant matrices: of one vector a Dense layer, of more a convolution whose windows are the
/// vectors.</content>
internal sealed partial class OperatorImport
{
    private RealValue MatMul(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants) =>
        reals[0] is { } x && constants[1] is { } right ? Product(node, x, right, dataFirst: true)
        : constants[0] is { } left && reals[1] is { } y ? Product(node, y, left, dataFirst: false)
        : throw node.Error("one factor must be constant; products of two computed tensors are not supported.");

    private RealValue Gemm(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        bool first = reals[0] is not null;
        RealValue x = reals[0] ?? reals[1] ?? throw node.Error("one factor must depend on the network's input.");
        int weightInput = first ? 1 : 0;
        ConstantTensor weights = constants[weightInput] ?? throw node.Error("one factor must be constant; products of two computed tensors are not supported.");
        bool transA = node.Integer("transA", 0) != 0;
        bool transB = node.Integer("transB", 0) != 0;
        if (weights.Shape.Length != 2 || x.Shape.Length != 2)
        {
            throw node.Error($"it multiplies matrices; the shapes are {Shapes.Text(x.Shape)} and {Shapes.Text(weights.Shape)}.");
        }

        weights = (first ? transB : transA) ? Transposed(weights) : weights;
        x = (first ? transA : transB) ? Transposed(node, x, [1, 0]) : x;
        (int inner, int expected) = first ? (x.Shape[1], weights.Shape[0]) : (x.Shape[0], weights.Shape[1]);
        if (inner != expected)
        {
            throw node.Error($"shape mismatch: the data has {inner} values, the weights \"{node.Inputs[weightInput]}\" expect {expected} ({inner} against {expected}).");
        }

        Rational alpha = Rational.From(Real(node, "alpha", 1));
        Rational beta = Rational.From(Real(node, "beta", 1));
        RealValue product = Product(node, x, weights, first);
        if (reals.Length > 2 && reals[2] is { } computed)
        {
            return Sum(node.As("Add"), Affine(node, product, [alpha], [Rational.Zero]), Affine(node, computed, [beta], [Rational.Zero]));
        }

        PerElement<Rational> offsets = constants.Length > 2 && constants[2] is { } bias
            ? QuantizerImport.Broadcast(node, Finite(node, bias, 2), product.Shape, "bias").Map(value => value * beta)
            : [Rational.Zero];
        return Affine(node, product, [alpha], offsets);
    }

    /// <summary>x [.., m, k] times weights [.., k, n], or weights [.., m, k] times x [.., k, n]. A vector counts as a row in
    /// front, as a column behind; leading axes are those of separate products, broadcast against each other.</summary>
    private RealValue Product(OnnxNode node, RealValue x, ConstantTensor weights, bool dataFirst)
    {
        QuantizerImport.CheckFinite(node, weights, dataFirst ? 1 : 0);
        int[] data = AsMatrix(x.Shape, dataFirst);
        int[] constant = AsMatrix(weights.Shape, !dataFirst);
        int[] batch = Shapes.Broadcast(data[..^2], constant[..^2]) is { } joined && x.Shape.Length > 0 && weights.Shape.Length > 0 && (dataFirst ? data[^1] == constant[^2] : data[^2] == constant[^1])
            ? joined
            : throw node.Error($"shapes {Shapes.Text(dataFirst ? x.Shape : weights.Shape)} and {Shapes.Text(dataFirst ? weights.Shape : x.Shape)} do not fit.");
        int k = dataFirst ? data[^1] : data[^2];
        (int m, int n) = dataFirst ? (data[^2], constant[^1]) : (constant[^2], data[^1]);
        (int[] left, int[] right) = dataFirst ? (x.Shape, weights.Shape) : (weights.Shape, x.Shape);
        int[] shape = [.. batch, .. left.Length == 1 ? Array.Empty<int>() : [m], .. right.Length == 1 ? Array.Empty<int>() : [n]];
        CheckCount(node, [.. batch, m, n]);

        // Kernels are (outputs, k): the columns of a matrix behind the data, the rows of one in front of it.
        int vectors = Shapes.Count(batch) * (dataFirst ? m : n);
        int kernels = dataFirst ? n : m;
        bool shared = Shapes.Count(constant[..^2]) == 1;
        if (shared && vectors == 1)
        {
            ConstantTensor matrix = weights.Reshaped(constant[^2..]);
            return Append(new Dense(Next(), node.Description, Plain(shape), x.Number, dataFirst ? Transposed(matrix) : matrix), shape);
        }

        int products = shared ? 1 : Shapes.Count(batch);
        int[] copied = [.. shared ? [] : batch, .. constant[^2..]];
        ConstantTensor each = weights.Reshaped(constant).Gathered(copied, shared ? [.. Enumerable.Range(0, weights.Length)] : Shapes.BroadcastIndices(constant, copied)).Reshaped([products, .. constant[^2..]]);
        if (dataFirst)
        {
            (int[] turned, int[] order) = Shapes.Transpose(each.Shape, [0, 2, 1]);
            each = each.Gathered(turned, order);
        }

        x = Broadcasted(node, new(x.Number, data), [.. batch, .. data[^2..]]);
        int positions = vectors / products;
        int[] windows = dataFirst
            ? [.. Enumerable.Range(0, vectors * k)]
            : [.. from vector in Enumerable.Range(0, vectors) from tap in Enumerable.Range(0, k) select (((vector / n * k) + tap) * n) + (vector % n)];
        int[] natural = [products, kernels, positions];
        RealValue sums = Append(new Convolution(Next(), node.Description, natural, x.Number, each.Reshaped([products * kernels, k]), new(products, positions, k, windows)), [1, .. natural]);

        // (products, kernels, vectors) to (products, m, n); a shared matrix in front of several vectors stands outside of the batch.
        int separate = shared && !dataFirst ? Shapes.Count(batch) : 1;
        (_, int[] indices) = dataFirst ? Shapes.Transpose(natural, [0, 2, 1]) : Shapes.Transpose([kernels * products, separate, positions / separate], separate > 1 ? [1, 0, 2] : [0, 1, 2]);
        return Chosen(node, sums, shape, indices);
    }

    private static int[] AsMatrix(int[] shape, bool row) => shape.Length != 1 ? shape.Length == 0 ? [1, 1] : shape : row ? [1, shape[0]] : [shape[0], 1];

    private static ConstantTensor Transposed(ConstantTensor matrix)
    {
        (int[] shape, int[] indices) = Shapes.Transpose(matrix.Shape, [1, 0]);
        return matrix.Gathered(shape, indices);
    }
}
