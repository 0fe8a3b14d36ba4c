using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>The integer that a quantizer makes of element i of a chain, for each integer n that enters: in double precision
/// where that is sure, exactly where it is not.</summary>
internal sealed class ChainQuantizer
{
    private readonly Func<long, (double Value, double Error)> approximately;
    private readonly Func<long, (double Value, double Error)> inFloat32;
    private readonly Func<long, Rational> exactly;
    private readonly Func<Rational, long> round;
    private readonly Func<double, double, long?> roundIfSure;

    /// <param name="layer">Quantize; or Bipolar, which makes 0 and 1; or MultiThreshold, which counts its levels.</param>
    public ChainQuantizer(ElementChain chain, Layer layer, int i)
    {
        approximately = chain.Approximately(i);
        inFloat32 = chain.Approximately(i, ElementChain.Float32StepError);
        exactly = n => chain.Exact(i, n);
        switch (layer)
        {
            case Quantize { Quantizer: var quantizer }:
                double scale = quantizer.ScaleOf(i).ToDouble();
                double zero = quantizer.ZeroPointOf(i).ToDouble();
                round = value => quantizer.IntegerOf(value, i);
                roundIfSure = (value, error) => Sure(quantizer, (value / scale) + zero, (error / scale) + ((Math.Abs(value / scale) + Math.Abs(zero)) * 1e-14));
                break;
            case Bipolar:
                round = value => value.Sign >= 0 ? 1 : 0;
                roundIfSure = (value, error) => Math.Abs(value) > error ? value > 0 ? 1 : 0 : null;
                break;
            case MultiThreshold thresholds:
                Rational[] levels = thresholds.Levels[i];
                double[] near = [.. levels.Select(level => level.ToDouble())];
                round = value => levels.Count(level => level <= value);
                roundIfSure = (value, error) => Array.Exists(near, level => Math.Abs(value - level) <= error + (Math.Abs(level) * 1e-15)) ? null : near.Count(level => level <= value);
                break;
            default:
                throw new ArgumentException($"{layer.Name} is no quantizer", nameof(layer));
        }
    }

    public long At(long n)
    {
        (double value, double error) = approximately(n);
        return roundIfSure(value, error) ?? round(exactly(n));
    }

    /// <summary>True where an evaluation in float32 may give another integer: the exact value is no float32, and lies within
    /// float32's error of where the integer changes.</summary>
    public bool IsAmbiguousInFloat32(long n)
    {
        (double value, double error) = inFloat32(n);
        if (roundIfSure(value, error) is not null)
        {
            return false;
        }

        Rational exact = exactly(n);
        return Rational.From((float)exact.ToDouble()) != exact
            && (!double.IsFinite(error) || round(Rational.From(value - error)) != round(Rational.From(value + error)));
    }

    /// <summary>The integers n, ascending, at which the result rises or falls, once for every unit; pieces between the turns
    /// are searched by halving.</summary>
    /// <returns>null where there are more than <paramref name="most"/>.</returns>
    public (List<long> Rises, List<long> Falls)? Changes(Interval range, IEnumerable<BigInteger> turns, int most)
    {
        var rises = new List<long>();
        var falls = new List<long>();
        long first = range.Min;
        foreach (BigInteger turn in turns.Where(turn => turn >= range.Min && turn < range.Max).Append(range.Max))
        {
            long last = (long)turn;
            if (!Between(first, At(first), last, At(last)) || (last < range.Max && !Between(last, At(last), last + 1, At(last + 1))))
            {
                return null;
            }

            first = last + 1;
        }

        return (rises, falls);

        bool Between(long n, long atN, long m, long atM)
        {
            if (atN == atM)
            {
                return true;
            }

            if (m == n + 1)
            {
                (atM > atN ? rises : falls).AddRange(Enumerable.Repeat(m, (int)Math.Min(Math.Abs(atM - atN), most + 1)));
                return rises.Count + falls.Count <= most;
            }

            long middle = n + ((m - n) / 2);
            long atMiddle = At(middle);
            return Between(n, atN, middle, atMiddle) && Between(middle, atMiddle, m, atM);
        }
    }

    private static long? Sure(Quantizer quantizer, double scaled, double error)
    {
        if (scaled < quantizer.Low - 1 - error)
        {
            return quantizer.Low;
        }

        if (scaled > quantizer.High + 1 + error)
        {
            return quantizer.High;
        }

        // Decisions lie at integers, or halfway between.
        double decisions = quantizer.Rounding is Rounding.Floor or Rounding.Ceiling or Rounding.TowardsZero or Rounding.AwayFromZero ? 0 : 0.5;
        double toDecision = Math.Abs(scaled - decisions - Math.Round(scaled - decisions));
        return toDecision > error ? Math.Clamp((long)quantizer.Rounding.Round(scaled), quantizer.Low, quantizer.High) : null;
    }
}
