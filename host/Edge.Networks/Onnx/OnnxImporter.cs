using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>Reads an ONNX, QONNX or QDQ graph into a <see cref="Network"/>: constants are folded, shapes are followed,
/// and every node becomes a layer, or is refused by name.</summary>
public sealed class OnnxImporter
{
    private const int LargestInput = 1 << 22;

    private static readonly HashSet<string> QuantizerDomains =
        new(StringComparer.Ordinal) { "qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas" };

    private readonly OnnxModelFile file;
    private readonly Dictionary<string, TensorProto> initializers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConstantTensor> constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> elementTypes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RealValue> values = new(StringComparer.Ordinal);
    private readonly OperatorImport operators = new();

    private OnnxImporter(OnnxModelFile file)
    {
        this.file = file;
        foreach (TensorProto tensor in file.Model.Graph.Initializer)
        {
            initializers[tensor.Name] = tensor;
            elementTypes[tensor.Name] = tensor.DataType;
        }
    }

    /// <param name="inputShape">Replaces the input's shape (with its batch axis) where the file leaves it open.</param>
    /// <exception cref="InvalidInputException">The model cannot be used; where, why and what to do is said.</exception>
    public static Network Import(OnnxModelFile file, int[]? inputShape = null)
    {
        try
        {
            return new OnnxImporter(file).Run(inputShape);
        }
        catch (UnsupportedOperatorException error)
        {
            throw new UnsupportedOperatorException($"{file.Path}: {error.Message}", error) { IsRecurrent = error.IsRecurrent };
        }
        catch (InvalidInputException error) when (!error.Message.StartsWith(file.Path, StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{file.Path}: {error.Message}", error);
        }
        catch (OverflowException error)
        {
            throw new InvalidInputException($"{file.Path}: a tensor shape in the file is too large to be one. Export the model again.", error);
        }
    }

    private Network Run(int[]? inputShape)
    {
        GraphProto graph = FunctionInlining.Apply(file.Model);
        ValueInfoProto[] inputs = [.. graph.Input.Where(input => !initializers.ContainsKey(input.Name))];
        if (OnnxExporter.DescriptionOf(file) is not null)
        {
            throw new InvalidInputException("this is a network as Edge exports it for ONNX Runtime, in integer arithmetic. Give the model that it was made from, or the QONNX file beside it; 'edge inspect' shows what it computes.");
        }

        if (inputs.Length != 1 || graph.Output.Count != 1)
        {
            string Names(IEnumerable<ValueInfoProto> infos) => string.Join(", ", infos.Select(info => $"\"{info.Name}\""));
            throw new InvalidInputException(
                $"the model has {inputs.Length} inputs ({Names(inputs)}) and {graph.Output.Count} outputs ({Names(graph.Output)}); Edge takes networks with one of each. Remove the others before exporting.");
        }

        List<OnnxNode> nodes = GraphOrder.Sort(graph, graph.Output[0].Name);
        RefuseUnknownOperators(nodes, inputs[0].Name);
        (int[] shape, int? batch) = InputShape(inputs[0], inputShape);
        values[inputs[0].Name] = new(0, shape);
        operators.BatchSize = batch;
        operators.Opset = file.Opset;
        operators.ElementTypeOf = name => elementTypes.GetValueOrDefault(name);
        foreach (OnnxNode node in nodes)
        {
            try
            {
                Import(node);
            }
            catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or InvalidOperationException)
            {
                throw new InvalidInputException($"node {node.Description}: its inputs or attributes contradict each other. The file is damaged; export the model again.", error);
            }
        }

        if (!values.TryGetValue(graph.Output[0].Name, out RealValue? result))
        {
            throw new InvalidInputException($"the output \"{graph.Output[0].Name}\" does not depend on the input.");
        }

        return new(file.Name, inputs[0].Name, graph.Output[0].Name, RealValue.WithoutBatch(shape), ExactWeights.Mark(operators.LayersOf(result.Number)), result.Number, operators.Notes)
        {
            DeclaredFormat = DeclaredFormat(inputs[0]) ?? DataTypeAnnotation.FormatOf(graph, inputs[0].Name),
        };
    }

