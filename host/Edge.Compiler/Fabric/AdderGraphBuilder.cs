using Edge.Networks.Numerics;

namespace Edge.Compiler.Fabric;

/// <summary>Makes nodes; equal nodes are made once, and what is constant becomes a constant.</summary>
internal sealed class AdderGraphBuilder
{
    private readonly List<AdderNode> nodes = [];
    private readonly Dictionary<AdderNode, int> numbers = [];
    private readonly List<int> depths = [];
    private readonly List<LinearExpansion> expansions = [];

    public Interval Range(int node) => nodes[node].Range;

    public int Input(int index, Interval range) => Make(new InputNode(index, range));

    public int Constant(long value) => Make(new ConstantNode(value));

    /// <summary>The node that holds the sum of the terms and a constant, added in a tree whose depth is the smallest that
    /// the terms' own depths allow.</summary>
    public int Sum(IEnumerable<Term> terms, long constant)
    {
        var queue = new PriorityQueue<Term, (int Depth, int Shift, int Node)>();
        void Enqueue(Term term) => queue.Enqueue(term, (depths[term.Node], term.Shift, term.Node));
        foreach (Term term in terms)
        {
            if (nodes[term.Node] is ConstantNode known)
            {
                constant += (term.Negative ? -known.Value : known.Value) << term.Shift;
            }
            else
            {
                Enqueue(term);
            }
        }

        if (queue.Count == 0)
        {
            return Constant(constant);
        }

        if (constant != 0)
        {
            Enqueue(new(Constant(constant), 0, Negative: false));
        }

        while (queue.Count > 1)
        {
            Enqueue(Add(queue.Dequeue(), queue.Dequeue()));
        }

        Term last = queue.Dequeue();
        return last is { Shift: 0, Negative: false }
            ? last.Node
            : Make(new MoveNode(last, default), LinearExpansion.Of(expansions[last.Node], last));
    }

    public int Shift(int node, int shift, bool evenOnTie)
    {
        if (shift == 0)
        {
            return node;
        }

        Interval range = Range(node);
        var result = new Interval(Shifted(range.Min), Shifted(range.Max));
        return result.Min == result.Max && !evenOnTie ? Constant(result.Min) : Make(new ShiftNode(node, shift, evenOnTie, result));

        long Shifted(long value)
        {
            long floor = value >> shift;
            return evenOnTie && (value & ((1L << shift) - 1)) == 0 ? floor & ~1L : floor;
        }
    }

    public int Clamp(int node, long low, long high)
    {
        Interval range = Range(node);
        Interval limited = range.Clamp(low, high);
        return limited == range ? node : Make(new ClampNode(node, limited));
    }

    public int Reaches(int node, long level)
    {
        Interval range = Range(node);
        return range.Min >= level ? Constant(1) : range.Max < level ? Constant(0) : Make(new ReachesNode(node, level));
    }

    /// <param name="values">2^n entries, addressed by the lowest n bits; equal tables are the same array.</param>
    /// <param name="range">Of the entries that the node reaches.</param>
    public int Table(int node, long[] values, Interval range) => nodes[node] is ConstantNode known
        ? Constant(values[known.Value & (values.Length - 1)])
        : Make(new TableNode(node, values, range));

    public int Greater(int a, int b) => Range(a).Min > Range(b).Max ? Constant(1)
        : Range(a).Max <= Range(b).Min ? Constant(0)
        : Make(new GreaterNode(a, b));

    public int Select(int condition, int a, int b) => nodes[condition] is ConstantNode known
        ? (known.Value != 0 ? a : b)
        : a == b ? a : Make(new SelectNode(condition, a, b, Interval.Union(Range(a), Range(b))));

    /// <summary>The graph without nodes that no output needs.</summary>
    public AdderGraph Build(IReadOnlyList<int> outputs, int inputCount)
    {
        var needed = new bool[nodes.Count];
        foreach (int output in outputs)
        {
            needed[output] = true;
        }

        for (int n = nodes.Count - 1; n >= 0; n--)
        {
            foreach (int read in needed[n] ? nodes[n].Reads : [])
            {
                needed[read] = true;
            }
        }

        var renumbered = new int[nodes.Count];
        var kept = new List<AdderNode>();
        for (int n = 0; n < nodes.Count; n++)
        {
            if (needed[n])
            {
                renumbered[n] = kept.Count;
                kept.Add(Renumber(nodes[n], renumbered));
            }
        }

        return new(kept, [.. outputs.Select(output => renumbered[output])], inputCount);
    }

