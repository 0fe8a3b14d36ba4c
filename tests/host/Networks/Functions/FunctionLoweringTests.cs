using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Functions;

public sealed class FunctionLoweringTests(ITestOutputHelper output)
{
    /// <summary>Few integers make a table, many comparators; either way every backend gives the integer that the quantizer
    /// makes of the exact value.</summary>
    [Theory]
    [InlineData(6, 10)]
    [InlineData(9, 6)]
    [InlineData(20, 5)]
    [InlineData(32, 8)]
    public void FunctionAndQuantizer_GiveTheIntegerOfTheExactValue(int inputBits, int levelBits)
    {
        Random random = RandomTest.Create(output);
        foreach (FunctionKind kind in Enum.GetValues<FunctionKind>())
        {
            Network network = Random(random, kind, inputBits, levelBits);
            var format = new FixedPointFormat(Signed: true, inputBits, random.Next(3, 6));
            IntegerNetwork integers;
            try
            {
                integers = Lowering.ToIntegers(network, format);
            }
            catch (InvalidInputException error) when (error.Message.Contains("more than 1024 levels", StringComparison.Ordinal) && levelBits > 9)
            {
                continue;
            }

            long[] rows = RandomNetworks.Rows(integers, random, 40);
            long[] results = ReferenceInterpreter.RunRows(integers, rows);
            Assert.Equal(results, new FastInterpreter(integers).RunRows(rows));
            for (int row = 0; row < 40; row++)
            {
                Rational[] exact = RationalModel.Run(network, integers.Input, rows[(row * network.InputLength)..((row + 1) * network.InputLength)]);
                double[] decoded = integers.Output.Decode(results.AsSpan(row * integers.OutputLength, integers.OutputLength), integers.OutputLength, beforeSoftmax: false);
                Assert.Equal(exact.Select(value => value.ToDouble()), decoded);
            }

            double[] real = [.. rows.Select(value => Math.ScaleB(value, -format.FractionBits))];
            if (inputBits <= 24)
            {
                using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(integers), optimize: random.Next(2) == 0);
                Assert.Equal(results, runtime.RunIntegers(integers, real));
            }
        }
    }

    [Fact]
    public void ATableIsBuilt_WhereComparatorsWouldCostMore()
    {
        IntegerNetwork integers = Lowering.ToIntegers(Sigmoid(new([Rational.PowerOfTwo(-8)], [Rational.Zero], 0, 255, Rounding.HalfEven)), new FixedPointFormat(Signed: true, 10, 4));
        LookupTable table = Assert.Single(Assert.IsType<Lookup>(Assert.Single(integers.Operations)).Tables);
        Assert.Equal(1024, table.Values.Length);
        Assert.Equal(128, table[0]); // 0.5
        integers = Lowering.ToIntegers(Sigmoid(new([Rational.PowerOfTwo(-2)], [Rational.Zero], 0, 3, Rounding.HalfEven)), new FixedPointFormat(Signed: true, 10, 4));
        Assert.IsType<Thresholds>(Assert.Single(integers.Operations));
    }

    [Fact]
    public void ASignBehindAFunction_IsAComparator_TheLargestNeedsNoFunction()
    {
        Network network = Sigmoid(new([Rational.One], [Rational.Zero], 0, 1, Rounding.HalfEven));
        var minusHalf = new ElementwiseAffine(2, "Sub", [3], 1, [Rational.One], [-Rational.Half]);
        IntegerNetwork sign = Lowering.ToIntegers(network with { Layers = [network.Layers[0], minusHalf, new Bipolar(3, "BipolarQuant", [3], 2, [Rational.One])], OutputValue = 3 }, new FixedPointFormat(Signed: true, 30, 4));
        Assert.Equal([-1, 1, 1], sign.Output.Decode(ReferenceInterpreter.Run(sign, [-1, 0, 1]), 3, beforeSoftmax: false));
        IntegerNetwork largest = Lowering.ToIntegers(network with { Layers = [network.Layers[0], minusHalf, new IndexOfLargest(3, "ArgMax", [1], 2)], OutputValue = 3 }, new FixedPointFormat(Signed: true, 30, 4));
        Assert.IsType<ArgMax>(Assert.Single(largest.Operations));
    }

    [Fact]
    public void ThresholdsBehindAFunction_AreCountedExactly()
    {
        Rational[] levels = [Rational.From(0.1f), Rational.Half, Rational.Half, Rational.From(0.9)];
        Network network = Sigmoid(new([Rational.One], [Rational.Zero], 0, 1, Rounding.HalfEven));
        network = network with { Layers = [network.Layers[0], new MultiThreshold(2, "MultiThreshold", [3], 1, [levels, levels, levels[..1]], Rational.From(0.25), -Rational.One)] };
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 30, 4));
        long[] rows = RandomNetworks.Rows(integers, RandomTest.Create(output), 60);
        (rows[9], rows[10], rows[11]) = (0, -1, 0);
        for (int row = 0; row < 60; row++)
        {
            Rational[] exact = RationalModel.Run(network, integers.Input, rows[(row * 3)..((row * 3) + 3)]);
            Assert.Equal(exact.Select(value => value.ToDouble()), integers.Output.Decode(ReferenceInterpreter.Run(integers, rows.AsSpan(row * 3, 3)), 3, beforeSoftmax: false));
        }
    }

    [Theory]
    [InlineData(11, 8)]  // a table
    [InlineData(16, 14)] // a table so fine that some do differ
    [InlineData(20, 7)]  // comparators
    public void NearDecisions_AreCounted_WhereFloat32MayDiffer(int inputBits, int levelBits)
    {
        // Of sigmoid on a grid: every integer for which float32 and exact arithmetic differ is among those counted.
        Network network = Sigmoid(new([Rational.PowerOfTwo(-levelBits)], [Rational.Zero], 0, (1 << levelBits) - 1, Rounding.HalfEven));
        var notes = new List<string>();
        IntegerNetwork integers = Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, inputBits, 4), notes);
        double step = Math.ScaleB(1, 4 - inputBits);
        int differing = 0;
        for (long n = -(1L << (inputBits - 1)); n < 1L << (inputBits - 1); n++)
        {
            float x = (float)(n * step);
            differing += (long)MathF.Round(MathF.ScaleB(1 / (1 + MathF.Exp(-x)), levelBits)) is var own && Math.Min(own, (1 << levelBits) - 1) != ReferenceInterpreter.Run(integers, [n, 0, 0])[0] ? 1 : 0;
        }

        int counted = notes.Count == 0 ? 0 : int.Parse(System.Text.RegularExpressions.Regex.Match(Assert.Single(notes), "^Sigmoid and its quantizer: ([0-9]+) of ").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        output.WriteLine($"{differing} differ, {counted} counted");
        Assert.InRange(differing, 0, counted);
        Assert.InRange(counted, 1, 1 << (levelBits - 1)); // the bound is a bound, but no guess
    }

    [Fact]
    public void ExactTies_AreNotAmbiguous()
    {
        // Sigmoid(0) = 1/2 in float32 too.
        var notes = new List<string>();
        Lowering.ToIntegers(Sigmoid(new([Rational.One], [Rational.Zero], 0, 1, Rounding.HalfEven)), new FixedPointFormat(Signed: true, 6, 4), notes);
        Assert.Empty(notes);
    }

    [Fact]
    public void AFunctionWithoutQuantizer_OrWithTooManyLevels_IsRefusedByName()
    {
        Network network = Sigmoid(new([Rational.PowerOfTwo(-14)], [Rational.Zero], 0, (1 << 14) - 1, Rounding.HalfEven));
        string message = Assert.Throws<InvalidInputException>(() => Lowering.ToIntegers(network, new FixedPointFormat(Signed: true, 20, 4))).Message;
        Assert.Equal("layer Quant: Sigmoid is followed by a quantizer that makes more than 1024 levels of more than 65536 integers. Put a quantizer of at most 16 bits before the function, or give the one behind it at most 10 bits.", message);
        Network bare = network with { Layers = [network.Layers[0], new Dense(2, "MatMul", [1], 1, new([1, 3], [1, 1, 1]) { Quantized = new([1, 1, 1], [Rational.One]) })], OutputValue = 2 };
        message = Assert.Throws<InvalidInputException>(() => Lowering.ToIntegers(bare, new FixedPointFormat(Signed: true, 10, 4))).Message;
        Assert.Equal("layer MatMul: it reads the result of Sigmoid, which no quantizer has rounded. Put a quantizer behind that function.", message);
    }

    private static Network Sigmoid(Quantizer quantizer) => new(
        "m", "x", "y", [3], [new ElementFunction(1, "Sigmoid", [3], 0, new(FunctionKind.Sigmoid)), new Quantize(2, "Quant", [3], 1, quantizer)], 2, []);

    /// <summary>Scaled inputs, perhaps limited; the function; perhaps something behind it; a quantizer of any rounding.</summary>
    private static Network Random(Random random, FunctionKind kind, int inputBits, int levelBits)
    {
        const int Length = 3;
        Rational[] Some(params Rational[] values) => [.. Enumerable.Range(0, random.Pick(1, Length)).Select(_ => random.Pick(values))];
        var layers = new List<Layer>
        {
            new ElementwiseAffine(1, "scaled", [Length], 0, Some(Rational.One, Rational.From(-0.37f), Rational.From(0.7)), Some(Rational.Zero, Rational.From(0.11f))),
        };
        if (random.Next(3) == 0)
        {
            layers.Add(new Clip(layers.Count + 1, "limited", [Length], layers.Count, Rational.From(-2.3f), random.Pick<Rational?>(null, (Rational)5)));
        }

        layers.Add(new ElementFunction(layers.Count + 1, $"{kind}", [Length], layers.Count, RealFunctionTests.Of(kind)));
        switch (random.Next(4))
        {
            case 0:
                layers.Add(new ElementwiseAffine(layers.Count + 1, "behind", [Length], layers.Count, Some(Rational.From(-1.5), (Rational)2, Rational.Half), Some(Rational.Zero, Rational.From(0.3f))));
                break;
            case 1 when inputBits <= 16:
                layers.Add(new LeakyRelu(layers.Count + 1, "leaky", [Length], layers.Count, Some(Rational.From(0.1f), -Rational.Half)));
                break;
            case 2:
                layers.Add(new Reorder(layers.Count + 1, "turned", [Length], layers.Count, [2, 0, 1]));
                break;
        }

        (long low, long high) = Quantizer.Limits(levelBits, signed: true, narrow: false);
        Rational scale = random.Pick(Rational.PowerOfTwo(2 - levelBits), Rational.From(3.7f) * Rational.PowerOfTwo(-levelBits));
        layers.Add(new Quantize(layers.Count + 1, "Quant", [Length], layers.Count, new([scale], Some(Rational.Zero, Rational.One), low, high, (Rounding)random.Next(8))));
        return new("m", "x", "y", [Length], layers, layers.Count, []);
    }
}
