using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;

namespace Edge.Bench;

/// <summary>A contestant of <see cref="Throughput"/>: a batch of inferences.</summary>
/// <param name="Run">Computes the batch once.</param>
/// <param name="Batch">Inferences of one call.</param>
internal sealed record Contestant(string Name, int Batch, Action Run);

/// <summary>Inferences a second by BenchmarkDotNet, in this process (docs/decisions/0017-benchmarks.md).</summary>
internal static class Throughput
{
    private const int WarmUps = 2;
    private const int Iterations = 7;
    private const int IterationMilliseconds = 200;

    public static string Conditions { get; } =
        $"BenchmarkDotNet {typeof(BenchmarkRunner).Assembly.GetName().Version!.ToString(3)}, in process, {Iterations} iterations of {IterationMilliseconds} ms behind {WarmUps} to warm up";

    /// <returns>Inferences a second by the contestants' names, outliers left out.</returns>
    public static IReadOnlyDictionary<string, Timing> Measure(BenchContext context, IReadOnlyList<Contestant> contestants)
    {
        ThroughputBenchmark.Contestants = contestants.ToDictionary(contestant => contestant.Name, StringComparer.Ordinal);
        Job job = Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithWarmupCount(WarmUps).WithIterationCount(Iterations)
            .WithIterationTime(TimeInterval.FromMilliseconds(IterationMilliseconds));
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddLogger(NullLogger.Instance).AddColumnProvider(DefaultColumnProviders.Instance)
            .WithOptions(ConfigOptions.DisableLogFile).WithArtifactsPath(Path.Combine(context.Scratch, "benchmarks"));
        Summary summary = BenchmarkRunner.Run<ThroughputBenchmark>(config);
        var rates = new Dictionary<string, Timing>(StringComparer.Ordinal);
        foreach (BenchmarkReport report in summary.Reports)
        {
            string name = (string)report.BenchmarkCase.Parameters[nameof(ThroughputBenchmark.Name)];
            double[] nanoseconds = [.. report.ResultStatistics?.OriginalValues ?? throw new InvalidOperationException($"{name}: BenchmarkDotNet measured nothing")];
            int batch = ThroughputBenchmark.Contestants[name].Batch;
            rates[name] = Timing.Of(nanoseconds.Select(time => 1e9 * batch / time));
        }

        return rates.Count == contestants.Count ? rates : throw new InvalidOperationException("BenchmarkDotNet did not run every contestant");
    }
}

/// <summary>What BenchmarkDotNet calls; it asks for a public class.</summary>
public class ThroughputBenchmark
{
    internal static IReadOnlyDictionary<string, Contestant> Contestants { get; set; } = new Dictionary<string, Contestant>(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Contestants.Keys;

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = string.Empty;

    private Action Action { get; set; } = () => { };

    [GlobalSetup]
    public void SetUp() => Action = Contestants[Name].Run;

    [Benchmark]
    public void Run() => Action();
}
