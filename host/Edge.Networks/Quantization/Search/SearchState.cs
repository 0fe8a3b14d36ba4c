namespace Edge.Networks.Quantization.Search;

/// <summary>All that a search for bits has measured; enough to go on after an interruption, or to answer another budget.</summary>
/// <param name="Key">Hash of model, rows and settings: another one does not fit.</param>
/// <param name="Sensitivities">Mean square error of the outputs, in parts of their mean square, when only one thing has few
/// bits; by "layer/weights/bits" or "layer/activations/bits".</param>
/// <param name="Points">Networks quantized whole, by their place on the path from most to fewest bits.</param>
public sealed record SearchState(string Key, SortedDictionary<string, double> Sensitivities, SortedDictionary<int, SearchPoint> Points)
{
    public static SearchState Empty(string key) => new(key, new(StringComparer.Ordinal), []);
}

/// <summary>One choice of bits, quantized and measured on the calibration rows.</summary>
/// <param name="Precisions">Of each layer with float weights, in order.</param>
/// <param name="MeanBits">Of an operand, weights and activations alike, over all multiplications; the network's own inputs do
/// not count.</param>
/// <param name="Luts">Estimated.</param>
/// <param name="RmsError">Of the outputs, in parts of full scale.</param>
/// <param name="LargestError">The same of the largest error.</param>
/// <param name="Accuracy">Share of rows in the labelled class, or without labels in the float network's.</param>
public sealed record SearchPoint(IReadOnlyList<Precision> Precisions, double MeanBits, long Luts, double RmsError, double LargestError, double Accuracy);

/// <summary>What a search aims at; one of them is given.</summary>
/// <param name="Accuracy">At least this share of rows right, for the fewest LUTs.</param>
/// <param name="Error">At most this rms error in parts of full scale, for the fewest LUTs.</param>
/// <param name="Luts">At most so many LUTs, for the least error.</param>
/// <param name="Bits">At most so many bits an operand on average, for the least error.</param>
public sealed record SearchBudget(double? Accuracy = null, double? Error = null, long? Luts = null, double? Bits = null)
{
    public bool IsMetBy(SearchPoint point) =>
        !(point.Accuracy < Accuracy) && !(point.RmsError > Error) && !(point.Luts > Luts) && !(point.MeanBits > Bits);

    /// <summary>True where more bits help to meet it.</summary>
    public bool WantsMore => Accuracy is not null || Error is not null;
}
