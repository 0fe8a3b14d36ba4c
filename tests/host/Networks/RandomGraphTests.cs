using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Any graph of the operators that Edge knows computes the same integers in the scalar interpreter, the fast one
/// and ONNX Runtime (a few in hardware too), and these are what exact fractions give.</summary>
public sealed class RandomGraphTests(ITestOutputHelper output) : IDisposable
{
    private const int RowsPerGraph = 6;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void RandomGraphs_AreTheSameIntegersEverywhere()
    {
        Random random = RandomTest.Create(output);
        int trials = int.TryParse(Environment.GetEnvironmentVariable("EDGE_TRIALS"), System.Globalization.CultureInfo.InvariantCulture, out int asked) ? asked : 300;
        var used = new Dictionary<string, int>(StringComparer.Ordinal);
        var refused = new List<string>();
        for (int trial = 0; trial < trials; trial++)
        {
            var graph = new RandomGraph(random);
            Network network = Rungs.Import(graph.Model, folder);
            IntegerNetwork integers;
            try
            {
                integers = Lowering.ToIntegers(network, null);
            }
            catch (InvalidInputException error) when (IsTooLarge(error.Message))
            {
                refused.Add(error.Message);
                continue;
            }

            Check(network, integers, random, optimize: trial % 2 == 0);
            if (trial % 60 == 0)
            {
                CheckHardware(integers, random);
            }

            foreach (string name in graph.All)
            {
                used[name] = used.GetValueOrDefault(name) + (graph.Used.Contains(name) ? 1 : 0);
            }
        }

        output.WriteLine($"{refused.Count} of {trials} refused; {string.Join(", ", used.Select(entry => $"{entry.Key} {entry.Value}"))}");
        Assert.InRange(refused.Count, 0, trials / 4);
        if (trials >= 300)
        {
            Assert.DoesNotContain(used, entry => entry.Value == 0);
        }
    }

    /// <summary>Numbers that truly do not fit are refused in words; nothing else may be.</summary>
    private static bool IsTooLarge(string message) =>
        new[] { "no common unit that fits", "no multiple of their step", "too different to be compared", "more than 63 bits", "levels" }
            .Any(part => message.Contains(part, StringComparison.Ordinal));

    private static void CheckHardware(IntegerNetwork integers, Random random)
    {
        long[] rows = RandomNetworks.Rows(integers, random, 3);
        Assert.Equal(ReferenceInterpreter.RunRows(integers, rows), IcarusNetwork.Run(FabricNetwork.Compile(integers), rows));
    }

    private static void Check(Network network, IntegerNetwork integers, Random random, bool optimize)
    {
        long[] rows = RandomNetworks.Rows(integers, random, RowsPerGraph);
        long[] expected = ReferenceInterpreter.RunRows(integers, rows);
        Assert.Equal(expected, FastOnEveryProcessor.RunRows(integers, rows));
        for (int row = 0; row < 3; row++)
        {
            Rational[] exact = RationalModel.Run(network, integers.Input, rows[(row * integers.InputLength)..((row + 1) * integers.InputLength)]);
            Assert.Equal(exact, exact.Select((_, i) => (expected[(row * exact.Length) + i] * RealVector.At(integers.Output.Scale, i)) + RealVector.At(integers.Output.Offset, i)));
        }

        // As float32, which the model takes: a value just beside the grid may round to the next integer.
        Quantize input = network.Layers.OfType<Quantize>().First();
        double[] real = [.. rows.Select(value => (double)(float)input.Quantizer.ValueOf(value, 0).ToDouble())];
        using var runtime = new OnnxRuntimeBackend(OnnxExporter.Write(integers), optimize);
        Assert.Equal(ReferenceInterpreter.RunRows(integers, integers.Input.EncodeRows(real, [])), runtime.RunIntegers(integers, real));
    }
}
