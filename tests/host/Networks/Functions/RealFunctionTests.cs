using System.Globalization;
using System.Numerics;
using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Xunit.Abstractions;

namespace Edge.Tests.Networks.Functions;

public sealed class RealFunctionTests(ITestOutputHelper output)
{
    /// <summary>Values of mpmath 1.3 with 60 digits; parameters as in <see cref="Of"/>.</summary>
    [Theory]
    [InlineData(FunctionKind.Sigmoid, -7.25, "0.000709670399100588155510604667908526052023881774")]
    [InlineData(FunctionKind.Sigmoid, -0.625, "0.348645135333945756378801305145041427938586628")]
    [InlineData(FunctionKind.Sigmoid, 2.375, "0.914900954992979763542862798145172365344410349")]
    [InlineData(FunctionKind.Tanh, -7.25, "-0.999998991305183597096745364820470254057174995")]
    [InlineData(FunctionKind.Tanh, -0.625, "-0.554599722349382293999039095323083596058098563")]
    [InlineData(FunctionKind.Tanh, 2.375, "0.982845029172576030023538016201588656469959992")]
    [InlineData(FunctionKind.Erf, -7.25, "-0.999999999999999999999998853309918518498838331")]
    [InlineData(FunctionKind.Erf, -0.625, "-0.623240882188417972448640505876790274700271223")]
    [InlineData(FunctionKind.Erf, 2.375, "0.999217061782108880802448897641521611393879878")]
    [InlineData(FunctionKind.Exp, -7.25, "0.000710174388842549063584600370577544408676302387")]
    [InlineData(FunctionKind.Exp, -0.625, "0.535261428518990241956622508022046405433544125")]
    [InlineData(FunctionKind.Exp, 2.375, "10.751013186076355014592781704373384192798677")]
    [InlineData(FunctionKind.Softplus, -7.25, "0.000709922334339307262023663531224676351960112272")]
    [InlineData(FunctionKind.Softplus, -0.625, "0.428700678276518637213592895021672053841714182")]
    [InlineData(FunctionKind.Softplus, 2.375, "2.46393946547493872564968020781994030375007709")]
    [InlineData(FunctionKind.Softsign, -7.25, "-0.878787878787878787878787878787878787878787879")]
    [InlineData(FunctionKind.Softsign, -0.625, "-0.384615384615384615384615384615384615384615385")]
    [InlineData(FunctionKind.Softsign, 2.375, "0.703703703703703703703703703703703703703703704")]
    [InlineData(FunctionKind.Selu, -7.25, "-1.75685078921421668706492149273067866556651487")]
    [InlineData(FunctionKind.Selu, -0.625, "-0.817056578741156934260667483414821033847486961")]
    [InlineData(FunctionKind.Selu, 2.375, "2.49541492760181427001953125")]
    [InlineData(FunctionKind.Celu, -7.25, "-0.74995247947044408028782723437459345234102176")]
    [InlineData(FunctionKind.Celu, -0.625, "-0.424051343619691332629044137657204068023992486")]
    [InlineData(FunctionKind.Celu, 2.375, "2.375")]
    [InlineData(FunctionKind.ThresholdedRelu, -7.25, "0.0")]
    [InlineData(FunctionKind.ThresholdedRelu, -0.625, "0.0")]
    [InlineData(FunctionKind.ThresholdedRelu, 2.375, "2.375")]
    [InlineData(FunctionKind.HardSwish, -7.25, "0.0")]
    [InlineData(FunctionKind.HardSwish, -0.625, "-0.247395833333333333333333333333333333333333333")]
    [InlineData(FunctionKind.HardSwish, 2.375, "2.12760416666666666666666666666666666666666667")]
    [InlineData(FunctionKind.Swish, -7.25, "-0.0314033896490889264185835708113502146658746107")]
    [InlineData(FunctionKind.Swish, -0.625, "-0.240570090302458443181384186386436529681222094")]
    [InlineData(FunctionKind.Swish, 2.375, "2.03264647404724109587389771405868699624637675")]
    [InlineData(FunctionKind.Gelu, -7.25, "-0.00000000000151079716503725033761274828952631141110609194")]
    [InlineData(FunctionKind.Gelu, -0.625, "-0.166240955655437832693962833865478976148498321")]
    [InlineData(FunctionKind.Gelu, 2.375, "2.35416062164762139099575646745660979433777891")]
    [InlineData(FunctionKind.GeluOfTanh, -7.25, "-0.000000000000000106319362276571375524540494331924138872375516")]
    [InlineData(FunctionKind.GeluOfTanh, -0.625, "-0.16627885004239948048051775839568897661811721")]
    [InlineData(FunctionKind.GeluOfTanh, 2.375, "2.35454459268826094220506064126788868485388616")]
    [InlineData(FunctionKind.Mish, -7.25, "-0.00514693605929238421318922896880954474226194035")]
    [InlineData(FunctionKind.Mish, -0.625, "-0.252646796847650719670221562869623476651245111")]
    [InlineData(FunctionKind.Mish, 2.375, "2.34084854419326950897262108401921445079500972")]
    public void Values_AreThoseOfAnotherLibrary(FunctionKind kind, double x, string expected)
    {
        RealFunction function = Of(kind);
        Rational distance = function.At(Rational.From(x)) - Decimal(expected);
        Assert.True(distance.Abs() < Decimal("0." + new string('0', 37) + "1"), $"{distance.ToDouble()} away");
        Assert.Equal(double.Parse(expected, CultureInfo.InvariantCulture), function.At(x), 1e-14);
    }

