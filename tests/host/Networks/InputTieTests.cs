using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Inputs that lie exactly between two integers of an input quantizer whose scales are no powers of two.</summary>
public sealed class InputTieTests(ITestOutputHelper output)
{
    private const int Length = 64;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void ExportedNetwork_RoundsTiesOfTheInputAsTheEncodingDoes(int zeroPoint)
    {
        Random random = RandomTest.Create(output);
        float[] scales = [.. Enumerable.Range(0, Length).Select(_ => (float)(0.001 + random.NextDouble()))];
        Rational[] gains = [.. scales.Select(scale => Rational.One / Rational.From(scale))];
        var encoding = new InputEncoding([Length], gains, [(Rational)zeroPoint], Rounding.HalfEven, -128, 127, "test");
        var builder = new IntegerNetworkBuilder([.. Enumerable.Repeat(new Interval(-128, 127), Length)]);
        int result = builder.Rearrange("all", 0, [.. Enumerable.Range(0, Length)]);
        IntegerNetwork network = builder.Build("ties", encoding, result, new([Length], [Rational.One], [Rational.Zero], Softmax: false));

        double[] rows = [.. Enumerable.Range(-20, 40).SelectMany(k => scales.Select(scale => (double)(float)((k + 0.5) * scale)))];
        long[] expected = encoding.EncodeRows(rows, []);
        foreach (bool optimize in new[] { true, false })
        {
            using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(network), optimize);
            Assert.Equal(expected, runtime.RunIntegers(network, rows));
        }
    }
}
