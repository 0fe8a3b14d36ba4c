using Edge.Networks.Numerics;

namespace Edge.Networks.Graph;

/// <summary>Functions of one real number, as the ONNX operators of these names define them.</summary>
public enum FunctionKind
{
    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,
    Tanh,
    Erf,

    /// <summary>e^x.</summary>
    Exp,

    /// <summary>ln(1 + e^x).</summary>
    Softplus,

    /// <summary>x / (1 + |x|).</summary>
    Softsign,

    /// <summary>Second (x where x >= 0, else First (e^x - 1)): Selu; Elu with Second 1.</summary>
    Selu,

    /// <summary>x where x >= 0, else First (e^(x / First) - 1).</summary>
    Celu,

    /// <summary>x where x > First, else 0.</summary>
    ThresholdedRelu,

    /// <summary>x clamp(x / 6 + 1 / 2, 0, 1).</summary>
    HardSwish,

    /// <summary>x / (1 + e^(-First x)); SiLU with First 1.</summary>
    Swish,

    /// <summary>x (1 + erf(x / sqrt 2)) / 2.</summary>
    Gelu,

    /// <summary>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.</summary>
    GeluOfTanh,

    /// <summary>x tanh(ln(1 + e^x)).</summary>
    Mish,

    /// <summary>x^First, First 2 or 3.</summary>
    Power,
}

/// <summary>A function with its parameters.</summary>
/// <param name="First">See <see cref="FunctionKind"/>; unused: 1.</param>
public sealed record RealFunction(FunctionKind Kind, Rational First, Rational Second)
{
    private readonly double first = First.ToDouble();
    private readonly double second = Second.ToDouble();

    public RealFunction(FunctionKind kind)
        : this(kind, Rational.One, Rational.One)
    {
    }

    /// <summary>Where it turns from falling to rising or back, or jumps. Between these it is monotone.</summary>
    public double[] TurningPoints => Kind switch
    {
        FunctionKind.Selu or FunctionKind.Celu => [0],
        FunctionKind.ThresholdedRelu => [first],
        FunctionKind.HardSwish => [-1.5],
        FunctionKind.Swish => first == 0 ? [] : [-1.2784645427610738 / first],
        FunctionKind.Gelu => [-0.75179152469356446],
        FunctionKind.GeluOfTanh => [-0.75246142207101626],
        FunctionKind.Power => [0],
        FunctionKind.Mish => [-1.1924312145154955],
        _ => [],
    };

    /// <summary>Equal values give equal values and larger ones larger ones (in real numbers; a float32 may no longer tell).</summary>
    public bool IsStrictlyRising => Kind is FunctionKind.Sigmoid or FunctionKind.Tanh or FunctionKind.Erf or FunctionKind.Exp or FunctionKind.Softplus or FunctionKind.Softsign
        || (Kind is FunctionKind.Selu && First.Sign > 0 && Second.Sign > 0) || (Kind is FunctionKind.Celu && First.Sign > 0);

    /// <summary>The result is never negative.</summary>
    public bool IsNotNegative => Kind is FunctionKind.Sigmoid or FunctionKind.Exp or FunctionKind.Softplus || (Kind is FunctionKind.ThresholdedRelu && First.Sign >= 0)
        || (Kind is FunctionKind.Power && first == 2);

    /// <summary>A bound on how much faster than x the value changes near x; infinite at a jump.</summary>
    /// <param name="near">How far around x.</param>
    public double SlopeAt(double x, double near) => Kind switch
    {
        FunctionKind.Exp => 2 * Math.Exp(x),
        FunctionKind.Power => first * Math.Pow(Math.Abs(x) + near, first - 1),
        FunctionKind.Selu => Math.Abs(second) * Math.Max(1, Math.Abs(first)),
        FunctionKind.ThresholdedRelu => Math.Abs(x - first) <= near ? double.PositiveInfinity : 1,
        _ => 2,
    };

