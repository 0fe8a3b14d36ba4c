using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Images;

namespace Edge.Tests.Cards.Loading;

/// <summary>What a loader asks of a card, on registers that are a table.</summary>
public sealed class CardProbeTests
{
    private const uint Cycle = 0xFFFF0; // where the table keeps its clock

    private readonly Dictionary<uint, uint> registers = [];
    private readonly CardImageManifest manifest = Images.SampleImages.Simulated with { RegisterMapHash = CardRegisters.MapHash };
    private uint stuckAtOne;
    private uint stuckAtZero;

    public CardProbeTests()
    {
        registers[CardRegisters.IdAddress] = CardRegisters.Id;
        registers[Cycle] = 0;
        registers[CardRegisters.MapHashAddress] = CardRegisters.MapHash;
        registers[CardRegisters.NetworkHashAddress] = 0xAAAAAAAA;
        registers[CardRegisters.NetworkShapeAddress] = 3 | (2 << 16);
    }

    [Fact]
    public void EveryStuckBit_IsFound()
    {
        Assert.Contains("registers hold", Probe().SelfTest(manifest, realTime: false), StringComparison.Ordinal);
        for (int bit = 0; bit < 32; bit++)
        {
            (stuckAtOne, stuckAtZero) = (1u << bit, 0);
            Refused(() => Probe().SelfTest(manifest, realTime: false), "register pixel_cap holds");
            (stuckAtOne, stuckAtZero) = (0, 1u << bit);
            Refused(() => Probe().SelfTest(manifest, realTime: false), "register pixel_cap holds");
        }
    }

    [Theory]
    [InlineData(CardRegisters.IdAddress, "the card shows id 00000007")]
    [InlineData(CardRegisters.MapHashAddress, "the card shows register map 00000007")]
    [InlineData(CardRegisters.NetworkHashAddress, "the card shows network 00000007, the image says aaaaaaaa")]
    [InlineData(CardRegisters.NetworkShapeAddress, "the card shows shape of the network 00000007")]
    [InlineData(0x4C0u, "the card shows build 00000007, the image says 8899aabb")]
    public void AnotherDesign_IsFound(uint address, string message)
    {
        Assert.Contains("network small", Probe().Identify(manifest), StringComparison.Ordinal);
        registers[address] = 7;
        Refused(() => Probe().Identify(manifest), message);
    }

    [Fact]
    public void AnImageForAnotherMap_IsRefused_AlsoWhenTheCardAgrees()
    {
        registers[CardRegisters.MapHashAddress] = 5;
        Refused(() => Probe().Identify(manifest with { RegisterMapHash = 5 }), "the image has register map 00000005");
    }

    [Theory]
    [InlineData(CardRegisters.StatusInterlockEngaged, "the interlock reads Engaged, permit_beam 0")]
    [InlineData(CardRegisters.StatusInterlockPassThrough, "the interlock reads PassThrough")]
    [InlineData(CardRegisters.StatusPermitBeamMask, "the interlock reads Tripped, permit_beam 1")]
    [InlineData(uint.MaxValue, "the card reads all ones")]
    public void WhateverIsNotBlanked_IsNotTakenForIt(uint status, string message)
    {
        registers[CardRegisters.StatusAddress] = status;
        Refused(() => Probe().Blank(), message);
        Refused(() => Probe().CheckBlanked(), message);
    }

    private static void Refused(Func<string> ask, string message) =>
        Assert.Contains(message, Assert.Throws<LoadStepException>(ask).Message, StringComparison.Ordinal);

    private CardProbe Probe() => new(
        address => address == CardRegisters.CycleLowAddress ? ++registers[Cycle] : registers.GetValueOrDefault(address),
        (address, value) => registers[address] = address == CardRegisters.PixelCapAddress ? (value | stuckAtOne) & ~stuckAtZero : value);
}
