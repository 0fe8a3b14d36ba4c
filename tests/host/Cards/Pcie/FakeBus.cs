using Edge.Appliance.Cards.Pcie;

namespace Edge.Tests.Cards.Pcie;

/// <summary>A PCI bus made of plain files and links, laid out as Linux lays out sysfs. A fake: it shows that the host reads
/// and writes the right files, not that a kernel or a card follows.</summary>
internal sealed class FakeBus
{
    private const string Bridge = "devices/pci0000:00/0000:00:1c.0";

    public FakeBus(string root)
    {
        Root = root;
        Directory.CreateDirectory(Path.Combine(root, "bus/pci/devices"));
        Directory.CreateDirectory(Path.Combine(root, "bus/pci/drivers/vfio-pci"));
        Directory.CreateDirectory(Path.Combine(root, "bus/pci/drivers/xdma"));
        Directory.CreateDirectory(Path.Combine(root, "kernel/iommu_groups/17"));
        Directory.CreateDirectory(Path.Combine(root, Bridge));
        Write("bus/pci/rescan", string.Empty);
        Write("bus/pci/drivers_probe", string.Empty);
        Write("bus/pci/drivers/vfio-pci/unbind", string.Empty);
        System.IO.File.WriteAllBytes(File($"{Bridge}/config"), new byte[4096]);
    }

    public string Root { get; }

    public PcieDiscovery Discovery => new(Root);

    public string File(string name) => Path.Combine(Root, name);

    public string FolderOf(string address) => File($"{Bridge}/{address}");

    /// <summary>Puts a card into the slot.</summary>
    /// <param name="driver">null: none is bound.</param>
    public void Insert(string address, string? driver = "vfio-pci", string? group = "17", long barBytes = 0x10000, ulong barAddress = 0xDF000000, int subsystem = PcieDevice.EdgeSubsystemId)
    {
        string folder = $"{Bridge}/{address}";
        Directory.CreateDirectory(File(folder));
        Write($"{folder}/vendor", "0x10ee\n");
        Write($"{folder}/device", "0x903f\n");
        Write($"{folder}/subsystem_vendor", "0x10ee\n");
        Write($"{folder}/subsystem_device", $"0x{subsystem:x4}\n");
        Write($"{folder}/enable", "0\n");
        Write($"{folder}/remove", string.Empty);
        Write($"{folder}/driver_override", string.Empty);
        string line = barBytes == 0 ? "0x0000000000000000 0x0000000000000000 0x0000000000000000" : $"0x{barAddress:x16} 0x{barAddress + (ulong)barBytes - 1:x16} 0x0000000000040200";
        Write($"{folder}/resource", $"{line}\n{string.Concat(Enumerable.Repeat("0x0000000000000000 0x0000000000000000 0x0000000000000000\n", 12))}");
        System.IO.File.WriteAllBytes(File($"{folder}/resource0"), new byte[barBytes]);
        System.IO.File.WriteAllBytes(File($"{folder}/config"), new byte[4096]);
        Link($"bus/pci/devices/{address}", $"../../../{folder}");
        if (driver is not null)
        {
            Bind(address, driver);
        }

        if (group is not null)
        {
            Link($"{folder}/iommu_group", $"../../../../kernel/iommu_groups/{group}");
        }
    }

    public string BridgeConfig => File($"{Bridge}/config");

    public void Bind(string address, string driver) => Link($"{Bridge}/{address}/driver", $"../../../../bus/pci/drivers/{driver}");

    public void Unbind(string address) => System.IO.File.Delete(File($"{Bridge}/{address}/driver"));

    /// <summary>What was written to a file since it was last asked; the file is empty again.</summary>
    public string Taken(string name)
    {
        if (!System.IO.File.Exists(File(name)))
        {
            return string.Empty;
        }

        string text = System.IO.File.ReadAllText(File(name));
        if (text.Length > 0)
        {
            Write(name, string.Empty);
        }

        return text;
    }

    public static string NameOf(string address, string file) => $"{Bridge}/{address}/{file}";

    public void Remove(string address)
    {
        System.IO.File.Delete(File($"bus/pci/devices/{address}"));
        Directory.Delete(FolderOf(address), recursive: true);
    }

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    private void Link(string name, string target) => System.IO.File.CreateSymbolicLink(File(name), target);
}
