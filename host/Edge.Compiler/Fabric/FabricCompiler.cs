using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Compiler.Fabric;

/// <summary>Unrolls an integer network: every constant becomes shifts and adders.</summary>
public static class FabricCompiler
{
    public static AdderGraph Unroll(IntegerNetwork network)
    {
        var builder = new AdderGraphBuilder();
        int[] uses = new int[network.Tensors.Count];
        uses[network.OutputTensor]++;
        foreach (int input in network.Operations.SelectMany(operation => operation.Inputs))
        {
            uses[input]++;
        }

        var tensors = new LinearForm[network.Tensors.Count][];
        tensors[0] = [.. network.InputTensor.Ranges.Select((range, i) => LinearForm.Of(builder.Input(i, range)))];
        foreach (IntegerOperation operation in network.Operations)
        {
            LinearForm[] forms = Expand(network, builder, operation, tensors);

            // A sum with one reader waits: the reader's rounding constant can join it.
            tensors[operation.Output] = uses[operation.Output] > 1 || operation.Output == network.OutputTensor
                ? [.. forms.Select(form => LinearForm.Of(form.Realise(builder)))]
                : forms;
        }

        return builder.Build([.. tensors[network.OutputTensor].Select(form => form.Realise(builder))], network.InputLength);
    }

    /// <summary>Adders before any is shared: digits of the weights that are not zero, levels, and comparisons.</summary>
    public static long EstimatedAdders(IntegerNetwork network) => network.Operations.Sum(operation => operation switch
    {
        Affine affine => affine.Weights.Values.Sum(Digits),
        WindowedAffine windowed => Digits(windowed),
        WindowedMax windowed => (long)windowed.Windows.Groups * windowed.Windows.Positions * (windowed.Windows.Taps - 1),
        Scale scale => Sum(scale.Multipliers, Digits),
        Thresholds thresholds => Sum(thresholds.Levels, levels => levels.Length),
        Lookup lookup => lookup.TableOf.Sum(table => (long)lookup.Tables[table].Values.Length / EntriesPerAdder),
        Concatenate or Rearrange => 0,
        _ => network.Tensors[operation.Inputs[0]].Length,
    });

    /// <summary>A LUT holds 64 bits of a table, or one bit of an adder.</summary>
    private const int EntriesPerAdder = 64;

    private static long Sum<T>(PerElement<T> elements, Func<T, long> count)
    {
        PerElement<long> counts = elements.Map(count);
        long sum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            sum += counts[i];
        }

