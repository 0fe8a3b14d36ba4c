using System.Diagnostics;
using System.Numerics;
using Edge.Appliance.Cards.Loading;
using Edge.Images;
using Edge.Networks;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>How a card on the bus is opened.</summary>
/// <param name="Records">Of the event ring; a power of two.</param>
/// <param name="Memory">Makes the ring's memory; null: VFIO.</param>
/// <param name="DeviceFolder">Where device files are.</param>
public sealed record PcieCardOptions(int Records = 1 << 16, Func<PcieDevice, long, CardMemory>? Memory = null, string DeviceFolder = "/dev");

/// <summary>A card on the bus: registers through BAR 0, records through a ring in this program's memory (VFIO), or through
/// AMD's XDMA driver. A card that was pulled out reads all ones: that is noticed, and says so.</summary>
public sealed unsafe class PcieCard : ICard
{
    private const int TailBytes = 64;
    private const int PollsPerLook = 256;
    private const int SpinsPerWait = 200;

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(1);

    private readonly PcieDiscovery discovery;
    private readonly PcieCardOptions options;
    private readonly byte[] bytes = new byte[256 * EventRecord.Bytes];
    private PcieBar? bar;
    private CardMemory? memory;
    private EventRing? ring;
    private XdmaRecords? stream;
    private int emptyPolls;

    private PcieCard(PcieDiscovery discovery, PcieDevice device, CardImageManifest image, PcieCardOptions options)
    {
        this.discovery = discovery;
        this.options = options;
        Device = device;
        Image = image;
        bar = Map();
    }

    public PcieDevice Device { get; private set; }

    private PcieBar Bar => bar ?? throw new CardStoppedException($"card {Device.Address} is not open; open it again when it is back on the bus.");

    public CardImageManifest Image { get; }

    /// <summary>Records that the card numbered and that never came.</summary>
    public long RecordsLost => ring?.Lost ?? 0;

    /// <exception cref="InvalidInputException">No card there, no image known, a load that was cut, another design, or no way
    /// to its memory.</exception>
    public static PcieCard Open(PcieDiscovery discovery, PciAddress address, CardFolder folder, PcieCardOptions? options = null)
    {
        if (folder.Journal is { } cut)
        {
            throw new InvalidInputException($"card {address}: {cut}. It stays blanked: load an image first.");
        }

        CardImageManifest image = folder.Current
            ?? throw new InvalidInputException($"card {address}: nothing was loaded from here, so what runs on it is not known. Load an image: edge card load");
        PcieDevice device = Usable(discovery, address);
        try
        {
            var card = new PcieCard(discovery, device, image, options ?? new());
            try
            {
                card.Start();
                return card;
            }
            catch
            {
                card.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"card {address}: its registers cannot be mapped ({error.Message}). Run as root, or give your user the right to resource0.", error);
        }
    }

    public uint Read(uint address)
    {
        uint value = Bar.Read(address);
        if (value == uint.MaxValue)
        {
            CheckPresent();
        }

        return value;
    }

    public void Write(uint address, uint value) => Bar.Write(address, value);

    public int TakeEvents(Span<EventRecord> records)
    {
        if (ring is null)
        {
            return 0;
        }

        int count = ring.Take(bytes.AsSpan(0, Math.Min(records.Length * EventRecord.Bytes, bytes.Length)));
        for (int k = 0; k < count; k++)
        {
            records[k] = EventRecord.Parse(bytes.AsSpan(k * EventRecord.Bytes, EventRecord.Bytes));
        }

        if (count > 0 && stream is null)
        {
            Bar.Write(CardRegisters.EventRingReadAddress, ring.ReadCount);
        }

        // Nothing comes from a card that is gone, so silence is looked into now and then.
        emptyPolls = count > 0 ? 0 : emptyPolls + 1;
        if (emptyPolls % PollsPerLook == PollsPerLook - 1)
        {
            CheckPresent();
            if (stream?.Fault is { } fault)
            {
                throw new CardStoppedException($"card {Device.Address}: no more event records come ({fault}). Start the run again.");
            }
        }

        return count;
    }

    /// <exception cref="CardStoppedException">Always: this build's register map has no stream from host to card.</exception>
    public void SendVectors(ReadOnlySpan<long> elements) =>
        throw new CardStoppedException($"card {Device.Address}: vectors of the host cannot be sent over PCIe yet. Use the simulated card for runs of kind 'features'.");

    public void Wait() => Thread.SpinWait(SpinsPerWait);

    /// <summary>Opens the card again after it had gone and the bus was rescanned: everything anew, since its registers have
    /// moved. It is tripped then, as after any reset.</summary>
    /// <exception cref="InvalidInputException">It is not back, or holds another design.</exception>
    public void Reopen()
    {
        Release();
        Device = Usable(discovery, Device.Address);
        bar = Map();
        Start();
    }

