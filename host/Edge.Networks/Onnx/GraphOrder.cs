using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>The nodes that the output needs, each behind the ones it reads.</summary>
internal static class GraphOrder
{
    /// <exception cref="InvalidInputException">A tensor that nothing produces, one produced twice, or a cycle; the
    /// nodes are named.</exception>
    public static List<OnnxNode> Sort(GraphProto graph, string output)
    {
        OnnxNode[] nodes = [.. graph.Node.Select((node, number) => new OnnxNode(node, number))];
        HashSet<string> given = Given(graph);
        var producers = new Dictionary<string, OnnxNode>(StringComparer.Ordinal);
        foreach (OnnxNode node in nodes)
        {
            foreach (string name in node.Outputs.Where(name => name.Length > 0))
            {
                if (given.Contains(name))
                {
                    throw node.Error($"it makes tensor \"{name}\", but that is also an input or a constant of the model. Export the model again.");
                }

                if (!producers.TryAdd(name, node))
                {
                    throw node.Error($"tensor \"{name}\" is also made by {producers[name].Description}; a tensor may have one producer.");
                }
            }
        }

        var order = new List<OnnxNode>();
        var state = new Dictionary<OnnxNode, bool>(); // false: being visited, true: done
        var path = new Stack<(OnnxNode Node, int Next)>();

        if (!producers.TryGetValue(output, out OnnxNode? last))
        {
            throw new InvalidInputException($"the graph's output \"{output}\" is made by no node.");
        }

        path.Push((last, 0));
        state[last] = false;
        while (path.TryPop(out (OnnxNode Node, int Next) top))
        {
            if (top.Next == top.Node.Inputs.Count)
            {
                state[top.Node] = true;
                order.Add(top.Node);
                continue;
            }

            path.Push((top.Node, top.Next + 1));
            string name = top.Node.Inputs[top.Next];
            if (producers.TryGetValue(name, out OnnxNode? producer))
            {
                if (!state.TryGetValue(producer, out bool done))
                {
                    state[producer] = false;
                    path.Push((producer, 0));
                }
                else if (!done)
                {
                    throw Cycle(path.Select(step => step.Node), producer);
                }
            }
            else if (name.Length > 0 && !given.Contains(name))
            {
                throw top.Node.Error($"it reads tensor \"{name}\", which nothing produces: it is neither an initializer, an input nor any node's output. Export the model again.");
            }
        }

        return order;
    }

    /// <summary>Names of inputs and constants; old files list constants among the inputs too.</summary>
    private static HashSet<string> Given(GraphProto graph)
    {
        var constants = new HashSet<string>(StringComparer.Ordinal);
        var inputs = new HashSet<string>(StringComparer.Ordinal);
        string? twice = graph.Initializer.Select(tensor => tensor.Name).FirstOrDefault(name => !constants.Add(name))
            ?? graph.Input.Select(input => input.Name).FirstOrDefault(name => !inputs.Add(name));
        return twice is null
            ? [.. constants, .. inputs]
            : throw new InvalidInputException($"the model has two inputs or two constants called \"{twice}\". Export it again.");
    }

    private static InvalidInputException Cycle(IEnumerable<OnnxNode> path, OnnxNode start)
    {
        OnnxNode[] cycle = [.. path.TakeWhile(node => node != start).Reverse()];
        return new($"the graph has a cycle: {string.Join(" <- ", new[] { start }.Concat(cycle.Reverse()).Append(start).Select(node => node.Description))}. A network must not feed its result back into itself.");
    }
}
