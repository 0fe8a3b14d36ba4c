using Edge.Appliance.Cards;
using Edge.Cli.Runs;

namespace Edge.Tests.Cards;

/// <summary>Every register of the map on the simulated card, through the interface that the host uses. All of it follows from
/// the map, so that a new register is tested without a word here.</summary>
[Collection("card")]
public sealed class RegisterTests(CardImages images)
{
    private const int Seed = 1;

    private static IEnumerable<(CardRegister Register, string Name, uint Address, uint Reset)> Words =>
        CardRegisterMap.Registers.SelectMany(register => register.Words.Select(word => (register, word.Name, word.Address, word.Reset)));

    [Fact]
    public void EveryRegister_ReadsItsValueAfterReset()
    {
        using SimulatedCard card = Fresh();
        foreach ((CardRegister register, string name, uint address, uint reset) in Words)
        {
            uint value = card.Read(address);
            Assert.True((value & ~register.Mask) == 0, $"{name}: bits without a meaning read 0x{value:X}");
            Assert.True(register.Varies || value == (register.IsReadable ? reset : 0), $"{name} reads 0x{value:X} after reset, not 0x{reset:X}");
        }
    }

    [Fact]
    public void EverySetting_KeepsItsBits_AndNoOtherChanges()
    {
        using SimulatedCard card = Fresh();
        var random = new Random(Seed);
        var written = new Dictionary<uint, (string Name, uint Value)>();
        foreach ((CardRegister register, string name, uint address, _) in Words.Where(word => word.Register.Access == RegisterAccess.ReadWrite))
        {
            foreach (uint value in new[] { uint.MaxValue, 0u, (uint)random.NextInt64(1L << 32) })
            {
                card.Write(address, value);
                written[address] = (name, value & register.Mask);
                Assert.True(card.Read(address) == written[address].Value, $"{name}: wrote 0x{value:X}, read 0x{card.Read(address):X}");
            }
        }

        foreach ((uint address, (string name, uint value)) in written)
        {
            Assert.True(card.Read(address) == value, $"{name} was changed by the write of another (seed {Seed})");
        }
    }

    [Fact]
    public void WhatOnlyReads_TakesNoWrites()
    {
        using SimulatedCard card = Fresh();
        foreach ((CardRegister register, string name, uint address, uint reset) in Words.Where(word => word.Register.Access is RegisterAccess.Read or RegisterAccess.Constant))
        {
            card.Write(address, uint.MaxValue);
            Assert.True(register.Varies || card.Read(address) == reset, $"{name} took a write");
        }
    }

    [Fact]
    public void WordsAreApart_AndConstantsAgreeWithTheTable()
    {
        Assert.Equal(Words.Count(), Words.Select(word => word.Address).Distinct().Count());
        Dictionary<string, CardRegister> table = CardRegisterMap.Registers.ToDictionary(register => register.Name, StringComparer.Ordinal);
        Assert.Equal(CardRegisters.Id, (uint)table["id"].Reset);
        Assert.Equal(CardRegisters.MapHash, (uint)table["map_hash"].Reset);
        Assert.Equal(CardRegisters.FrameCapHighAddress, table["frame_cap"].Words.Last().Address);
        Assert.Equal(CardRegisters.ThresholdCount, table["threshold"].Count);
        RegisterField rule = table["decision"].Fields.Single(field => field.Name == "rule");
        Assert.Equal(2, rule.Of(2u << CardRegisters.DecisionRuleShift));
        Assert.Equal(-1, table["clip"].Fields.Single().Of(0xFFFF));
    }

    private SimulatedCard Fresh() =>
        new(images.Site.Image, new SimulatedMicroscope(new(new(), MolybdenumDisulfide.Read("mos2_a").Specimen), 5), 5) { DetectorPresent = false };
}
