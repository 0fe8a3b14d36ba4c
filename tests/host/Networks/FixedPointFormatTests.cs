using Edge.Networks;
using Edge.Networks.Numerics;

namespace Edge.Tests.Networks;

public sealed class FixedPointFormatTests
{
    [Theory]
    [InlineData("fixed<16,6>", true, 16, 6, -32768, 32767)]
    [InlineData(" ap_ufixed< 8 , 0 > ", false, 8, 0, 0, 255)]
    [InlineData("fixed<4,-2>", true, 4, -2, -8, 7)]
    public void Parses(string text, bool signed, int width, int integer, long min, long max)
    {
        FixedPointFormat format = FixedPointFormat.Parse(text);
        Assert.Equal(new FixedPointFormat(signed, width, integer), format);
        Assert.Equal((min, max), (format.Min, format.Max));
    }

    [Theory]
    [InlineData("fixed<0,0>")]
    [InlineData("fixed<64,6>")]
    [InlineData("float")]
    [InlineData("fixed<16>")]
    public void RefusesOtherTexts(string text) => Assert.Contains(text, Assert.Throws<InvalidInputException>(() => FixedPointFormat.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(200, 127)]
    [InlineData(-200, -128)]
    [InlineData(5, 5)]
    public void Saturates_WhenSumExceedsFormat(long sum, long expected) =>
        Assert.Equal(expected, new FixedPointFormat(Signed: true, Width: 8, IntegerBits: 3).Saturate(sum));

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 255, 8)]
    [InlineData(-128, 127, 8)]
    [InlineData(-129, 0, 9)]
    [InlineData(-1, 0, 1)]
    public void Holding_IsAsNarrowAsPossible(long min, long max, int width) => Assert.Equal(width, FixedPointFormat.Holding(min, max).Width);
}