    [Fact]
    public void Doubles_StayWithinTheirBound_AndMonotoneBetweenTurns()
    {
        Random random = RandomTest.Create(output);
        foreach (FunctionKind kind in Enum.GetValues<FunctionKind>())
        {
            RealFunction function = Of(kind);
            for (int k = 0; k < 60; k++)
            {
                double x = (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-20, 7));
                double exact = function.At(Rational.From(x)).ToDouble();
                Assert.InRange(Math.Abs(function.At(x) - exact), 0, Math.ScaleB(1 + Math.Abs(x) + Math.Abs(exact), -50));
            }

            double[] ends = [-20, .. function.TurningPoints, 20];
            for (int piece = 1; piece < ends.Length; piece++)
            {
                double[] xs = [.. Enumerable.Range(0, 60).Select(_ => ends[piece - 1] + ((ends[piece] - ends[piece - 1]) * random.NextDouble())).Order()];
                Rational[] values = [.. xs.Select(x => function.At(Rational.From(x)))];
                Rational[] rising = [.. values.Order()];
                Assert.True(values.SequenceEqual(rising) || values.SequenceEqual(rising.Reverse()), $"{kind} turns between {ends[piece - 1]} and {ends[piece]}");
            }
        }
    }

    [Theory]
    [InlineData(FunctionKind.Sigmoid, 0.5)]
    [InlineData(FunctionKind.Exp, 1)]
    [InlineData(FunctionKind.Tanh, 0)]
    [InlineData(FunctionKind.Erf, 0)]
    [InlineData(FunctionKind.Gelu, 0)]
    public void Zero_HasItsExactValue(FunctionKind kind, double expected) => Assert.Equal(Rational.From(expected), Of(kind).At(Rational.Zero));

    internal static RealFunction Of(FunctionKind kind) => kind switch
    {
        FunctionKind.Selu => new(kind, Rational.From(1.67326319217681884765625f), Rational.From(1.05070102214813232421875f)),
        FunctionKind.Power => new(kind, 3, Rational.One),
        FunctionKind.Celu or FunctionKind.ThresholdedRelu or FunctionKind.Swish => new(kind, Rational.From(0.75), Rational.One),
        _ => new(kind),
    };

    private static Rational Decimal(string text)
    {
        int point = text.IndexOf('.', StringComparison.Ordinal);
        BigInteger digits = BigInteger.Parse(text.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return (Rational)digits / BigInteger.Pow(10, text.Length - point - 1);
    }
}
