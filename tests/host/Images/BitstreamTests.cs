using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Edge.Images.Bitstreams;
using Xunit.Abstractions;

namespace Edge.Tests.Images;

/// <summary>Bitstreams that others' tools made: what they say of themselves, and that no damage passes.</summary>
public sealed class BitstreamTests(ITestOutputHelper output)
{
    private const string Loader = "/usr/share/openFPGALoader";

    public static TheoryData<string> OpenToolFiles => ["ice40-hx8k.bin", "ice40-hx1k.bin", "ecp5-25f.bit", "ecp5-25f-compressed.bit"];

    [Theory]
    [InlineData("ice40-hx8k.bin", BitstreamFamily.Ice40, "iCE40 HX8K or LP8K", null)]
    [InlineData("ice40-hx1k.bin", BitstreamFamily.Ice40, "iCE40 HX1K or LP1K", null)]
    [InlineData("ecp5-25f.bit", BitstreamFamily.Ecp5, "LFE5U-25F", 0x41111043u)]
    [InlineData("ecp5-25f-compressed.bit", BitstreamFamily.Ecp5, "LFE5U-25F", 0x41111043u)]
    public void OpenTools_AreRead(string file, BitstreamFamily family, string part, uint? idCode)
    {
        var bitstream = Bitstream.Parse(Vector(file));
        Assert.Equal((family, part, idCode, false), (bitstream.Family, bitstream.Part, bitstream.IdCode, bitstream.IsPartial));
        Assert.True(bitstream.ChecksumsHeld > 0);
    }

    [Fact]
    public void Ecp5_HasAChecksumBehindEveryFrame_AndACommentThatNamesThePart()
    {
        var whole = Bitstream.Parse(Vector("ecp5-25f.bit"));
        Assert.Equal("LFE5U-25F-6CABGA256", whole.Header["Part"]);
        Assert.InRange(whole.ChecksumsHeld, 7562, 7600);
        Assert.Equal(whole.ConfigurationBytes, Bitstream.Parse(Vector("ecp5-25f-compressed.bit")).ConfigurationBytes);
    }

    [VendorFact]
    public void VendorFiles_AreRead_AndTheirPartsAreThoseInTheirNames()
    {
        string[] files = [.. Directory.GetFiles(Loader, "spiOverJtag_xc7*.bit.gz"), Path.Combine(Loader, "spiOverJtag_xcvu9p-flga2104.bit.gz")];
        Assert.True(files.Length > 10, $"only {files.Length} files in {Loader}");
        foreach (string file in files)
        {
            var bitstream = Bitstream.Parse(Unpacked(file));
            string named = Path.GetFileName(file).Split('_')[1];
            Assert.True(named.StartsWith(bitstream.Part, StringComparison.Ordinal), $"{file}: {bitstream.Part}");
            Assert.True(bitstream.ChecksumsHeld > 0 && bitstream.ConfigurationBytes > 0, file);
            output.WriteLine($"{bitstream.Part}: {bitstream.ChecksumsHeld} CRCs over {bitstream.ConfigurationBytes} bytes, {bitstream.Header["design"]}");
        }
    }

    [VendorFact]
    public void ADeviceOfThreeDies_IsWalkedWhole()
    {
        var bitstream = Bitstream.Parse(Unpacked(Path.Combine(Loader, "spiOverJtag_xcvu9p-flga2104.bit.gz")));
        Assert.Equal(("xcvu9p", 0x4B31093u), (bitstream.Part, bitstream.IdCode!.Value));
        Assert.True(bitstream.ChecksumsHeld >= 3, $"{bitstream.ChecksumsHeld} CRCs");
    }

    [VendorFact]
    public void OtherFamilies_AreRefusedInWords()
    {
        foreach (string file in Directory.GetFiles(Loader, "*.bit.gz").Where(file => file.Contains("_xc6", StringComparison.Ordinal) || file.Contains("_xc3", StringComparison.Ordinal)).Concat(Directory.GetFiles(Loader, "*.rbf.gz")))
        {
            Assert.Throws<InvalidDataException>(() => Bitstream.Parse(Unpacked(file)));
        }
    }

