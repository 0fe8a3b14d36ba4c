using System.Runtime.InteropServices;
using Edge.Images;

namespace Edge.Appliance.Cards;

/// <summary>The card's pins as the microscope sees them from a clock edge on.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PinChange(long Edge, ushort X, ushort Y, byte PermitBeamLevel, byte PixelAdvanceLevel, byte AuxTriggerLevel, byte KeepAliveLevel)
{
    public bool PermitBeam => PermitBeamLevel != 0;

    public bool PixelAdvance => PixelAdvanceLevel != 0;
}

/// <summary>What is wired to a simulated card: it sees the pins and gives the detector's samples.</summary>
public interface ICardWorld
{
    /// <param name="changes">Pin changes of the sample period that has passed, in order.</param>
    /// <returns>The ADC sample at its end.</returns>
    ushort NextSample(ReadOnlySpan<PinChange> changes);
}

/// <summary>The card's own RTL under Verilator, in this process. Time passes only in calls; every register access takes a
/// sample period, as a bus access takes time on hardware. Deterministic.</summary>
public sealed unsafe class SimulatedCard : ICard
{
    private const int Abi = 1;
    private const int PeriodsPerWait = 64;

    private readonly ICardWorld world;
    private readonly int clocksPerSample;
    private readonly string folder;
    private readonly nint library;
    private readonly void* handle;
    private readonly delegate* unmanaged<void*, Input*, PinChange*, uint*, int> period;
    private readonly delegate* unmanaged<void*, long*, long, long, uint, ushort, long*, long*, long> stream;
    private readonly delegate* unmanaged<void*, byte*, long, long> records;
    private readonly PinChange[] changes;
    private readonly byte[] recordBytes = new byte[256 * EventRecord.Bytes];
    private ushort sample;
    private bool disposed;

