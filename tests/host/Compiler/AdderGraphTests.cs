using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks.Integers;
using Edge.Tests.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Compiler;

public sealed class AdderGraphTests(ITestOutputHelper output)
{
    [Fact]
    public void Graph_ComputesTheNetworksIntegers_AndStaysInItsRanges()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 200; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random, random.Pick(3, 40, 2000));
            AdderGraph graph = FabricCompiler.Unroll(network);
            long[] rows = RandomNetworks.Rows(network, random, 12);
            for (int row = 0; row < 12; row++)
            {
                ReadOnlySpan<long> input = rows.AsSpan(row * network.InputLength, network.InputLength);
                Assert.Equal(ReferenceInterpreter.Run(network, input), graph.Evaluate(input));
            }
        }
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(7, "-1 +8")]
    [InlineData(-5, "-1 -4")]
    [InlineData(23, "-1 -8 +32")]
    public void CanonicalSignedDigits_AreTheFewest(long value, string expected) =>
        Assert.Equal(expected, string.Join(' ', CanonicalSignedDigits.Of(value).Select(digit => $"{(digit.Negative ? '-' : '+')}{1L << digit.Power}")));

    [Fact]
    public void Pipeline_KeepsItsRule_AndEveryReadIsOfAnEarlierOrTheSameStage()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 50; k++)
        {
            AdderGraph graph = FabricCompiler.Unroll(RandomNetworks.Create(random));
            int levels = random.Next(1, 6);
            Pipeline pipeline = Pipeline.Cut(graph, levels);
            var depth = new int[graph.Nodes.Count];
            for (int n = 0; n < depth.Length; n++)
            {
                depth[n] = graph.Nodes[n].Levels;
                foreach (int read in graph.Nodes[n].Reads)
                {
                    Assert.True(pipeline.Stages[read] <= pipeline.Stages[n]);
                    depth[n] = pipeline.Stages[read] == pipeline.Stages[n] ? Math.Max(depth[n], depth[read] + graph.Nodes[n].Levels) : depth[n];
                }

                Assert.True(depth[n] <= levels);
            }
        }
    }

    /// <summary>Fixed networks, so that their simulations are built once and kept.</summary>
    [Theory]
    [Trait("Speed", "slow")]
    [InlineData(1)]
    [InlineData(2)]
    public void Rtl_UnderVerilatorAndIcarus_ComputesTheNetworksIntegers_WithAndWithoutStalls(int seed)
    {
        IntegerNetwork network = RandomNetworks.Create(new Random(seed), 200);
        FabricNetwork fabric = FabricNetwork.Compile(network);
        Random random = RandomTest.Create(output);
        long[] rows = RandomNetworks.Rows(network, random, 500);
        long[] expected = ReferenceInterpreter.RunRows(network, rows);
        Assert.Equal(expected, IcarusNetwork.Run(fabric, rows));
        using VerilatorNetwork simulation = VerilatorNetwork.Build(fabric);
        for (int k = 0; k < 10; k++)
        {
            Assert.Equal(expected, simulation.Run(rows, (ulong)random.NextInt64(1, long.MaxValue)).Results);
        }

        // A vector each clock, and nothing left over from the runs before.
        (long[] results, long latency, long clocks) = simulation.Run(rows);
        Assert.Equal(expected, results);
        Assert.Equal(fabric.Latency, latency);
        Assert.Equal(500 + fabric.Latency, clocks);
    }

    [Fact]
    public void Rtl_UnderIcarus_ComputesTheNetworksIntegers()
    {
        Random random = RandomTest.Create(output);
        for (int k = 0; k < 12; k++)
        {
            IntegerNetwork network = RandomNetworks.Create(random, 200);
            long[] rows = RandomNetworks.Rows(network, random, 40);
            long[] results = IcarusNetwork.Run(FabricNetwork.Compile(network, random.Next(1, 6)), rows);
            Assert.Equal(ReferenceInterpreter.RunRows(network, rows), results);
        }
    }
}
