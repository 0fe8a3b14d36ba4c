using System.Diagnostics;
using System.Globalization;
using Edge.Appliance.Cards.Pcie;
using Edge.Images;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Loads a card on the bus: blanks it through its registers, takes it off its driver and, for whole images, off
/// the bus, and brings it back. Only files of sysfs are used; needs root.</summary>
/// <param name="part">Part on the card.</param>
/// <param name="port">How the bits get into the FPGA.</param>
/// <param name="patience">How long the kernel may take for a step; 10 s unless said otherwise.</param>
public sealed class PcieCardLoader(PcieDiscovery discovery, PciAddress address, string part, IConfigurationPort port, TimeSpan? patience = null) : ICardLoader
{
    private const string Vfio = "vfio-pci";
    private const int BridgeControl = 0x3E;
    private const ushort SecondaryBusReset = 1 << 6;

    private static readonly TimeSpan ResetPulse = TimeSpan.FromMilliseconds(10);

    /// <summary>Far longer than a posted write is under way.</summary>
    private static readonly TimeSpan PostedWrites = TimeSpan.FromMilliseconds(10);

    private readonly TimeSpan patience = patience ?? TimeSpan.FromSeconds(10);

    private string? driver;

    public string Card => address.Text;

    public string? Part => part;

    public bool? TakesPartial => port.IsPartial;

    private string Folder => discovery.FolderOf(address);

    public uint? ReadIdCode() => Guarded(port.ReadIdCode);

    public string Blank() => Probed(probe => probe.Blank());

    public string CheckDisarmed() => Probed(probe => probe.CheckBlanked());

    /// <summary>Drains the event ring of a card that answers, takes away its right to write memory, and lets writes under
    /// way arrive.</summary>
    public string StopDma() => Guarded(() =>
    {
        string ring = Probed(probe => probe.DrainRing());
        using var space = new SysfsConfigurationSpace(Path.Combine(Folder, "config"));
        uint command = space.Read(SysfsConfigurationSpace.CommandOffset);
        space.Write16(SysfsConfigurationSpace.CommandOffset, (ushort)(command & ~SysfsConfigurationSpace.BusMasterBit));
        Thread.Sleep(PostedWrites);
        return (space.Read(SysfsConfigurationSpace.CommandOffset) & SysfsConfigurationSpace.BusMasterBit) == 0
            ? $"{ring}, bus master off"
            : throw new LoadStepException("the card stays bus master", "Remove it by hand: its driver puts the bit back. Stop what uses the card");
    });

    public string Unbind() => Guarded(() =>
    {
        PcieDevice? device = discovery.Describe(address);
        driver = device?.Driver ?? driver;
        if (device?.Driver is not { } bound)
        {
            return device is null ? "not on the bus" : "no driver was bound";
        }

        Put(Path.Combine(Folder, "driver", "unbind"), address.Text);
        Await(() => discovery.Describe(address)?.Driver is null, $"driver {bound} does not let go of the card", "Stop the programs that use the card, then load again");
        return $"{bound} let go";
    });

    public string Load(CardImage image, Action<string> progress) => Guarded(() =>
    {
        port.Load(image.Payload, progress);
        return port.Name;
    });

    public string WaitDone() => Guarded(port.WaitDone);

    public string Rescan() => Guarded(() =>
    {
        if (!port.IsPartial)
        {
            RemoveAndRescan();
        }

        PcieDevice device = discovery.Describe(address) is { IsEdge: true } found ? found
            : throw new LoadStepException("another device answers at the card's address", "Check with lspci what it is");
        if (device.Driver is null)
        {
            string wanted = driver ?? Vfio;
            Put(Path.Combine(Folder, "driver_override"), wanted);
            Put(Path.Combine(discovery.Root, "bus", "pci", "drivers_probe"), address.Text);
            Await(() => discovery.Describe(address)?.Driver == wanted, $"driver {wanted} does not take the card", $"Load it: modprobe {wanted}");
        }

        return $"address {address}, driver {discovery.Describe(address)?.Driver}";
    });

    public string Identify(CardImageManifest manifest) => Probed(probe => probe.Identify(manifest));

    public string SelfTest(CardImageManifest manifest) => Probed(probe => probe.SelfTest(manifest, realTime: true));

    private void RemoveAndRescan()
    {
        string? bridge = Directory.Exists(Folder) ? Path.GetDirectoryName(new FileInfo(Folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Folder) : null;
        if (bridge is not null)
        {
            Put(Path.Combine(Folder, "remove"), "1");
            Await(() => !Directory.Exists(Folder), "the kernel does not remove the card", "Stop the programs that use the card, then load again");
            if (port.NeedsHotReset && File.Exists(Path.Combine(bridge, "config")))
            {
                ResetBelow(Path.Combine(bridge, "config"));
            }
        }

        Put(Path.Combine(discovery.Root, "bus", "pci", "rescan"), "1");
        Await(
            () => discovery.Describe(address) is { BarBytes: >= PcieDiscovery.LeastBarBytes },
            "the card does not come back on the bus",
            "A warm restart of the machine may be needed: BIOS and bridge must give it an address. If it stays away, load the golden image over JTAG");
    }

    private static void ResetBelow(string config)
    {
        using var space = new SysfsConfigurationSpace(config);
        ushort control = (ushort)(space.Read(BridgeControl - 2) >> 16);
        space.Write16(BridgeControl, (ushort)(control | SecondaryBusReset));
        Thread.Sleep(ResetPulse);
        space.Write16(BridgeControl, (ushort)(control & ~SecondaryBusReset));
        Thread.Sleep(ResetPulse);
    }

    private PcieBar OpenBar() => new(Path.Combine(Folder, "resource0"), PcieDiscovery.LeastBarBytes);

    private string Probed(Func<CardProbe, string> ask) => Guarded(() =>
    {
        if (File.Exists(Path.Combine(Folder, "enable")))
        {
            Put(Path.Combine(Folder, "enable"), "1");
        }

        using PcieBar bar = OpenBar();
        return ask(new(bar.Read, bar.Write));
    });

    private void Await(Func<bool> condition, string otherwise, string remedy)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition(); Thread.Sleep(5))
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new LoadStepException(string.Create(CultureInfo.InvariantCulture, $"{otherwise} (waited {patience.TotalSeconds:G3} s)"), remedy);
            }
        }
    }

    private static void Put(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private static T Guarded<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new LoadStepException(error.Message.TrimEnd('.'), "Run it as root: sudo edge card load");
        }
        catch (IOException error)
        {
            throw new LoadStepException($"the card is gone from the bus ({error.Message.TrimEnd('.')})", "Rescan the bus, or restart the machine, then load again");
        }
    }
}
