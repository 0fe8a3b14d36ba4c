using Edge.Networks.Graph;
using Edge.Networks.Onnx.Format;
using static Edge.Tests.Networks.TestModel;

namespace Edge.Tests.Networks;

/// <summary>ONNX graphs of a few layers, chosen at random from every operator that becomes integers, with quantizers of
/// every form between them.</summary>
internal sealed class RandomGraph
{
    private const int LargestLength = 160;

    private static readonly string[] Modes = ["ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "ROUND_TO_ZERO", "HALF_EVEN"];

    private readonly Random random;
    private readonly (string Name, Action Apply)[] menu;
    private string x;
    private int[] shape;

    public RandomGraph(Random random)
    {
        this.random = random;
        shape = random.Pick<int[]>([1, 2, 4, 4], [1, 3, 5, 3], [1, 4, 2, 6], [1, 4, 4, 2], [1, 1, 6, 4], [1, 2, 9], [1, 3, 8], [1, 12]);
        Width = Shapes.Count(shape);
        Model = new(random, Width);
        x = "x";
        x = Quantized("Quant");
        x = Model.Node("Reshape", [x, Model.Whole([.. shape.Select(size => (long)size)])]);
        menu =
        [
            ("Conv", Convolution), ("ConvTranspose", TransposedConvolution), ("MatMul", Product), ("Gemm", Gemm),
            ("MaxPool", () => Pool("MaxPool")), ("AveragePool", () => Pool("AveragePool")), ("GlobalAveragePool", () => Whole("GlobalAveragePool")), ("GlobalMaxPool", () => Whole("GlobalMaxPool")),
            ("ReduceMean", () => Reduced("ReduceMean")), ("ReduceSum", () => Reduced("ReduceSum")), ("ReduceMax", () => Reduced("ReduceMax")), ("ReduceMin", () => Reduced("ReduceMin")),
            ("BatchNormalization", Normalization), ("Add", () => Constant("Add")), ("Sub", () => Constant("Sub")), ("Mul", () => Constant("Mul")), ("Div", () => Constant("Div")),
            ("Neg", () => Same("Neg")), ("Relu", () => Same("Relu")), ("Abs", () => Same("Abs")), ("Identity", () => Same("Identity")),
            ("LeakyRelu", () => Then("LeakyRelu", Float("alpha", random.Pick(0.125f, 0.3f)))), ("PRelu", Slopes), ("Clip", Clip),
            ("function", Function), ("x Sigmoid(x)", () => { x = Model.Node("Mul", [x, Model.Node("Sigmoid", [x])]); x = Quantized("Quant"); }),
            ("residual", Residual), ("Concat", Concat), ("Split", Split), ("Slice", Slice), ("Gather", Gather), ("Pad", Pad),
            ("Transpose", Transpose), ("Flatten", Flatten), ("Unsqueeze", Squeezed), ("Resize", Resize), ("DepthToSpace or SpaceToDepth", Blocks),
            ("BipolarQuant", () => x = Quantized("BipolarQuant")), ("QDQ", () => x = Quantized("QDQ")), ("MultiThreshold", Thresholds),
        ];
        for (int layer = random.Next(1, 6); layer > 0; layer--)
        {
            Layer();
        }

        x = Quantized("Quant");
        if (random.Next(5) == 0)
        {
            x = Model.Node("Reshape", [x, Model.Whole(1, -1)]);
            x = Model.Node("Cast", [Model.Node("ArgMax", [x], Integer("axis", 1))], Integer("to", 1));
            Used.Add("ArgMax");
        }

        Model.Finish(x);
    }

    public TestModel Model { get; }

    public int Width { get; }

    /// <summary>Operators that were taken.</summary>
    public HashSet<string> Used { get; } = [];

    /// <summary>Every name that <see cref="Used"/> can hold.</summary>
    public IEnumerable<string> All => menu.Select(entry => entry.Name).Append("ArgMax");

    private int Channels => shape.Length > 1 ? shape[1] : 1;

    private void Layer()
    {
        (string name, Action apply) = menu[random.Next(menu.Length)];
        (string before, int[] shapeBefore) = (x, shape);
        apply();
        if (x == before || Shapes.Count(shape) > LargestLength)
        {
            (x, shape) = (before, shapeBefore);
            return;
        }

        Used.Add(name);
        x = random.Next(4) > 0 || name is "residual" or "Concat" ? Quantized("Quant") : x;
    }

    private void Convolution()
    {
        if (shape.Length < 3)
        {
            return;
        }

        int groups = random.Next(3) == 0 ? Channels : 1;
        int outputs = groups * random.Next(1, 3);
        int[] kernel = [.. shape[2..].Select(size => random.Next(1, Math.Min(size, 3) + 1))];
        long[] strides = [.. kernel.Select(_ => (long)random.Next(1, 3))];
        long[] pads = [.. kernel.Concat(kernel).Select(size => (long)random.Next(0, size))];
        x = Model.Node("Conv", [x, Weights([outputs, Channels / groups, .. kernel], 0), Model.Random(outputs)], Integer("group", groups), Integers("strides", strides), Integers("pads", pads));
        shape = [1, outputs, .. kernel.Select((size, i) => (int)(((shape[2 + i] + pads[i] + pads[i + kernel.Length] - size) / strides[i]) + 1))];
    }

    private void TransposedConvolution()
    {
        if (shape.Length < 3)
        {
            return;
        }

        int outputs = random.Next(1, 3);
        int[] kernel = [.. shape[2..].Select(_ => random.Next(1, 3))];
        long[] strides = [.. kernel.Select(_ => (long)random.Next(1, 3))];
        x = Model.Node("ConvTranspose", [x, Weights([Channels, outputs, .. kernel], 1)], Integers("strides", strides));
        shape = [1, outputs, .. kernel.Select((size, i) => (int)((strides[i] * (shape[2 + i] - 1)) + size))];
    }

    private void Product()
    {
        int outputs = random.Next(1, 7);
        x = Model.Node("MatMul", [x, Weights([shape[^1], outputs], 1)]);
        shape = [.. shape[..^1], outputs];
    }

    private void Gemm()
    {
        Flatten();
        int outputs = random.Next(1, 7);
        x = Model.Node("Gemm", [x, Weights([outputs, shape[1]], 0), Model.Random(outputs)], Integer("transB", 1), Float("alpha", random.Pick(1f, 0.5f)));
        shape = [1, outputs];
    }

    private void Pool(string operation)
    {
        if (shape.Length < 3)
        {
            return;
        }

        long[] kernel = [.. shape[2..].Select(size => (long)random.Next(1, Math.Min(size, 3) + 1))];
        long[] strides = [.. kernel.Select(_ => (long)random.Next(1, 3))];
        x = Model.Node(operation, [x], Integers("kernel_shape", kernel), Integers("strides", strides));
        shape = [1, Channels, .. kernel.Select((size, i) => (int)(((shape[2 + i] - size) / strides[i]) + 1))];
    }

    private void Whole(string operation)
    {
        if (shape.Length >= 3)
        {
            x = Model.Node(operation, [x]);
            shape = [1, Channels, .. shape[2..].Select(_ => 1)];
        }
    }

    private void Reduced(string operation)
    {
        int axis = random.Next(1, shape.Length);
        x = operation == "ReduceSum"
            ? Model.Node(operation, [x, Model.Whole(axis)], Integer("keepdims", 1))
            : Model.Node(operation, [x], Integers("axes", axis), Integer("keepdims", 1));
        shape = [.. shape.Select((size, i) => i == axis ? 1 : size)];
    }

    private void Normalization()
    {
        if (shape.Length > 1)
        {
            x = Model.Node("BatchNormalization", [x, Model.Random(Channels), Model.Random(Channels), Model.Random(Channels), Model.Positive(Channels)]);
        }
    }

    private void Constant(string operation)
    {
        string constant = random.Next(3) switch
        {
            0 => Model.Real([], [random.Pick(0.5, -1.5, 0.3)]),
            1 => Model.Positive(shape[^1]),
            _ => Model.Positive([Channels, .. shape.Skip(2).Select(_ => 1)]),
        };
        x = operation is "Add" or "Mul" or "Sub" && random.Next(2) == 0 ? Model.Node(operation, [constant, x]) : Model.Node(operation, [x, constant]);
    }

    private void Same(string operation) => x = Model.Node(operation, [x]);

    private void Then(string operation, AttributeProto attribute) => x = Model.Node(operation, [x], attribute);

    private void Slopes() => x = Model.Node("PRelu", [x, Model.Random([Channels, .. shape.Skip(2).Select(_ => 1)])]);

    private void Clip() => x = Model.Node("Clip", [x, Model.Real([], [random.Pick(-1.0, -0.3, 0)]), Model.Real([], [random.Pick(0.5, 1.0, 6.0)])]);

    private void Residual()
    {
        string branch = Model.Node("Relu", [x]);
        branch = Quantizer(branch, 0.125, 5);
        x = Model.Node(random.Pick("Add", "Sub"), [x, branch]);
    }

    private void Concat()
    {
        int axis = random.Next(1, shape.Length);
        x = Model.Node("Concat", [x, Quantizer(Model.Node("Neg", [x]), 0.25, 4)], Integer("axis", axis));
        shape = [.. shape.Select((size, i) => i == axis ? 2 * size : size)];
    }

    private void Split()
    {
        int axis = shape.Length - 1;
        if (shape[axis] < 2)
        {
            return;
        }

        int first = random.Next(1, shape[axis]);
        x = Model.Node("Split", [x, Model.Whole(first, shape[axis] - first)], Integer("axis", axis));
        Model.Graph.Node[^1].Output.Add($"{x}_rest");
        shape = [.. shape[..axis], first];
    }

    private void Slice()
    {
        int axis = random.Next(1, shape.Length);
        int start = random.Next(shape[axis]);
        int step = random.Next(1, 3);
        x = Model.Node("Slice", [x, Model.Whole(start), Model.Whole(shape[axis]), Model.Whole(axis), Model.Whole(step)]);
        shape = [.. shape.Select((size, i) => i == axis ? (size - start + step - 1) / step : size)];
    }

    private void Gather()
    {
        int axis = random.Next(1, shape.Length);
        long[] indices = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => (long)random.Next(-shape[axis], shape[axis]))];
        x = Model.Node("Gather", [x, Model.Whole(indices)], Integer("axis", axis));
        shape = [.. shape.Select((size, i) => i == axis ? indices.Length : size)];
    }

    private void Pad()
    {
        int[] before = [0, .. shape.Skip(1).Select(_ => random.Next(0, 2))];
        int[] after = [0, .. shape.Skip(1).Select(_ => random.Next(0, 2))];
        x = Model.Node("Pad", [x, Model.Whole([.. before.Concat(after).Select(pad => (long)pad)]), Model.Real([], [random.Pick(0.0, -0.5)])]);
        shape = [.. shape.Select((size, i) => size + before[i] + after[i])];
    }

    private void Transpose()
    {
        int[] axes = [0, .. Enumerable.Range(1, shape.Length - 1).OrderBy(_ => random.Next())];
        x = Model.Node("Transpose", [x], Integers("perm", [.. axes.Select(axis => (long)axis)]));
        shape = [.. axes.Select(axis => shape[axis])];
    }

    private void Flatten()
    {
        x = Model.Node("Flatten", [x]);
        shape = [1, Shapes.Count(shape)];
    }

    private void Squeezed() => x = Model.Node("Squeeze", [Model.Node("Unsqueeze", [x, Model.Whole(1)]), Model.Whole(1)]);

    private void Resize()
    {
        if (shape.Length == 4)
        {
            x = Model.Node("Resize", [x, string.Empty, Model.Real([1, 1, 2, 1])], Text("coordinate_transformation_mode", "asymmetric"), Text("nearest_mode", "floor"));
            shape = [1, shape[1], 2 * shape[2], shape[3]];
        }
    }

    private void Blocks()
    {
        if (shape.Length == 4 && shape[1] % 4 == 0)
        {
            x = Model.Node("DepthToSpace", [x], Integer("blocksize", 2));
            shape = [1, shape[1] / 4, shape[2] * 2, shape[3] * 2];
        }
        else if (shape.Length == 4 && shape[2] % 2 == 0 && shape[3] % 2 == 0)
        {
            x = Model.Node("SpaceToDepth", [x], Integer("blocksize", 2));
            shape = [1, shape[1] * 4, shape[2] / 2, shape[3] / 2];
        }
    }

    private void Thresholds()
    {
        int steps = random.Next(1, 5);
        double[] levels = [.. Enumerable.Range(0, Channels).SelectMany(_ => Enumerable.Range(0, steps).Select(_ => Math.Round((random.NextDouble() * 2) - 1, 2)).Order())];
        if (shape.Length is 2 or 4)
        {
            x = Model.Node("MultiThreshold", [x, Model.Real([Channels, steps], levels)], "qonnx.custom_op.general", Float("out_scale", 0.5f), Float("out_bias", random.Pick(0f, -0.5f)), Text("out_dtype", "INT8"));
        }
    }

    private void Function()
    {
        string operation = random.Pick("Sigmoid", "Tanh", "Erf", "Softplus", "Softsign", "HardSigmoid", "Elu", "Selu", "Celu", "ThresholdedRelu");
        x = Model.Node(operation, [x]);
        x = random.Next(3) == 0 ? Model.Node("Mul", [x, Model.Real([], [random.Pick(0.5, -1.3)])]) : x;
        x = Quantized(random.Pick("Quant", "Quant", "BipolarQuant", "QDQ"));
    }

    private string Weights(int[] size, int channelAxis)
    {
        int[] perChannel = [.. size.Select((length, i) => i == channelAxis ? length : 1)];
        string scale = random.Next(2) == 0
            ? Model.Real([], [random.Pick(0.25, 0.125)])
            : Model.Real(perChannel, [.. Enumerable.Range(0, size[channelAxis]).Select(_ => 0.1 + (random.NextDouble() / 4))]);
        return Model.Node("Quant", [Model.Random(size), scale, Model.Real([], [0]), Model.Real([], [random.Next(2, 6)])], "qonnx.custom_op.general", Integer("signed", 1), Integer("narrow", random.Next(2)));
    }

    private string Quantized(string kind)
    {
        switch (kind)
        {
            case "BipolarQuant":
                return Model.Node("BipolarQuant", [x, Model.Real([], [random.Pick(0.5, 0.3)])], "qonnx.custom_op.general");
            case "QDQ":
                bool signed = random.Next(2) == 0;
                string[] parameters = [Model.Real([], [random.Pick(0.0625, 0.07)]), Model.Bytes([], signed ? Edge.Networks.Onnx.OnnxType.Int8 : Edge.Networks.Onnx.OnnxType.UInt8, [(sbyte)random.Next(signed ? -128 : 0, 128)])];
                return Model.Node("DequantizeLinear", [Model.Node("QuantizeLinear", [x, .. parameters]), .. parameters]);
            default:
                return Quantizer(x, random.Pick(0.125, 0.1, 0.3), random.Next(2, 7));
        }
    }

    private string Quantizer(string value, double scale, int bits) => Model.Node(
        "Quant",
        [value, Model.Real([], [scale]), Model.Real([], [0]), Model.Real([], [bits])],
        "qonnx.custom_op.general",
        Integer("signed", random.Next(4) > 0 ? 1 : 0),
        Integer("narrow", random.Next(2)),
        Text("rounding_mode", random.Pick(Modes)));
}
