using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Constants element by element.</content>
internal static partial class ConstantFolding
{
    private static readonly Dictionary<string, Func<double, double>> Unary = new(StringComparer.Ordinal)
    {
        ["Sqrt"] = Math.Sqrt,
        ["Reciprocal"] = value => 1 / value,
        ["Neg"] = value => -value,
        ["Abs"] = Math.Abs,
        ["Relu"] = value => Math.Max(value, 0),
        ["Floor"] = Math.Floor,
        ["Ceil"] = Math.Ceiling,
        ["Round"] = Math.Round,
        ["Exp"] = Math.Exp,
        ["Log"] = Math.Log,
        ["Sign"] = value => Math.Sign(value),
        ["Sigmoid"] = value => 1 / (1 + Math.Exp(-value)),
        ["Tanh"] = Math.Tanh,
        ["Not"] = value => value == 0 ? 1 : 0,
    };

    private static readonly Dictionary<string, Func<double, double, double>> Binaries = new(StringComparer.Ordinal)
    {
        ["Add"] = (a, b) => a + b,
        ["Sub"] = (a, b) => a - b,
        ["Mul"] = (a, b) => a * b,
        ["Div"] = (a, b) => a / b,
        ["Pow"] = Math.Pow,
        ["Max"] = Math.Max,
        ["Min"] = Math.Min,
        ["Sum"] = (a, b) => a + b,
        ["Equal"] = (a, b) => a == b ? 1 : 0,
        ["Greater"] = (a, b) => a > b ? 1 : 0,
        ["GreaterOrEqual"] = (a, b) => a >= b ? 1 : 0,
        ["Less"] = (a, b) => a < b ? 1 : 0,
        ["LessOrEqual"] = (a, b) => a <= b ? 1 : 0,
        ["And"] = (a, b) => a != 0 && b != 0 ? 1 : 0,
        ["Or"] = (a, b) => a != 0 || b != 0 ? 1 : 0,
        ["Xor"] = (a, b) => (a != 0) != (b != 0) ? 1 : 0,
        ["Mod"] = (a, b) => a - (b * Math.Floor(a / b)),
    };

