using System.Globalization;
using Xunit.Abstractions;

namespace Edge.Tests;

/// <summary>Random numbers whose seed is printed; EDGE_SEED repeats a run.</summary>
internal static class RandomTest
{
    public static Random Create(ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("EDGE_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given
            : Random.Shared.Next();
        output.WriteLine($"EDGE_SEED={seed}");
        return new Random(seed);
    }

    public static long Between(this Random random, long low, long high) => random.NextInt64(low, high + 1);

    public static T Pick<T>(this Random random, params T[] values) => values[random.Next(values.Length)];
}
