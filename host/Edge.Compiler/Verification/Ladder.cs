using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;

namespace Edge.Compiler.Verification;

/// <summary>Two rungs compared.</summary>
/// <param name="Rows">Rows compared.</param>
/// <param name="Mismatches">Rows in which any output differs.</param>
/// <param name="First">Where the first difference is, in words; null if none.</param>
public sealed record Comparison(string Left, string Right, int Rows, int Mismatches, string? First);

/// <summary>The backends against values that somebody else computed.</summary>
/// <param name="LargestDistance">From an expected value to ours: in steps of our integer when <paramref name="Unit"/> is
/// "step", else in parts of full scale.</param>
public sealed record ExpectedComparison(int Rows, int Mismatches, double LargestDistance, string Unit, double Allowed, string? First);

/// <summary>What a verification found.</summary>
/// <param name="Skipped">Backends that this machine cannot run, and why.</param>
/// <param name="RowsOutside">Rows whose inputs the input format does not hold: compared between backends only.</param>
public sealed record LadderResult(
    IReadOnlyList<Comparison> Comparisons,
    ExpectedComparison? Expected,
    IReadOnlyDictionary<string, string> Skipped,
    int Rows,
    IReadOnlyList<int> RowsOutside)
{
    public bool Passed => Comparisons.All(comparison => comparison.Mismatches == 0) && Expected is not { Mismatches: > 0 };
}

/// <summary>The same integers on every step, and the integers that were expected.</summary>
public static class Ladder
{
    /// <summary>A network that was quantized after training may differ from its float model by this part of full scale.</summary>
    public const double FloatTolerance = 1.0 / 256;

    /// <summary>Probabilities are compared as real numbers: room for somebody else's float32 softmax.</summary>
    private const double SoftmaxTolerance = 4e-6;

    /// <param name="expected">(count, OutputLength) real values, or null.</param>
    /// <param name="demanded">Backends asked for by name must exist; others may be skipped.</param>
    public static LadderResult Climb(
        QuantizedModel model,
        NpyArray inputs,
        NpyArray? expected,
        IReadOnlyList<Backend> backends,
        bool demanded,
        bool beforeSoftmax,
        int levelsPerStage,
        Action<string>? progress = null,
        CancellationToken cancel = default)
    {
        IntegerNetwork network = model.Integers;
        double[] rows = [.. inputs.Values.Select(value => (double)(float)value)];
        var outside = new List<int>();
        long[] integers = network.Input.EncodeRows(rows, outside);
        if (expected is not null && (expected.Rows != inputs.Rows || expected.Values.Length != inputs.Rows * network.OutputLength))
        {
            throw new InvalidInputException(
                $"expected values of shape ({string.Join(", ", expected.Shape)}) do not fit {inputs.Rows} rows of {network.OutputLength} outputs.");
        }

        var runner = new BackendRunner(network, levelsPerStage, progress);
        bool behind = network.Output is { Softmax: true, Final: not null } && !beforeSoftmax;
        var results = new List<(string Name, long[] Values, long[] Final)>();
        var skipped = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Backend backend in backends)
        {
            if (BackendRunner.Missing(backend) is { } reason)
            {
                skipped.Add(BackendRunner.NameOf(backend), demanded ? throw new InvalidInputException($"--on {BackendRunner.NameOf(backend)}: {reason}") : reason);
                continue;
            }

            progress?.Invoke($"{BackendRunner.NameOf(backend)}: {inputs.Rows} rows");
            long[] values = runner.Run(backend, rows, integers, cancel);
            results.Add((BackendRunner.NameOf(backend), values, behind ? runner.RunFinal(backend, rows, values) : []));
        }

        var comparisons = new List<Comparison>();
        for (int a = 0; a < results.Count; a++)
        {
            for (int b = a + 1; b < results.Count; b++)
            {
                comparisons.Add(Compare(results[a], results[b], network.OutputLength));
            }
        }

        ExpectedComparison? against = expected is null || results.Count == 0
            ? null
            : CompareExpected(model, results[0].Values, expected.Values, [.. outside], beforeSoftmax);
        return new(comparisons, against, skipped, inputs.Rows, outside);
    }

    private static Comparison Compare((string Name, long[] Values, long[] Final) left, (string Name, long[] Values, long[] Final) right, int length)
    {
        string? first = left.Values.Length == right.Values.Length ? null : $"{left.Values.Length} against {right.Values.Length} results";
        int rows = Math.Min(left.Values.Length, right.Values.Length) / length;
        int mismatches = Math.Abs(left.Values.Length - right.Values.Length) / length;
        for (int row = 0; row < rows; row++)
        {
            string? difference = Difference(left.Values, right.Values, "output") ?? Difference(left.Final, right.Final, "behind the network, output");
            if (difference is not null)
            {
                mismatches++;
                first ??= $"row {row}, {difference}";
            }

            string? Difference(long[] a, long[] b, string what)
            {
                int start = row * length;
                int differs = a.Length == 0 ? -1 : a.AsSpan(start, length).CommonPrefixLength(b.AsSpan(start, length));
                return differs < 0 || differs == length ? null : $"{what} {differs}: {a[start + differs]} against {b[start + differs]}";
            }
        }

        return new(left.Name, right.Name, rows, mismatches, first);
    }

    private static ExpectedComparison CompareExpected(QuantizedModel model, long[] integers, double[] expected, HashSet<int> outside, bool beforeSoftmax)
    {
        OutputDecoding decoding = model.Integers.Output;
        int length = model.Integers.OutputLength;
        int rows = integers.Length / length;
        bool softmax = decoding.Softmax && !beforeSoftmax;
        double[] decoded = decoding.Decode(integers, length, beforeSoftmax);
        double fullScale = Enumerable.Range(0, expected.Length).Where(k => !outside.Contains(k / length)).Select(k => Math.Abs(expected[k])).DefaultIfEmpty(0).Max();
        bool inSteps = model.Precision is null && !softmax;
        double allowed = inSteps ? 0.5 : model.Precision is not null ? FloatTolerance : SoftmaxTolerance;
        double largest = 0;
        int mismatches = 0;
        string? first = null;
        for (int row = 0; row < rows; row++)
        {
            bool wrong = false;
            for (int i = 0; i < length && !outside.Contains(row); i++)
            {
                int k = (row * length) + i;
                double step = decoding.Scale[decoding.Scale.Length == 1 ? 0 : i].ToDouble();
                double distance = Math.Abs(expected[k] - decoded[k]) / (inSteps ? Math.Abs(step) : Math.Max(fullScale, double.Epsilon));
                largest = Math.Max(largest, distance);
                if (!(distance < allowed))
                {
                    wrong = true;
                    first ??= $"row {row}, output {i}: expected {expected[k]:R}, ours {decoded[k]:R} (integer {integers[k]})";
                }
            }

            mismatches += wrong ? 1 : 0;
        }

        return new(rows - outside.Count, mismatches, largest, inSteps ? "step" : "full scale", allowed, first);
    }
}
