using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>Replaces calls of functions that the file defines itself (ModelProto.functions, as newer PyTorch exporters write
/// them) by the nodes of their bodies.</summary>
internal sealed class FunctionInlining
{
    private const int LargestDepth = 32;
    private const int LargestNodeCount = 100_000;

    private readonly Dictionary<(string Domain, string Name), FunctionProto> functions = [];
    private readonly List<NodeProto> nodes = [];
    private int calls;

    private FunctionInlining(ModelProto model)
    {
        foreach (FunctionProto function in model.Functions)
        {
            functions[(Domain(function.Domain), function.Name)] = function;
        }
    }

    /// <exception cref="InvalidInputException">Functions call each other without end.</exception>
    public static GraphProto Apply(ModelProto model)
    {
        if (model.Functions.Count == 0)
        {
            return model.Graph;
        }

        var inlining = new FunctionInlining(model);
        foreach (NodeProto node in model.Graph.Node)
        {
            inlining.Add(node, 0);
        }

        GraphProto graph = model.Graph.Clone();
        graph.Node.Clear();
        graph.Node.AddRange(inlining.nodes);
        return graph;
    }

    private void Add(NodeProto node, int depth)
    {
        if (!functions.TryGetValue((Domain(node.Domain), node.OpType), out FunctionProto? function))
        {
            nodes.Add(nodes.Count < LargestNodeCount ? node : throw new InvalidInputException($"the functions in the file come to more than {LargestNodeCount} nodes. Export the model again."));
            return;
        }

        if (depth == LargestDepth)
        {
            throw new InvalidInputException($"node {node.OpType} \"{node.Name}\": functions call each other more than {LargestDepth} deep. Export the model again.");
        }

        string prefix = $"{(node.Name.Length > 0 ? node.Name : node.OpType)}.{++calls}/";
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [string.Empty] = string.Empty };
        Bind(function.Input, node.Input);
        Bind(function.Output, node.Output);
        foreach (NodeProto inner in function.Node)
        {
            NodeProto copy = inner.Clone();
            copy.Name = prefix + (inner.Name.Length > 0 ? inner.Name : inner.OpType);
            Rename(copy.Input);
            Rename(copy.Output);
            AttributeProto[] attributes = [.. inner.Attribute.Select(attribute => Resolved(attribute, node, function)).OfType<AttributeProto>()];
            copy.Attribute.Clear();
            copy.Attribute.AddRange(attributes);
            Add(copy, depth + 1);
        }

        void Bind(IList<string> formal, IList<string> actual)
        {
            for (int i = 0; i < formal.Count; i++)
            {
                // An output that the caller does not want keeps a name of its own; an input that it does not give has none.
                bool output = ReferenceEquals(formal, function.Output);
                names[formal[i]] = i < actual.Count && actual[i].Length > 0 ? actual[i] : output ? prefix + formal[i] : string.Empty;
            }
        }

        void Rename(IList<string> list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                list[i] = names.TryGetValue(list[i], out string? name) ? name : names[list[i]] = prefix + list[i];
            }
        }
    }

    /// <summary>An attribute that refers to one of the caller: the caller's value, the function's default, or none.</summary>
    private static AttributeProto? Resolved(AttributeProto attribute, NodeProto caller, FunctionProto function)
    {
        if (attribute.RefAttrName.Length == 0)
        {
            return attribute;
        }

        AttributeProto? value = caller.Attribute.FirstOrDefault(given => given.Name == attribute.RefAttrName)
            ?? function.AttributeProto.FirstOrDefault(given => given.Name == attribute.RefAttrName);
        if (value is null)
        {
            return null;
        }

        AttributeProto copy = value.Clone();
        copy.Name = attribute.Name;
        return copy;
    }

    private static string Domain(string domain) => domain == "ai.onnx" ? string.Empty : domain;
}
