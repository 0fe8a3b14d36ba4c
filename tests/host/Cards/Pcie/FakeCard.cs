using System.Diagnostics;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Pcie;
using Edge.Images;

namespace Edge.Tests.Cards.Pcie;

/// <summary>Speaks the register map through a plain file where a card would through a BAR. A fake: it has no pins and no
/// beam, and shows only what the host writes and believes.</summary>
internal sealed unsafe class FakeCard : IDisposable
{
    private readonly PcieBar bar;
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <param name="engaged">It starts engaged with the beam permitted, as one that works; false: as after configuration.</param>
    public FakeCard(string resource, CardImageManifest design, bool engaged = false)
    {
        bar = new(resource, PcieDiscovery.LeastBarBytes);
        Megahertz = design.ClockMegahertz;
        bar.Write(CardRegisters.IdAddress, CardRegisters.Id);
        bar.Write(CardRegisters.MapHashAddress, design.RegisterMapHash);
        bar.Write(CardRegisters.NetworkHashAddress, Convert.ToUInt32(design.NetworkHash[..8], 16));
        bar.Write(CardRegisters.NetworkShapeAddress, (uint)design.InputCount | ((uint)design.OutputCount << CardRegisters.NetworkShapeOutputsShift));
        bar.Write(
            CardRegisters.NetworkFormatAddress,
            (uint)design.InputWidth | ((uint)design.OutputWidth << CardRegisters.NetworkFormatOutputWidthShift) | ((uint)design.NetworkLatencyClocks << CardRegisters.NetworkFormatLatencyShift));
        bar.Write(0x4C0, design.BuildId);
        bar.Write(CardRegisters.StatusAddress, engaged ? CardRegisters.StatusInterlockEngaged | CardRegisters.StatusPermitBeamMask : 0);
        bar.Write(CardRegisters.TripCausesAddress, engaged ? 0 : CardRegisters.TripCausesResetMask);
    }

    public double Megahertz { get; set; }

    /// <summary>Records that are made and wait for the ring; null: a number that was dropped.</summary>
    private readonly System.Collections.Concurrent.ConcurrentQueue<uint> waiting = new();
    private uint nextNumber;
    private uint written;
    private bool isEnabled;

    /// <summary>It ignores commands.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>A record with nothing in it but its number.</summary>
    public static byte[] Record(uint number)
    {
        var bytes = new byte[EventRecord.Bytes];
        bytes[0] = (byte)EventKind.Pixel;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), number);
        return bytes;
    }

    /// <summary>Makes records; they go out as the ring has room.</summary>
    public void Emit(int count)
    {
        for (int k = 0; k < count; k++)
        {
            waiting.Enqueue(nextNumber++);
        }
    }

    /// <summary>Numbers records that are never written.</summary>
    public void Drop(int count) => nextNumber += (uint)count;

    public bool IsTripped => (bar.Read(CardRegisters.StatusAddress) & (CardRegisters.StatusInterlockMask | CardRegisters.StatusPermitBeamMask)) == 0;

    public void Write(uint address, uint value) => bar.Write(address, value);

    public uint Read(uint address) => bar.Read(address);

    /// <summary>What a bus gives when the card was pulled out.</summary>
    public void Vanish()
    {
        for (uint address = 0; address < 0x600; address += 4)
        {
            bar.Write(address, uint.MaxValue);
        }

        IsGone = true;
    }

    public bool IsGone { get; private set; }

    /// <summary>One turn of its clock.</summary>
    public void Turn()
    {
        if (IsGone)
        {
            return;
        }

        ulong cycle = (ulong)(clock.Elapsed.TotalMicroseconds * Megahertz);
        bar.Write(CardRegisters.CycleHighAddress, (uint)(cycle >> 32));
        bar.Write(CardRegisters.CycleLowAddress, (uint)cycle);
        Ring();
        uint command = bar.Read(CardRegisters.CommandAddress);
        if (command != 0)
        {
            bar.Write(CardRegisters.CommandAddress, 0);
            if ((command & 0x80) != 0 && !IsDeaf)
            {
                bar.Write(CardRegisters.StatusAddress, 0);
                bar.Write(CardRegisters.TripCausesAddress, 0x200);
            }
        }
    }

    public void Dispose() => bar.Dispose();

    // The ring as rtl/card/ring/event_ring.md describes it. Host memory is this process's own: a card's address is a pointer.
    private void Ring()
    {
        uint ring = bar.Read(CardRegisters.EventRingAddress);
        bool enable = (ring & CardRegisters.EventRingEnableMask) != 0;
        if (enable && !isEnabled)
        {
            written = 0;
            bar.Write(CardRegisters.EventRingReadAddress, 0);
        }

        isEnabled = enable;
        bar.Write(CardRegisters.EventRingStateAddress, enable ? CardRegisters.EventRingStateRunningMask : CardRegisters.EventRingStateDrainedMask);
        uint records = 1u << (int)((ring & CardRegisters.EventRingRecordsLog2Mask) >> CardRegisters.EventRingRecordsLog2Shift);
        while (enable && written - bar.Read(CardRegisters.EventRingReadAddress) < records && waiting.TryDequeue(out uint number))
        {
            Record(number).CopyTo(new Span<byte>((byte*)Address(CardRegisters.EventRingBaseLowAddress) + ((written & (records - 1)) * EventRecord.Bytes), EventRecord.Bytes));
            Volatile.Write(ref *(uint*)Address(CardRegisters.EventRingTailAddressLowAddress), ++written);
        }
    }

    private ulong Address(uint register) => bar.Read(register) | ((ulong)bar.Read(register + 4) << 32);
}
