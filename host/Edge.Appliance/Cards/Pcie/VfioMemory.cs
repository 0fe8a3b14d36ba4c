using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Edge.Networks;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>Memory that a card bound to vfio-pci may write through the IOMMU, at an address chosen here; the card reaches no
/// other. Written after the kernel's linux/vfio.h and vfio.rst; not run on hardware.</summary>
public sealed unsafe class VfioMemory : CardMemory
{
    /// <summary>4 GiB: above the windows below it that platforms keep for interrupts.</summary>
    private const ulong FirstAddress = 0x1_0000_0000;

    private const uint MemoryAndBusMaster = 0x6;

    private readonly long bytes;
    private int container = -1;
    private int group = -1;
    private int device = -1;
    private byte* pointer;
    private bool isMapped;

    /// <param name="devices">Where device files are; /dev unless a test says otherwise.</param>
    /// <exception cref="InvalidInputException">VFIO cannot be used; the message says which part of it, and what to do.</exception>
    public VfioMemory(PcieDevice card, PcieDiscovery discovery, long bytes, string devices = "/dev")
    {
        this.bytes = bytes;
        try
        {
            CardAddress = FreeAddress(Path.Combine(discovery.Root, "kernel", "iommu_groups", card.IommuGroup ?? "none", "reserved_regions"), (ulong)bytes);
            Open(card, devices);
            pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, EventRing.Alignment);
            new Span<byte>(pointer, checked((int)bytes)).Clear();
            var map = new Vfio.DmaMap { Size = (uint)sizeof(Vfio.DmaMap), Flags = Vfio.MapRead | Vfio.MapWrite, Memory = (ulong)pointer, CardAddress = CardAddress, Bytes = (ulong)bytes };
            Check(Vfio.Control(container, Vfio.MapDma, &map), "the IOMMU does not map the ring", "Allow locked memory: ulimit -l, LimitMEMLOCK=infinity in the service");
            isMapped = true;
            BecomeBusMaster();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override byte* Pointer => pointer;

    public override long Bytes => bytes;

    public override ulong CardAddress { get; }

    /// <summary>The first address at or above 4 GiB where so many bytes touch no reserved region.</summary>
    /// <param name="path">Lines of first address, last address, kind, as the kernel writes them; a file that is missing reserves nothing.</param>
    internal static ulong FreeAddress(string path, ulong bytes)
    {
        ulong address = FirstAddress;
        foreach ((ulong first, ulong last) in (File.Exists(path) ? File.ReadAllLines(path) : []).Select(Region).OfType<(ulong First, ulong Last)>().OrderBy(region => region.First))
        {
            if (first < address + bytes && last >= address)
            {
                address = (last + EventRing.Alignment) & ~(ulong)(EventRing.Alignment - 1);
            }
        }

        return address;
    }

    protected override void Dispose(bool disposing)
    {
        if (isMapped)
        {
            var unmap = new Vfio.DmaUnmap { Size = (uint)sizeof(Vfio.DmaUnmap), CardAddress = CardAddress, Bytes = (ulong)bytes };
            _ = Vfio.Control(container, Vfio.UnmapDma, &unmap);
            isMapped = false;
        }

        // The device goes first: as long as it is open the card may write.
        foreach (int file in new[] { device, group, container }.Where(file => file >= 0))
        {
            _ = Vfio.Close(file);
        }

        (device, group, container) = (-1, -1, -1);
        NativeMemory.AlignedFree(pointer);
        pointer = null;
    }

    private static (ulong First, ulong Last)? Region(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length >= 2 && Number(fields[0]) is ulong first && Number(fields[1]) is ulong last ? (first, last) : null;
    }

    private static ulong? Number(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : null;

    private static int Check(int result, string what, string remedy) => result >= 0 ? result
        : throw new InvalidInputException($"VFIO: {what} ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}). {remedy}.");

    private void Open(PcieDevice card, string devices)
    {
        string main = Path.Combine(devices, "vfio", "vfio");
        string mine = Path.Combine(devices, "vfio", card.IommuGroup ?? "none");
        container = Check(Vfio.Open(main, Vfio.ReadWrite), $"{main} cannot be opened", "Load the driver: modprobe vfio-pci");
        if (Vfio.Control(container, Vfio.GetApiVersion, null) != Vfio.ApiVersion || Vfio.Control(container, Vfio.CheckExtension, (void*)Vfio.Type1Version2) <= 0)
        {
            throw new InvalidInputException("VFIO: the kernel offers no type 1 IOMMU of version 2. Switch the IOMMU on in the BIOS, and with intel_iommu=on or amd_iommu=on.");
        }

        group = Check(Vfio.Open(mine, Vfio.ReadWrite), $"{mine} cannot be opened", "Give your user the right: a udev rule, or run as root. Another program may have it open");
        var status = new Vfio.GroupStatus { Size = (uint)sizeof(Vfio.GroupStatus) };
        Check(Vfio.Control(group, Vfio.GroupGetStatus, &status), "the group's state cannot be read", "See dmesg");
        if ((status.Flags & Vfio.GroupViable) == 0)
        {
            throw new InvalidInputException($"VFIO: group {card.IommuGroup} is shared with devices that other drivers hold. Bind them to vfio-pci too, or put the card into another slot.");
        }

        int opened = container;
        Check(Vfio.Control(group, Vfio.GroupSetContainer, &opened), "the group does not join", "See dmesg");
        Check(Vfio.Control(container, Vfio.SetIommu, (void*)Vfio.Type1Version2), "the IOMMU cannot be set", "See dmesg");
        fixed (byte* name = Encoding.ASCII.GetBytes(card.Address.Text + "\0"))
        {
            device = Check(Vfio.Control(group, Vfio.GroupGetDevice, name), $"{card.Address} is not in its group", "Bind it to vfio-pci");
        }
    }

    /// <summary>vfio-pci takes the right away whenever a device is opened.</summary>
    private void BecomeBusMaster()
    {
        var region = new Vfio.RegionInfo { Size = (uint)sizeof(Vfio.RegionInfo), Index = Vfio.ConfigRegion };
        Check(Vfio.Control(device, Vfio.DeviceGetRegionInfo, &region), "the configuration space cannot be found", "See dmesg");
        long at = (long)region.Offset + SysfsConfigurationSpace.CommandOffset;
        ushort command = 0;
        Check((int)Vfio.ReadAt(device, &command, sizeof(ushort), at), "the configuration space cannot be read", "See dmesg");
        command |= (ushort)MemoryAndBusMaster;
        Check((int)Vfio.WriteAt(device, &command, sizeof(ushort), at), "the card does not become bus master", "See dmesg");
    }
}
