using System.Buffers.Binary;
using System.Diagnostics;
using Edge.Appliance.Cards.Pcie;
using Edge.Images.Bitstreams;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Partial bitstreams through the configuration access port that AMD's UltraScale+ devices have in their PCIe
/// configuration space (MCAP; PG213, AR 64761). UltraScale devices need a clearing bitstream first and are not served.</summary>
// VSEC 1 of extended capability 0x000B:
//   +0x08 JTAG id   +0x10 status: 0 error, 1 end of start-up, 8 FIFO overflow, 24 configuration logic wants the port
//   +0x18 data      +0x14 control: 0 enable, 1 read, 4 reset, 5 module reset, 8 in use, 12 switch to design, 16 data writes
public sealed class McapPort : IConfigurationPort
{
    private const int JtagId = 0x08, Status = 0x10, Control = 0x14, Data = 0x18;
    private const uint Error = 1 << 0, EndOfStartup = 1 << 1, Overflow = 1 << 8, Wanted = 1 << 24;
    private const uint Enable = 1 << 0, Read = 1 << 1, Reset = 1 << 4, ModuleReset = 1 << 5, InUse = 1 << 8, DesignSwitch = 1 << 12, DataWrites = 1 << 16;
    private const ushort VendorSpecific = 0x000B, McapId = 1;

    private readonly IConfigurationSpace space;
    private readonly int at;
    private readonly TimeSpan patience;
    private uint before;

    /// <exception cref="LoadStepException">The device has no such port.</exception>
    public McapPort(IConfigurationSpace space, TimeSpan? patience = null)
    {
        this.space = space;
        this.patience = patience ?? TimeSpan.FromSeconds(5);
        at = space.FindExtended(VendorSpecific, offset => (ushort)space.Read(offset + 4) == McapId)
            ?? throw new LoadStepException("the card's configuration space shows no MCAP", "Only UltraScale+ shells built with MCAP can be loaded so; use --via flash or --via jtag");
    }

    public string Name => "MCAP";

    public bool IsPartial => true;

    public bool NeedsHotReset => false;

    public uint? ReadIdCode() => space.Read(at + JtagId);

    public void Load(ReadOnlyMemory<byte> bitstream, Action<string> progress)
    {
        ReadOnlySpan<byte> words = Bitstream.WithoutHeader(bitstream.Span);
        if (words.Length % sizeof(uint) != 0)
        {
            throw new LoadStepException($"the bitstream is {words.Length} bytes, not whole words", "Build it again");
        }

        before = space.Read(at + Control);
        if ((space.Read(at + Status) & Wanted) != 0)
        {
            space.Write(at + Control, before | Enable | InUse);
            Poll(Wanted, 0, "the configuration logic does not give the port free");
        }

        space.Write(at + Control, (before | Enable | InUse | DataWrites) & ~(Read | Reset | ModuleReset | DesignSwitch));
        for (int k = 0; k < words.Length; k += sizeof(uint))
        {
            space.Write(at + Data, BinaryPrimitives.ReadUInt32BigEndian(words[k..]));
            if ((k & 0x3FFFF) == 0)
            {
                CheckErrors();
            }
        }

        CheckErrors();
        progress($"{words.Length} bytes written");
    }

    public string WaitDone()
    {
        Poll(EndOfStartup, EndOfStartup, "the device does not report the end of its start-up");
        CheckErrors();
        space.Write(at + Control, before | DesignSwitch);
        return "end of start-up reported";
    }

    private void Poll(uint mask, uint expected, string otherwise)
    {
        for (long start = Stopwatch.GetTimestamp(); (space.Read(at + Status) & mask) != expected; Thread.Sleep(1))
        {
            CheckErrors();
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                GiveUp();
                throw new LoadStepException(otherwise, "Load again; if it happens again, load a whole image with --via flash or --via jtag");
            }
        }
    }

    private void CheckErrors()
    {
        uint status = space.Read(at + Status);
        if (status == uint.MaxValue)
        {
            throw new LoadStepException("the card's configuration space reads all ones: it is gone from the bus", "Load a whole image with --via flash or --via jtag");
        }

        if ((status & (Error | Overflow)) != 0)
        {
            GiveUp();
            throw new LoadStepException($"the device reports {((status & Error) != 0 ? "a configuration error" : "that words were lost")} (MCAP status {status:x8})", "Load again; if it happens again, load a whole image with --via flash or --via jtag");
        }
    }

    /// <summary>Resets the port, so that half a bitstream is not finished by what comes next.</summary>
    private void GiveUp()
    {
        space.Write(at + Control, before | Enable | InUse | Reset | ModuleReset);
        space.Write(at + Control, before);
    }
}
