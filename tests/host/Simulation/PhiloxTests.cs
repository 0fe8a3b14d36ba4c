using Edge.Simulation.Noise;
using Xunit;

namespace Edge.Tests.Simulation;

public class PhiloxTests
{
    // Known answers of philox4x32, 10 rounds: file kat_vectors of Random123 (D. E. Shaw Research).
    public static TheoryData<uint[], ulong, uint[]> KnownAnswers => new()
    {
        { [0, 0, 0, 0], 0, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
        { [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], 0xffffffff_ffffffff, [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
        { [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0x299f31d0_a4093822, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1] },
    };

    [Theory, MemberData(nameof(KnownAnswers))]
    public void GivesTheKnownAnswers(uint[] counter, ulong key, uint[] expected)
    {
        PhiloxBlock block = Philox.Block(new(counter[0], counter[1], counter[2], counter[3]), key);

        Assert.Equal(new PhiloxBlock(expected[0], expected[1], expected[2], expected[3]), block);
    }
}
