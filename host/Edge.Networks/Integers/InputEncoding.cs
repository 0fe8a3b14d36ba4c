using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>How a real input becomes the integer that enters the network: n = round(clamp(x * Gain + Offset)), as the
/// model's own input quantizer does, or as the fixed-point format that was chosen for a model without one.</summary>
/// <param name="Shape">Shape of one input as the model names it, without the batch axis.</param>
/// <param name="Gain">One value, or one per element.</param>
/// <param name="Offset">One value, or one per element.</param>
/// <param name="Origin">Says who chose it, for reports.</param>
public sealed record InputEncoding(
    int[] Shape,
    Rational[] Gain,
    Rational[] Offset,
    Rounding Rounding,
    long Low,
    long High,
    string Origin)
{
    private readonly double[] gains = [.. Gain.Select(value => value.ToDouble())];
    private readonly double[] offsets = [.. Offset.Select(value => value.ToDouble())];

    /// <summary>True when an element that is not on the grid counts as outside: the format of an exact network. Where the
    /// model itself rounds its inputs, every finite value is inside.</summary>
    public bool RequiresGrid { get; init; }

    /// <summary>True when an element beyond the lowest or highest integer counts as outside, rounded or not: the format of
    /// a network that was quantized after training.</summary>
    public bool RequiresRange { get; init; }

    public int Length => Shape.Aggregate(1, (product, size) => product * size);

    public static InputEncoding From(FixedPointFormat format, int[] shape, string origin) =>
        new(shape, [Rational.PowerOfTwo(format.FractionBits)], [Rational.Zero], Rounding.HalfEven, format.Min, format.Max, origin) { RequiresGrid = true };

    /// <summary>The integer of element <paramref name="index"/>, and whether the value was inside the format.</summary>
    /// <exception cref="InvalidInputException">NaN.</exception>
    public long Encode(double value, int index, out bool inside)
    {
        if (double.IsNaN(value))
        {
            throw new InvalidInputException($"input element {index} is NaN. Replace it before it reaches the network.");
        }

        double gain = gains[gains.Length == 1 ? 0 : index];
        double offset = offsets[offsets.Length == 1 ? 0 : index];
        double scaled = Math.Clamp((value * gain) + offset, Low, High);
        long integer;
        double toTie = Math.Abs(scaled - Math.Floor(scaled) - 0.5);
        double toInteger = Math.Abs(scaled - Math.Round(scaled));
        bool nearDecision = (toTie < 1e-6 && toTie > 0) || (toInteger < 1e-6 && toInteger > 0);
        if (nearDecision && double.IsFinite(value))
        {
            // The double may have fallen on the wrong side of a rounding decision: decide exactly.
            Rational exact = (Rational.From(value) * Gain[Gain.Length == 1 ? 0 : index]) + Offset[Offset.Length == 1 ? 0 : index];
            exact = Rational.Max(Rational.Min(exact, High), Low);
            integer = (long)Rounding.Round(exact);
        }
        else
        {
            integer = (long)Rounding.Round(scaled);
        }

        bool inRange = scaled == (value * gain) + offset;
        inside = double.IsFinite(value) && (RequiresGrid ? inRange && scaled == integer : inRange || !RequiresRange);
        return integer;
    }

    /// <summary>Encodes rows (count, Length) into integers of the same shape; <paramref name="outside"/> receives the
    /// numbers of rows with a value that the format does not hold exactly.</summary>
    public long[] EncodeRows(ReadOnlySpan<double> rows, List<int> outside)
    {
        var integers = new long[rows.Length];
        int length = Length;
        for (int start = 0; start < rows.Length; start += length)
        {
            bool rowInside = true;
            for (int i = 0; i < length; i++)
            {
                integers[start + i] = Encode(rows[start + i], i, out bool inside);
                rowInside &= inside;
            }

            if (!rowInside)
            {
                outside.Add(start / length);
            }
        }

        return integers;
    }
}
