using System.Text.Json;
using Edge.Networks.Numerics;

namespace Edge.Networks.Integers;

/// <summary>Vectors with the results that the reference interpreter gives: what a card's self-test holds the hardware to.
/// They travel in the compile report of a card image.</summary>
/// <param name="Inputs">(vectors, inputs), encoded.</param>
/// <param name="Outputs">(vectors, outputs).</param>
public sealed record TestVectors(long[][] Inputs, long[][] Outputs)
{
    public const string ReportField = "test_vectors";

    private const int Count = 8;
    private const int Most = 4096;

    /// <summary>All inputs at their least, all at their largest, every other one of both, and numbers in between; always the
    /// same for a network.</summary>
    public static TestVectors Of(IntegerNetwork network)
    {
        PerElement<Interval> ranges = network.InputTensor.Ranges;
        var random = new Random(1);
        long[][] inputs = [.. Enumerable.Range(0, Count).Select(row => Enumerable.Range(0, network.InputLength).Select(i =>
        {
            Interval range = ranges[i];
            return row switch
            {
                0 => range.Min,
                1 => range.Max,
                2 => i % 2 == 0 ? range.Min : range.Max,
                3 => i % 2 == 0 ? range.Max : range.Min,
                _ => range.Min == range.Max ? range.Min : random.NextInt64(range.Min, range.Max) + (random.Next(2) == 0 ? 0 : 1),
            };
        }).ToArray())];
        return new(inputs, [.. inputs.Select(row => ReferenceInterpreter.Run(network, row))]);
    }

    /// <summary>The vectors in a compile report; null: it has none.</summary>
    /// <exception cref="InvalidInputException">It is no report for a network of these ports.</exception>
    public static TestVectors? FromReport(string report, int inputs, int outputs)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(report);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(ReportField, out JsonElement found) || found.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            TestVectors vectors = new(Rows(found.GetProperty("inputs"), inputs), Rows(found.GetProperty("outputs"), outputs));
            return vectors.Inputs.Length == vectors.Outputs.Length ? vectors : throw new InvalidInputException("its test vectors have no results, or too many.");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidInputException($"its test vectors are not understood ({error.Message}).", error);
        }
    }

    private static long[][] Rows(JsonElement rows, int width)
    {
        if (rows.GetArrayLength() > Most)
        {
            throw new InvalidInputException($"{rows.GetArrayLength()} test vectors; up to {Most} are read.");
        }

        long[][] read = [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetInt64()).ToArray())];
        return read.All(row => row.Length == width) ? read : throw new InvalidInputException($"its test vectors are not {width} numbers wide.");
    }
}