    /// <param name="image">An image whose payload is a simulated card.</param>
    /// <param name="world">What is wired to it.</param>
    /// <param name="clocksPerSample">Clocks from ADC strobe to ADC strobe, at least 2.</param>
    /// <exception cref="InvalidDataException">The image is of another kind, for another register map, damaged, or does not
    /// load on this machine.</exception>
    public SimulatedCard(CardImage image, ICardWorld world, int clocksPerSample)
    {
        if (image.Manifest.Kind != CardImage.SimulatedKind)
        {
            throw new InvalidDataException($"a card image of kind '{image.Manifest.Kind}' is no simulated card.");
        }

        if (image.Manifest.RegisterMapHash != CardRegisters.MapHash)
        {
            throw new InvalidDataException("the card image was made for another register map. Compile the network again with this version.");
        }

        if (CardImage.Checksum(image.Payload) != image.Manifest.PayloadSha256)
        {
            throw new InvalidDataException("the card image's payload does not match its checksum. The image is damaged; compile the network again.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(clocksPerSample, 2);
        Image = image.Manifest;
        this.world = world;
        this.clocksPerSample = clocksPerSample;
        changes = new PinChange[clocksPerSample];
        folder = Directory.CreateTempSubdirectory("edge-card-").FullName;
        try
        {
            string path = Path.Combine(folder, "card.so");
            File.WriteAllBytes(path, image.Payload);
            library = NativeLibrary.Load(path);
            if (((delegate* unmanaged<int>)Export("edge_card_abi"))() != Abi)
            {
                throw new InvalidDataException("the simulated card speaks another version of the interface. Compile the network again with this version.");
            }

            period = (delegate* unmanaged<void*, Input*, PinChange*, uint*, int>)Export("edge_card_period");
            stream = (delegate* unmanaged<void*, long*, long, long, uint, ushort, long*, long*, long>)Export("edge_card_stream");
            records = (delegate* unmanaged<void*, byte*, long, long>)Export("edge_card_records");
            handle = ((delegate* unmanaged<void*>)Export("edge_card_open"))();
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            Dispose();
            throw new InvalidDataException("the simulated card in the image does not load here: it was built on another kind of machine, or is none. Compile the network again on this one.", error);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public CardImageManifest Image { get; }

    /// <summary>Number of the coming clock edge.</summary>
    public long Edge => ((delegate* unmanaged<void*, long>)Export("edge_card_edge"))(handle);

    /// <summary>Level of the microscope's own blank signal.</summary>
    public bool MicroscopeBlank { get; set; }

    /// <summary>Whether the external interlock is closed.</summary>
    public bool ExternalInterlock { get; set; } = true;

    /// <summary>Whether the detector sends samples.</summary>
    public bool DetectorPresent { get; set; } = true;

    /// <summary>Told every sample the card takes and the edge that takes it; for tests.</summary>
    public Action<long, ushort>? SampleTaken { get; set; }

    /// <summary>Told every pin change; for tests.</summary>
    public Action<PinChange>? PinChanged { get; set; }

    /// <summary>Called now and then within a long call, on its thread: others may have waited for the card.</summary>
    public Action? Interlude { get; set; }

    /// <summary>Edges at which the first vector of the last <see cref="SendVectors"/> was taken and the first auxiliary
    /// trigger rose; -1 where that did not happen.</summary>
    public (long Taken, long Triggered) FirstVector { get; private set; }

    public uint Read(uint address)
    {
        var input = Next();
        input.Bus = 2;
        input.Address = (ushort)address;
        return Run(input);
    }

    public void Write(uint address, uint value)
    {
        var input = Next();
        input.Bus = 1;
        input.Address = (ushort)address;
        input.Data = value;
        Run(input);
    }

    public int TakeEvents(Span<EventRecord> records)
    {
        int room = Math.Min(records.Length, recordBytes.Length / EventRecord.Bytes);
        int count;
        fixed (byte* bytes = recordBytes)
        {
            count = (int)this.records(handle, bytes, room);
        }

        for (int i = 0; i < count; i++)
        {
            records[i] = EventRecord.Parse(recordBytes.AsSpan(i * EventRecord.Bytes, EventRecord.Bytes));
        }

        return count;
    }

    public void SendVectors(ReadOnlySpan<long> elements)
    {
        long left = elements.Length / Image.InputCount;
        long firstTaken = -1;
        long firstTriggered = -1;
        fixed (long* start = elements)
        {
            long* next = start;
            for (int idle = 0; left > 0; idle++)
            {
                long taken;
                long triggered;
                long clocks = Math.Min(left + Image.NetworkLatencyClocks + 16, 4096);
                long count = stream(handle, next, left, clocks, (uint)clocksPerSample, sample, &taken, &triggered);
                firstTaken = firstTaken < 0 ? taken : firstTaken;
                firstTriggered = firstTriggered < 0 ? triggered : firstTriggered;
                idle = count > 0 ? 0 : idle;
                if (idle > 100)
                {
                    throw new CardStoppedException("the card takes no vectors: is its vector source the host, and is there room for records?");
                }

                next += count * Image.InputCount;
                left -= count;
                Interlude?.Invoke();
            }

            long none;
            stream(handle, next, 0, Image.NetworkLatencyClocks + 64, (uint)clocksPerSample, sample, &none, &none);
        }

        FirstVector = (firstTaken, firstTriggered);
    }

    public void Wait()
    {
        for (int k = 0; k < PeriodsPerWait; k++)
        {
            Run(Next());
        }
    }

    /// <summary>Stalls that repeat, one entry a clock; empty arrays end them.</summary>
    public void Stall(ReadOnlySpan<byte> network, ReadOnlySpan<byte> events)
    {
        fixed (byte* networkBits = network, eventBits = events)
        {
            ((delegate* unmanaged<void*, byte*, long, byte*, long, void>)Export("edge_card_stall"))(handle, networkBits, network.Length, eventBits, events.Length);
        }
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        if (handle is not null)
        {
            ((delegate* unmanaged<void*, void>)Export("edge_card_close"))(handle);
        }

        if (library != 0)
        {
            NativeLibrary.Free(library);
        }

        Directory.Delete(folder, recursive: true);
    }

    private nint Export(string name) => NativeLibrary.GetExport(library, name);

    private Input Next() => new()
    {
        Clocks = (uint)clocksPerSample,
        Adc = sample,
        AdcPresent = DetectorPresent ? (byte)1 : (byte)0,
        MicroscopeBlank = MicroscopeBlank ? (byte)1 : (byte)0,
        ExternalInterlock = ExternalInterlock ? (byte)1 : (byte)0,
    };

    private uint Run(Input input)
    {
        if (SampleTaken is { } taken && input.AdcPresent != 0)
        {
            taken(Edge, sample);
        }

        uint data = 0;
        int count;
        fixed (PinChange* buffer = changes)
        {
            count = period(handle, &input, buffer, &data);
        }

        if (PinChanged is { } told)
        {
            foreach (PinChange change in changes.AsSpan(0, count))
            {
                told(change);
            }
        }

        sample = world.NextSample(changes.AsSpan(0, count));
        return data;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Input
    {
        public uint Clocks;
        public ushort Adc;
        public byte AdcPresent;
        public byte Bus;
        public ushort Address;
        public byte MicroscopeBlank;
        public byte ExternalInterlock;
        public uint Data;
    }
}
