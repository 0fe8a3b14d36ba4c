using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Xunit.Abstractions;

namespace Edge.Tests.Compiler;

/// <summary>The jet tagger (16-64-32-32-5, QONNX) on every rung, against integers that another tool computed.</summary>
public sealed class JetLadderTests(ITestOutputHelper output)
{
    private static string Folder => Repository.SharedPath("peers", "jet");

    private static QuantizedModel Model => QuantizedModel.Load(Repository.SharedPath("models", "qkeras_jettagging", "qkeras_jettagging.onnx"), FixedPointFormat.Parse("fixed<16,6>"));

    [SharedFact]
    public void Interpreters_GiveTheExpectedIntegers()
    {
        IntegerNetwork network = Model.Integers;
        Assert.Equal(Rational.PowerOfTwo(-11), Assert.Single(network.Output.Scale));
        Assert.Equal(Rational.Zero, Assert.Single(network.Output.Offset));
        Assert.Equal(Integers("y_logits_int_f11.npy"), ReferenceInterpreter.RunRows(network, Integers("x_int_s16f10.npy")));
        Assert.Equal(Integers("y_logits_int_f11.npy"), new FastInterpreter(network).RunRows(Integers("x_int_s16f10.npy")));
    }

    /// <summary>ONNX Runtime with its optimizations and without (the ladder runs both), and Verilator: every row.</summary>
    [SharedFact]
    [Trait("Speed", "slow")]
    public void AllRows_AreTheSameOnEveryBackend()
    {
        QuantizedModel model = Model;
        LadderResult result = Ladder.Climb(
            model,
            NpyArray.Read(Path.Combine(Folder, "x_f32.npy")),
            Expected(model, 2200),
            [Backend.Reference, Backend.OnnxRuntime, Backend.Verilator],
            demanded: true,
            beforeSoftmax: true,
            levelsPerStage: 3);
        Check(result, 2200, comparisons: 3);
    }

    [SharedFact]
    [Trait("Speed", "slow")]
    public void TwoHundredRows_AreTheSameUnderIcarus()
    {
        QuantizedModel model = Model;
        NpyArray inputs = NpyArray.Read(Path.Combine(Folder, "x_f32.npy"));

        // Half of them from the end, where the worst cases are.
        int[] rows = [.. Enumerable.Range(0, 100), .. Enumerable.Range(2100, 100)];
        LadderResult result = Ladder.Climb(
            model,
            new([200, 16], [.. rows.SelectMany(row => inputs.Values[(16 * row)..(16 * (row + 1))])], inputs.Type),
            Expected(model, rows),
            [Backend.Reference, Backend.Icarus],
            demanded: true,
            beforeSoftmax: true,
            levelsPerStage: 3);
        Check(result, 200, comparisons: 1);
    }

    /// <summary>That the vectors decide which rounding is meant: half to even and half up differ only on exact ties.</summary>
    [SharedFact]
    public void ExactTiesAreCommon_AndRoundedToEven()
    {
        IntegerNetwork network = Model.Integers;
        long[] rows = Integers("x_int_s16f10.npy");
        int ties = 0;
        int rowsWithTies = 0;
        for (int row = 0; row < 2200; row++)
        {
            long[][] tensors = ReferenceInterpreter.Trace(network, rows.AsSpan(16 * row, 16));
            int here = network.Operations.OfType<Requantize>().Sum(operation => Ties(operation, tensors[operation.Input]));
            ties += here;
            rowsWithTies += here > 0 ? 1 : 0;
        }

        output.WriteLine($"{ties} exact ties in {rowsWithTies} of 2200 rows");
        Assert.True(ties > 1000);

        IntegerNetwork halfUp = network with { Operations = [.. network.Operations.Select(operation => operation is Requantize requantize ? requantize with { Rounding = Rounding.HalfUp } : operation)] };
        long[] up = ReferenceInterpreter.RunRows(halfUp, rows);
        long[] even = Integers("y_logits_int_f11.npy");
        Assert.Equal(Integers("y_logits_rnd_halfup_int_f11.npy"), up);
        Assert.Equal(718, Enumerable.Range(0, 2200).Count(row => !up.AsSpan(5 * row, 5).SequenceEqual(even.AsSpan(5 * row, 5))));
    }

    /// <summary>Values inside the limits that lie exactly between two results.</summary>
    private static int Ties(Requantize operation, long[] values) => values.Where((value, i) =>
    {
        int shift = operation.Shifts[i];
        long half = shift > 0 ? 1L << (shift - 1) : 0;
        return shift > 0 && (value & ((1L << shift) - 1)) == half && value >> shift >= operation.Low[i] && value >> shift < operation.High[i];
    }).Count();

    private static void Check(LadderResult result, int rows, int comparisons)
    {
        Assert.Empty(result.Skipped);
        Assert.Empty(result.RowsOutside);
        Assert.Equal(comparisons, result.Comparisons.Count);
        Assert.All(result.Comparisons, comparison => Assert.Equal((rows, 0), (comparison.Rows, comparison.Mismatches)));
        ExpectedComparison expected = Assert.IsType<ExpectedComparison>(result.Expected);
        Assert.Equal((rows, 0, 0.0), (expected.Rows, expected.Mismatches, expected.LargestDistance));
    }

    private static NpyArray Expected(QuantizedModel model, int count) => Expected(model, [.. Enumerable.Range(0, count)]);

    private static NpyArray Expected(QuantizedModel model, int[] rows)
    {
        long[] integers = Integers("y_logits_int_f11.npy");
        double[] values = model.Integers.Output.Decode([.. rows.SelectMany(row => integers[(5 * row)..(5 * (row + 1))])], 5, beforeSoftmax: true);
        return new([rows.Length, 5], values, "<f8");
    }

    private static long[] Integers(string name) => [.. NpyArray.Read(Path.Combine(Folder, name)).Values.Select(value => (long)value)];
}