    /// <summary>The value in double precision, some 2^-50 (1 + |x| + |value|) from the true one.</summary>
    public double At(double x) => Kind switch
    {
        FunctionKind.Sigmoid => Sigmoid(x),
        FunctionKind.Tanh => Math.Tanh(x),
        FunctionKind.Erf => Erf(x),
        FunctionKind.Exp => Math.Exp(x),
        FunctionKind.Softplus => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))),
        FunctionKind.Softsign => x / (1 + Math.Abs(x)),
        FunctionKind.Selu => second * (x >= 0 ? x : first * (Math.Exp(x) - 1)),
        FunctionKind.Celu => x >= 0 ? x : first * (Math.Exp(x / first) - 1),
        FunctionKind.ThresholdedRelu => x > first ? x : 0,
        FunctionKind.HardSwish => x * Math.Clamp((x / 6) + 0.5, 0, 1),
        FunctionKind.Swish => x * Sigmoid(first * x),
        FunctionKind.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        FunctionKind.GeluOfTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        FunctionKind.Mish => x * Math.Tanh(Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)))),
        FunctionKind.Power => first == 2 ? x * x : x * x * x,
        _ => throw new ArgumentOutOfRangeException(nameof(x), Kind, "unknown function"),
    };

    /// <summary>The value exactly where it is a fraction, else within 2^-126 (relative, where a parameter or x multiplies).</summary>
    public Rational At(Rational x)
    {
        switch (Kind)
        {
            case FunctionKind.Sigmoid:
                return PreciseMath.Sigmoid(x);
            case FunctionKind.Tanh:
                return PreciseMath.Tanh(x);
            case FunctionKind.Erf:
                return PreciseMath.Erf(x);
            case FunctionKind.Exp:
                return PreciseMath.Exp(x);
            case FunctionKind.Softplus:
                return PreciseMath.Softplus(x);
            case FunctionKind.Softsign:
                return x / (Rational.One + x.Abs());
            case FunctionKind.Selu:
                return Second * (x.Sign >= 0 ? x : First * (PreciseMath.Exp(x) - Rational.One));
            case FunctionKind.Celu:
                return x.Sign >= 0 ? x : First * (PreciseMath.Exp(x / First) - Rational.One);
            case FunctionKind.ThresholdedRelu:
                return x > First ? x : Rational.Zero;
            case FunctionKind.HardSwish:
                return x * Rational.Max(Rational.Zero, Rational.Min(Rational.One, (x / 6) + Rational.Half));
            case FunctionKind.Swish:
                return x * PreciseMath.Sigmoid(First * x);
            case FunctionKind.Gelu:
                return PreciseMath.Gelu(x);
            case FunctionKind.GeluOfTanh:
                return PreciseMath.GeluOfTanh(x);
            case FunctionKind.Power:
                return first == 2 ? x * x : x * x * x;
            case FunctionKind.Mish:
                return PreciseMath.Mish(x);
            default:
                throw new ArgumentOutOfRangeException(nameof(x), Kind, "unknown function");
        }
    }

    private static double Sigmoid(double x)
    {
        double power = Math.Exp(-Math.Abs(x));
        return (x < 0 ? power : 1) / (1 + power);
    }

    /// <summary>As in <see cref="PreciseMath"/>: a sum without cancellation.</summary>
    private static double Erf(double x)
    {
        const double Saturates = 6.5; // 1 - erf is below 2^-60
        if (Math.Abs(x) > Saturates)
        {
            return Math.Sign(x);
        }

        double sum = 0;
        double term = Math.Abs(x);
        for (int n = 0; term > sum * 1e-18; n++)
        {
            sum += term;
            term *= 2 * x * x / ((2 * n) + 3);
        }

        return Math.Sign(x) * (2 / Math.Sqrt(Math.PI)) * Math.Exp(-x * x) * sum;
    }
}
