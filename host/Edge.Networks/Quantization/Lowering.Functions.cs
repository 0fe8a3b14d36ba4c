using System.Runtime.CompilerServices;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <content>Functions of one element. They wait for the quantizer behind them; the two together map integers to integers.</content>
public sealed partial class Lowering
{
    /// <summary>Entries of the largest look-up table.</summary>
    private const int LargestTable = 1 << 16;

    /// <summary>Results of functions that no quantizer has made integers of yet.</summary>
    private readonly Dictionary<int, ElementChain> chains = [];

    /// <summary>True where the layer is a function, or belongs to one: what it makes is a value then, or still waits.</summary>
    private bool LowerFunction(Layer layer)
    {
        ElementChain? chain = layer.Inputs.Select(input => chains.GetValueOrDefault(input)).FirstOrDefault(found => found is not null);
        if (chain is null)
        {
            if (layer is ElementFunction function)
            {
                chains[layer.Output] = new(values[function.Input], [layer]);
            }

            return layer is ElementFunction;
        }

        switch (layer)
        {
            case ElementFunction or ElementwiseAffine or Clip or LeakyRelu:
                chains[layer.Output] = chain.Then(layer);
                return true;
            case Reorder reorder:
                chains[layer.Output] = Reordered(chain, reorder);
                return true;
            case Quantize quantize:
                values[layer.Output] = Dequantized(LowerChain(chain, layer), layer.Length, quantize.Quantizer);
                return true;
            case Bipolar bipolar:
                values[layer.Output] = new(LowerChain(chain, layer), PerElement.Spread(layer.Length, bipolar.Magnitudes).Map(value => new RealForm(value * 2, -value, null, null)));
                return true;
            case MultiThreshold thresholds:
                values[layer.Output] = new(LowerChain(chain, layer), PerElement.Uniform(layer.Length, new RealForm(thresholds.Step, thresholds.Offset, null, null)));
                return true;
            case IndexOfLargest when chain.KeepsOrder:
                values[layer.Output] = new(builder.ArgMax(layer.Name, InSameOrder(chain.Input, layer.Name)), [new RealForm(Rational.One, Rational.Zero, null, null)]);
                return true;
            default:
                throw new InvalidInputException($"it reads the result of {chain.Steps[0].Name}, which no quantizer has rounded. Put a quantizer behind that function.");
        }
    }

    private ElementChain Reordered(ElementChain chain, Reorder reorder)
    {
        if (reorder.Indices is not { } indices)
        {
            return chain;
        }

        PerElement<Rational> Pick(PerElement<Rational> source) => source.Length == 1 ? source : source.Picked(indices);
        return new(Reordered(chain.Input, reorder), [.. chain.Steps.Select(step => step switch
        {
            ElementwiseAffine affine => affine with { Gains = Pick(affine.Gains), Offsets = Pick(affine.Offsets) },
            LeakyRelu leaky => leaky with { Slopes = leaky.Slopes.Length == 1 ? leaky.Slopes : [.. indices.Select(index => leaky.Slopes[index])] },
            _ => step,
        })]);
    }

    /// <summary>What one kind of element becomes: all results where they are few enough for a table, and where they change.</summary>
    /// <param name="Ambiguous">Of Decisions (entries of the table, or without one levels): where float32 may give another integer.</param>
    private sealed record QuantizedChain(LookupTable? Table, long First, (List<long> Rises, List<long> Falls)? Changes, int Ambiguous, int Decisions);

