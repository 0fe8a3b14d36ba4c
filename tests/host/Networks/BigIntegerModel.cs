using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Tests.Networks;

/// <summary>The meaning of the operations once more, in unbounded integers and with rounding written as cases, sharing no
/// arithmetic with the product.</summary>
internal static class BigIntegerModel
{
    public static BigInteger[] Run(IntegerNetwork network, ReadOnlySpan<long> input)
    {
        var tensors = new Dictionary<int, BigInteger[]> { [0] = [.. input.ToArray().Select(value => (BigInteger)value)] };
        foreach (IntegerOperation operation in network.Operations)
        {
            BigInteger[] x = tensors[operation.Inputs[0]];
            tensors[operation.Output] = operation switch
            {
                Affine o => [.. o.Bias.Select((bias, i) => x.Select((value, j) => value * o.Weights[i, j]).Aggregate((BigInteger)bias, (a, b) => a + b))],
                Scale o => [.. x.Select((value, i) => (value * o.Multipliers[i]) + o.Addends[i])],
                Requantize o => [.. x.Select((value, i) => BigInteger.Max(o.Low[i], BigInteger.Min(o.High[i], Divide(value, BigInteger.One << o.Shifts[i], o.Rounding))))],
                Thresholds o => [.. x.Select((value, i) => o.Base[i] + (BigInteger)o.Levels[i].Count(level => value >= level))],
                Add o => [.. x.Zip(tensors[o.Right], (a, b) => a + b)],
                ArgMax => [Array.IndexOf(x, x.Max())],
                Rearrange o => [.. o.Indices.Select(index => x[index])],
                WindowedAffine o => [.. o.Bias.Select((bias, i) => o.Windows.Of(o.GroupOf(i / o.Windows.Positions), i % o.Windows.Positions)
                    .Select((index, tap) => index < 0 ? 0 : x[index] * o.Kernels[i / o.Windows.Positions, tap]).Aggregate((BigInteger)bias, (a, b) => a + b))],
                WindowedMax o => [.. Enumerable.Range(0, o.Windows.Groups * o.Windows.Positions).Select(i => o.Windows.Of(i / o.Windows.Positions, i % o.Windows.Positions).Max(index => x[index]))],
                Lookup o => [.. x.Select((value, i) => (BigInteger)o.Tables[o.TableOf[i]].Values[(int)(value - o.Tables[o.TableOf[i]].First)])],
                Softmax o => [.. x.Chunk(o.Length).SelectMany(vector => Shares(o, vector))],
                Concatenate o => [.. o.Parts.SelectMany(part => tensors[part])],
                _ => throw new InvalidOperationException(operation.Kind),
            };
        }

        return tensors[network.OutputTensor];
    }

    private static BigInteger[] Shares(Softmax softmax, BigInteger[] x)
    {
        BigInteger[] powers = [.. x.Select(value =>
        {
            BigInteger distance = Divide(x.Max() - value, BigInteger.One << softmax.Drop, Rounding.Floor);
            BigInteger coarse = Divide(distance, BigInteger.One << softmax.FineBits, Rounding.Floor);
            BigInteger fine = distance - (coarse << softmax.FineBits);
            return Divide(softmax.Coarse[(int)BigInteger.Min(coarse, softmax.Coarse.Length - 1)] * (BigInteger)softmax.Fine[(int)fine], BigInteger.One << 31, Rounding.Floor);
        })];
        BigInteger sum = powers.Aggregate(BigInteger.Zero, (a, b) => a + b);
        return [.. powers.Select((power, i) => Divide((power << 30) + (sum / 2), sum, Rounding.Floor) + (softmax.LiftsLargest && x[i] == x.Max() ? 1 : 0))];
    }

    private static BigInteger Divide(BigInteger value, BigInteger divisor, Rounding rounding)
    {
        BigInteger floor = BigInteger.DivRem(value, divisor, out BigInteger rest);
        if (rest < 0)
        {
            floor -= 1;
            rest += divisor;
        }

        if (rest.IsZero)
        {
            return floor;
        }

        BigInteger up = floor + 1;
        int half = (2 * rest).CompareTo(divisor);
        switch (rounding)
        {
            case Rounding.Floor: return floor;
            case Rounding.Ceiling: return up;
            case Rounding.TowardsZero: return value > 0 ? floor : up;
            case Rounding.AwayFromZero: return value > 0 ? up : floor;
        }

        if (half != 0)
        {
            return half > 0 ? up : floor;
        }

        return rounding switch
        {
            Rounding.HalfEven => floor.IsEven ? floor : up,
            Rounding.HalfUp => up,
            Rounding.HalfAwayFromZero => value > 0 ? up : floor,
            _ => value > 0 ? floor : up,
        };
    }
}
