using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Edge.Images;
using Edge.Images.Signing;
using Xunit.Abstractions;

namespace Edge.Tests.Images;

/// <summary>Card images on disk: what was written comes back, and every other byte is refused, whether it was damaged or
/// made to harm.</summary>
public sealed class CardImageFileTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("x.card");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWasWritten_ComesBack_AndOneInputGivesOneFile(bool signed)
    {
        CardImage image = Image(signed);
        image.Write(Path);
        Equal(image, CardImage.Read(Path));
        Assert.Equal([Path], Directory.GetFiles(folder.Path));
        Assert.Equal(File.ReadAllBytes(Path), Bytes(image));

        // Others read it, too.
        using ZipArchive archive = ZipFile.OpenRead(Path);
        Assert.Equal(["manifest.json", "payload", "report.json", .. signed ? new[] { "signature.json" } : []], archive.Entries.Select(entry => entry.FullName));
        using var payload = new MemoryStream();
        archive.GetEntry("payload")!.Open().CopyTo(payload);
        Assert.Equal(image.Payload, payload.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneByteChangedAnywhere_IsRefused(bool signed)
    {
        byte[] whole = Bytes(Image(signed));
        Random random = RandomTest.Create(output);
        for (int place = 0; place < whole.Length; place++)
        {
            byte[] bytes = [.. whole];
            bytes[place] ^= (byte)(1 << (place % 8));
            Refused(bytes, string.Empty);
            bytes[place] = (byte)(whole[place] + random.Next(1, 256));
            Refused(bytes, string.Empty);
        }
    }

    [Fact]
    public void EveryPrefix_AndEveryAddition_IsRefused()
    {
        byte[] whole = Bytes(Image(signed: true));
        for (int length = 0; length < whole.Length; length++)
        {
            Refused(whole[..length], string.Empty);
        }

        Refused([.. whole, 0], "is not what stands there");
        Refused([.. whole, .. whole], "is not what stands there");
        Refused([0, .. whole], "not a card image");
    }

    [Fact]
    public void ClaimsOfSizes_AreCheckedBeforeAnythingIsAllocated()
    {
        CardImage image = Image(signed: false);
        byte[] whole = Bytes(image);
        int payload = 30 + "manifest.json".Length + image.Manifest.ToBytes().Length;
        foreach ((uint size, string message) in new[]
        {
            (0x7fffffffu, "'payload' claims to be 2147483647 bytes; at most 268435456 are allowed"),
            (0xfffffffeu, "'payload' claims to be 4294967294 bytes"),
            (1u << 27, "cut: 'payload' claims to be 134217728 bytes"),
            (301u, "'payload' does not match its checksum"),
            (299u, "'payload' does not match its checksum"),
        })
        {
            byte[] bytes = [.. whole];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(payload + 22), size);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Refused(bytes, message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    [Fact]
    public void AFileTooLarge_IsRefusedUnread()
    {
        using (FileStream file = File.Create(Path))
        {
            file.SetLength(1L << 33);
        }

        Assert.Contains("no card image is larger than", Assert.Throws<InvalidDataException>(() => CardImage.Read(Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a zip", "not a card image")]
    [InlineData("compressed", "'manifest.json' is compressed; a card image holds its parts as they are")]
    [InlineData("packed again", "or was packed again by another program")]
    [InlineData("empty", "not a card image")]
    [InlineData("no payload", "entry 'report.json' stands where 'payload' is expected")]
    [InlineData("no report", "'report.json' is missing")]
    [InlineData("payload twice", "entry 'payload' stands where 'report.json' is expected")]
    [InlineData("another name", "entry '../../etc/passwd' stands where 'payload' is expected")]
    [InlineData("absolute name", "entry '/etc/passwd' stands where 'payload' is expected")]
    [InlineData("strange name", "entry '?[2J' stands where 'payload' is expected")]
    [InlineData("another part", "entry 'extra' stands where 'signature.json' is expected")]
    [InlineData("other payload", "'payload' does not match its checksum in the manifest")]
    [InlineData("other report", "'report.json' does not match its checksum in the manifest")]
    [InlineData("report no JSON", "its report is not JSON")]
    [InlineData("report no UTF-8", "its report is not JSON")]
    public void OtherArchives_AreRefused(string what, string message)
    {
        CardImage image = Image(signed: false);
        byte[] report = Encoding.UTF8.GetBytes(image.Report);
        ArchiveEntry manifest = new("manifest.json", image.Manifest.ToBytes());
        ArchiveEntry payload = new("payload", image.Payload);
        ArchiveEntry told = new("report.json", report);
        byte[] bytes = what switch
        {
            "not a zip" => Encoding.ASCII.GetBytes("#!/bin/sh\necho no card image\n"),
            "compressed" => Zip(CompressionLevel.Optimal, manifest with { Bytes = Enumerable.Repeat((byte)' ', 20 << 20).ToArray() }),
            "packed again" => Zip(CompressionLevel.NoCompression, manifest, payload, told),
            "empty" => Archive(),
            "no payload" => Archive(manifest, told),
            "no report" => Archive(manifest, payload),
            "payload twice" => Archive(manifest, payload, payload, told),
            "another name" => Archive(manifest, new("../../etc/passwd", image.Payload), told),
            "absolute name" => Archive(manifest, new("/etc/passwd", image.Payload), told),
            "strange name" => Archive(manifest, new("\u001b[2J", image.Payload), told),
            "another part" => Archive(manifest, payload, told, new("extra", new byte[3])),
            "other payload" => Archive(manifest, new("payload", new byte[300]), told),
            "other report" => Archive(manifest, payload, new("report.json", Encoding.UTF8.GetBytes("{}"))),
            "report no JSON" => Bytes(CardImage.Create(image.Manifest, image.Payload, "{")),
            _ => WithReport([(byte)'"', 0xFF, (byte)'"']),
        };
        Refused(bytes, message);

        byte[] WithReport(byte[] text) => Archive(
            new("manifest.json", (image.Manifest with { ReportSha256 = CardImage.Checksum(text) }).ToBytes()), payload, new("report.json", text));
    }

    [Theory]
    [InlineData("\"format\": 2", "\"format\": 7", "card image of format 7; this program reads format 2. Pack it again")]
    [InlineData("\"format\": 2", "\"format\": 1", "card image of format 1; this program reads format 2")]
    [InlineData("\"format\": 2", "\"format\": 2e0", "its manifest is not understood")]
    [InlineData("\"format\": 2", "\"format\": 99999999999999999999", "its manifest is not understood")]
    [InlineData("\"format\": 2,", "", "its manifest is not understood")]
    [InlineData("\"format\": 2", "\"format\": 2, \"format\": 2", "its manifest is not understood")]
    [InlineData("\"format\": 2", "\"format\": 2, \"extra\": 1", "its manifest is not understood")]
    [InlineData("\"format\": 2", "\"format\":  2", "its manifest is written differently from byte")]
    [InlineData("\"small\"", "\"sm\\u0061ll\"", "its manifest is written differently from byte")]
    [InlineData("\"small\"", "null", "its manifest is not understood")]
    [InlineData("\"small\"", "[[[[[[[[]]]]]]]]", "its manifest is not understood")]
    [InlineData("\"small\"", "\"\"", "network_name ''; 1 to 200 letters are allowed")]
    [InlineData("\"small\"", "\"\\u001B[2J\"", "network_name '?[2J'; 1 to 200 letters are allowed")]
    [InlineData("\"simulated\"", "\"magic\"", "kind 'magic'; simulated, bitstream-open, bitstream-vendor are known")]
    [InlineData("\"simulated\"", "\"bitstream-open\"", "part is missing; a bitstream is for one part")]
    [InlineData("\"part\": null", "\"part\": \"xc7a35t\"", "a simulated card is for no part")]
    [InlineData("\"shell_id\": null", "\"shell_id\": 7", "a simulated card has no shell")]
    [InlineData("\"shell_id\": null", "\"shell_id\": 4294967296", "its manifest is not understood")]
    [InlineData("\"input_count\": 3", "\"input_count\": 0", "input_count 0; 1 to 65536 are allowed")]
    [InlineData("\"input_count\": 3", "\"input_count\": 2000000000", "input_count 2000000000; 1 to 65536 are allowed")]
    [InlineData("\"output_width\": 12", "\"output_width\": -1", "output_width -1; 1 to 1024 are allowed")]
    [InlineData("\"clock_megahertz\": 100", "\"clock_megahertz\": 0", "clock_megahertz 0; 0.001 to 10000 are allowed")]
    [InlineData("\"clock_megahertz\": 100", "\"clock_megahertz\": 1E+300", "clock_megahertz 1E+300")]
    [InlineData("\"clock_megahertz\": 100", "\"clock_megahertz\": NaN", "its manifest is not understood")]
    [InlineData("aaaa\"", "aaaA\"", "64 hexadecimal digits are expected")]
    [InlineData("2027-01-15T08:00:00", "2027-01-15T08:00:00.5", "in whole seconds, is allowed")]
    [InlineData("T08:00:00+00:00", "T08:00:00+01:00", "a time in UTC")]
    public void AbsurdManifests_AreRefused(string from, string to, string message)
    {
        CardImage image = Image(signed: false);
        string text = Encoding.UTF8.GetString(image.Manifest.ToBytes());
        Assert.Contains(from, text, StringComparison.Ordinal);
        Refused(WithManifest(image, text.Replace(from, to, StringComparison.Ordinal)), message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1, 2, 3]")]
    [InlineData("\"text\"")]
    [InlineData("{\"format\": 2}")]
    [InlineData("{")]
    public void OtherJson_IsNoManifest(string text) => Refused(WithManifest(Image(signed: false), text), "its manifest is not understood");

    [Fact]
    public void DeepOrLongManifests_AreRefused()
    {
        Refused(WithManifest(Image(signed: false), new string('[', 16_000)), "its manifest is not understood");
        Refused(WithManifest(Image(signed: false), new string(' ', 17_000)), "'manifest.json' claims to be 17000 bytes; at most 16384 are allowed");
    }

    [Theory]
    [InlineData("ecdsa-p256-sha256", "none", "its signature is of another kind")]
    [InlineData("\"value\": \"", "\"value\": \"!", "its signature is no base64")]
    [InlineData("\"key_id\": \"", "\"key_id\": \"z", "its signature names no key")]
    [InlineData("\"value\"", "\"walue\"", "its signature is not understood")]
    public void StrangeSignatures_AreRefused(string from, string to, string message)
    {
        CardImage image = Image(signed: true);
        string text = Encoding.UTF8.GetString(CanonicalJson.Write(image.Signature!));
        Assert.Contains(from, text, StringComparison.Ordinal);
        Refused(
            Archive(
                new("manifest.json", image.Manifest.ToBytes()),
                new("payload", image.Payload),
                new("report.json", Encoding.UTF8.GetBytes(image.Report)),
                new("signature.json", Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal)))),
            message);
    }

    [Fact]
    public void WhatIsNoFile_IsNamed()
    {
        Assert.Contains("there is no such file", Assert.Throws<InvalidDataException>(() => CardImage.Read(folder.File("no.card"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InvalidDataException>(() => CardImage.Read(folder.Path)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path);
        folder.Untouched(() => Assert.ThrowsAny<Exception>(() => Image(signed: false).Write(Path)));
    }

    [Fact]
    public void TheImageId_ChangesWithEverythingInIt()
    {
        CardImage image = Image(signed: false);
        string[] ids =
        [
            image.Manifest.ImageId,
            CardImage.Create(image.Manifest, [1], image.Report).Manifest.ImageId,
            CardImage.Create(image.Manifest, image.Payload, "[]").Manifest.ImageId,
            (image.Manifest with { Created = image.Manifest.Created.AddSeconds(1) }).ImageId,
        ];
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{16}$", id));
    }

    private static CardImage Image(bool signed)
    {
        var payload = new byte[300];
        new Random(4).NextBytes(payload.AsSpan(0, payload.Length / 2));
        CardImage image = SampleImages.Create(payload, """{"network": "small", "adders": 17}""");
        if (!signed)
        {
            return image;
        }

        using var key = SigningKey.Create();
        return key.Sign(image);
    }

    private static byte[] Bytes(CardImage image)
    {
        using var stream = new MemoryStream();
        image.WriteTo(stream);
        return stream.ToArray();
    }

    private static byte[] WithManifest(CardImage image, string manifest) => Archive(
        new("manifest.json", Encoding.UTF8.GetBytes(manifest)), new("payload", image.Payload), new("report.json", Encoding.UTF8.GetBytes(image.Report)));

    private static byte[] Archive(params ArchiveEntry[] entries)
    {
        using var stream = new MemoryStream();
        StoredArchive.Write(stream, entries);
        return stream.ToArray();
    }

    private static byte[] Zip(CompressionLevel level, params ArchiveEntry[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (ArchiveEntry entry in entries)
            {
                using Stream part = archive.CreateEntry(entry.Name, level).Open();
                part.Write(entry.Bytes.Span);
            }
        }

        return stream.ToArray();
    }

    private static void Equal(CardImage expected, CardImage read)
    {
        Assert.Equal(expected.Manifest, read.Manifest);
        Assert.Equal(expected.Payload, read.Payload);
        Assert.Equal(expected.Report, read.Report);
        Assert.Equal(expected.Signature, read.Signature);
    }

    private void Refused(byte[] bytes, string message)
    {
        File.WriteAllBytes(Path, bytes);
        string said = Assert.Throws<InvalidDataException>(() => CardImage.Read(Path)).Message;
        Assert.StartsWith(Path, said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
        Assert.DoesNotContain(said, letter => char.IsControl(letter));
    }
}
