using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization;
using Edge.Tests.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Compiler;

public sealed class FabricNetworkTests(ITestOutputHelper output)
{
    [Fact]
    public void CompilesTheSameNetworkToTheSameFiles()
    {
        IntegerNetwork network = RandomNetworks.Create(RandomTest.Create(output));
        Assert.Equal(FabricNetwork.Compile(network).AllFiles(), FabricNetwork.Compile(network).AllFiles());
    }

    [Fact]
    public void MoreLevelsPerStage_NeverMoreClocks_TheSameAdders()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 20; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random);
            FabricNetwork[] byLevels = [.. Enumerable.Range(1, 8).Select(levels => FabricNetwork.Compile(network, levels))];
            Assert.Equal(byLevels.OrderByDescending(fabric => fabric.Latency), byLevels);
            Assert.Single(byLevels.Select(fabric => (fabric.AdderCount, fabric.AdderBits)).Distinct());
        }
    }

    /// <summary>Every operation, as Yosys reads it.</summary>
    [Fact]
    public void Yosys_TakesRandomNetworks()
    {
        Random random = RandomTest.Create(output);
        using var folder = new TemporaryFolder();
        for (int k = 0; k < 6; k++)
        {
            SortedDictionary<string, string> files = FabricNetwork.Compile(RandomNetworks.Create(random)).AllFiles();
            foreach ((string name, string text) in files)
            {
                File.WriteAllText(folder.File(name), text);
            }

            string sources = string.Join(' ', files.Keys.OrderBy(name => name != "network_config.sv"));
            ExternalTool.Run("yosys", ["-q", "-p", $"read_verilog -sv -defer {sources}; hierarchy -check -top network; proc; check -assert"], folder.Path, CancellationToken.None);
        }
    }

    /// <summary>Shapes at the edges: each of them is a circuit of its own.</summary>
    [Theory]
    [InlineData("a wire")]
    [InlineData("a constant")]
    [InlineData("one input, one bit")]
    [InlineData("inputs that nobody reads")]
    [InlineData("an output twice")]
    [InlineData("negated")]
    [InlineData("argmax of one")]
    [InlineData("argmax of equals")]
    [InlineData("argmax of nine")]
    [InlineData("sums of sixty bits")]
    public void ShapesAtTheEdges_UnderIcarus(string shape)
    {
        IntegerNetwork network = Shape(shape);
        Random random = RandomTest.Create(output);
        long[] rows = RandomNetworks.Rows(network, random, 40);
        long[] expected = ReferenceInterpreter.RunRows(network, rows);
        foreach (int levels in new[] { 1, 4 })
        {
            Assert.Equal(expected, IcarusNetwork.Run(FabricNetwork.Compile(network, levels), rows));
        }
    }

    /// <summary>Built for a short build, not for speed. A fixed network, so that its simulation is built once and kept.</summary>
    [Fact]
    [Trait("Speed", "slow")]
    public void ALargeDesign_UnderVerilator_ComputesTheNetworksIntegers()
    {
        const int Inputs = 128;
        const int Outputs = 96;
        var of = new Random(7);
        long[] weights = [.. Enumerable.Range(0, Inputs * Outputs).Select(_ => (long)of.Next(-127, 128))];
        IntegerNetwork network = Network([.. Enumerable.Repeat(new Interval(-128, 127), Inputs)], builder =>
            builder.Affine("dense", 0, new(Outputs, Inputs, weights), [.. Enumerable.Range(0, Outputs).Select(_ => (long)of.Next(-5000, 5000))]));
        Random random = RandomTest.Create(output);
        FabricNetwork fabric = FabricNetwork.Compile(network);
        output.WriteLine($"{fabric.AdderCount} adders");
        Assert.True(fabric.AllFiles().Values.Sum(text => (long)text.Length) > VerilatorBuild.BytesOfLargeDesign);
        long[] rows = RandomNetworks.Rows(network, random, 60);
        long[] expected = ReferenceInterpreter.RunRows(network, rows);
        using VerilatorNetwork simulation = VerilatorNetwork.Build(fabric);
        foreach (ulong pattern in new[] { 0UL, 1UL + (ulong)random.Next() })
        {
            (long[] results, long latency, _) = simulation.Run(rows, pattern);
            Assert.Equal(expected, results);
            Assert.True(pattern != 0 || latency == fabric.Latency, $"latency {latency} instead of {fabric.Latency}");
        }
    }

    [Fact]
    public void PortsBeyondTheLimitAreRefused()
    {
        const int Inputs = 5000;
        IntegerNetwork network = Network([.. Enumerable.Repeat(new Interval(-32768, 32767), Inputs)], builder =>
            builder.Affine("sum", 0, new(1, Inputs, [.. Enumerable.Repeat(1L, Inputs)]), [0]));
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => FabricNetwork.Compile(network));
        Assert.Contains("5000 inputs of 16 bits", error.Message, StringComparison.Ordinal);
    }

    private static IntegerNetwork Shape(string shape)
    {
        var signed = new Interval(-100, 99);
        return shape switch
        {
            "a wire" => Network([signed, signed], builder => builder.Rearrange("swap", 0, [1, 0])),
            "a constant" => Network([signed], builder => builder.Affine("zero", 0, new(2, 1, [0, 0]), [-7, 0])),
            "one input, one bit" => Network([new(0, 1)], builder => builder.Affine("not", 0, new(1, 1, [-1]), [1])),
            "inputs that nobody reads" => Network([signed, signed, signed], builder => builder.Affine("one", 0, new(1, 3, [0, 5, 0]), [0])),
            "an output twice" => Network([signed, signed], builder => builder.Rearrange("twice", builder.Affine("sum", 0, new(1, 2, [3, -5]), [1]), [0, 0, 0])),
            "negated" => Network([signed], builder => builder.Scale("minus", 0, [-1], [0])),
            "argmax of one" => Network([signed], builder => builder.ArgMax("largest", 0)),
            "argmax of equals" => Network([signed], builder => builder.ArgMax("largest", builder.Rearrange("same", 0, [0, 0, 0]))),
            "argmax of nine" => Network([.. Enumerable.Repeat(new Interval(-2, 1), 9)], builder => builder.ArgMax("largest", 0)),
            "sums of sixty bits" => Network([new(-(1L << 30), (1L << 30) - 1), new(0, (1L << 31) - 1)], builder => builder.Requantize(
                "half", builder.Affine("wide", 0, new(2, 2, [(1L << 28) - 1, -(1L << 27), 3, 1L << 28]), [12345, -1]), [28, 31], Rounding.HalfEven, [-900, long.MinValue >> 1], [900, long.MaxValue >> 1])),
            _ => throw new ArgumentOutOfRangeException(nameof(shape)),
        };
    }

    private static IntegerNetwork Network(Interval[] inputs, Func<IntegerNetworkBuilder, int> make)
    {
        var builder = new IntegerNetworkBuilder(inputs);
        int result = make(builder);
        var encoding = new InputEncoding([inputs.Length], [Rational.One], [Rational.Zero], Rounding.HalfEven, inputs.Min(range => range.Min), inputs.Max(range => range.Max), "test");
        return builder.Build("edge", encoding, result, new([builder.Length(result)], [Rational.One], [Rational.Zero], Softmax: false));
    }
}
