using Edge.Networks.Quantization.Calibration;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Quantization;

public sealed class WeightRoundingTests(ITestOutputHelper output)
{
    [Fact]
    public void IndependentInputs_GetTheNearestIntegers()
    {
        var rounding = new WeightRounding(new double[,] { { 2, 0 }, { 0, 3 } });
        (long[] integers, double error) = rounding.Round([0.7, -1.2], step: 1, low: -2, high: 1);
        Assert.Equal([1L, -1], integers);
        Assert.Equal((2 * 0.09) + (3 * 0.04), error, 12);
    }

    [Fact]
    public void EqualInputs_RoundTheirSum()
    {
        // w x = 0.4 x + 0.4 x + 0.4 x = 1.2 x: one of the weights must become 1, where each by itself becomes 0.
        var rounding = new WeightRounding(new double[,] { { 1.001, 1, 1 }, { 1, 1.001, 1 }, { 1, 1, 1.001 } });
        (long[] integers, double error) = rounding.Round([0.4, 0.4, 0.4], step: 1, low: -8, high: 7);
        Assert.Equal(1, integers.Sum());
        Assert.Equal(0.04 + (0.001 * (0.16 + 0.16 + 0.36)), error, 9);
        Assert.Equal([0L, 0, 0], rounding.Nearest([0.4, 0.4, 0.4], 1, -8, 7).Integers);
    }

    [Fact]
    public void NeverWorseThanNearest_NeverOutsideTheLimits_AndMostlyTheBestOfAll()
    {
        Random random = RandomTest.Create(output);
        const int Width = 4;
        int best = 0;
        for (int trial = 0; trial < 100; trial++)
        {
            double[,] gram = Gram(random, Width);
            double[] weights = [.. Enumerable.Range(0, Width).Select(_ => (random.NextDouble() * 4) - 2)];
            var rounding = new WeightRounding(gram);
            (long[] integers, double error) = rounding.Round(weights, 1, -2, 1);
            Assert.All(integers, integer => Assert.InRange(integer, -2, 1));
            Assert.Equal(Error(gram, weights, integers), error, 9);
            Assert.InRange(error, 0, rounding.Nearest(weights, 1, -2, 1).Error);
            double least = double.PositiveInfinity;
            for (int code = 0; code < 256; code++)
            {
                least = Math.Min(least, Error(gram, weights, [.. Enumerable.Range(0, Width).Select(i => (long)((code >> (2 * i)) & 3) - 2)]));
            }

            best += error <= least + 1e-9 ? 1 : 0;
        }

        output.WriteLine($"{best} of 100 are the best of all");
        Assert.InRange(best, 60, 100);
    }

    [Fact]
    public void ACholeskyFactor_SolvesItsEquations()
    {
        Random random = RandomTest.Create(output);
        double[,] gram = Gram(random, 5);
        double[] x = [.. Enumerable.Range(0, 5).Select(_ => random.NextDouble())];
        double[] b = [.. Enumerable.Range(0, 5).Select(i => Enumerable.Range(0, 5).Sum(j => gram[i, j] * x[j]))];
        double[] solved = SymmetricMatrix.Solve(SymmetricMatrix.Cholesky(gram), b);
        Assert.All(x.Zip(solved), pair => Assert.Equal(pair.First, pair.Second, 8));
        Assert.Throws<ArgumentException>(() => SymmetricMatrix.Cholesky(new double[,] { { 1, 2 }, { 2, 1 } }));
    }

    private static double[,] Gram(Random random, int width)
    {
        var factors = new double[width, width];
        var gram = new double[width, width];
        for (int k = 0; k < width * width; k++)
        {
            factors[k / width, k % width] = (random.NextDouble() * 2) - 1;
        }

        for (int i = 0; i < width; i++)
        {
            for (int j = 0; j < width; j++)
            {
                gram[i, j] = Enumerable.Range(0, width).Sum(k => factors[i, k] * factors[j, k]) + (i == j ? 0.05 : 0);
            }
        }

        return gram;
    }

    private static double Error(double[,] gram, double[] weights, long[] integers)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            for (int j = 0; j < weights.Length; j++)
            {
                sum += gram[i, j] * (integers[i] - weights[i]) * (integers[j] - weights[j]);
            }
        }

        return sum;
    }
}