    public static ConstantTensor Binary(OnnxNode node, ConstantTensor a, ConstantTensor b, Func<double, double, double> function)
    {
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape)
            ?? throw node.Error($"constants of shapes {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)} do not fit together.");
        CheckedCount(node, shape);
        int[] indexA = Shapes.BroadcastIndices(a.Shape, shape);
        int[] indexB = Shapes.BroadcastIndices(b.Shape, shape);
        return new(shape, [.. indexA.Select((index, k) => function(a.Values[index], b.Values[indexB[k]]))]);
    }

    private static bool IsElementwise(string operation) => Unary.ContainsKey(operation) || Binaries.ContainsKey(operation);

    private static ConstantTensor? Elementwise(OnnxNode node, ConstantTensor?[] inputs, bool integers)
    {
        if (Unary.TryGetValue(node.Operator, out Func<double, double>? unary))
        {
            return Each(inputs[0]!, unary);
        }

        if (!Binaries.TryGetValue(node.Operator, out Func<double, double, double>? binary))
        {
            return null;
        }

        binary = node.Operator switch
        {
            "Div" when integers => (a, b) => b == 0 ? throw node.Error("it divides by 0.") : Math.Truncate(a / b),
            "Mod" when node.Integer("fmod", 0) != 0 => (a, b) => a % b,
            _ => binary,
        };
        ConstantTensor[] given = [.. inputs.Select(input => input ?? throw node.Error("one of its inputs is missing."))];
        if (given.Length < 2)
        {
            return node.Operator is "Max" or "Min" or "Sum" ? given[0] : throw node.Error("it needs two inputs.");
        }

        ConstantTensor result = given.Skip(1).Aggregate(given[0], (a, b) => Binary(node, a, b, binary));
        return given.Length == 2 && !integers ? result with { Quantized = OnGrid(node.Operator, given[0], given[1], result.Shape) } : result;
    }

    /// <summary>Quantized weights stay so when they are scaled, or shifted by whole steps: weights stored as integers are written
    /// out as Cast, Sub, Mul.</summary>
    private static QuantizedValues? OnGrid(string operation, ConstantTensor a, ConstantTensor b, int[] shape)
    {
        if (a.Quantized is null && operation is "Mul" or "Add")
        {
            (a, b) = (b, a);
        }

        if (a.Quantized is not { } quantized || operation is not ("Mul" or "Div" or "Add" or "Sub") || !Array.TrueForAll(b.Values, double.IsFinite) || (operation == "Div" && b.Values.Contains(0)))
        {
            return null;
        }

        int[] indexA = Shapes.BroadcastIndices(a.Shape, shape);
        int[] indexB = Shapes.BroadcastIndices(b.Shape, shape);
        var integers = new long[indexA.Length];
        var scales = new Rational[indexA.Length];
        Rational[] exact = [.. Enumerable.Range(0, b.Length).Select(b.Exact)];
        for (int k = 0; k < integers.Length; k++)
        {
            integers[k] = quantized.Integers[indexA[k]];
            scales[k] = quantized.ScaleOf(indexA[k]);
            Rational other = exact[indexB[k]];
            if (operation is "Mul" or "Div")
            {
                integers[k] *= other.Sign;
                scales[k] = other.IsZero ? scales[k] : operation == "Mul" ? scales[k] * other.Abs() : scales[k] / other.Abs();
            }
            else
            {
                Rational steps = other / scales[k];
                if (!steps.IsInteger || steps.Abs() > 1L << 53)
                {
                    return null;
                }

                integers[k] += (long)steps.Numerator * (operation == "Add" ? 1 : -1);
            }
        }

        return new(integers, Array.TrueForAll(scales, scale => scale == scales[0]) && scales.Length > 0 ? [scales[0]] : scales);
    }

    private static ConstantTensor Where(OnnxNode node, ConstantTensor condition, ConstantTensor a, ConstantTensor b)
    {
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape) is { } both && Shapes.Broadcast(condition.Shape, both) is { } all
            ? all
            : throw node.Error($"constants of shapes {Shapes.Text(condition.Shape)}, {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)} do not fit together.");
        CheckedCount(node, shape);
        int[] indexA = Shapes.BroadcastIndices(a.Shape, shape);
        int[] indexB = Shapes.BroadcastIndices(b.Shape, shape);
        return new(shape, [.. Shapes.BroadcastIndices(condition.Shape, shape).Select((index, k) => condition.Values[index] != 0 ? a.Values[indexA[k]] : b.Values[indexB[k]])]);
    }

    private static ConstantTensor Reduced(OnnxNode node, ConstantTensor x, int[]? given)
    {
        if (given is null or [] && node.Integer("noop_with_empty_axes", 0) != 0)
        {
            return x;
        }

        int rank = x.Shape.Length;
        HashSet<int> axes = given is null or [] ? [.. Enumerable.Range(0, rank)] : [.. given.Select(axis => ShapeInference.Axis(node, axis, rank))];
        int[] kept = [.. x.Shape.Select((size, axis) => axes.Contains(axis) ? 1 : size)];
        double start = node.Operator switch { "ReduceProd" => 1, "ReduceMax" => double.NegativeInfinity, "ReduceMin" => double.PositiveInfinity, _ => 0 };
        double[] results = [.. Enumerable.Repeat(start, Shapes.Count(kept))];
        int[] owners = Shapes.BroadcastIndices(kept, x.Shape);
        for (int i = 0; i < owners.Length; i++)
        {
            ref double result = ref results[owners[i]];
            result = node.Operator switch
            {
                "ReduceProd" => result * x.Values[i],
                "ReduceMax" => Math.Max(result, x.Values[i]),
                "ReduceMin" => Math.Min(result, x.Values[i]),
                "ReduceMean" => result + (x.Values[i] * results.Length / x.Length),
                _ => result + x.Values[i],
            };
        }

        return new(node.Integer("keepdims", 1) != 0 ? kept : [.. x.Shape.Where((_, axis) => !axes.Contains(axis))], results);
    }

    /// <summary>A product of two matrices: factored weights.</summary>
    private static ConstantTensor MatMul(OnnxNode node, ConstantTensor a, ConstantTensor b)
    {
        if (a.Shape is not [var rows, var inner] || b.Shape is not [var other, var columns] || inner != other)
        {
            throw node.Error($"constants of shapes {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)}; two matrices that fit are supported.");
        }

        int[] shape = [rows, columns];
        const long LargestWork = 1L << 30;
        if ((long)CheckedCount(node, shape) * inner > LargestWork)
        {
            throw node.Error($"a product of constants of shapes {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)} takes too many operations (at most {LargestWork}). Run a constant-folding pass over the model first.");
        }

        var values = new double[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            for (int k = 0; k < inner; k++)
            {
                values[i] += a.Values[(i / columns * inner) + k] * b.Values[(k * columns) + (i % columns)];
            }
        }

        return new(shape, values);
    }

    private static ConstantTensor Each(ConstantTensor x, Func<double, double> function) => new(x.Shape, [.. x.Values.Select(function)]);
}
