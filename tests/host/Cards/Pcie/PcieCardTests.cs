using System.Diagnostics;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Appliance.Cards.Pcie;
using Edge.Images;
using Edge.Networks;
using Edge.Tests.Images;

namespace Edge.Tests.Cards.Pcie;

/// <summary>The driver of a card on the bus, against a fake one: registers in a plain file, records written into this
/// process's memory by a thread. Not run on hardware.</summary>
public sealed class PcieCardTests : IDisposable
{
    private const string Slot = "0000:3b:00.0";

    private static readonly CardImageManifest Design = SampleImages.Simulated with { RegisterMapHash = CardRegisters.MapHash };

    private readonly TemporaryFolder folder = new();
    private readonly FakeBus bus;
    private readonly CardFolder state;
    private readonly PcieCardOptions options = new(Records: 64, Memory: (_, bytes) => new PlainMemory(bytes));
    private FakeCard fake;
    private volatile bool ends;
    private readonly Thread thread;

    public PcieCardTests()
    {
        bus = new(folder.File("sys"));
        bus.Insert(Slot);
        fake = Card();
        state = new(folder.File("state"), Slot);
        state.Hold().Dispose();
        CardImage image = SampleImages.Create([1]);
        state.Install(image with { Manifest = image.Manifest with { RegisterMapHash = CardRegisters.MapHash } }, golden: true);
        thread = new(() =>
        {
            for (; !ends; Thread.Sleep(0))
            {
                lock (bus)
                {
                    fake.Turn();
                }
            }
        }) { IsBackground = true };
        thread.Start();
    }

