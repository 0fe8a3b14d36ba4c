using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>One step of a network on real vectors; elements are flattened row-major, without the batch axis. Values are
/// named by number: 0 is the input.</summary>
/// <param name="Output">Number of the value it makes.</param>
/// <param name="Name">The model's node, for messages: <c>Gemm "fc1"</c>.</param>
/// <param name="Shape">Shape of what it makes, without the batch axis.</param>
public abstract record Layer(int Output, string Name, int[] Shape)
{
    public abstract IReadOnlyList<int> Inputs { get; }

    public int Length => Shape.Aggregate(1, (product, size) => product * size);
}

/// <summary>Sums of inputs times constant weights. Each row of Weights is a kernel that one output or many use.</summary>
public abstract record Linear(int Output, string Name, int[] Shape, int Input, ConstantTensor Weights) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];

    /// <summary>Outputs that share a kernel; they stand together: output i uses row i / OutputsPerKernel.</summary>
    public int OutputsPerKernel => Length / Weights.Shape[0];
}

/// <summary>y[i] = sum over j of Weights[i, j] x[j]. Weights (outputs, inputs).</summary>
public sealed record Dense(int Output, string Name, int[] Shape, int Input, ConstantTensor Weights) : Linear(Output, Name, Shape, Input, Weights);

/// <summary>y[k, p] = sum over t of Weights[k, t] x[window of k's group at p, tap t]. Weights (kernels, taps); the kernels
/// of a group follow each other. Pooling by sums is one too.</summary>
public sealed record Convolution(int Output, string Name, int[] Shape, int Input, ConstantTensor Weights, Windows Windows) : Linear(Output, Name, Shape, Input, Weights)
{
    /// <summary>True where every output is one input or zero: padding, not arithmetic.</summary>
    public bool IsCopy => Windows.Taps == 1 && Weights.Quantized is not null && Array.TrueForAll(Weights.Values, weight => weight == 1);

    public int GroupOf(int kernel) => kernel / (Weights.Shape[0] / Windows.Groups);
}

/// <summary>y[g, p] = the largest x of window g, p; no window has padding.</summary>
public sealed record MaxPool(int Output, string Name, int[] Shape, int Input, Windows Windows) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = x[i] where x[i] >= 0, else Slopes[i] x[i]. One slope for all, or one per element.</summary>
public sealed record LeakyRelu(int Output, string Name, int[] Shape, int Input, Rational[] Slopes) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];

    public Rational SlopeOf(int index) => Slopes[Slopes.Length == 1 ? 0 : index];
}

/// <summary>y[i] = Function(x[i]): sigmoid, tanh, and the like.</summary>
public sealed record ElementFunction(int Output, string Name, int[] Shape, int Input, RealFunction Function) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y = the elements of all inputs, one input behind the other.</summary>
public sealed record Concatenation(int Output, string Name, int[] Shape, int[] Parts) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => Parts;
}

/// <summary>y[i] = Gains[i] x[i] + Offsets[i]: bias, scaling, batch normalization. One value for all, or one per element.</summary>
public sealed record ElementwiseAffine(int Output, string Name, int[] Shape, int Input, PerElement<Rational> Gains, PerElement<Rational> Offsets) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];

    /// <summary>True where nothing changes.</summary>
    public bool IsIdentity => Gains.All(gain => gain == Rational.One) && Offsets.All(offset => offset.IsZero);

    public Rational GainOf(int index) => Gains[Gains.Length == 1 ? 0 : index];

    public Rational OffsetOf(int index) => Offsets[Offsets.Length == 1 ? 0 : index];
}

/// <summary>y[i] = x[i] limited to Low..High; null is no limit. Relu has Low 0.</summary>
public sealed record Clip(int Output, string Name, int[] Shape, int Input, Rational? Low, Rational? High) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = the value of x[i] after the quantizer.</summary>
public sealed record Quantize(int Output, string Name, int[] Shape, int Input, Quantizer Quantizer) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = +Magnitude where x[i] >= 0, else -Magnitude.</summary>
public sealed record Bipolar(int Output, string Name, int[] Shape, int Input, Rational[] Magnitudes) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];

    public Rational MagnitudeOf(int index) => Magnitudes[Magnitudes.Length == 1 ? 0 : index];
}

/// <summary>y[i] = Step * (how many of Levels[i] are at most x[i]) + Offset.</summary>
/// <param name="Levels">Ascending; one list for each element. Elements of a channel share theirs.</param>
public sealed record MultiThreshold(int Output, string Name, int[] Shape, int Input, Rational[][] Levels, Rational Step, Rational Offset) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = Left[i] + RightSign * Right[i], both computed by the network.</summary>
public sealed record Sum(int Output, string Name, int[] Shape, int Left, int Right, int RightSign) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Left, Right];
}

/// <summary>y[i] = x[Indices[i]]; null indices: the same order in another shape.</summary>
public sealed record Reorder(int Output, string Name, int[] Shape, int Input, int[]? Indices) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y = index of the largest element, the first of equal ones.</summary>
public sealed record IndexOfLargest(int Output, string Name, int[] Shape, int Input) : Layer(Output, Name, Shape)
{
    public override IReadOnlyList<int> Inputs => [Input];
}

/// <summary>y[i] = exp(x[i]) / sum of exp(x[j]) over the elements j of the same vector. As the last layer the host computes it.</summary>
public sealed record SoftmaxLayer(int Output, string Name, int[] Shape, int Input) : Layer(Output, Name, Shape)
{
    /// <summary>Vectors, one behind the other.</summary>
    public int Vectors { get; init; } = 1;

    public override IReadOnlyList<int> Inputs => [Input];
}
