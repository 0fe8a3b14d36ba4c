using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

public sealed class InterpreterTests(ITestOutputHelper output)
{
    [Fact]
    public void ReferenceInterpreter_EqualsTheModelInUnboundedIntegers()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 300; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random, random.Pick(3, 40, 100000));
            long[] rows = RandomNetworks.Rows(network, random, 12);
            long[] results = ReferenceInterpreter.RunRows(network, rows);
            for (int row = 0; row < 12; row++)
            {
                BigInteger[] expected = BigIntegerModel.Run(network, rows.AsSpan(row * network.InputLength, network.InputLength));
                Assert.Equal(expected, results.AsSpan(row * network.OutputLength, network.OutputLength).ToArray().Select(value => (BigInteger)value));
            }
        }
    }

    [Fact]
    public void Ranges_HoldEveryValue()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 100; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random);
            long[] rows = RandomNetworks.Rows(network, random, 12);
            for (int row = 0; row < 12; row++)
            {
                long[][] tensors = ReferenceInterpreter.Trace(network, rows.AsSpan(row * network.InputLength, network.InputLength));
                foreach (IntegerTensor tensor in network.Tensors)
                {
                    Assert.All(tensor.Ranges.Zip(tensors[tensor.Number]), pair => Assert.InRange(pair.Second, pair.First.Min, pair.First.Max));
                }
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(100000)]
    public void FastInterpreter_EqualsTheReference(int largestWeight)
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 150; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random, largestWeight);
            long[] rows = RandomNetworks.Rows(network, random, random.Pick(1, 63, 64, 200));
            Assert.Equal(ReferenceInterpreter.RunRows(network, rows), FastOnEveryProcessor.RunRows(network, rows));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(100000)]
    [InlineData(2000000000)]
    public void OnnxRuntime_RunsTheExportedNetworkToTheSameIntegers(int largestWeight)
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 60; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random, largestWeight);
            long[] rows = RandomNetworks.Rows(network, random, 24);
            long[] expected = ReferenceInterpreter.RunRows(network, rows);
            double[] real = [.. rows.Select(value => (double)value)];
            byte[] model = OnnxExporter.Write(network);
            foreach (bool optimize in new[] { false, true })
            {
                using var runtime = new OnnxRuntimeBackend(model, optimize);
                Assert.Equal(expected, runtime.RunIntegers(network, real));
            }
        }
    }

    /// <summary>Its own Max, Min and ReduceMax of int64 are wrong now and then (1.31.1, x86-64); the export avoids them.</summary>
    [Fact]
    public void OnnxRuntime_LimitsAndComparesIn64Bits()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 40; k++)
        {
            int inputs = random.Pick(1, 2, 5, 16, 33);
            var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(-32768, 32767), inputs)]);

            // Each value is an input times up to 2^44, so that values of all sizes meet.
            long[] weights = [.. Enumerable.Range(0, inputs * inputs).Select(at => at % (inputs + 1) == 0 ? random.Between(-1L << 44, 1L << 44) >> random.Next(45) : 0)];
            int wide = builder.Affine("affine", 0, new(inputs, inputs, weights), new long[inputs]);
            long[] limits = [.. Enumerable.Range(0, inputs).Select(_ => random.Between(0, 1L << 58) >> random.Next(58))];
            int result = random.Next(2) == 0
                ? builder.ArgMax("argmax", wide)
                : builder.Requantize("limit", wide, [.. limits.Select(_ => random.Next(0, 12))], (Rounding)random.Next(8), [.. limits.Select(limit => -limit)], [.. limits.Select(limit => limit + 1)]);
            var encoding = new InputEncoding([inputs], [Rational.One], [Rational.Zero], Rounding.HalfEven, -32768, 32767, "test");
            IntegerNetwork network = builder.Build("wide", encoding, result, new([builder.Length(result)], [Rational.One], [Rational.Zero], Softmax: false));
            long[] rows = RandomNetworks.Rows(network, random, 200);
            using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize: random.Next(2) == 0);
            Assert.Equal(ReferenceInterpreter.RunRows(network, rows), runtime.RunIntegers(network, [.. rows.Select(value => (double)value)]));
        }
    }

    [Fact]
    public void OnnxRuntime_ComparesLongIntegersByAllTheirBits()
    {
        // Equal upper halves, lower halves on both sides of 2^31: where its int64 Min, Max and ArgMax go wrong.
        const long Far = 1L << 54;
        Random random = RandomTest.Create(output);
        var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(-(1L << 20), 1L << 20), 16)]);
        int scaled = builder.Scale("scale", 0, [.. Enumerable.Repeat(1L << 12, 16)], [.. Enumerable.Repeat(Far, 16)]);
        int limited = builder.Requantize("requantize", scaled, new int[16], Rounding.Floor, [.. Enumerable.Repeat(Far - (1L << 31), 16)], [.. Enumerable.Repeat(Far + (1L << 31), 16)]);
        var encoding = new InputEncoding([16], [Rational.One], [Rational.Zero], Rounding.HalfEven, -(1L << 20), 1L << 20, "test");
        foreach (int result in new[] { limited, builder.ArgMax("argmax", limited) })
        {
            IntegerNetwork network = builder.Build("long", encoding, result, new([builder.Length(result)], [Rational.One], [Rational.Zero], Softmax: false));
            long[] rows = RandomNetworks.Rows(network, random, 200);
            using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize: true);
            Assert.Equal(ReferenceInterpreter.RunRows(network, rows), runtime.RunIntegers(network, [.. rows.Select(value => (double)value)]));
        }
    }

    [Fact]
    public void Interpreter_RefusesInputsOutsideTheirRange()
    {
        IntegerNetwork network = RandomNetworks.Create(new Random(1));
        long[] row = [.. network.InputTensor.Ranges.Select(range => range.Max + 1)];
        Assert.Throws<ArgumentException>(() => ReferenceInterpreter.Run(network, row));
    }
}
