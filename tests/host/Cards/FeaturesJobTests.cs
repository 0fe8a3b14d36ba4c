using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;
using Edge.Tests.Networks;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

[Collection("card")]
public sealed class FeaturesJobTests(CardImages images, ITestOutputHelper output)
{
    [Fact]
    public void AFeaturesRun_ClassifiesEveryRow_OneEachClock()
    {
        const int Rows = 700;
        BuiltCard built = images.Site;
        string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;
        try
        {
            long[] integers = RandomNetworks.Rows(built.Network, RandomTest.Create(output), Rows);
            double step = 1 / built.Network.Input.Gain[0].ToDouble();
            string features = Path.Combine(folder, "features.npy");
            NpyArray.Write(features, [Rows, built.Network.InputLength], [.. integers.Select(value => value * step)]);
            var run = new FeaturesRunFile(
                "test.yaml",
                new NetworkChoice(CardImages.SiteModelPath, null, Edge.Networks.Numerics.FixedPointFormat.Parse(CardImages.SiteModel.InputFormat), 3),
                new CardChoice(CardImages.ClockHertz),
                Path.Combine(folder, "out"),
                features,
                "difference",
                Threshold: 4,
                KeepClasses: [1, 3]);
            FeaturesJob.Result result = FeaturesJob.Run(run, new Terminal(json: false), CancellationToken.None);

            long[] outputs = ReferenceInterpreter.RunRows(built.Network, integers);
            long[] best = [.. Enumerable.Range(0, Rows).Select(row => (long)Best(outputs.AsSpan(row * 4, 4)))];
            double scale = built.Network.Output.Scale[0].ToDouble();
            long[] kept = [.. Enumerable.Range(0, Rows).Select(row => best[row] is 1 or 3 && Lead(outputs.AsSpan(row * 4, 4)) * scale >= 4 ? 1L : 0L)];
            Assert.True(result.Passed);
            Assert.Equal((Rows, 0, 0L, 1.0), (result.Vectors, result.Mismatches, result.RecordsLost, result.ClocksPerVector));
            Assert.Equal((built.Fabric.Latency, built.Fabric.Latency + 2), (result.NetworkLatencyClocks, result.LatencyClocks));
            Assert.Equal(kept.Sum(), result.Kept);
            Assert.InRange(result.Kept, 1, Rows - 1);
            Assert.Equal(best, Read("classes.npy"));
            Assert.Equal(kept, Read("kept.npy"));
            Assert.Equal(outputs, Read("outputs.npy"));

            long[] Read(string name) => [.. NpyArray.Read(Path.Combine(folder, "out", name)).Values.Select(value => (long)value)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Best(ReadOnlySpan<long> outputs)
    {
        long[] values = outputs.ToArray();
        return Array.IndexOf(values, values.Max());
    }

    private static long Lead(ReadOnlySpan<long> outputs)
    {
        long[] ordered = [.. outputs.ToArray().OrderDescending()];
        return ordered[0] - ordered[1];
    }
}
