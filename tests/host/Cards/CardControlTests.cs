using Edge.Appliance.Cards;
using Edge.Images;

namespace Edge.Tests.Cards;

/// <summary>What the host makes of a card that answers as told; the real one is in the other tests.</summary>
public sealed class CardControlTests
{
    [Fact]
    public void MissingNumbersAreCounted_AcrossTheirWrapToo()
    {
        using var card = new ToldCard();
        var control = new CardControl(card);
        var arrived = new List<uint>();
        foreach ((uint number, long lost) in new[] { (0x7FFFFFF0u, 0L), (0x7FFFFFF1u, 0), (0x7FFFFFFEu, 12), (1u, 14), (2u, 14) })
        {
            card.Records.Enqueue(Record(number));
            control.Drain(record => arrived.Add(record.Number));
            Assert.Equal(lost, control.EventsLost);
        }

        Assert.Equal([0x7FFFFFF0u, 0x7FFFFFF1u, 0x7FFFFFFEu, 1u, 2u], arrived);
    }

    [Fact]
    public void MoreRecordsThanABufferHoldsAllArrive()
    {
        using var card = new ToldCard();
        for (uint number = 0; number < 1000; number++)
        {
            card.Records.Enqueue(Record(number));
        }

        int arrived = 0;
        new CardControl(card).Drain(_ => arrived++);
        Assert.Equal(1000, arrived);
    }

    [Fact]
    public void EveryTripCauseHasItsWords_AndSeveralAreListed()
    {
        Assert.Equal("no cause is left", CardControl.TripCauses(0));
        string[] each = [.. Enumerable.Range(0, 12).Select(bit => CardControl.TripCauses(1u << bit))];
        Assert.Equal(12, each.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain("no cause is left", each);
        Assert.Equal(string.Join(", ", each), CardControl.TripCauses(0xFFF));
    }

    [Fact]
    public void ACardOfAnotherKindIsRefused()
    {
        using var card = new ToldCard();
        card.Registers[CardRegisters.IdAddress] = CardRegisters.Id;
        card.Registers[CardRegisters.MapHashAddress] = CardRegisters.MapHash ^ 1;
        Edge.Networks.InvalidInputException error = Assert.Throws<Edge.Networks.InvalidInputException>(new CardControl(card).Identify);
        Assert.Contains("register map", error.Message, StringComparison.Ordinal);
    }

    private static EventRecord Record(uint number) =>
        new(EventKind.Decision, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, new int[8], number, Phase: false);

    private sealed class ToldCard : ICard
    {
        public Dictionary<uint, uint> Registers { get; } = [];

        public Queue<EventRecord> Records { get; } = [];

        public CardImageManifest Image => throw new NotSupportedException("no image");

        public uint Read(uint address) => Registers.GetValueOrDefault(address);

        public void Write(uint address, uint value) => Registers[address] = value;

        public int TakeEvents(Span<EventRecord> records)
        {
            int count = 0;
            while (count < records.Length && Records.TryDequeue(out EventRecord? record))
            {
                records[count++] = record;
            }

            return count;
        }

        public void SendVectors(ReadOnlySpan<long> elements) => throw new NotSupportedException("no vectors");

        public void Wait()
        {
        }

        public void Dispose()
        {
        }
    }
}
