using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Tests.Cards;
using Edge.Tests.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Compiler;

/// <summary>What the ladder finds, and that it finds it.</summary>
public sealed class LadderTests(ITestOutputHelper output)
{
    private const int Rows = 50;

    private static readonly Backend[] Quick = [Backend.Reference, Backend.OnnxRuntime];

    private static QuantizedModel Model => QuantizedModel.Load(CardImages.SiteModelPath, FixedPointFormat.Parse(CardImages.SiteModel.InputFormat));

    [Fact]
    public void RightValuesPass_AndOneWrongStepIsNamed()
    {
        QuantizedModel model = Model;
        (NpyArray inputs, NpyArray expected) = Vectors(model);
        LadderResult right = Climb(model, inputs, expected);
        Assert.True(right.Passed);
        Assert.Equal((Rows, 0, 0.0, "step"), (right.Expected!.Rows, right.Expected.Mismatches, right.Expected.LargestDistance, right.Expected.Unit));

        double step = model.Integers.Output.Scale[0].ToDouble();
        expected.Values[(17 * 4) + 2] += step;
        LadderResult wrong = Climb(model, inputs, expected);
        Assert.False(wrong.Passed);
        Assert.Equal((1, 1.0), (wrong.Expected!.Mismatches, wrong.Expected.LargestDistance));
        Assert.StartsWith("row 17, output 2: expected ", wrong.Expected.First, StringComparison.Ordinal);
        Assert.Equal(0, Assert.Single(wrong.Comparisons).Mismatches);

        // Less than half a step still rounds to our integer.
        expected.Values[(17 * 4) + 2] -= 0.55 * step;
        Assert.True(Climb(model, inputs, expected).Passed);
        expected.Values[0] = double.NaN;
        Assert.Equal(1, Climb(model, inputs, expected).Expected!.Mismatches);
    }

    [Fact]
    public void RowsThatTheFormatDoesNotHold_AreComparedBetweenBackendsOnly()
    {
        QuantizedModel model = Model;
        (NpyArray inputs, NpyArray expected) = Vectors(model);
        inputs.Values[4 * 3] = 1e6;
        inputs.Values[(4 * 9) + 1] += 1e-3;
        expected.Values[4 * 3] += 100;
        expected.Values[4 * 9] += 100;
        LadderResult result = Climb(model, inputs, expected);
        Assert.Equal([3, 9], result.RowsOutside);
        Assert.Equal(Rows, Assert.Single(result.Comparisons).Rows);
        Assert.Equal((Rows - 2, 0), (result.Expected!.Rows, result.Expected.Mismatches));
        Assert.True(result.Passed);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void EveryBackendIsComparedWithEveryOther()
    {
        QuantizedModel model = Model;
        (NpyArray inputs, NpyArray expected) = Vectors(model);
        LadderResult result = Ladder.Climb(model, inputs, expected, BackendRunner.Parse(null), demanded: true, beforeSoftmax: false, levelsPerStage: 3);
        Assert.Equal(
            ["reference-onnxruntime", "reference-verilator", "reference-icarus", "onnxruntime-verilator", "onnxruntime-icarus", "verilator-icarus"],
            result.Comparisons.Select(comparison => $"{comparison.Left}-{comparison.Right}"));
        Assert.All(result.Comparisons, comparison => Assert.Equal((Rows, 0, null), (comparison.Rows, comparison.Mismatches, comparison.First)));
        Assert.True(result.Passed);
    }

    [Fact]
    public void ExpectedValuesOfAnotherShapeAreRefused()
    {
        QuantizedModel model = Model;
        (NpyArray inputs, NpyArray expected) = Vectors(model);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Climb(model, inputs, new([Rows - 1, 4], expected.Values[4..], expected.Type)));
        Assert.Contains("(49, 4) do not fit 50 rows of 4 outputs", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => Climb(model, inputs, new([Rows, 3], expected.Values[..150], expected.Type)));
    }

    [Theory]
    [InlineData("reference,icarus", new[] { Backend.Reference, Backend.Icarus })]
    [InlineData(" Verilator , verilator", new[] { Backend.Verilator })]
    public void BackendsAreNamedInAList(string list, Backend[] expected) => Assert.Equal(expected, BackendRunner.Parse(list));

    [Fact]
    public void AnUnknownBackendIsNamed_WithThoseThatAreKnown()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => BackendRunner.Parse("reference,fpga"));
        Assert.Contains("fpga: backends are reference, onnxruntime, verilator, icarus", error.Message, StringComparison.Ordinal);
    }

    private static LadderResult Climb(QuantizedModel model, NpyArray inputs, NpyArray? expected) =>
        Ladder.Climb(model, inputs, expected, Quick, demanded: true, beforeSoftmax: false, levelsPerStage: 3);

    private (NpyArray Inputs, NpyArray Expected) Vectors(QuantizedModel model)
    {
        IntegerNetwork network = model.Integers;
        long[] integers = RandomNetworks.Rows(network, RandomTest.Create(output), Rows);
        double gain = network.Input.Gain[0].ToDouble();
        return (
            new([Rows, network.InputLength], [.. integers.Select(value => value / gain)], "<f8"),
            new([Rows, network.OutputLength], network.Output.Decode(ReferenceInterpreter.RunRows(network, integers), network.OutputLength, beforeSoftmax: true), "<f8"));
    }
}