    private void Import(OnnxNode node)
    {
        node.CheckArity();
        OperatorAttributes.Check(node);
        var inputs = new ConstantTensor?[node.Inputs.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = node.HasInput(i) && !values.ContainsKey(node.Inputs[i]) ? Constant(node, node.Inputs[i]) : null;
        }

        RealValue?[] reals = [.. node.Inputs.Select(name => values.GetValueOrDefault(name))];
        string output = node.Outputs[0];
        int[] types = [.. node.Inputs.Select(name => elementTypes.GetValueOrDefault(name))];
        bool constant = Array.TrueForAll(reals, real => real is null);
        if (node.Operator == "Constant")
        {
            constants[output] = ConstantOf(node);
        }
        else if (node.Operator is "Shape" or "Size" && reals[0] is { } shaped)
        {
            constants[output] = node.Operator == "Shape" ? ConstantFolding.ShapeOf(node, shaped.Shape) : ConstantTensor.Scalar(Shapes.Count(shaped.Shape));
            elementTypes[output] = (int)OnnxType.Int64;
        }
        else if (node.Operator == "Split")
        {
            Split(node, reals[0], inputs);
        }
        else if (constant)
        {
            constants[output] = ConstantFolding.Evaluate(node, inputs, types);
            elementTypes[output] = ConstantFolding.ResultType(node, types);
        }
        else
        {
            values[output] = operators.Import(node, reals, inputs, types.ElementAtOrDefault(2));
        }
    }

    private void Split(OnnxNode node, RealValue? whole, ConstantTensor?[] inputs)
    {
        if (whole is not null)
        {
            RealValue[] parts = operators.Split(node, whole, inputs);
            for (int i = 0; i < parts.Length; i++)
            {
                values[node.Outputs[i]] = parts[i];
            }

            return;
        }

        ConstantTensor x = inputs[0] ?? throw node.Error("its first input is missing.");
        (int[] Shape, int[] Indices)[] pieces = ConstantFolding.Split(node, x.Shape, inputs.Length > 1 ? inputs[1] : null);
        for (int i = 0; i < pieces.Length; i++)
        {
            constants[node.Outputs[i]] = x.Gathered(pieces[i].Shape, pieces[i].Indices);
            elementTypes[node.Outputs[i]] = elementTypes.GetValueOrDefault(node.Inputs[0]);
        }
    }

    private ConstantTensor Constant(OnnxNode node, string name)
    {
        if (!constants.TryGetValue(name, out ConstantTensor? constant))
        {
            if (!initializers.TryGetValue(name, out TensorProto? tensor))
            {
                throw node.Error($"it reads tensor \"{name}\", a second result of the node that makes it; only first results are supported.");
            }

            constant = OnnxTensors.Read(tensor, file.Folder);
            constants[name] = constant;
        }

        return constant;
    }

    private ConstantTensor ConstantOf(OnnxNode node)
    {
        if (node.Find("value") is { T: { } tensor })
        {
            elementTypes[node.Outputs[0]] = tensor.DataType;
            return OnnxTensors.Read(tensor, file.Folder);
        }

        elementTypes[node.Outputs[0]] = (int)(node.HasAttribute("value_int") || node.HasAttribute("value_ints") ? OnnxType.Int64 : OnnxType.Float);
        return node.Find("value_float") is { } real ? ConstantTensor.Scalar(real.F)
            : node.Find("value_int") is { } integer ? ConstantTensor.Scalar(integer.I)
            : node.Find("value_floats") is { } reals ? new([reals.Floats.Count], [.. reals.Floats])
            : node.Find("value_ints") is { } integers ? new([integers.Ints.Count], [.. integers.Ints])
            : throw node.Error("it holds no number: value, value_float(s) and value_int(s) are read; sparse tensors and texts are not.");
    }

