using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization;

/// <summary>A function of one element that waits for its quantizer: Input, then Steps (functions, gains, limits), which all
/// work element by element.</summary>
internal sealed record ElementChain(RealVector Input, IReadOnlyList<Layer> Steps)
{
    /// <summary>Relative error of one step in double precision, with room.</summary>
    private const double StepError = 1.0 / (1L << 46);

    /// <summary>The same in single precision.</summary>
    public const double Float32StepError = 1.0 / (1 << 24);

    public ElementChain Then(Layer step) => new(Input, [.. Steps, step]);

    /// <summary>True where larger inputs never turn round behind the first function: <see cref="Turns"/> are all there are.</summary>
    public bool OnlyTheFirstTurns => Steps.Skip(1).All(step => step switch
    {
        ElementFunction { Function.TurningPoints: [] } or ElementwiseAffine or Clip => true,
        LeakyRelu leaky => Array.TrueForAll(leaky.Slopes, slope => slope.Sign >= 0),
        _ => false,
    });

    /// <summary>True where equal elements stay equal and larger ones stay larger, in all of the vector alike.</summary>
    public bool KeepsOrder => Steps.All(step => step switch
    {
        ElementFunction { Function.IsStrictlyRising: true } => true,
        ElementwiseAffine affine => affine.Gains.IsUniform && affine.Gains[0].Sign > 0 && affine.Offsets.IsUniform,
        _ => false,
    });

    /// <summary>Everything that decides what element i becomes.</summary>
    public string KindOf(int i) => string.Join(' ', Steps.Select(step => step switch
    {
        ElementwiseAffine affine => $"{affine.GainOf(i)} {affine.OffsetOf(i)}",
        LeakyRelu leaky => $"{leaky.SlopeOf(i)}",
        _ => string.Empty,
    }).Prepend($"{Input.Scale(i)} {Input.Offset(i)} {Input.Low(i)} {Input.High(i)}"));

    /// <summary>The last integers before the first function turns, ascending; they may lie outside the range.</summary>
    public IEnumerable<System.Numerics.BigInteger> Turns(int i)
    {
        if (Input.Scale(i).IsZero || Steps[0] is not ElementFunction { Function: var function })
        {
            return [];
        }

        Rational scale = Input.Scale(i);
        return function.TurningPoints.Select(turn => (Rational.From(turn) - Input.Offset(i)) / scale)
            .Select(n => scale.Sign > 0 ? n.Floor() : n.Ceiling() - 1).Order();
    }

    /// <summary>The value of integer n.</summary>
    public Rational Exact(int i, long n)
    {
        Rational value = (Input.Scale(i) * n) + Input.Offset(i);
        value = Clamp(value, Input.Low(i), Input.High(i));
        foreach (Layer step in Steps)
        {
            value = step switch
            {
                ElementFunction { Function: var function } => function.At(value),
                ElementwiseAffine affine => (affine.GainOf(i) * value) + affine.OffsetOf(i),
                Clip clip => Clamp(value, clip.Low, clip.High),
                LeakyRelu leaky => value.Sign < 0 ? value * leaky.SlopeOf(i) : value,
                _ => throw new InvalidOperationException($"{step.Name} does not work element by element"),
            };
        }

        return value;
    }

    /// <summary>The same in double precision, with a bound on its error: n to both.</summary>
    /// <param name="stepError">Relative error of one step: of double precision, or of a narrower one.</param>
    public Func<long, (double Value, double Error)> Approximately(int i, double stepError = StepError)
    {
        double scale = Input.Scale(i).ToDouble();
        double offset = Input.Offset(i).ToDouble();
        double low = Input.Low(i)?.ToDouble() ?? double.NegativeInfinity;
        double high = Input.High(i)?.ToDouble() ?? double.PositiveInfinity;
        (Layer Step, double Gain, double Offset)[] steps = [.. Steps.Select(step => step switch
        {
            ElementwiseAffine affine => (step, affine.GainOf(i).ToDouble(), affine.OffsetOf(i).ToDouble()),
            LeakyRelu leaky => (step, leaky.SlopeOf(i).ToDouble(), 0),
            Clip clip => (step, clip.Low?.ToDouble() ?? double.NegativeInfinity, clip.High?.ToDouble() ?? double.PositiveInfinity),
            _ => (step, 0.0, 0.0),
        })];
        return n =>
        {
            double value = Math.Clamp((scale * n) + offset, low, high);
            double error = ((Math.Abs(scale * n) + Math.Abs(offset)) * stepError) + stepError;
            foreach ((Layer step, double first, double second) in steps)
            {
                double before = value;
                switch (step)
                {
                    case ElementFunction { Function: var function }:
                        value = function.At(before);
                        error *= function.SlopeAt(before, error);
                        break;
                    case ElementwiseAffine:
                        value = (first * before) + second;
                        error = (error * Math.Abs(first)) + ((Math.Abs(first * before) + Math.Abs(second)) * stepError);
                        break;
                    case Clip:
                        value = Math.Clamp(before, first, second);
                        break;
                    default:
                        value = before < 0 ? before * first : before;
                        error *= Math.Max(1, Math.Abs(first));
                        break;
                }

                error += (1 + Math.Abs(before) + Math.Abs(value)) * stepError;
            }

            return (value, error);
        };
    }

    private static Rational Clamp(Rational value, Rational? low, Rational? high)
    {
        value = low is { } least ? Rational.Max(value, least) : value;
        return high is { } most ? Rational.Min(value, most) : value;
    }
}
