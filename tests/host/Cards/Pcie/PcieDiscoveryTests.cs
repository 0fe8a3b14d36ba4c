using Edge.Appliance.Cards.Pcie;
using Edge.Networks;
using Edge.Tests.Cli;

namespace Edge.Tests.Cards.Pcie;

/// <summary>Cards are found in a bus of plain files, and what hinders their use is said.</summary>
public sealed class PcieDiscoveryTests : IDisposable
{
    private const string Slot = "0000:3b:00.0";

    private readonly TemporaryFolder folder = new();
    private readonly FakeBus bus;

    public PcieDiscoveryTests() => bus = new(folder.Path);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EdgeCards_AreFound_OthersAreNot()
    {
        bus.Insert("0000:5e:00.0");
        bus.Insert(Slot, "xdma");
        bus.Insert("0000:04:00.0", subsystem: 7);
        Directory.CreateDirectory(bus.FolderOf(Slot) + "/xdma/xdma0_user");
        Directory.CreateDirectory(bus.FolderOf(Slot) + "/xdma/xdma0_c2h_0");
        Assert.Equal([Slot, "0000:5e:00.0"], bus.Discovery.Find().Select(device => device.Address.Text));

        PcieDevice card = bus.Discovery.Get(PciAddress.Parse("3b:00.0"));
        Assert.Equal((0x10EE, 0x903F, "xdma", 0x10000L, "17"), (card.VendorId, card.DeviceId, card.Driver, card.BarBytes, card.IommuGroup));
        Assert.Equal(["xdma0_c2h_0", "xdma0_user"], card.CharacterDevices);
        Assert.Null(card.Obstacle);

        Assert.Contains("no Edge card", Refused("04:00.0"), StringComparison.Ordinal);
        Assert.Contains("no device answers there", Refused("05:00.0"), StringComparison.Ordinal);
        bus.Remove(Slot);
        Assert.Contains("no device answers there", Refused(Slot), StringComparison.Ordinal);
        Assert.Empty(new PcieDiscovery(folder.File("nowhere")).Find());
    }

    [Theory]
    [InlineData(null, "17", 0x10000, "no driver; bind it to vfio-pci")]
    [InlineData("nvme", "17", 0x10000, "driver nvme holds it")]
    [InlineData("vfio-pci", null, 0x10000, "no IOMMU")]
    [InlineData("vfio-pci", "17", 0, "BAR 0) are 0 bytes")]
    [InlineData("vfio-pci", "17", 0x1000, "BAR 0) are 4096 bytes")]
    [InlineData("xdma", null, 0x10000, "made no character devices")]
    [InlineData("vfio-pci", "17", 0x10000, null)]
    public void WhatHinders_IsSaid(string? driver, string? group, long barBytes, string? said)
    {
        bus.Insert(Slot, driver, group, barBytes);
        string? obstacle = bus.Discovery.Get(PciAddress.Parse(Slot)).Obstacle;
        Assert.Equal(said is null, obstacle is null);
        Assert.Contains(said ?? string.Empty, obstacle ?? string.Empty, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resource", "")]
    [InlineData("resource", "garbage")]
    [InlineData("resource", "0x10 0x0f 0x0")]
    [InlineData("resource", "0x0 0xffffffffffffffff 0x0")]
    [InlineData("resource", "0xzz 0x1 0x0")]
    public void StrangeFiles_AreNoBar(string file, string text)
    {
        bus.Insert(Slot);
        File.WriteAllText(Path.Combine(bus.FolderOf(Slot), file), text);
        Assert.Equal(0, bus.Discovery.Get(PciAddress.Parse(Slot)).BarBytes);
    }

    [Theory]
    [InlineData("3b:00.8")]
    [InlineData("3b:00")]
    [InlineData("../../../etc/passwd")]
    [InlineData("0000:3b:00.0/../x")]
    public void WhatIsNoAddress_IsRefused(string text) =>
        Assert.Contains("is no PCI address", Assert.Throws<InvalidInputException>(() => PciAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void CardList_ShowsThem()
    {
        bus.Insert(Slot);
        bus.Insert("0000:5e:00.0", driver: null);
        EdgeResult text = EdgeProgram.Run(folder.Path, "card", "list", "--sysfs", bus.Root).Succeeded();
        Assert.Contains("simulated      simulated  yes", text.Output, StringComparison.Ordinal);
        Assert.Contains($"{Slot}   PCIe       yes     driver vfio-pci", text.Output, StringComparison.Ordinal);
        Assert.Contains("0000:5e:00.0   PCIe       no      no driver; bind it to vfio-pci", text.Output, StringComparison.Ordinal);

        EdgeResult json = EdgeProgram.Run(folder.Path, new Dictionary<string, string> { ["EDGE_SYSFS"] = bus.Root }, "card", "list", "--json").Succeeded();
        Assert.Equal(["simulated", Slot, "0000:5e:00.0"], json.Json.GetProperty("cards").EnumerateArray().Select(card => card.GetProperty("card").GetString()));
    }

    [Fact]
    public void TheVendorScript_MakesWhatTheHostLooksFor()
    {
        string script = File.ReadAllText(Repository.Path("tools", "vendor", "amd", "shell.tcl"));
        Assert.Contains($"set vendor_id {PcieDevice.AmdVendorId:X4}", script, StringComparison.Ordinal);
        Assert.Contains($"set subsystem_id {PcieDevice.EdgeSubsystemId:X4}", script, StringComparison.Ordinal);
        Assert.Contains($"set bar_kilobytes {PcieDiscovery.LeastBarBytes / 1024}", script, StringComparison.Ordinal);
        Assert.Contains("NOT RUN ON HARDWARE", script, StringComparison.Ordinal);
        Assert.Equal(script.Count(letter => letter == '{'), script.Count(letter => letter == '}'));
    }

    private string Refused(string address) => Assert.Throws<InvalidInputException>(() => bus.Discovery.Get(PciAddress.Parse(address))).Message;
}