    [Theory]
    [MemberData(nameof(OpenToolFiles))]
    public void OneFlippedBit_IsSeen(string file) => FlipBits(Vector(file), PreambleEnd(Vector(file)), LastChecksum(Vector(file)), trials: 200);

    [VendorFact]
    public void OneFlippedBit_IsSeen_InAVendorFile()
    {
        byte[] file = Unpacked(Path.Combine(Loader, "spiOverJtag_xc7s25csga225.bit.gz"));
        int sync = file.AsSpan().IndexOf(new byte[] { 0xAA, 0x99, 0x55, 0x66 });
        int reset = sync + file.AsSpan(sync).IndexOf(new byte[] { 0x30, 0x00, 0x80, 0x01, 0, 0, 0, 7 }) + 8;
        int lastCrc = file.AsSpan().LastIndexOf(new byte[] { 0x30, 0x00, 0x00, 0x01 }) + 8;
        FlipBits(file, reset, lastCrc, trials: 300);
    }

    [Theory]
    [MemberData(nameof(OpenToolFiles))]
    public void ACutFile_IsSeen(string file) => Cut(Vector(file), LastChecksum(Vector(file)));

    [VendorFact]
    public void ACutFile_IsSeen_InAVendorFile()
    {
        byte[] file = Unpacked(Path.Combine(Loader, "spiOverJtag_xc7s25csga225.bit.gz"));
        Cut(file, file.Length);

        // Without its header, as .bin: up to the end of the configuration.
        byte[] bare = file[(file.AsSpan().IndexOf(new byte[] { 0xAA, 0x99, 0x55, 0x66 }) - 16)..];
        Assert.Equal("xc7s25", Bitstream.Parse(bare).Part);
        Cut(bare, bare.AsSpan().LastIndexOf(new byte[] { 0x30, 0x00, 0x80, 0x01, 0, 0, 0, 0x0D }));
    }

