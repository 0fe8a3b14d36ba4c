using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Edge.Images;

namespace Edge.Tests.Images;

/// <summary>Card images that somebody damaged or made to harm: each byte of the file in turn, and claims of sizes.</summary>
public sealed class CardImageFileTests : IDisposable
{
    private const string Report = """{"network": "small", "adders": 17}""";

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("x.card");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AFlippedBitAnywhere_IsRefusedOrChangesNothing()
    {
        CardImage image = Image(new byte[300]);
        image.Write(Path);
        byte[] whole = File.ReadAllBytes(Path);
        int refused = 0;
        for (int place = 0; place < whole.Length; place++)
        {
            byte[] bytes = [.. whole];
            bytes[place] ^= (byte)(1 << (place % 8));
            refused += RefusedOrEqual(bytes, image) ? 1 : 0;
        }

        // Times, versions and attributes of the entries are the rest.
        Assert.InRange((double)refused / whole.Length, 0.7, 1);
    }

    [Fact]
    public void EveryPrefix_IsRefused()
    {
        Image(new byte[300]).Write(Path);
        byte[] whole = File.ReadAllBytes(Path);
        for (int length = 0; length < whole.Length; length++)
        {
            Refused(whole[..length], string.Empty);
        }
    }

    [Fact]
    public void ClaimsOfSizes_AreCheckedBeforeAnythingIsAllocated()
    {
        // In the central directory: u32 packed size at 20, u32 size at 24, name at 46.
        Image(new byte[300]).Write(Path);
        byte[] whole = File.ReadAllBytes(Path);
        int payload = Encoding.Latin1.GetString(whole).LastIndexOf("payload", StringComparison.Ordinal) - 46;
        foreach ((uint size, string message) in new[]
        {
            (0x7fffffffu, "'payload' claims to be 2147483647 bytes"),
            (0xfffffffeu, "'payload' claims to be 4294967294 bytes"),
            (1u << 27, "'payload' claims to be 134217728 bytes, packed into"),
            (301u, string.Empty),
            (299u, string.Empty),
        })
        {
            byte[] bytes = [.. whole];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(payload + 24), size);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Refused(bytes, message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        }
    }

    [Fact]
    public void AZipBomb_IsRefused()
    {
        using (ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Create))
        {
            using Stream manifest = archive.CreateEntry("manifest.json", CompressionLevel.Optimal).Open();
            var spaces = new byte[1 << 20];
            Array.Fill(spaces, (byte)' ');
            for (int k = 0; k < 20; k++)
            {
                manifest.Write(spaces);
            }
        }

        Assert.InRange(new FileInfo(Path).Length, 0, 100_000);
        Refused(null, "'manifest.json' claims to be 20971520 bytes");
    }

    [Theory]
    [InlineData("not a zip", "not a card image, or damaged")]
    [InlineData("empty zip", "'manifest.json' is missing from the card image")]
    [InlineData("no payload", "'payload' is missing from the card image")]
    [InlineData("no report", "'report.json' is missing from the card image")]
    [InlineData("payload twice", "'payload' is twice in the card image")]
    [InlineData("other format", "card image of format 7; this program reads format 1. Compile the network again")]
    [InlineData("other payload", "the payload does not match its checksum")]
    [InlineData("broken manifest", "its manifest is not understood")]
    [InlineData("manifest of another type", "its manifest is not understood")]
    [InlineData("manifest without a name", "its manifest is not understood")]
    public void OtherFiles_AreRefused(string what, string message)
    {
        CardImage image = Image([1, 2, 3]);
        if (what == "other format")
        {
            (image with { Manifest = image.Manifest with { Format = 7 } }).Write(Path);
        }
        else if (what == "other payload")
        {
            (image with { Payload = [1, 2, 4] }).Write(Path);
        }
        else if (what == "not a zip")
        {
            folder.Write("x.card", "#!/bin/sh\necho no card image\n");
        }
        else
        {
            image.Write(Path);
            using ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Update);
            string manifest;
            using (var reader = new StreamReader(archive.GetEntry("manifest.json")!.Open()))
            {
                manifest = reader.ReadToEnd();
            }

            switch (what)
            {
                case "empty zip": archive.Entries.ToList().ForEach(entry => entry.Delete()); break;
                case "no payload": archive.GetEntry("payload")!.Delete(); break;
                case "no report": archive.GetEntry("report.json")!.Delete(); break;
                case "payload twice": archive.CreateEntry("payload"); break;
                case "broken manifest": Replace(archive, manifest[..^9]); break;
                case "manifest of another type": Replace(archive, "[1, 2, 3]"); break;
                default: Replace(archive, manifest.Replace("\"small\"", "null", StringComparison.Ordinal)); break;
            }
        }

        Refused(null, message);
    }

    [Fact]
    public void WhatIsNoFile_IsNamed()
    {
        Assert.Contains("there is no such file", Assert.Throws<InvalidDataException>(() => CardImage.Read(folder.File("no.card"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InvalidDataException>(() => CardImage.Read(folder.Path)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path);
        folder.Untouched(() => Assert.ThrowsAny<Exception>(() => Image([1]).Write(Path)));
    }

    private static CardImage Image(byte[] payload)
    {
        new Random(4).NextBytes(payload.AsSpan(0, payload.Length / 2));
        var manifest = new CardImageManifest(
            CardImage.CurrentFormat, CardImage.SimulatedKind, 0x1234, "small", "abcd", 3, 16, 2, 12, 4, 100, ClockIsAssumed: true, CardImage.Checksum(payload));
        return new(manifest, payload, Report);
    }

    private static void Replace(ZipArchive archive, string manifest)
    {
        archive.GetEntry("manifest.json")!.Delete();
        using var writer = new StreamWriter(archive.CreateEntry("manifest.json").Open());
        writer.Write(manifest);
    }

    private bool RefusedOrEqual(byte[] bytes, CardImage expected)
    {
        File.WriteAllBytes(Path, bytes);
        try
        {
            CardImage read = CardImage.Read(Path);
            Assert.Equal(expected.Manifest, read.Manifest);
            Assert.Equal(expected.Payload, read.Payload);
            Assert.Equal(expected.Report, read.Report);
            return false;
        }
        catch (InvalidDataException error)
        {
            Assert.StartsWith(Path, error.Message, StringComparison.Ordinal);
            return true;
        }
    }

    private void Refused(byte[]? bytes, string message)
    {
        if (bytes is not null)
        {
            File.WriteAllBytes(Path, bytes);
        }

        string said = Assert.Throws<InvalidDataException>(() => CardImage.Read(Path)).Message;
        Assert.StartsWith(Path, said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }
}