    private static AdderNode Renumber(AdderNode node, int[] numbers) => node switch
    {
        AddNode add => add with { A = add.A with { Node = numbers[add.A.Node] }, B = add.B with { Node = numbers[add.B.Node] } },
        MoveNode move => move with { A = move.A with { Node = numbers[move.A.Node] } },
        ShiftNode shift => shift with { A = numbers[shift.A] },
        ClampNode clamp => clamp with { A = numbers[clamp.A] },
        ReachesNode reaches => reaches with { A = numbers[reaches.A] },
        TableNode table => table with { A = numbers[table.A] },
        GreaterNode greater => greater with { A = numbers[greater.A], B = numbers[greater.B] },
        SelectNode select => select with { Condition = numbers[select.Condition], A = numbers[select.A], B = numbers[select.B] },
        _ => node,
    };

    /// <summary>One adder. Common shifts and signs move to its result, so that equal sums are found and built once.</summary>
    private Term Add(Term a, Term b)
    {
        int shift = Math.Min(a.Shift, b.Shift);
        bool negative = a.Negative && b.Negative;
        a = new(a.Node, a.Shift - shift, a.Negative && !negative);
        b = new(b.Node, b.Shift - shift, b.Negative && !negative);
        if (a.Negative || (!b.Negative && (b.Node, b.Shift).CompareTo((a.Node, a.Shift)) < 0))
        {
            (a, b) = (b, a);
        }

        LinearExpansion expansion = LinearExpansion.Of(expansions[a.Node], a).Plus(LinearExpansion.Of(expansions[b.Node], b));
        return new(Make(new AddNode(a, b, default), expansion), shift, negative);
    }

    private int Make(AdderNode node) => Make(node, node is ConstantNode constant ? new([], [], constant.Value) : null);

    /// <param name="expansion">The node as a sum over others; null: it is a variable of its own.</param>
    private int Make(AdderNode node, LinearExpansion? expansion)
    {
        if (expansion is not null)
        {
            node = node with { Range = expansion.Range(Range) };
        }

        if (node is not ConstantNode && node.Range.Min == node.Range.Max)
        {
            node = new ConstantNode(node.Range.Min);
            expansion = new([], [], node.Range.Min);
        }

        if (!numbers.TryGetValue(node, out int number))
        {
            number = nodes.Count;
            nodes.Add(node);
            numbers.Add(node, number);
            depths.Add(node.Reads.Select(read => depths[read]).DefaultIfEmpty(0).Max() + node.Levels);
            expansions.Add(expansion ?? new([number], [1], 0));
        }

        return number;
    }
}

/// <summary>A node as constant + sum of Factors[k] * Variables[k], so that its range is exact: 8x - x spans what 7x does.</summary>
/// <param name="Variables">Node numbers, ascending.</param>
internal sealed record LinearExpansion(int[] Variables, long[] Factors, long Constant)
{
    public static LinearExpansion Of(LinearExpansion source, Term term)
    {
        long factor = term.Negative ? -(1L << term.Shift) : 1L << term.Shift;
        return factor == 1 ? source : new(source.Variables, [.. source.Factors.Select(value => checked(value * factor))], checked(source.Constant * factor));
    }

    public LinearExpansion Plus(LinearExpansion other)
    {
        var variables = new List<int>(Variables.Length + other.Variables.Length);
        var factors = new List<long>(variables.Capacity);
        for (int a = 0, b = 0; a < Variables.Length || b < other.Variables.Length;)
        {
            int left = a < Variables.Length ? Variables[a] : int.MaxValue;
            int right = b < other.Variables.Length ? other.Variables[b] : int.MaxValue;
            long factor = (left <= right ? Factors[a++] : 0) + (right <= left ? other.Factors[b++] : 0);
            if (factor != 0)
            {
                variables.Add(Math.Min(left, right));
                factors.Add(factor);
            }
        }

        return new([.. variables], [.. factors], checked(Constant + other.Constant));
    }

    public Interval Range(Func<int, Interval> rangeOf)
    {
        var range = new Interval(Constant, Constant);
        for (int k = 0; k < Variables.Length; k++)
        {
            range += rangeOf(Variables[k]) * Factors[k];
        }

        return range;
    }
}