    public void Dispose()
    {
        ends = true;
        thread.Join();
        fake.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Records_ComeInOrder_AndTheirPlacesAreGivenBack()
    {
        using PcieCard card = Open();
        fake.Emit(1000); // many times the ring
        EventRecord[] records = Take(card, 1000);
        Assert.Equal(Enumerable.Range(0, 1000).Select(number => (uint)number), records.Select(record => record.Number));
        Assert.Equal(0, card.RecordsLost);
        Assert.Equal(1000u, fake.Read(CardRegisters.EventRingReadAddress));
    }

    [Fact]
    public void Gaps_AreCounted()
    {
        using PcieCard card = Open();
        fake.Emit(10);
        fake.Drop(5);
        fake.Emit(10);
        Assert.Equal(24u, Take(card, 20)[^1].Number);
        Assert.Equal(5, card.RecordsLost);
    }

    [Fact]
    public void Registers_AreReadAndWritten()
    {
        using PcieCard card = Open();
        card.Write(CardRegisters.PixelCapAddress, 0x12345678);
        Assert.Equal(0x12345678u, card.Read(CardRegisters.PixelCapAddress));
        Assert.Equal(InterlockState.Tripped, new CardControl(card).Interlock);
        card.Write(CardRegisters.PixelCapAddress, uint.MaxValue);
        Assert.Equal(uint.MaxValue, card.Read(CardRegisters.PixelCapAddress)); // a value like any other, while the card is there
        Assert.Throws<ArgumentOutOfRangeException>(() => card.Read(0x10000));
        Assert.Throws<ArgumentOutOfRangeException>(() => card.Read(2));
        Assert.Contains("cannot be sent over PCIe yet", Assert.Throws<CardStoppedException>(() => card.SendVectors([1, 2, 3])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACardPulledOut_IsNoticed_ByReadsAndBySilence()
    {
        using PcieCard card = Open();
        fake.Emit(5);
        Take(card, 5);
        lock (bus)
        {
            fake.Vanish();
        }

        Assert.Contains("is gone from the bus: it reads all ones", Assert.Throws<CardStoppedException>(() => card.Read(CardRegisters.StatusAddress)).Message, StringComparison.Ordinal);
        CardStoppedException error = Assert.Throws<CardStoppedException>(() => Take(card, 1));
        Assert.Contains("The beam counts as blanked by the circuit on keep_alive alone: look at it", error.Message, StringComparison.Ordinal);
        Assert.Throws<CardStoppedException>(() => new CardControl(card).RunScan(_ => { }, CancellationToken.None));
    }

    [Fact]
    public void WhileItIsAway_ItCannotBeOpenedAgain()
    {
        using PcieCard card = Open();
        fake.Emit(7);
        Take(card, 7);
        lock (bus)
        {
            fake.Vanish();
        }

        bus.Remove(Slot);
        Assert.Contains("no device answers there", Assert.Throws<InvalidInputException>(card.Reopen).Message, StringComparison.Ordinal);
        Assert.Contains("is not open", Assert.Throws<CardStoppedException>(() => card.Read(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AfterARescan_ItIsOpenedAgain_AtANewPlace_AndCountsAnew()
    {
        using PcieCard card = Open();
        fake.Emit(7);
        Take(card, 7);
        lock (bus)
        {
            fake.Vanish();
            bus.Remove(Slot);
            bus.Insert(Slot, barAddress: 0xEE000000);
            fake.Dispose();
            fake = Card();
        }

        card.Reopen();
        fake.Emit(70);
        Assert.Equal(69u, Take(card, 70)[^1].Number);
        Assert.Equal(0, card.RecordsLost);
    }

    [Fact]
    public void Closing_LetsTheRingDrainFirst()
    {
        PcieCard card = Open();
        Assert.Equal(1u, fake.Read(CardRegisters.EventRingAddress) & CardRegisters.EventRingEnableMask);
        card.Dispose();
        Assert.Equal(0u, fake.Read(CardRegisters.EventRingAddress));
        Assert.Equal(CardRegisters.EventRingStateDrainedMask, fake.Read(CardRegisters.EventRingStateAddress));
    }

    [Theory]
    [InlineData("no driver", "no driver; bind it to vfio-pci")]
    [InlineData("other network", "the card holds network 00000007")]
    [InlineData("other map", "does not answer as an Edge card with this program's register map")]
    [InlineData("cut", "It stays blanked: load an image first")]
    [InlineData("nothing known", "what runs on it is not known")]
    [InlineData("gone", "is gone from the bus")]
    [InlineData("no file", "its registers cannot be mapped")]
    public void WhatCannotBeUsed_IsNotOpened(string what, string message)
    {
        switch (what)
        {
            case "no driver": bus.Unbind(Slot); break;
            case "other network": fake.Write(CardRegisters.NetworkHashAddress, 7); break;
            case "other map": fake.Write(CardRegisters.MapHashAddress, 7); break;
            case "cut": state.WriteJournal(new("x", "y", LoadStep.Load, DateTimeOffset.UtcNow)); break;
            case "nothing known": File.Delete(state.CurrentPath); break;
            case "gone":
                lock (bus)
                {
                    fake.Vanish();
                }

                break;
            default: File.Delete(Path.Combine(bus.FolderOf(Slot), "resource0")); break;
        }

        Assert.Contains(message, Assert.ThrowsAny<InvalidOperationException>(() => Rethrown(() => Open().Dispose())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithTheVendorsDriver_RecordsComeFromItsStream()
    {
        bus.Unbind(Slot);
        bus.Bind(Slot, "xdma");
        Directory.CreateDirectory(bus.FolderOf(Slot) + "/xdma/xdma0_user");
        Directory.CreateDirectory(bus.FolderOf(Slot) + "/xdma/xdma0_c2h_0");
        Directory.CreateDirectory(folder.File("dev"));
        File.CreateSymbolicLink(folder.File("dev/xdma0_user"), Path.Combine(bus.FolderOf(Slot), "resource0"));
        using (Process fifo = Process.Start("mkfifo", [folder.File("dev/xdma0_c2h_0")]))
        {
            await fifo.WaitForExitAsync();
        }

        // Opening a pipe waits for the other end.
        Task<FileStream> writing = Task.Run(() => new FileStream(folder.File("dev/xdma0_c2h_0"), FileMode.Open, FileAccess.Write));
        using var card = PcieCard.Open(bus.Discovery, PciAddress.Parse(Slot), state, options with { Memory = null, DeviceFolder = folder.File("dev") });
        using (FileStream stream = await writing)
        {
            byte[] records = [.. Enumerable.Range(0, 300).SelectMany(number => FakeCard.Record((uint)number))];
            stream.Write(records.AsSpan(0, 1000)); // in the middle of one
            stream.Write(records.AsSpan(1000));
            stream.Flush();
            Assert.Equal(299u, Take(card, 300)[^1].Number);
        }

        CardStoppedException error = Assert.Throws<CardStoppedException>(() => Take(card, 1));
        Assert.Contains("no more event records come", error.Message, StringComparison.Ordinal);
    }

    private static void Rethrown(Action action)
    {
        try
        {
            action();
        }
        catch (InvalidInputException error)
        {
            throw new InvalidOperationException(error.Message, error);
        }
    }

    private static EventRecord[] Take(PcieCard card, int count)
    {
        var all = new List<EventRecord>();
        var records = new EventRecord[100];
        for (long start = Stopwatch.GetTimestamp(); all.Count < count; Thread.Sleep(0))
        {
            all.AddRange(records[..card.TakeEvents(records)]);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), $"{all.Count} of {count} records came");
        }

        Assert.Equal(count, all.Count);
        return [.. all];
    }

    private FakeCard Card() => new(Path.Combine(bus.FolderOf(Slot), "resource0"), Design);

    private PcieCard Open() => PcieCard.Open(bus.Discovery, PciAddress.Parse(Slot), state, options);
}
