namespace Edge.Networks.Quantization.Calibration;

/// <summary>How the range of an activation follows from the values that calibration saw.</summary>
public enum CalibrationMethod
{
    /// <summary>All of them fit, with room for larger ones as far as the tail and the bits suggest.</summary>
    Minmax,

    /// <summary>All but the largest magnitudes, one in 10,000, fit.</summary>
    Percentile,

    /// <summary>Rounding and clipping together make the least mean square error.</summary>
    Mse,
}

/// <summary>What a user can ask of quantization after training.</summary>
/// <param name="Precision">null: the fewest bits that keep within the tolerance.</param>
public sealed record QuantizationSettings(Precision? Precision = null, CalibrationMethod Method = CalibrationMethod.Minmax)
{
    public const int FewestBits = 2;
    public const int MostBits = 18;

    /// <summary>Bits of each layer that has float weights, and of what it reads, in order; null: the same for all.</summary>
    public IReadOnlyList<Precision>? LayerPrecisions { get; init; }

    /// <summary>Bits of the inputs, each with a scale of its own; null: the inputs' format is given.</summary>
    public int? InputBits { get; init; }

    /// <summary>Weights of fewer bits are rounded together; of more, each to the nearest step.</summary>
    public int AdaptsBelow { get; init; } = int.MaxValue;

    public bool ChoosesBits => Precision is null && LayerPrecisions is null;

    /// <summary>False: weights are rounded to the nearest step and biases stay, for comparison.</summary>
    public bool RoundsAdaptively { get; init; } = true;

    /// <summary>False: channels keep the scales of the float network, for comparison.</summary>
    public bool Equalizes { get; init; } = true;
}
