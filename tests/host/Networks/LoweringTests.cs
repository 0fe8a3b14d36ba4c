using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class LoweringTests(ITestOutputHelper output)
{
    [Fact]
    public void Integers_DecodeToTheExactRealNumbersOfTheModel()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 200; k++)
        {
            Network network = RandomModel(random);
            IntegerNetwork integers;
            try
            {
                integers = Lowering.ToIntegers(network, random.Next(2) == 0 ? null : new FixedPointFormat(Signed: true, 10, 4));
            }
            catch (InvalidInputException error) when (error.Message.Contains("more than 63 bits", StringComparison.Ordinal) || error.Message.Contains("common unit", StringComparison.Ordinal))
            {
                continue;
            }

            for (int row = 0; row < 10; row++)
            {
                double[] x = [.. Enumerable.Range(0, network.InputLength).Select(_ => Math.Round((random.NextDouble() * 16) - 8, 2) + (random.Next(3) * 0.015625))];
                long[] n = [.. x.Select((value, i) => integers.Input.Encode(value, i, out _))];
                Rational[] exact = RationalModel.Run(network, integers.Input, n);
                long[] result = ReferenceInterpreter.Run(integers, n);
                for (int i = 0; i < result.Length; i++)
                {
                    Rational scale = integers.Output.Scale[integers.Output.Scale.Length == 1 ? 0 : i];
                    Rational offset = integers.Output.Offset[integers.Output.Offset.Length == 1 ? 0 : i];
                    Rational decoded = (result[i] * scale) + offset;
                    decoded = Limit(integers.Output.Lows, i) is { } low ? Rational.Max(decoded, low) : decoded;
                    decoded = Limit(integers.Output.Highs, i) is { } high ? Rational.Min(decoded, high) : decoded;
                    Assert.Equal(exact[i], decoded);
                }
            }
        }
    }

    [Fact]
    public void LargestOfUnequalOffsets_FollowsTheRealNumbers_TiesIncluded()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 100; k++)
        {
            // One scale, offsets of which some differ by whole steps: equal values do occur, and the first counts.
            int length = random.Next(2, 9);
            Rational scale = random.Pick(Rational.One, -Rational.One, Rational.From(0.037f));
            Rational[] offsets = [.. Enumerable.Range(0, length).Select(_ => scale * random.Pick((Rational)random.Between(-3, 3), (Rational)random.Between(-9, 9) / 4, Rational.From((float)random.NextDouble())))];
            var network = new Network(
                "m", "x", "y", [length],
                [new ElementwiseAffine(1, "Add", [length], 0, [scale], offsets), new IndexOfLargest(2, "ArgMax", [1], 1)],
                2, []);
            IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 4, 4));
            for (int row = 0; row < 40; row++)
            {
                long[] n = [.. Enumerable.Range(0, length).Select(_ => random.Between(-3, 3))];
                Rational[] exact = [.. n.Select((value, i) => (value * scale) + offsets[i])];
                int expected = Enumerable.Range(0, length).Aggregate(0, (best, i) => exact[i] > exact[best] ? i : best);
                Assert.Equal(expected, ReferenceInterpreter.Run(integers, n)[0]);
            }
        }
    }

    [Fact]
    public void ASignAtTheInput_IsTakenOnTheHost_HoweverSmallTheValue()
    {
        var network = new Network(
            "m", "x", "y", [1],
            [
                new ElementwiseAffine(1, "Mul", [1], 0, [(Rational)2], [-Rational.One]),
                new Bipolar(2, "BipolarQuant", [1], 1, [Rational.From(0.37f)]),
                Weights(3, 2, [1], [1]),
            ],
            3, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, null);
        double[] inputs = [0.5, 0.5 - 3e-8, 0.5 + 3e-8, 0, 1, -1e30, 1e30, double.BitDecrement(0.5)];
        double[] expected = [1, -1, 1, -1, 1, -1, 1, -1];
        for (int k = 0; k < inputs.Length; k++)
        {
            long n = integers.Input.Encode(inputs[k], 0, out bool inside);
            Assert.True(inside);
            Assert.Equal(expected[k] * 0.37f, integers.Output.Decode(ReferenceInterpreter.Run(integers, [n]), 1, beforeSoftmax: false)[0]);
        }
    }

    [Fact]
    public void AReluBetweenGainsOfBothSigns_LimitsEachElementOnItsSide()
    {
        var quantizer = new Quantizer([Rational.One], [Rational.Zero], -8, 7, Rounding.HalfEven);
        var network = new Network(
            "m", "x", "y", [2],
            [
                new Clip(1, "Relu", [2], 0, Rational.Zero, null),
                new ElementwiseAffine(2, "BatchNormalization", [2], 1, [Rational.One, -Rational.One], [Rational.Zero, (Rational)2]),
                new Quantize(3, "Quant", [2], 2, quantizer),
            ],
            3, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 6, 6));
        Assert.Equal([0, 2], ReferenceInterpreter.Run(integers, [-5, -5]));
        Assert.Equal([5, -3], ReferenceInterpreter.Run(integers, [5, 5]));
        Assert.Equal([7, -8], ReferenceInterpreter.Run(integers, [20, 20]));
    }

    [Fact]
    public void AReluAtTheEndOffTheGrid_IsLeftToTheHost()
    {
        var network = new Network(
            "m", "x", "y", [1],
            [Weights(1, 0, [1], [1]), new ElementwiseAffine(2, "Add", [1], 1, [Rational.From(0.3f)], [Rational.From(0.1f)]), new Clip(3, "Relu", [1], 2, Rational.Zero, null)],
            3, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 4, 4));
        Assert.Single(integers.Operations);
        Assert.Equal(0, integers.Output.Decode([-3], 1, beforeSoftmax: false)[0]);
        Assert.Equal((2 * (double)0.3f) + 0.1f, integers.Output.Decode([2], 1, beforeSoftmax: false)[0]);
        using var runtime = new Microsoft.ML.OnnxRuntime.InferenceSession(Edge.Networks.Onnx.OnnxExporter.Write(integers));
        Assert.Equal(2, runtime.OutputNames.Count);
    }

    [Fact]
    public void TheModelsOwnInputQuantizer_MovesToTheHost()
    {
        var quantizer = new Quantizer([Rational.Half], [Rational.Zero], -8, 7, Rounding.HalfEven);
        var network = new Network("m", "x", "y", [2], [new Quantize(1, "Quant", [2], 0, quantizer), Weights(2, 1, [2], [3, -1, 1, 1])], 2, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, null);
        Assert.Single(integers.Operations);
        Assert.Equal((-8, 7), (integers.Input.Low, integers.Input.High));
        Assert.False(integers.Input.RequiresGrid);
        Assert.Equal(2, integers.Input.Encode(1.25, 0, out bool inside)); // 2.5 is a tie
        Assert.True(inside);
    }

    [Fact]
    public void AnInputFormat_CountsValuesThatItDoesNotHold()
    {
        var encoding = InputEncoding.From(new FixedPointFormat(Signed: true, 8, 4), [1], "test");
        Assert.Equal([1, 3, 4], Outside([1.0, 1.01, -8.0, 8.0, double.PositiveInfinity, -0.0]));
        Assert.Throws<InvalidInputException>(() => Outside([double.NaN]));

        List<int> Outside(double[] rows)
        {
            var outside = new List<int>();
            encoding.EncodeRows(rows, outside);
            return outside;
        }
    }

    [Fact]
    public void ABiasOffTheGrid_StillRoundsExactly()
    {
        // 0.1 is no multiple of any power of two: the requantizer needs its sticky bit, not an approximation.
        var quantizer = new Quantizer([Rational.One], [Rational.Zero], -128, 127, Rounding.HalfEven);
        var network = new Network(
            "m", "x", "y", [1],
            [
                Weights(1, 0, [1], [1]),
                new ElementwiseAffine(2, "Add", [1], 1, [Rational.One], [Rational.From(0.1)]),
                new Quantize(3, "Quant", [1], 2, quantizer),
            ],
            3, []);
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 8, 7));
        Assert.Equal([0, 1, 1, 2, -1], new[] { 0.0, 0.5, 1.0, 1.5, -1.0 }.Select(x => ReferenceInterpreter.Run(integers, [(long)(x * 2)])[0]));
        Assert.Equal(1, ReferenceInterpreter.Run(integers, [1])[0]); // 0.6, not the tie 0.5
    }

    private static Rational? Limit(Rational?[]? limits, int i) => limits?[limits.Length == 1 ? 0 : i];

    private static Dense Weights(int output, int input, int[] shape, long[] integers)
    {
        int columns = integers.Length / shape[0];
        return new(output, "Gemm", shape, input, new([shape[0], columns], [.. integers.Select(value => (double)value)]) { Quantized = new(integers, [Rational.One]) });
    }

    private static Network RandomModel(Random random)
    {
        int length = random.Next(1, 6);
        int inputs = length;
        var layers = new List<Layer>();
        int value = 0;
        int next = 0;
        bool powersOfTwo = random.Next(2) == 0;
        Rational Positive() => powersOfTwo ? Rational.PowerOfTwo(random.Next(-6, 2)) : Rational.From((float)(random.NextDouble() + 0.01));
        if (random.Next(2) == 0)
        {
            Append(new Quantize(++next, "Quant in", [length], value, RandomQuantizer(1)));
        }

        for (int k = random.Next(1, 4); k > 0; k--)
        {
            int rows = random.Next(1, 6);
            long[] integers = [.. Enumerable.Range(0, rows * length).Select(_ => random.Between(-7, 7))];
            bool perRow = random.Next(2) == 0;
            Rational[] rowScales = [.. Enumerable.Range(0, rows).Select(_ => Positive())];
            Rational[] scales = perRow ? [.. Enumerable.Range(0, rows * length).Select(e => rowScales[e / length])] : [rowScales[0]];
            int columns = length;
            length = rows;
            Append(new Dense(++next, $"Gemm {k}", [rows], value, new([rows, columns], [.. integers.Select((q, e) => q * scales[scales.Length == 1 ? 0 : e].ToDouble())]) { Quantized = new(integers, scales) }));
            if (random.Next(3) > 0)
            {
                bool signs = random.Next(3) == 0;
                Append(new ElementwiseAffine(
                    ++next, $"BatchNormalization {k}", [length], value,
                    random.Next(2) == 0 ? [Rational.One] : [.. Enumerable.Range(0, length).Select(_ => Positive() * (signs ? random.Pick(1, -1) : 1))],
                    [.. Enumerable.Range(0, length).Select(_ => Rational.From((float)((random.NextDouble() * 4) - 2)))]));
            }

            if (random.Next(2) == 0)
            {
                Append(new Clip(++next, $"Relu {k}", [length], value, Rational.Zero, random.Next(3) == 0 ? (Rational)6 : null));
            }

            if (random.Next(4) == 0)
            {
                Append(new ElementwiseAffine(++next, $"behind Relu {k}", [length], value, [.. Enumerable.Range(0, length).Select(_ => Positive() * random.Pick(1, -1))], [Positive()]));
            }

            if (random.Next(5) == 0)
            {
                Append(new Bipolar(++next, $"BipolarQuant {k}", [length], value, [Positive()]));
            }
            else if (k > 1 || random.Next(2) == 0)
            {
                Append(new Quantize(++next, $"Quant {k}", [length], value, RandomQuantizer(1)));
            }
        }

        return new("random", "x", "y", [inputs], layers, value, []);

        void Append(Layer layer)
        {
            layers.Add(layer);
            value = layer.Output;
        }

        Quantizer RandomQuantizer(int count)
        {
            (long low, long high) = Quantizer.Limits(random.Next(2, 7), random.Next(2) == 0, random.Next(2) == 0);
            return new([.. Enumerable.Range(0, count).Select(_ => Positive())], [random.Pick(0L, 0, 1, -3)], low, high, (Rounding)random.Next(8));
        }
    }
}
