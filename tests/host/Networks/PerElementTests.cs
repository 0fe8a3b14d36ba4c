using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Tests.Networks;

public class PerElementTests
{
    private const int Seed = 20261124;

    [Fact]
    public void ElementsComeBackInOrder()
    {
        var random = new Random(Seed);
        for (int run = 0; run < 100; run++)
        {
            int[] values = Values(random, random.Next(1, 60), random.Next(1, 8));
            PerElement<int> elements = values;
            Assert.Equal(values, elements.ToArray());
            Assert.Equal(values, elements);
            Assert.Equal(values, elements.Compacted());
            Assert.Equal(values.Distinct().Count(), elements.Kinds.Count);
            int[] indices = Values(random, random.Next(1, 60), values.Length);
            PerElement<int> picked = elements.Picked(indices);
            Assert.Equal(indices.Select(index => values[index]), picked);
            Assert.Equal(picked.Distinct().Order(), picked.Values.Order()); // no kind that no element has
            Assert.Equal([.. values, .. picked], PerElement.Concatenated([elements, picked]));
        }
    }

    [Fact]
    public void JoinedKindsTellApartWhatEitherTellsApart()
    {
        var random = new Random(Seed);
        for (int run = 0; run < 200; run++)
        {
            int length = random.Next(1, 40);
            int[] a = Values(random, length, random.Next(1, 6));
            int[] b = run % 3 == 0 ? [.. a.Select(value => value / 2)] : Values(random, length, random.Next(1, 6));
            PerElement<int> first = a;
            PerElement<int> second = b;
            foreach ((PerElement<int> left, PerElement<int> right) in new[] { (first, second), (second, first), (first, first.Picked([.. Enumerable.Range(0, length)])) })
            {
                Kinds joined = left.Kinds.Joined(right.Kinds);
                Assert.Equal(left.Zip(right).Distinct().Count(), Enumerable.Range(0, length).Select(i => joined[i]).Distinct().Count());
                Assert.All(joined.Examples().Select((element, kind) => (element, kind)), pair => Assert.Equal(pair.kind, joined[pair.element]));
                Assert.Equal(left.Zip(right, (x, y) => (10 * x) + y), PerElement.Map(left, right, (x, y) => (10 * x) + y));
            }
        }
    }

    /// <summary>Channels by channel or by place, windows over one axis with padding.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void WindowsReadTheSameThroughAnyLayout(bool channelsLast)
    {
        const int Channels = 6;
        const int Area = 5;
        int[] places = [-1, 0, 1, 2, 3, 4, 4, -1];
        foreach (int groups in new[] { 1, 2, 6 })
        {
            Windows windows = Windows.Of(Channels, groups, [Area], positions: 4, places, channelsLast);
            (_, int[] transposed) = channelsLast ? Shapes.Transpose([Channels, Area], [1, 0]) : Shapes.Transpose([Area, Channels], [1, 0]);
            Windows direct = windows.Through(transposed)!;
            Assert.Equal(windows.Indices.Select(index => index < 0 ? -1 : transposed[index]), direct.Indices);
            // Part of a larger vector, as behind a Slice.
            Windows part = windows.Through([.. transposed.Select(index => 2 * index)])!;
            PerElement<int> larger = Enumerable.Range(0, 2 * Channels * Area).ToArray();
            Assert.Equal(Enumerable.Range(0, 4), part.PositionKinds(groups - 1, larger.Kinds).Examples());
            int[] swapped = [.. transposed];
            (swapped[3], swapped[4]) = (swapped[4], swapped[3]);
            Assert.Null(windows.Through(swapped));
            Assert.Equal(windows.Indices.LongCount(index => index >= 0), windows.ReadCount);
            Assert.Equal(windows.Indices, Enumerable.Range(0, (int)windows.Size).Select(windows.IndexAt));
            if (channelsLast)
            {
                (Windows byChannel, int[] order) = windows.ByChannel(Channels * Area)!.Value;
                Assert.Equal(windows.Indices, byChannel.Indices.Select(index => index < 0 ? -1 : order[index]));
            }
        }
    }

    [Fact]
    public void PositionsAreOfOneKindWhereTheirTapsReadTheSameKinds()
    {
        var random = new Random(Seed);
        for (int run = 0; run < 100; run++)
        {
            (int channels, int area, int positions, int taps) = (4, random.Next(1, 6), random.Next(1, 12), random.Next(1, 4));
            int[] places = [.. Enumerable.Range(0, positions * taps).Select(_ => random.Next(-1, area))];
            Windows shared = Windows.Of(channels, 2, [area], positions, places, channelsLast: run % 2 == 0);
            Windows listed = new(2, positions, shared.Taps, shared.Indices);
            PerElement<int> elements = Values(random, channels * area, random.Next(1, 4));
            foreach (Windows windows in new[] { shared, listed })
            {
                for (int group = 0; group < 2; group++)
                {
                    Kinds kinds = windows.PositionKinds(group, elements.Kinds);
                    string[] patterns = [.. Enumerable.Range(0, positions).Select(p => string.Join(',', windows.Of(group, p).Select(i => i < 0 ? -1 : elements[i])))];
                    for (int p = 0; p < positions; p++)
                    {
                        Assert.All(Enumerable.Range(0, positions), q => Assert.True(kinds[p] != kinds[q] || patterns[p] == patterns[q]));
                    }
                }
            }
        }
    }

    private static int[] Values(Random random, int length, int below) => [.. Enumerable.Range(0, length).Select(_ => random.Next(below))];
}
