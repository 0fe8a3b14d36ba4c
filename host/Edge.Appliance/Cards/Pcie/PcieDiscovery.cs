using System.Globalization;
using Edge.Networks;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>Finds Edge cards in sysfs (kernel documentation, sysfs-bus-pci). Reads files only: no register of any device is
/// touched, since a stranger's could do anything.</summary>
/// <param name="root">Where sysfs is mounted; tests give a folder of plain files.</param>
public sealed class PcieDiscovery(string root = PcieDiscovery.DefaultRoot)
{
    public const string DefaultRoot = "/sys";

    /// <summary>The register map's 16-bit byte addresses.</summary>
    public const long LeastBarBytes = 0x10000;

    /// <summary>No file that is read here is longer.</summary>
    private const int LongestFile = 4096;

    public string Root => root;

    public string Devices => Path.Combine(root, "bus", "pci", "devices");

    /// <summary>All Edge cards, in the order of their addresses; none where there is no PCI bus.</summary>
    public IReadOnlyList<PcieDevice> Find() => !Directory.Exists(Devices) ? [] :
    [
        .. Directory.EnumerateFileSystemEntries(Devices)
            .Select(path => Path.GetFileName(path))
            .Where(PciAddress.IsOne)
            .Order(StringComparer.Ordinal)
            .Select(name => Describe(PciAddress.Parse(name)))
            .OfType<PcieDevice>()
            .Where(device => device.IsEdge),
    ];

    /// <exception cref="InvalidInputException">No device is there, or it is no Edge card.</exception>
    public PcieDevice Get(PciAddress address)
    {
        PcieDevice device = Describe(address)
            ?? throw new InvalidInputException($"{address}: no device answers there. 'edge card list' shows the cards that are; after a change of cards, rescan: echo 1 > {Path.Combine(root, "bus/pci/rescan")}");
        return device.IsEdge ? device : throw new InvalidInputException(
            $"{address}: vendor {device.VendorId:x4}, subsystem {device.SubsystemVendorId:x4}:{device.SubsystemId:x4} is no Edge card ({PcieDevice.AmdVendorId:x4}, {PcieDevice.AmdVendorId:x4}:{PcieDevice.EdgeSubsystemId:x4}). 'edge card list' shows those that are.");
    }

    public string FolderOf(PciAddress address) => Path.Combine(Devices, address.Text);

    /// <returns>null when there is none, also when it goes away while it is read.</returns>
    public PcieDevice? Describe(PciAddress address)
    {
        string folder = FolderOf(address);
        return Hexadecimal(folder, "vendor") is ushort vendor && Hexadecimal(folder, "device") is ushort device
            ? new(
                address,
                vendor,
                device,
                Hexadecimal(folder, "subsystem_vendor") ?? 0,
                Hexadecimal(folder, "subsystem_device") ?? 0,
                LinkName(folder, "driver"),
                BarBytes(Text(folder, "resource")),
                LinkName(folder, "iommu_group"),
                CharacterDevices(folder))
            : null;
    }

    /// <summary>First line of <c>resource</c>: first address, last address, flags; zeros where the bar has no place.</summary>
    private static long BarBytes(string? resource)
    {
        string[] fields = resource?.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return fields.Length == 3 && Address(fields[0]) is ulong first && Address(fields[1]) is ulong last && last > first && last - first < long.MaxValue
            ? (long)(last - first) + 1
            : 0;
    }

    private static ulong? Address(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : null;

    private static ushort? Hexadecimal(string folder, string name) => Text(folder, name) is string text && Address(text.Trim()) is ulong value and <= ushort.MaxValue ? (ushort)value : null;

    private static string? LinkName(string folder, string name)
    {
        string? target = new FileInfo(Path.Combine(folder, name)).LinkTarget;
        return target is null ? null : Path.GetFileName(Path.TrimEndingDirectorySeparator(target));
    }

    // The driver's class devices stand in a folder named after their class.
    private static string[] CharacterDevices(string folder)
    {
        string below = Path.Combine(folder, "xdma");
        return Directory.Exists(below) ? [.. Directory.EnumerateFileSystemEntries(below).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];
    }

    private static string? Text(string folder, string name)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, name));
            var bytes = new byte[LongestFile];
            return System.Text.Encoding.ASCII.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