        return sum;
    }

    private static long Digits(long weight) => CanonicalSignedDigits.Of(weight).Count();

    private static long Digits(WindowedAffine windowed)
    {
        Windows windows = windowed.Windows;
        int perGroup = windowed.Kernels.Rows / windows.Groups;
        long sum = 0;
        for (int group = 0; group < windows.Groups; group++)
        {
            // Digits of all kernels of the group that meet each tap, times the positions at which the tap reads an element.
            var digits = new long[windows.Taps];
            for (int kernel = group * perGroup; kernel < (group + 1) * perGroup; kernel++)
            {
                for (int tap = 0; tap < digits.Length; tap++)
                {
                    digits[tap] += Digits(windowed.Kernels[kernel, tap]);
                }
            }

            Kinds kinds = windows.PositionKinds(group, Kinds.One(1));
            var positions = new long[kinds.Count];
            for (int position = 0; position < windows.Positions; position++)
            {
                positions[kinds[position]]++;
            }

            int[] examples = kinds.Examples();
            for (int kind = 0; kind < examples.Length; kind++)
            {
                int[] window = windows.Of(group, examples[kind]);
                sum += positions[kind] * digits.Where((_, tap) => window[tap] >= 0).Sum();
            }
        }

        return sum;
    }

    private static LinearForm[] Expand(IntegerNetwork network, AdderGraphBuilder builder, IntegerOperation operation, LinearForm[][] tensors)
    {
        LinearForm[] x = tensors[operation.Inputs[0]];
        switch (operation)
        {
            case Affine affine:
                LinearForm[] inputs = [.. x.Select(form => LinearForm.Of(form.Realise(builder)))];
                return [.. affine.Bias.Select((bias, i) => Combine(inputs, affine.Weights.Row(i), bias))];

            case Scale scale:
                return [.. x.Select((form, i) => LinearForm.Of(form.Realise(builder)).Times(scale.Multipliers[i]).Plus(scale.Addends[i]))];

            case Requantize requantize:
                return [.. x.Select((form, i) => LinearForm.Of(Round(builder, form, requantize, i)))];

            case Thresholds thresholds:
                return [.. x.Select((form, i) =>
                {
                    int node = form.Realise(builder);
                    return new LinearForm([.. thresholds.Levels[i].Select(level => new Term(builder.Reaches(node, level), 0, Negative: false))], thresholds.Base[i]);
                })];

            case Add add:
                return [.. x.Select((form, i) => form.Plus(tensors[add.Right][i]))];

            case ArgMax:
                return [LinearForm.Of(Largest(builder, [.. x.Select(form => form.Realise(builder))]))];

            case Rearrange rearrange:
                int[] nodes = [.. x.Select(form => form.Realise(builder))];
                return [.. rearrange.Indices.Select(index => LinearForm.Of(nodes[index]))];

            case WindowedAffine windowed:
                LinearForm[] taps = [.. x.Select(form => LinearForm.Of(form.Realise(builder)))];
                return [.. windowed.Bias.Select((bias, i) =>
                {
                    int kernel = i / windowed.Windows.Positions;
                    ReadOnlySpan<int> window = windowed.Windows.Of(windowed.GroupOf(kernel), i % windowed.Windows.Positions);
                    return Combine(taps, window, windowed.Kernels.Row(kernel), bias);
                })];

            case WindowedMax windowed:
                int[] players = [.. x.Select(form => form.Realise(builder))];
                return [.. Enumerable.Range(0, windowed.Windows.Groups * windowed.Windows.Positions).Select(i =>
                {
                    ReadOnlySpan<int> window = windowed.Windows.Of(i / windowed.Windows.Positions, i % windowed.Windows.Positions);
                    return LinearForm.Of(Tournament(builder, [.. window.ToArray().Distinct().Select(index => (players[index], players[index]))]));
                })];

            case Softmax softmax:
                throw new Edge.Networks.InvalidInputException($"{network.Name}: layer {softmax.Layer}: a softmax in the middle of a network cannot be built in hardware yet; --on reference,onnxruntime computes it. At the end of a network the host computes it.");

            case Lookup lookup:
                var memories = new Dictionary<int, FabricTable>();
                return [.. x.Select((form, i) =>
                {
                    int node = form.Realise(builder);
                    int table = lookup.TableOf[i];
                    FabricTable memory = memories.TryGetValue(table, out FabricTable? known) ? known : memories[table] = FabricTable.Of(lookup.Tables[table]);
                    return LinearForm.Of(memory.Read(builder, node, lookup.Tables[table]));
                })];

            case Concatenate concatenate:
                return [.. concatenate.Parts.SelectMany(part => tensors[part])];

            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "unknown operation");
        }
    }

    private static LinearForm Combine(LinearForm[] inputs, ReadOnlySpan<long> weights, long bias)
    {
        var terms = new List<Term>();
        for (int j = 0; j < weights.Length; j++)
        {
            terms.AddRange(inputs[j].Times(weights[j]).Terms);
        }

        return new(terms, bias);
    }

    private static LinearForm Combine(LinearForm[] inputs, ReadOnlySpan<int> window, ReadOnlySpan<long> weights, long bias)
    {
        var terms = new List<Term>();
        for (int tap = 0; tap < window.Length; tap++)
        {
            if (window[tap] >= 0)
            {
                terms.AddRange(inputs[window[tap]].Times(weights[tap]).Terms);
            }
        }

        return new(terms, bias);
    }

    private static int Round(AdderGraphBuilder builder, LinearForm form, Requantize requantize, int i)
    {
        int shift = requantize.Shifts[i];
        int node;
        if (shift == 0)
        {
            node = form.Realise(builder);
        }
        else if (requantize.Rounding == Rounding.HalfEven)
        {
            node = builder.Shift(form.Plus(1L << (shift - 1)).Realise(builder), shift, evenOnTie: true);
        }
        else
        {
            // A constant, and for modes that look at the sign one more term: sign * difference.
            long whenPositive = requantize.Rounding.Offset(0, shift);
            long difference = requantize.Rounding.Offset(-1, shift) - whenPositive;
            if (difference != 0)
            {
                int x = form.Realise(builder);
                int negative = builder.Reaches(x, 0);
                form = LinearForm.Of(x).Plus(new LinearForm([new(negative, 0, Negative: false)], -1).Times(-difference));
            }

            node = builder.Shift(form.Plus(whenPositive).Realise(builder), shift, evenOnTie: false);
        }

        return builder.Clamp(node, requantize.Low[i], requantize.High[i]);
    }

    /// <summary>Index of the first largest node, by a tournament.</summary>
    private static int Largest(AdderGraphBuilder builder, int[] nodes) =>
        Tournament(builder, [.. nodes.Select((node, index) => (node, builder.Constant(index)))]);

    /// <summary>What the first player with the largest node carries with it.</summary>
    private static int Tournament(AdderGraphBuilder builder, List<(int Node, int Index)> players)
    {
        while (players.Count > 1)
        {
            var winners = new List<(int Node, int Index)>();
            for (int k = 0; k + 1 < players.Count; k += 2)
            {
                (int Node, int Index) first = players[k];
                (int Node, int Index) second = players[k + 1];
                int secondWins = builder.Greater(second.Node, first.Node);
                winners.Add((builder.Select(secondWins, second.Node, first.Node), builder.Select(secondWins, second.Index, first.Index)));
            }

            if (players.Count % 2 == 1)
            {
                winners.Add(players[^1]);
            }

            players = winners;
        }

        return players[0].Index;
    }
}

/// <summary>A sum of terms and a constant that no adder has been built for yet.</summary>
internal sealed record LinearForm(IReadOnlyList<Term> Terms, long Constant)
{
    public static LinearForm Of(int node) => new([new(node, 0, Negative: false)], 0);

    public LinearForm Plus(long constant) => new(Terms, Constant + constant);

    public LinearForm Plus(LinearForm other) => new([.. Terms, .. other.Terms], Constant + other.Constant);

    public LinearForm Times(long factor) => new(
        [.. CanonicalSignedDigits.Of(factor).SelectMany(digit => Terms.Select(term => term.ShiftedBy(digit.Power) with { Negative = term.Negative != digit.Negative }))],
        Constant * factor);

    public int Realise(AdderGraphBuilder builder) => builder.Sum(Terms, Constant);
}
