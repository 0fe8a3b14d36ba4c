using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>One operation on integer vectors. The list is short on purpose: a new layer type is a lowering to
/// these, and every backend has it. Elements are counted by i (outputs) and j (inputs); all arithmetic is exact.</summary>
/// <param name="Output">Number of the tensor it makes.</param>
/// <param name="Layer">The model's node(s) it comes from, for messages.</param>
public abstract record IntegerOperation(int Output, string Layer)
{
    /// <summary>Numbers of the tensors it reads.</summary>
    public abstract IReadOnlyList<int> Inputs { get; }

    /// <summary>The same operation between other tensors.</summary>
    public IntegerOperation Renumbered(int output, Func<int, int> numberOf) => this switch
    {
        Affine o => o with { Output = output, Input = numberOf(o.Input) },
        Scale o => o with { Output = output, Input = numberOf(o.Input) },
        Requantize o => o with { Output = output, Input = numberOf(o.Input) },
        Thresholds o => o with { Output = output, Input = numberOf(o.Input) },
        Add o => o with { Output = output, Left = numberOf(o.Left), Right = numberOf(o.Right) },
        ArgMax o => o with { Output = output, Input = numberOf(o.Input) },
        Rearrange o => o with { Output = output, Input = numberOf(o.Input) },
        WindowedAffine o => o with { Output = output, Input = numberOf(o.Input) },
        WindowedMax o => o with { Output = output, Input = numberOf(o.Input) },
        Lookup o => o with { Output = output, Input = numberOf(o.Input) },
        Softmax o => o with { Output = output, Input = numberOf(o.Input) },
        Concatenate o => o with { Output = output, Parts = [.. o.Parts.Select(numberOf)] },
        _ => throw new InvalidOperationException($"unknown operation {Kind}"),
    };

    /// <summary>The word a report or message uses for it.</summary>
    public string Kind => GetType().Name;
}

/// <summary>y[i] = sum over j of Weights[i, j] x[j], plus Bias[i].</summary>
public sealed record Affine(int Output, string Layer, int Input, IntegerMatrix Weights, long[] Bias) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = Multipliers[i] x[i] + Addends[i].</summary>
public sealed record Scale(int Output, string Layer, int Input, PerElement<long> Multipliers, PerElement<long> Addends) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = x[i] / 2^Shifts[i], rounded, then limited to Low[i]..High[i].</summary>
public sealed record Requantize(int Output, string Layer, int Input, PerElement<int> Shifts, Rounding Rounding, PerElement<long> Low, PerElement<long> High) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = Base[i] + how many of Levels[i] (ascending) are at most x[i].</summary>
public sealed record Thresholds(int Output, string Layer, int Input, PerElement<long[]> Levels, PerElement<long> Base) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = Left[i] + Right[i].</summary>
public sealed record Add(int Output, string Layer, int Left, int Right) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Left, Right];
}

/// <summary>y[0] = the index of the largest x[j]; the first of equal ones.</summary>
public sealed record ArgMax(int Output, string Layer, int Input) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = x[Indices[i]].</summary>
public sealed record Rearrange(int Output, string Layer, int Input, int[] Indices) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[k, p] = sum over t of Kernels[k, t] x[window of k's group at p, tap t], plus Bias[k, p]. The kernels of a group
/// follow each other.</summary>
public sealed record WindowedAffine(int Output, string Layer, int Input, IntegerMatrix Kernels, Windows Windows, PerElement<long> Bias) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];

    public int GroupOf(int kernel) => kernel / (Kernels.Rows / Windows.Groups);
}

/// <summary>y[g, p] = the largest x of window g, p; no window has padding.</summary>
public sealed record WindowedMax(int Output, string Layer, int Input, Windows Windows) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y = the elements of all Parts, one behind the other.</summary>
public sealed record Concatenate(int Output, string Layer, int[] Parts) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => Parts;
}
