using Edge.Appliance.Detectors;
using Edge.Networks;
using Edge.Networks.Arrays;
using Xunit.Abstractions;

namespace Edge.Tests.Detectors;

public sealed class TiaSeriesTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, "uint8", 0, 255)]
    [InlineData(2, "uint16", 0, 65535)]
    [InlineData(3, "uint32", 0, uint.MaxValue)]
    [InlineData(4, "int8", -128, 127)]
    [InlineData(5, "int16", -32768, 32767)]
    [InlineData(6, "int32", int.MinValue, int.MaxValue)]
    [InlineData(7, "float32", -1.5, 3e38f)]
    [InlineData(8, "float64", -1e300, 1e-300)]
    public void EveryElementType_IsReadFromBothVersions(short type, string name, double low, double high)
    {
        foreach (ushort version in new ushort[] { 0x210, 0x220 })
        {
            double[] first = [1, 2, 3, 4, low, high];
            double[] second = [6, 5, 4, 3, high, low];
            TiaSeries series = Read(new SerFile { Version = version, ElementType = type, Data = [SerFile.Pixels(type, first), SerFile.Pixels(type, second)] });
            Assert.Equal(2, series.Count);
            Assert.Equal(version, series.Version);
            Assert.False(series.HoldsSpectra);
            TiaImage image = series.Image(0);
            Assert.Equal((3, 2, name), (image.Width, image.Height, image.ElementType));
            Assert.Equal(first, image.Values);
            Assert.Equal(new TiaCalibration(1e-9, 1e-11, 0), image.X);
            Assert.Equal(new TiaCalibration(2e-9, 3e-11, 1), image.Y);
            Assert.Equal(second, series.Image(1).Values);
        }
    }

    [Fact]
    public void Spectra_AreRowsOfOneLine()
    {
        TiaSeries series = Read(new SerFile { DataType = 0x4120, ElementType = 6, Width = 5, X = (100, 0.25, 0), Data = [SerFile.Pixels(6, 1, 2, 3, 4, 5), SerFile.Pixels(6, 5, 4, 3, 2, -1)] });
        Assert.True(series.HoldsSpectra);
        TiaImage spectrum = series.Image(1);
        Assert.Equal((5, 1), (spectrum.Width, spectrum.Height));
        Assert.Equal([5, 4, 3, 2, -1], spectrum.Values);
        Assert.Equal(new TiaCalibration(100, 0.25, 0), spectrum.X);
    }

    [Fact]
    public void OnlyImagesThatAreThere_Count()
    {
        byte[] pixels = SerFile.Pixels(2, 1, 2, 3, 4, 5, 6);
        TiaSeries series = Read(new SerFile { Data = [pixels, pixels, pixels], ValidCount = 2 });
        Assert.Equal(2, series.Count);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "order", "does not begin with the bytes 49 49 97 01" },
        { "identifier", "does not begin with the bytes 49 49 97 01" },
        { "version", "a TIA series of version 0x1; 0x200 to 0x220 are read" },
        { "type", "data type 0x4123; images (0x4122) and spectra (0x4120) are read" },
        { "no images", "claims 0 images or spectra" },
        { "negative count", "claims -5 images or spectra" },
        { "huge count", "claims 2147483647 images or spectra" },
        { "count beyond the file", "claims 1000 images or spectra" },
        { "table outside", "with their offsets at byte 1000000" },
        { "table negative", "with their offsets at byte -4" },
        { "table in the header", "with their offsets at byte 3" },
        { "table huge", "with their offsets at byte 9223372036854775807" },
        { "offset outside", "image 0 is said to begin at byte 100000" },
        { "offset negative", "image 0 is said to begin at byte -1" },
        { "offset huge", "image 0 is said to begin at byte 9223372036854775800" },
        { "no width", "claims 0 x 2 uint16" },
        { "negative height", "claims 3 x -2 uint16" },
        { "overflowing size", "claims 65536 x 65536 uint16" },
        { "largest size", "claims 2147483647 x 2147483647 uint16" },
        { "one row too many", "claims 3 x 7 uint16" },
        { "complex", "element type 9; 1 to 8 (integers and reals) are read" },
        { "element type", "element type -1; 1 to 8" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void HostileFiles_AreRefused(string what, string message)
    {
        var file = new SerFile { Data = [SerFile.Pixels(2, 1, 2, 3, 4, 5, 6)] };
        file = what switch
        {
            "order" => file with { ByteOrder = 0x4d4d },
            "identifier" => file with { Identifier = 0x0198 },
            "version" => file with { Version = 1 },
            "type" => file with { DataType = 0x4123 },
            "no images" => file with { ValidCount = 0 },
            "negative count" => file with { ValidCount = -5 },
            "huge count" => file with { ValidCount = int.MaxValue },
            "count beyond the file" => file with { ValidCount = 1000 },
            "table outside" => file with { TableAt = 1_000_000 },
            "table negative" => file with { TableAt = -4 },
            "table in the header" => file with { TableAt = 3 },
            "table huge" => file with { Version = 0x220, TableAt = long.MaxValue },
            "offset outside" => file with { Offsets = [100_000] },
            "offset negative" => file with { Offsets = [-1] },
            "offset huge" => file with { Version = 0x220, Offsets = [long.MaxValue - 7] },
            "no width" => file with { Width = 0 },
            "negative height" => file with { Height = -2 },
            "overflowing size" => file with { Width = 65536, Height = 65536 },
            "largest size" => file with { Width = int.MaxValue, Height = int.MaxValue },
            "one row too many" => file with { Height = 7 },
            "complex" => file with { ElementType = 9 },
            _ => file with { ElementType = -1 },
        };
        string path = folder.Write("x.ser", file.ToBytes());
        string said = Assert.Throws<InvalidInputException>(() => TiaSeries.Read(path).Image(0)).Message;
        Assert.StartsWith(path, said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPrefixAndFlippedByte_IsReadOrRefused_NeverMore()
    {
        Random random = RandomTest.Create(output);
        foreach (ushort version in new ushort[] { 0x210, 0x220 })
        {
            byte[] pixels = SerFile.Pixels(2, 1, 2, 3, 4, 5, 6);
            byte[] whole = new SerFile { Version = version, Data = [pixels, pixels] }.ToBytes();
            for (int k = 0; k < 2 * whole.Length; k++)
            {
                byte[] bytes = k < whole.Length ? whole[..k] : [.. whole];
                if (k >= whole.Length)
                {
                    bytes[k - whole.Length] ^= (byte)random.Next(1, 256);
                }

                string path = folder.Write("x.ser", bytes);
                try
                {
                    TiaSeries series = TiaSeries.Read(path);
                    Assert.InRange(series.Image(series.Count - 1).Values.Length, 1, bytes.Length);
                }
                catch (InvalidInputException error)
                {
                    Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void WhatIsNoFile_IsNamed()
    {
        Assert.Contains("there is no such file", Assert.Throws<InvalidInputException>(() => TiaSeries.Read(folder.File("no.ser"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InvalidInputException>(() => TiaSeries.Read(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("it is empty", Assert.Throws<InvalidInputException>(() => TiaSeries.Read(folder.Write("empty.ser", string.Empty))).Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void ARecordedImage_IsReadAsItIsStored()
    {
        TiaImage image = TiaSeries.Read(Repository.SharedPath("data", "real", "sto_haadf", "16_STOimage_1.ser")).Image(0);
        NpyArray expected = NpyArray.Read(Repository.SharedPath("data", "real", "sto_haadf", "image.npy"));
        Assert.Equal((1024, 1024), (image.Height, image.Width));
        Assert.Equal(expected.Values, image.Values);
        Assert.Equal("uint16", image.ElementType);
        Assert.Equal(10.01, image.X.Delta * 1e12, 2);
    }

    private TiaSeries Read(SerFile file) => TiaSeries.Read(folder.Write("x.ser", file.ToBytes()));
}
