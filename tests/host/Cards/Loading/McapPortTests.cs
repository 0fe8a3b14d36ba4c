using System.Buffers.Binary;
using Edge.Appliance.Cards.Loading;
using Edge.Appliance.Cards.Pcie;

namespace Edge.Tests.Cards.Loading;

/// <summary>Partial configuration over PCIe against a device made here after AMD's description: it takes data only when the
/// control bits allow it. Not run on hardware.</summary>
public sealed class McapPortTests
{
    private const int At = 0x340;

    private readonly Device device = new();
    private readonly byte[] bitstream = [0xAA, 0x99, 0x55, 0x66, 0x20, 0, 0, 0, 0x12, 0x34, 0x56, 0x78];

    [Fact]
    public void Words_GoOutBigEndian_AndTheDesignIsSwitchedOn()
    {
        McapPort port = Port();
        Assert.Equal(0x04A62093u, port.ReadIdCode());
        port.Load(bitstream, static _ => { });
        Assert.Equal([0xAA995566, 0x20000000, 0x12345678], device.Taken);
        Assert.Equal(0u, device.Control & 0x1000);
        port.WaitDone();
        Assert.Equal(0x1000u | Device.Kept, device.Control);
        Assert.True(port.IsPartial);
    }

    [Fact]
    public void APortThatIsWantedElsewhere_IsAskedFor()
    {
        device.IsWanted = true;
        Port().Load(bitstream, static _ => { });
        Assert.Equal(3, device.Taken.Count);

        device.NeverGivesFree = device.IsWanted = true;
        Refused("does not give the port free");
    }

    [Theory]
    [InlineData(1u, "the device reports a configuration error")]
    [InlineData(0x100u, "the device reports that words were lost")]
    [InlineData(uint.MaxValue, "reads all ones")]
    public void Errors_ResetThePort(uint status, string message)
    {
        device.Forced = status;
        Refused(message);
        Assert.Equal(status != uint.MaxValue, device.WasReset);
    }

    [Fact]
    public void NoEndOfStartup_IsGivenUp()
    {
        device.NeverStarts = true;
        McapPort port = Port();
        port.Load(bitstream, static _ => { });
        Assert.Contains("does not report the end of its start-up", Assert.Throws<LoadStepException>(() => port.WaitDone()).Message, StringComparison.Ordinal);
        Assert.True(device.WasReset);
    }

    [Fact]
    public void WithoutTheCapability_ThereIsNoPort()
    {
        device.VendorSpecificId = 2;
        Assert.Contains("shows no MCAP", Assert.Throws<LoadStepException>(() => Port()).Message, StringComparison.Ordinal);
        device.Loops = true;
        Assert.Contains("shows no MCAP", Assert.Throws<LoadStepException>(() => Port()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BrokenWords_AreRefused()
    {
        McapPort port = Port();
        Assert.Contains("not whole words", Assert.Throws<LoadStepException>(() => port.Load(bitstream.AsMemory(0, 7), static _ => { })).Message, StringComparison.Ordinal);
        Assert.Empty(device.Taken);
    }

    [Fact]
    public void SysfsSpace_ReadsAndWritesTheFile()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[4096];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x100), 0x34010001);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x340), 0x0001000B);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x344), 1);
        string path = folder.Write("config", bytes);
        using (var space = new SysfsConfigurationSpace(path))
        {
            Assert.Equal(0x340, ((IConfigurationSpace)space).FindExtended(0x000B, _ => true));
            space.Write(0x348, 0x11223344);
            space.Write16(0x34C, 0xABCD);
            Assert.Equal(0x11223344u, space.Read(0x348));
        }

        Assert.Equal([0x44, 0x33, 0x22, 0x11, 0xCD, 0xAB, 0, 0], File.ReadAllBytes(path)[0x348..0x350]);
        folder.Write("config", new byte[64]);
        using var cut = new SysfsConfigurationSpace(path);
        Assert.Contains("only root sees all of it", Assert.Throws<UnauthorizedAccessException>(() => cut.Read(0x100)).Message, StringComparison.Ordinal);
    }

    private McapPort Port() => new(device, TimeSpan.FromMilliseconds(50));

    private void Refused(string message)
    {
        McapPort port = Port();
        Assert.Contains(message, Assert.Throws<LoadStepException>(() => port.Load(bitstream, static _ => { })).Message, StringComparison.Ordinal);
    }

    /// <summary>The capability's registers, with the rules that AMD gives for them.</summary>
    private sealed class Device : IConfigurationSpace
    {
        /// <summary>Bits of control that were set before and must come back.</summary>
        public const uint Kept = 0x20000;

        public List<uint> Taken { get; } = [];

        public uint Control { get; private set; } = Kept;

        public bool IsWanted { get; set; }

        public bool NeverGivesFree { get; set; }

        public bool NeverStarts { get; set; }

        public bool WasReset { get; private set; }

        public uint? Forced { get; set; }

        public ushort VendorSpecificId { get; set; } = 1;

        public bool Loops { get; set; }

        private uint Status => Forced ?? ((IsWanted ? 1u << 24 : 0) | (Taken.Count == 3 && !NeverStarts ? 2u : 0));

        public uint Read(int offset) => offset switch
        {
            0x100 => 0x2_00_1_0001 | (0x200u << 20),
            0x200 => 0x000B | (Loops ? 0x100u << 20 : (uint)At << 20),
            0x204 => 0x77,
            At => 0x0001000B,
            At + 4 => VendorSpecificId,
            At + 0x08 => 0x04A62093,
            At + 0x10 => Status,
            At + 0x14 => Control,
            _ => 0,
        };

        public void Write(int offset, uint value)
        {
            if (offset == At + 0x14)
            {
                Control = value;
                WasReset |= (value & 0x30) == 0x30;
                IsWanted &= NeverGivesFree || (value & 0x101) != 0x101;
            }
            else
            {
                Assert.Equal(At + 0x18, offset);
                Assert.Equal(0x10101u, Control & 0x11133); // enabled, in use, data writes; no read, no reset, not switched
                Assert.False(IsWanted);
                Taken.Add(value);
            }
        }
    }
}
