using Edge.Networks.Numerics;

namespace Edge.Compiler.Fabric;

/// <summary>A reference to a node's value, moved left by Shift bits, perhaps negated: what a wire carries for free.</summary>
public readonly record struct Term(int Node, int Shift, bool Negative)
{
    public Term Negated => this with { Negative = !Negative };

    public Term ShiftedBy(int bits) => this with { Shift = Shift + bits };
}

/// <summary>One value of the unrolled network, with its exact range. Node numbers rise: a node reads only earlier ones.</summary>
public abstract record AdderNode(Interval Range)
{
    /// <summary>Numbers of the nodes it reads.</summary>
    public abstract IReadOnlyList<int> Reads { get; }

    /// <summary>How many levels of logic it costs; a level is one carry chain.</summary>
    public virtual int Levels => 1;

    /// <summary>Bits of two's complement that hold the range.</summary>
    public int Width => Range.Signed ? Range.Width : Range.Width + 1;
}

/// <summary>Element Index of the input vector.</summary>
public sealed record InputNode(int Index, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [];

    public override int Levels => 0;
}

public sealed record ConstantNode(long Value) : AdderNode(new Interval(Value, Value))
{
    public override IReadOnlyList<int> Reads => [];

    public override int Levels => 0;
}

/// <summary>A + B, each moved left and perhaps negated; not both negative.</summary>
public sealed record AddNode(Term A, Term B, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [A.Node, B.Node];
}

/// <summary>A alone, moved left (wires only) or negated (an adder's worth of logic).</summary>
public sealed record MoveNode(Term A, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [A.Node];

    public override int Levels => A.Negative ? 1 : 0;
}

/// <summary>A / 2^Shift rounded down; with <paramref name="EvenOnTie"/> the lowest bit of the result is cleared where the
/// dropped bits are all zero. With half a step added before, that is rounding half to even without another adder.</summary>
public sealed record ShiftNode(int A, int Shift, bool EvenOnTie, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [A];

    public override int Levels => EvenOnTie ? 1 : 0;
}

/// <summary>A limited to the node's range.</summary>
public sealed record ClampNode(int A, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [A];
}

/// <summary>1 where A is at least Level, else 0.</summary>
public sealed record ReachesNode(int A, long Level) : AdderNode(new Interval(0, 1))
{
    public override IReadOnlyList<int> Reads => [A];
}

/// <summary>1 where A is greater than B, else 0.</summary>
public sealed record GreaterNode(int A, int B) : AdderNode(new Interval(0, 1))
{
    public override IReadOnlyList<int> Reads => [A, B];
}

/// <summary>A where Condition is 1, else B.</summary>
public sealed record SelectNode(int Condition, int A, int B, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [Condition, A, B];
}

/// <summary>The entry of a memory that never changes, addressed by the lowest bits of A: a two's complement number.</summary>
/// <param name="Values">2^n entries; equal tables are the same array.</param>
public sealed record TableNode(int A, long[] Values, Interval Range) : AdderNode(Range)
{
    public override IReadOnlyList<int> Reads => [A];

    public int AddressBits => System.Numerics.BitOperations.Log2((uint)Values.Length);

    /// <summary>A LUT holds 64 bits; behind it, one chooses among four.</summary>
    public override int Levels => 1 + Math.Max(0, (AddressBits - 5) / 4);
}

/// <summary>An integer network unrolled into adders, comparators and multiplexers: what is built, before anyone decides
/// where registers go or in which language it is printed.</summary>
/// <param name="Outputs">Node of each output element.</param>
public sealed record AdderGraph(IReadOnlyList<AdderNode> Nodes, IReadOnlyList<int> Outputs, int InputCount)
{
    public int AdderCount => Nodes.Count(node => node is AddNode or MoveNode { A.Negative: true });

    /// <summary>Full-adder bits: the widths of all adders together; an estimate of LUTs before synthesis.</summary>
    public int AdderBits => Nodes.OfType<AddNode>().Sum(node => node.Width - Math.Min(node.A.Shift, node.B.Shift));

    /// <summary>Bits of the tables, each use counted: every one is read in every clock.</summary>
    public long TableBits => Nodes.OfType<TableNode>().Sum(node => (long)node.Values.Length * node.Width);

    /// <summary>Computes every output for one input vector.</summary>
    public long[] Evaluate(ReadOnlySpan<long> input)
    {
        var values = new long[Nodes.Count];
        for (int n = 0; n < values.Length; n++)
        {
            values[n] = Nodes[n] switch
            {
                InputNode node => input[node.Index],
                ConstantNode node => node.Value,
                AddNode node => Value(node.A) + Value(node.B),
                MoveNode node => Value(node.A),
                ShiftNode node => Shifted(values[node.A], node),
                ClampNode node => Math.Clamp(values[node.A], node.Range.Min, node.Range.Max),
                ReachesNode node => values[node.A] >= node.Level ? 1 : 0,
                TableNode node => node.Values[values[node.A] & (node.Values.Length - 1)],
                GreaterNode node => values[node.A] > values[node.B] ? 1 : 0,
                SelectNode node => values[node.Condition] != 0 ? values[node.A] : values[node.B],
                _ => throw new InvalidOperationException($"unknown node {Nodes[n]}"),
            };
        }

        return [.. Outputs.Select(node => values[node])];

        long Value(Term term) => (term.Negative ? -values[term.Node] : values[term.Node]) << term.Shift;
    }

    private static long Shifted(long value, ShiftNode node)
    {
        long result = value >> node.Shift;
        bool tie = node.EvenOnTie && (value & ((1L << node.Shift) - 1)) == 0;
        return tie ? result & ~1L : result;
    }
}
