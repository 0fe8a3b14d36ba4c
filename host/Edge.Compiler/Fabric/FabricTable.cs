using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Compiler.Fabric;

/// <summary>A look-up table as a memory of 2^n entries. Where the integers themselves, cut to n bits, are addresses, nothing
/// has to be added; else their distance from the first entry is the address.</summary>
/// <param name="Start">The integer at address 0.</param>
internal sealed record FabricTable(long[] Values, long Start)
{
    public static FabricTable Of(LookupTable table)
    {
        long last = table.First + table.Values.Length - 1;
        int width = new Interval(Math.Min(table.First, -1), Math.Max(last, 0)).Width; // two's complement
        int distance = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)table.Values.Length));
        bool direct = width <= distance + 1 || (table.First >= 0 && width - 1 <= distance);
        long start = direct ? 0 : table.First;
        int bits = Math.Max(1, !direct ? distance : table.First >= 0 ? width - 1 : width);

        // Addresses that no integer has repeat the first entry.
        var values = new long[1 << bits];
        Array.Fill(values, table.Values[0]);
        for (int k = 0; k < table.Values.Length; k++)
        {
            values[(table.First + k - start) & (values.Length - 1)] = table.Values[k];
        }

        return new(values, start);
    }

    public int Read(AdderGraphBuilder builder, int node, LookupTable table)
    {
        // The graph may know less of the node's range than the network does: what lies outside the table never comes.
        long first = Math.Max(builder.Range(node).Min, table.First);
        long last = Math.Min(builder.Range(node).Max, table.First + table.Values.Length - 1);
        var reached = table.Values.AsSpan((int)(first - table.First), (int)(last - first) + 1);
        long least = reached[0];
        long most = reached[0];
        foreach (long value in reached)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        return builder.Table(builder.Sum([new(node, 0, Negative: false)], -Start), Values, new(least, most));
    }
}