    [VendorFact]
    public void AnEditedHeader_IsSeen()
    {
        byte[] file = Unpacked(Path.Combine(Loader, "spiOverJtag_xc7s25csga225.bit.gz"));
        int at = file.AsSpan().IndexOf("7s25csga225"u8);
        "7a35t"u8.CopyTo(file.AsSpan(at));
        Assert.Contains("IDCODE", Assert.Throws<InvalidDataException>(() => Bitstream.Parse(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoBitstream_IsRefused()
    {
        Random random = RandomTest.Create(output);
        var noise = new byte[5000];
        random.NextBytes(noise);
        foreach (byte[] bytes in new[] { [], noise, Encoding.ASCII.GetBytes("module top(); endmodule"), new byte[] { 0xAA, 0x99, 0x55, 0x66 }, new byte[] { 0x7E, 0xAA, 0x99, 0x7E }, [0xFF, 0xFF, 0xBD, 0xB3] })
        {
            Assert.Throws<InvalidDataException>(() => Bitstream.Parse(bytes));
        }
    }

    [Fact]
    public void APartialBitstream_FitsItsShellOnly()
    {
        var partial = new Bitstream(BitstreamFamily.Amd, "xc7a35t", 0x362D093, IsPartial: true, 0x12345678, 1, 1, new Dictionary<string, string>());
        Assert.Null(partial.Misfit("xc7a35t", 0x12345678));
        Assert.Contains("shell 12345678", partial.Misfit("xc7a35t", 0x12345679), StringComparison.Ordinal);
        Assert.Contains("no shell is known", partial.Misfit("xc7a35t", null), StringComparison.Ordinal);
        Assert.Contains("names no shell", (partial with { ShellId = null }).Misfit("xc7a35t", 1), StringComparison.Ordinal);
        Assert.Contains("it is for xc7a35t, the card has xc7a100t", (partial with { IsPartial = false }).Misfit("xc7a100t", null), StringComparison.Ordinal);
    }

    [Fact]
    public void Amd_PartialFlagAndShell_AreRead()
    {
        byte[] file = AmdFile("top;PARTIAL=TRUE;Version=2023.1", "7a35tcsg324", [(12, 0x0362D093), (13, 0xCAFE0001), (4, 1)]);
        var bitstream = Bitstream.Parse(file);
        Assert.Equal((true, 0xCAFE0001u, 1), (bitstream.IsPartial, bitstream.ShellId!.Value, bitstream.ChecksumsHeld));
    }

    /// <summary>A .bit file by the book (UG470, chapter 5): reset of the CRC, the writes, their CRC, end.</summary>
    private static byte[] AmdFile(string design, string part, (uint Register, uint Value)[] writes)
    {
        var words = new List<uint> { 0xFFFFFFFF, 0xAA995566, 0x20000000, 0x30008001, 7 };
        uint crc = 0;
        void Write(uint register, uint value)
        {
            words.Add(0x30000001 | (register << 13));
            words.Add(value);
            ulong bits = ((ulong)register << 32) | value;
            for (int bit = 0; bit < 37; bit++, bits >>= 1)
            {
                crc = ((crc ^ (uint)bits) & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        foreach ((uint register, uint value) in writes)
        {
            Write(register, value);
        }

        words.AddRange([0x30000001, crc, 0x30008001, 13, 0x20000000]);
        var file = new MemoryStream();
        void Field(char key, string text)
        {
            file.WriteByte((byte)key);
            file.Write([(byte)((text.Length + 1) >> 8), (byte)(text.Length + 1), .. Encoding.ASCII.GetBytes(text), 0]);
        }

        file.Write([0, 9, 0x0F, 0xF0, 0x0F, 0xF0, 0x0F, 0xF0, 0x0F, 0xF0, 0, 0, 1]);
        Field('a', design);
        Field('b', part);
        Field('c', "2026/11/24");
        Field('d', "12:00:00");
        file.WriteByte((byte)'e');
        var number = new byte[4];
        foreach (uint word in words.Prepend((uint)words.Count * 4))
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, word);
            file.Write(number);
        }

        return file.ToArray();
    }

    private void FlipBits(byte[] file, int from, int to, int trials)
    {
        Random random = RandomTest.Create(output);
        for (int trial = 0; trial < trials; trial++)
        {
            int at = random.Next(from, to);
            int bit = random.Next(8);
            file[at] ^= (byte)(1 << bit);
            try
            {
                Bitstream.Parse(file);
                Assert.Fail($"bit {bit} of byte {at} flipped, and nothing was said");
            }
            catch (InvalidDataException)
            {
                file[at] ^= (byte)(1 << bit);
            }
        }
    }

    private void Cut(byte[] file, int to)
    {
        Random random = RandomTest.Create(output);
        foreach (int length in Enumerable.Range(0, 60).Select(_ => random.Next(to)).Concat([0, 1, 4, 5, 8, to - 1]))
        {
            Assert.Throws<InvalidDataException>(() => Bitstream.Parse(file.AsSpan(0, length)));
        }
    }

    private static int PreambleEnd(byte[] file) => Math.Max(
        file.AsSpan().IndexOf(new byte[] { 0x7E, 0xAA, 0x99, 0x7E }),
        file.AsSpan(0, 100).IndexOf(new byte[] { 0xBD, 0xB3, 0xFF, 0xFF, 0xFF, 0xFF, 0x3B }) + 3) + 4;

    /// <summary>Behind the last checksum: iCE40 ends 22 hh ll 01 06 00, ECP5 hh ll 5E 00 00 00 FF FF FF FF.</summary>
    private static int LastChecksum(byte[] file) => file.AsSpan().IndexOf(new byte[] { 0x7E, 0xAA, 0x99, 0x7E }) >= 0
        ? file.AsSpan().LastIndexOf(new byte[] { 0x01, 0x06 })
        : file.AsSpan().LastIndexOf(new byte[] { 0x5E, 0, 0, 0 });

    private static byte[] Vector(string file) => Unpacked(Repository.Path("tests", "host", "Images", "vectors", file + ".gz"));

    private static byte[] Unpacked(string path)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}

/// <summary>A test on bitstreams of AMD's tools, as Debian's openfpgaloader brings them.</summary>
public sealed class VendorFactAttribute : FactAttribute
{
    public VendorFactAttribute()
    {
        if (!Directory.Exists("/usr/share/openFPGALoader"))
        {
            Skip = "needs the bitstreams that Debian's openfpgaloader installs";
        }
    }
}
