using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Edge.Images;
using Edge.Networks.Arrays;
using Edge.Tests.Detectors;
using SkiaSharp;

namespace Edge.Tests.Cli;

public sealed class InspectTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Arrays_AreDescribed()
    {
        NpyArray.Write(folder.File("x.npy"), [2, 3], new double[] { 1, 2, 3, 4, 5, double.NaN }.AsSpan());
        Assert.Equal("x.npy: array of shape (2, 3), <f8; minimum 1, maximum 5, mean 3, 1 not finite", Inspect("x.npy").Output.Trim());
        JsonElement json = Inspect("x.npy", "--json").Json;
        Assert.Equal([2, 3], json.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()));
        Assert.Equal(5, json.GetProperty("statistics").GetProperty("maximum").GetDouble());
        Assert.Equal(1, json.GetProperty("statistics").GetProperty("not_finite").GetInt32());

        NpyArray.Write(folder.File("none.npy"), [0], Array.Empty<double>().AsSpan());
        Assert.Contains("shape (0,), <f8; no finite value", Inspect("none.npy").Output, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Inspect("none.npy", "--json").Json.GetProperty("statistics").GetProperty("mean").ValueKind);
    }

    [Fact]
    public void Models_AreDescribed()
    {
        SmallModel.WriteQuantized(folder);
        Assert.Contains("quantized", Inspect("small.onnx").Output, StringComparison.Ordinal);
        Assert.True(Inspect("small.onnx", "--json").Json.GetProperty("is_quantized").GetBoolean());
        SmallModel.WriteFloat(folder);
        Assert.Contains("float: needs --calibrate", Inspect("float.onnx").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_AreATable_AndADrawing()
    {
        SmallModel.WriteQuantized(folder, softmax: true);
        EdgeResult result = Inspect("small.onnx", "--svg", "small.svg");
        Assert.Matches(@"(?m)^  MatMul .*\[4\] +int4, step 0\.25 +12 +12 +0\.0%$", result.Output);
        Assert.Matches(@"(?m)^  Quant .*\[4\] +uint8, step 0\.125$", result.Output);
        Assert.Matches(@"(?m)^  total +20 +20$", result.Output);
        Assert.Contains("drawing in small.svg", result.Output, StringComparison.Ordinal);
        XDocument drawing = XDocument.Load(folder.File("small.svg"));
        string[] words = [.. drawing.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];
        Assert.Contains(words, word => word.StartsWith("MatMul", StringComparison.Ordinal));
        Assert.Contains("12 multiplies, 12 parameters", words);
        Assert.Contains("[3]", words);

        JsonElement json = Inspect("small.onnx", "--json").Json;
        Assert.Equal(20, json.GetProperty("multiplies").GetInt64());
        Assert.Equal(0, json.GetProperty("layers")[0].GetProperty("zero_weights").GetDouble());
        Refused("there is no folder", "small.onnx", "--svg", "no/small.svg");
        Refused("--svg and --input-shape are for models", "x.npy", "--svg", "x.svg");
    }

    [Fact]
    public void EveryImport_PrintsTheTable()
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(2));
        string[] predict = ["predict", "small.onnx", "--input", "x.npy", "--output", "y.npy"];
        Assert.Contains("zero weights", EdgeProgram.Run(folder.Path, predict).Succeeded().Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("zero weights", EdgeProgram.Run(folder.Path, [.. predict, "--json"]).Succeeded().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Series_AreDescribed_ImageByImage()
    {
        folder.Write("x.ser", new SerFile { Data = [SerFile.Pixels(2, 1, 2, 3, 4, 5, 6), SerFile.Pixels(2, 7, 7, 7, 7, 7, 9)] }.ToBytes());
        Assert.Equal("x.ser: TIA series of 2 image(s); 0: 3 x 2 uint16, pixel 10 x 30 pm; minimum 1, maximum 6, mean 3.5", Inspect("x.ser").Output.Trim());
        JsonElement json = Inspect("x.ser", "--image", "1", "--json").Json;
        Assert.Equal(9, json.GetProperty("statistics").GetProperty("maximum").GetDouble());
        Assert.Equal(1e-11, json.GetProperty("calibration_x").GetProperty("delta").GetDouble());
        Refused("--image 2: it holds 2 image(s), counted from 0", "x.ser", "--image", "2");
        Refused("--image -1: it holds 2 image(s), counted from 0", "x.ser", "--image", "-1");

        folder.Write("s.SER", new SerFile { DataType = 0x4120, Width = 4, X = (100, 0.25, 0), Data = [SerFile.Pixels(2, 1, 2, 3, 4)] }.ToBytes());
        Assert.Contains("TIA series of 1 spectra; 0: 4 channels of uint16, 0.25 a channel from 100", Inspect("s.SER").Output, StringComparison.Ordinal);
        Refused("holds no image to make a picture of", "s.SER", "--png", "s.png");
    }

    [Fact]
    public void CardImages_AreDescribed()
    {
        Images.SampleImages.Create(new byte[100]).Write(folder.File("x.card"));
        Assert.Contains("small: 3 inputs of 16 bits, 2 outputs of 12 bits, latency 4 clocks", Inspect("x.card").Output, StringComparison.Ordinal);
        Assert.Equal(4, Inspect("x.card", "--json").Json.GetProperty("manifest").GetProperty("network_latency_clocks").GetInt32());
        byte[] bytes = File.ReadAllBytes(folder.File("x.card"));
        bytes[bytes.Length / 2] ^= 1;
        folder.Write("bad.card", bytes);
        Refused("bad.card", "bad.card");
        Refused("holds no image to make a picture of", "x.card", "--png", "x.png");
    }

    [Fact]
    public void Pictures_StandUpright()
    {
        // Bright at the first row's end: an array has its first row on top, TIA at the bottom.
        double[] values = [0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 100];
        NpyArray.Write(folder.File("x.npy"), [3, 4], values.AsSpan());
        Inspect("x.npy", "--png", "array.png");
        AssertPixels("array.png", [[0, 0, 0, 255], [0, 0, 0, 0], [0, 0, 0, 127]]);

        folder.Write("x.ser", new SerFile { Width = 4, Height = 3, Data = [SerFile.Pixels(2, values)] }.ToBytes());
        Inspect("x.ser", "--png", "series.png");
        AssertPixels("series.png", [[0, 0, 0, 127], [0, 0, 0, 0], [0, 0, 0, 255]]);
    }

    [Fact]
    public void PicturesOfAStack_AreChosen_AndOddValuesHarmless()
    {
        NpyArray.Write(folder.File("x.npy"), [2, 1, 3], new double[] { 5, 5, 5, double.NaN, double.PositiveInfinity, 1 }.AsSpan());
        Inspect("x.npy", "--png", "even.png");
        AssertPixels("even.png", [[0, 0, 0]]);
        Assert.Contains("image 1: minimum 1, maximum 1, mean 1, 2 not finite; picture in odd.png", Inspect("x.npy", "--png", "odd.png", "--image", "1").Output, StringComparison.Ordinal);
        AssertPixels("odd.png", [[0, 0, 0]]);
        NpyArray.Write(folder.File("wide.npy"), [1, 2], new double[] { double.MinValue, double.MaxValue }.AsSpan());
        Inspect("wide.npy", "--png", "wide.png");
        AssertPixels("wide.png", [[0, 255]]);
    }

    [Fact]
    public void WhatCannotBeAPicture_LeavesNone()
    {
        NpyArray.Write(folder.File("row.npy"), [3], new double[] { 1, 2, 3 }.AsSpan());
        NpyArray.Write(folder.File("none.npy"), [0, 4], Array.Empty<double>().AsSpan());
        NpyArray.Write(folder.File("long.npy"), [1, 40_000], new double[40_000].AsSpan());
        NpyArray.Write(folder.File("x.npy"), [1, 2], new double[2].AsSpan());
        SmallModel.WriteQuantized(folder);
        Refused("an array of 1 axes is no image", "row.npy", "--png", "p.png");
        Refused("it holds no image", "none.npy", "--png", "p.png");
        Refused("a picture of 40000 x 1 pixels; 1 to 32768 a side are possible", "long.npy", "--png", "p.png");
        Refused("cannot be written", "x.npy", "--png", "no/p.png");
        Refused("cannot be written", "x.npy", "--png", ".");
        Refused("--image 1: it holds 1 image(s)", "x.npy", "--png", "p.png", "--image", "1");
        Refused("holds no image to make a picture of", "small.onnx", "--png", "p.png");
        Refused("files ending in .onnx, .npy, .ser, .card, .bit and .bin can be inspected", "frame.mib");
    }

    [Fact]
    public void Bitstreams_AreDescribed_AndDamageIsNamed()
    {
        using (var packed = new GZipStream(File.OpenRead(Repository.Path("tests", "host", "Images", "vectors", "ecp5-25f.bit.gz")), CompressionMode.Decompress))
        using (FileStream file = File.Create(folder.File("e.bit")))
        {
            packed.CopyTo(file);
        }

        Assert.Contains("e.bit: bitstream for LFE5U-25F (IDCODE 41111043), 561892 bytes of configuration", Inspect("e.bit").Output, StringComparison.Ordinal);
        Assert.Equal("ecp5", Inspect("e.bit", "--json").Json.GetProperty("family").GetString());
        byte[] bytes = File.ReadAllBytes(folder.File("e.bit"));
        bytes[40_000] ^= 1;
        File.WriteAllBytes(folder.File("e.bit"), bytes);
        Refused("e.bit: the checksum at byte", "e.bit");
    }

    [SharedFact]
    public void ARecordedImage_IsAPicture()
    {
        string file = Repository.SharedPath("data", "real", "sto_haadf", "16_STOimage_1.ser");
        Assert.Contains("1024 x 1024 uint16, pixel 10.0", Inspect(file, "--png", "sto.png").Output, StringComparison.Ordinal);
        using SKBitmap picture = SKBitmap.Decode(folder.File("sto.png"));
        Assert.Equal((1024, 1024), (picture.Width, picture.Height));
        double[] values = NpyArray.Read(Repository.SharedPath("data", "real", "sto_haadf", "image.npy")).Values;
        int brightest = Array.IndexOf(values, values.Max());
        Assert.Equal(255, picture.GetPixel(brightest % 1024, 1023 - (brightest / 1024)).Red);
    }

    private EdgeResult Inspect(params string[] arguments) => EdgeProgram.Run(folder.Path, ["inspect", .. arguments]).Succeeded();

    private void Refused(string message, params string[] arguments) => folder.Untouched(() => EdgeProgram.Run(folder.Path, ["inspect", .. arguments]).Refused(message));

    private void AssertPixels(string file, byte[][] rows)
    {
        using SKBitmap picture = SKBitmap.Decode(folder.File(file));
        Assert.Equal((rows[0].Length, rows.Length), (picture.Width, picture.Height));
        for (int y = 0; y < rows.Length; y++)
        {
            Assert.Equal(rows[y], Enumerable.Range(0, rows[y].Length).Select(x => picture.GetPixel(x, y).Red));
        }
    }
}