    /// <summary>Every operator must be known: on values that depend on the input as a layer, on constants as arithmetic.</summary>
    private static void RefuseUnknownOperators(List<OnnxNode> nodes, string input)
    {
        HashSet<string> computed = new(StringComparer.Ordinal) { input };
        var unknown = new List<OnnxNode>();
        foreach (OnnxNode node in nodes)
        {
            bool dependsOnInput = node.Operator is not ("Shape" or "Size") && node.Inputs.Any(computed.Contains);
            if (dependsOnInput)
            {
                computed.UnionWith(node.Outputs);
            }

            if (!IsKnown(node, dependsOnInput))
            {
                unknown.Add(node);
            }
        }

        if (unknown.Count > 0)
        {
            throw new UnsupportedOperatorException(UnsupportedOperators.Message(unknown)) { IsRecurrent = unknown.Exists(node => UnsupportedOperators.Recurrent.Contains(node.Operator)) };
        }
    }

    private static bool IsKnown(OnnxNode node, bool dependsOnInput) => node.Domain switch
    {
        "" => OperatorImport.Supported.Contains(node.Operator) || (!dependsOnInput && ConstantFolding.Supports(node.Operator)),
        OperatorImport.ChannelsLastDomain => dependsOnInput && OperatorImport.SupportedChannelsLast.Contains(node.Operator),
        "com.microsoft" => OperatorImport.SupportedMicrosoft.Contains(node.Operator),
        _ => QuantizerDomains.Contains(node.Domain) && (dependsOnInput ? OperatorImport.SupportedQuantizers.Contains(node.Operator) : node.Operator is "Quant" or "IntQuant" or "BipolarQuant"),
    };

    /// <summary>The input's shape with a batch of 1, and the batch size the file was fixed to.</summary>
    private static (int[] Shape, int? Batch) InputShape(ValueInfoProto input, int[]? asked)
    {
        TensorShapeProto? declared = input.Type?.TensorType?.Shape;
        if (asked is null && declared is null)
        {
            throw new InvalidInputException($"input \"{input.Name}\" has no shape. Give it: --input-shape 1,16 (batch first).");
        }

        long[] sizes = asked is not null
            ? [.. asked.Select(size => (long)size)]
            : [.. declared!.Dim.Select(dimension => dimension.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? dimension.DimValue : -1)];
        int? batch = null;
        if (sizes.Length > 1)
        {
            batch = sizes[0] is > 1 and <= int.MaxValue ? (int)sizes[0] : null;
            sizes[0] = 1;
        }

        int open = Array.FindIndex(sizes, size => size < 1);
        if (open >= 0)
        {
            string found = declared is { } shape && open < shape.Dim.Count && shape.Dim[open].DimParam is { Length: > 0 } symbol ? $"the symbol \"{symbol}\"" : $"{sizes[open]}";
            throw new InvalidInputException(
                $"axis {open} of input \"{input.Name}\" is {found}; only the batch axis may be open. Give the shape: --input-shape 1,16 (batch first).");
        }

        const long TooMany = LargestInput + 1L;
        long count = sizes.Aggregate(1L, (product, size) => Math.Min(product * Math.Min(size, TooMany), TooMany));
        return count <= LargestInput
            ? ([.. sizes.Select(size => (int)size)], batch)
            : throw new InvalidInputException($"input \"{input.Name}\" claims the shape {string.Join(',', sizes)}; at most {LargestInput} elements are allowed.");
    }

    /// <summary>What an input of small integers can hold; null for reals.</summary>
    private static FixedPointFormat? DeclaredFormat(ValueInfoProto input) => (OnnxType)(input.Type?.TensorType?.ElemType ?? 0) switch
    {
        OnnxType.UInt8 => new(Signed: false, 8, 8),
        OnnxType.Int8 => new(Signed: true, 8, 8),
        OnnxType.UInt16 => new(Signed: false, 16, 16),
        OnnxType.Int16 => new(Signed: true, 16, 16),
        OnnxType.Undefined or OnnxType.Float or OnnxType.Double or OnnxType.Float16 or OnnxType.BFloat16 => null,
        OnnxType.Int32 or OnnxType.Int64 or OnnxType.UInt32 or OnnxType.UInt64 => null,
        var other => throw new InvalidInputException($"input \"{input.Name}\" has element type {(int)other}, which is not a number that Edge takes. Export the model with float inputs."),
    };
}

/// <summary>A value that depends on the input. Shape has the batch axis, as 1.</summary>
internal sealed record RealValue(int Number, int[] Shape)
{
    public static int[] WithoutBatch(int[] shape) => shape is [1, _, ..] ? shape[1..] : shape;
}
