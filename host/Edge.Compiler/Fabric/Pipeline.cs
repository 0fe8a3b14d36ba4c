namespace Edge.Compiler.Fabric;

/// <summary>Where the registers go. The rule: a node stands in the earliest stage in which the chain of logic levels that
/// ends in it is at most LevelsPerStage long; every value that a later stage reads is registered once per stage passed;
/// outputs leave from registers, all in the same clock.</summary>
/// <param name="Stages">Stage of each node, 0 first.</param>
public sealed record Pipeline(AdderGraph Graph, int LevelsPerStage, IReadOnlyList<int> Stages)
{
    /// <summary>Clocks from an input vector to its outputs.</summary>
    public int Latency => Graph.Outputs.Max(output => Stages[output]) + 1;

    /// <summary>The last stage in which each node is read; outputs are read behind the last one.</summary>
    public int[] LastUses()
    {
        int[] last = [.. Stages];
        for (int n = 0; n < Graph.Nodes.Count; n++)
        {
            foreach (int read in Graph.Nodes[n].Reads)
            {
                last[read] = Math.Max(last[read], Stages[n]);
            }
        }

        foreach (int output in Graph.Outputs)
        {
            last[output] = Latency;
        }

        return last;
    }

    /// <summary>Flip-flops of the pipeline. Constants need none.</summary>
    public int RegisterBits()
    {
        int[] last = LastUses();
        return Graph.Nodes.Select((node, n) => node is ConstantNode ? 0 : node.Width * (last[n] - Stages[n])).Sum();
    }

    public static Pipeline Cut(AdderGraph graph, int levelsPerStage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levelsPerStage, 1);
        var stages = new int[graph.Nodes.Count];
        var levels = new int[graph.Nodes.Count];
        for (int n = 0; n < stages.Length; n++)
        {
            AdderNode node = graph.Nodes[n];
            int stage = node.Reads.Select(read => stages[read]).DefaultIfEmpty(0).Max();
            int level = node.Reads.Where(read => stages[read] == stage).Select(read => levels[read]).DefaultIfEmpty(0).Max() + node.Levels;
            bool fits = level <= levelsPerStage;
            stages[n] = fits ? stage : stage + 1;
            levels[n] = fits ? level : node.Levels;
        }

        return new(graph, levelsPerStage, stages);
    }
}
