namespace Edge.Appliance.Cards.Pcie;

/// <summary>A card on the bus, as the kernel describes it; nothing of the card itself was touched.</summary>
/// <param name="Driver">Name of the driver that holds it; null: none.</param>
/// <param name="BarBytes">Size of BAR 0, the registers; 0: the kernel gave it no address.</param>
/// <param name="IommuGroup">Number of its group; null without an IOMMU: then VFIO cannot be used.</param>
/// <param name="CharacterDevices">Names below /dev that the vendor's driver made: <c>xdma0_user</c>.</param>
public sealed record PcieDevice(
    PciAddress Address,
    ushort VendorId,
    ushort DeviceId,
    ushort SubsystemVendorId,
    ushort SubsystemId,
    string? Driver,
    long BarBytes,
    string? IommuGroup,
    IReadOnlyList<string> CharacterDevices)
{
    /// <summary>AMD's (once Xilinx's), as its PCIe blocks carry it.</summary>
    public const ushort AmdVendorId = 0x10EE;

    /// <summary>What tools/vendor writes into the shell, so that no other design on an AMD part is taken for Edge.</summary>
    public const ushort EdgeSubsystemId = 0xED6E;

    public bool IsEdge => VendorId == AmdVendorId && SubsystemVendorId == AmdVendorId && SubsystemId == EdgeSubsystemId;

    /// <summary>Why it cannot be opened as it is; null when it can.</summary>
    public string? Obstacle => Driver switch
    {
        _ when BarBytes < PcieDiscovery.LeastBarBytes => $"its registers (BAR 0) are {BarBytes} bytes; the card has {PcieDiscovery.LeastBarBytes}. Rescan the bus, or load the image from flash again",
        "vfio-pci" when IommuGroup is null => "driver vfio-pci, but no IOMMU: switch it on in the BIOS and with intel_iommu=on or amd_iommu=on",
        "vfio-pci" => null,
        "xdma" when CharacterDevices.Count == 0 => "driver xdma made no character devices; reload the driver",
        "xdma" => null,
        null => "no driver; bind it to vfio-pci",
        string other => $"driver {other} holds it; bind it to vfio-pci or xdma",
    };
}
