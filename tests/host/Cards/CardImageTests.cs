using System.IO.Compression;
using Edge.Images;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

/// <summary>The card image on disk: what was written comes back, what was damaged is refused.</summary>
public sealed class CardImageTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    private string Path => System.IO.Path.Combine(folder, "card.edge");

    [Fact]
    public void WhatWasWrittenComesBack()
    {
        CardImage image = Image();
        image.Write(Path);
        CardImage read = CardImage.Read(Path);
        Assert.Equal(image.Manifest, read.Manifest);
        Assert.Equal(image.Payload, read.Payload);
        Assert.Equal(image.Report, read.Report);
        Assert.Equal([Path], Directory.GetFiles(folder));
    }

    [Fact]
    public void DamageAnywhereIsRefused_WithTheFilesName()
    {
        CardImage image = Image();
        image.Write(Path);
        byte[] whole = File.ReadAllBytes(Path);
        Random random = RandomTest.Create(output);
        int refused = 0;
        for (int k = 0; k < 400; k++)
        {
            byte[] bytes = [.. whole];
            if (k % 4 == 0)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }
            else
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            File.WriteAllBytes(Path, bytes);
            try
            {
                CardImage read = CardImage.Read(Path);

                // Some bits of a ZIP file mean nothing. What decides must be whole.
                Assert.Equal(image.Payload, read.Payload);
            }
            catch (InvalidDataException error)
            {
                Assert.StartsWith(Path, error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 200);
    }

    [Fact]
    public void AnotherFormat_AMissingPart_AndAPayloadThatDoesNotMatch_AreNamed()
    {
        CardImage image = Image();
        Assert.Contains("format 2", Refused(image with { Manifest = image.Manifest with { Format = 2 } }), StringComparison.Ordinal);
        Assert.Contains("does not match its checksum", Refused(image with { Payload = [1, 2, 3] }), StringComparison.Ordinal);

        using (ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Create))
        {
            archive.CreateEntry("manifest.json").Open().Dispose();
        }

        InvalidDataException empty = Assert.Throws<InvalidDataException>(() => CardImage.Read(Path));
        Assert.StartsWith(Path, empty.Message, StringComparison.Ordinal);
        File.Delete(Path);

        string Refused(CardImage bad)
        {
            bad.Write(Path);
            string message = Assert.Throws<InvalidDataException>(() => CardImage.Read(Path)).Message;
            File.Delete(Path);
            return message;
        }
    }

    [Fact]
    public void AManifestWithoutItsFieldsIsRefused()
    {
        using (ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Create))
        {
            foreach ((string name, string text) in new[] { ("manifest.json", """{"format": 1}"""), ("payload", ""), ("report.json", "{}") })
            {
                using var writer = new StreamWriter(archive.CreateEntry(name).Open());
                writer.Write(text);
            }
        }

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => CardImage.Read(Path));
        Assert.StartsWith($"{Path}: its manifest is not understood", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static CardImage Image()
    {
        var payload = new byte[5000];
        new Random(1).NextBytes(payload);
        return new(
            new(CardImage.CurrentFormat, CardImage.SimulatedKind, 0x12345678, "name", new string('a', 64), 4, 16, 4, 20, 5, 100, ClockIsAssumed: true, CardImage.Checksum(payload)),
            payload,
            """{"a": 1}""");
    }
}