    public void Dispose() => Release();

    private static PcieDevice Usable(PcieDiscovery discovery, PciAddress address)
    {
        PcieDevice device = discovery.Get(address);
        return device.Obstacle is { } obstacle ? throw new InvalidInputException($"card {address}: {obstacle}.") : device;
    }

    private PcieBar Map()
    {
        string? user = Device.CharacterDevices.FirstOrDefault(name => name.EndsWith("_user", StringComparison.Ordinal));
        return Device.Driver == "xdma" && user is not null
            ? new(Path.Combine(options.DeviceFolder, user), PcieDiscovery.LeastBarBytes)
            : new(Path.Combine(discovery.FolderOf(Device.Address), "resource0"), PcieDiscovery.LeastBarBytes);
    }

    private void Start()
    {
        CheckPresent();
        new CardControl(this).Identify();
        long ringBytes = (long)options.Records * EventRecord.Bytes;
        long all = (ringBytes + TailBytes + EventRing.Alignment - 1) / EventRing.Alignment * EventRing.Alignment;
        bool isXdma = Device.Driver == "xdma";
        memory = isXdma ? new PlainMemory(all) : options.Memory?.Invoke(Device, all) ?? new VfioMemory(Device, discovery, all, options.DeviceFolder);
        uint* tail = (uint*)(memory.Pointer + ringBytes);
        ring = new(memory.Pointer, options.Records, tail, Bar.Read(CardRegisters.EventsNumberedAddress) - Bar.Read(CardRegisters.EventsWaitingAddress));
        if (isXdma)
        {
            string name = Device.CharacterDevices.FirstOrDefault(name => name.EndsWith("_c2h_0", StringComparison.Ordinal))
                ?? throw new InvalidInputException($"card {Device.Address}: driver xdma made no stream to the host (xdma0_c2h_0). Build the shell with a C2H stream.");
            EventRing taken = ring;
            stream = new(Path.Combine(options.DeviceFolder, name), memory.Pointer, options.Records, tail, () => taken.ReadCount);
            return;
        }

        Bar.Write(CardRegisters.EventRingAddress, 0);
        Await(CardRegisters.EventRingStateDrainedMask);
        Write64(CardRegisters.EventRingBaseLowAddress, memory.CardAddress);
        Write64(CardRegisters.EventRingTailAddressLowAddress, memory.CardAddress + (ulong)ringBytes);
        uint size = (uint)BitOperations.Log2((uint)options.Records) << CardRegisters.EventRingRecordsLog2Shift;
        Bar.Write(CardRegisters.EventRingAddress, size | CardRegisters.EventRingEnableMask);
        if (!Await(CardRegisters.EventRingStateRunningMask))
        {
            uint state = Bar.Read(CardRegisters.EventRingStateAddress);
            throw new CardStoppedException($"card {Device.Address}: its event ring does not start (state 0x{state:X}). Load the image again; if that does not help, the shell cannot write host memory.");
        }
    }

    private void Release()
    {
        stream?.Dispose();
        if (ring is not null && stream is null && Bar.Read(CardRegisters.IdAddress) == CardRegisters.Id)
        {
            Bar.Write(CardRegisters.EventRingAddress, 0);
            Await(CardRegisters.EventRingStateDrainedMask);
        }

        memory?.Dispose();
        bar?.Dispose();
        (memory, ring, stream, bar) = (null, null, null, null);
    }

    /// <summary>Waits for a state of the event ring. The memory may go only when it is drained; a card that does not drain
    /// cannot write it either, once the IOMMU's mapping is gone.</summary>
    /// <returns>Whether it came within <see cref="LongestDrain"/>.</returns>
    private bool Await(uint stateMask)
    {
        long start = Stopwatch.GetTimestamp();
        while ((Bar.Read(CardRegisters.EventRingStateAddress) & stateMask) == 0)
        {
            if (Stopwatch.GetElapsedTime(start) > LongestDrain)
            {
                return false;
            }

            Thread.Sleep(1);
        }

        return true;
    }

    private void Write64(uint address, ulong value)
    {
        Bar.Write(address, (uint)value);
        Bar.Write(address + 4, (uint)(value >> 32));
    }

    private void CheckPresent()
    {
        if (Bar.Read(CardRegisters.IdAddress) == uint.MaxValue)
        {
            throw new CardStoppedException(
                $"card {Device.Address} is gone from the bus: it reads all ones. It was pulled out, lost power or lost its configuration. The beam counts as blanked by the circuit on keep_alive alone: look at it. Then rescan the bus (echo 1 > {Path.Combine(discovery.Root, "bus", "pci", "rescan")}) and start again.");
        }
    }
}