    private int LowerChain(ElementChain chain, Layer quantizer)
    {
        int input = chain.Input.Tensor;
        Interval[] ranges = builder.Ranges(input).ToArray();
        var kinds = new Dictionary<string, int>(StringComparer.Ordinal);
        var found = new List<QuantizedChain>();
        var kindOf = new int[ranges.Length];
        for (int i = 0; i < kindOf.Length; i++)
        {
            string own = quantizer switch
            {
                Quantize { Quantizer: var levels } => $"{levels.ScaleOf(i)} {levels.ZeroPointOf(i)}",
                MultiThreshold thresholds => $"{RuntimeHelpers.GetHashCode(thresholds.Levels[i])}", // channels share theirs
                _ => string.Empty,
            };
            string kind = $"{chain.KindOf(i)} {own}";
            kindOf[i] = kinds.TryGetValue(kind, out int known) ? known : kinds[kind] = kinds.Count;
        }

        // Elements that differ only in their range share a table.
        foreach (IGrouping<int, int> alike in Enumerable.Range(0, kindOf.Length).GroupBy(i => kindOf[i]).OrderBy(group => group.Key))
        {
            int i = alike.First();
            found.Add(Worked(chain, new(chain, quantizer, i), alike.Select(member => ranges[member]).Aggregate(Interval.Union), i));
        }

        QuantizedChain Of(int i) => found[kindOf[i]];
        string name = chain.Steps[0].Name;
        if (found.Sum(kind => (long)kind.Ambiguous) is > 0 and long ambiguous)
        {
            notes?.Add($"{name} and its quantizer: {ambiguous} of {found.Sum(kind => (long)kind.Decisions)} results lie so near a rounding decision that float32 may give the neighbouring integer; Edge rounds the exact value");
        }

        bool table = found.TrueForAll(kind => kind.Table is not null);
        bool comparators = found.TrueForAll(kind => kind.Changes is not null);
        if (!table && !comparators)
        {
            throw new InvalidInputException(
                $"{chain.Steps[0].Name} is followed by a quantizer that makes more than {ManyLevels} levels of more than {LargestTable} integers. Put a quantizer of at most 16 bits before the function, or give the one behind it at most 10 bits.");
        }

        // In LUTs: a comparator takes half a one per bit, a table one per 64 bits.
        double comparing = comparators ? kindOf.Select((_, i) => (double)Count(Of(i)) * ((ranges[i].Width / 2) + 1)).Sum() : double.PositiveInfinity;
        double looking = table ? kindOf.Select((_, i) => Of(i).Table!.Values.Length * (double)WidthOf(Of(i)) / 64).Sum() : double.PositiveInfinity;
        if (looking <= comparing)
        {
            return builder.Lookup(name, input, [.. found.Select(kind => kind.Table!)], kindOf);
        }

        Kinds alikes = Kinds.From(kindOf, found.Count);
        PerElement<long[]> Levels(Func<(List<long> Rises, List<long> Falls), List<long>> side) => new(alikes, [.. found.Select(kind => side(kind.Changes!.Value).ToArray())]);
        int rises = builder.Thresholds(name, input, Levels(changes => changes.Rises), new PerElement<long>(alikes, [.. found.Select(kind => kind.First)]));
        if (found.TrueForAll(kind => kind.Changes!.Value.Falls.Count == 0))
        {
            return rises;
        }

        int falls = builder.Thresholds(name, input, Levels(changes => changes.Falls), Zeros(kindOf.Length));
        return builder.Add(name, rises, builder.Scale(name, falls, PerElement.Uniform(kindOf.Length, -1L), Zeros(kindOf.Length)));
    }

    private static int Count(QuantizedChain kind) => kind.Changes!.Value.Rises.Count + kind.Changes!.Value.Falls.Count;

    private static int WidthOf(QuantizedChain kind) => new Interval(kind.Table!.Values.Min(), kind.Table.Values.Max()).Width;

    private QuantizedChain Worked(ElementChain chain, ChainQuantizer quantizer, Interval range, int i)
    {
        if (range.Max - range.Min < LargestTable)
        {
            var entries = new long[range.Max - range.Min + 1];
            int ambiguous = 0;
            for (int k = 0; k < entries.Length; k++)
            {
                entries[k] = quantizer.At(range.Min + k);
                ambiguous += notes is not null && quantizer.IsAmbiguousInFloat32(range.Min + k) ? 1 : 0;
            }

            var rises = new List<long>();
            var falls = new List<long>();
            for (int k = 1; k < entries.Length && rises.Count + falls.Count <= ManyLevels; k++)
            {
                long step = entries[k] - entries[k - 1];
                (step > 0 ? rises : falls).AddRange(Enumerable.Repeat(range.Min + k, (int)Math.Min(Math.Abs(step), ManyLevels + 1)));
            }

            return new(new(range.Min, entries), entries[0], rises.Count + falls.Count <= ManyLevels ? (rises, falls) : null, ambiguous, entries.Length);
        }

        (List<long> Rises, List<long> Falls)? changes = chain.OnlyTheFirstTurns ? quantizer.Changes(range, chain.Turns(i), ManyLevels) : null;
        long[] levels = changes is { } found && notes is not null ? [.. found.Rises.Concat(found.Falls).Distinct()] : [];
        return new(null, quantizer.At(range.Min), changes, levels.Count(n => quantizer.IsAmbiguousInFloat32(n) || quantizer.IsAmbiguousInFloat32(n - 1)), levels.Length);
    }
}
