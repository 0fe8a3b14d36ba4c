using System.Buffers.Binary;
using System.Text;
using Edge.Networks;
using Edge.Networks.Arrays;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Files of NumPy's format, written here byte by byte.</summary>
public sealed class ArraysNpyTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Types => new(
        "|b1", "|i1", "|u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "=f4", "f8");

    [Theory]
    [MemberData(nameof(Types))]
    public void EveryNumericType_IsReadInBothByteOrders(string type)
    {
        double[] values = type[^2] switch
        {
            'b' => [0, 1, 1, 0],
            'f' => [0, -1.5, 1024, -0.0009765625],
            'u' => [0, 1, 128, 255],
            _ => [0, 1, -128, 127],
        };
        NpyArray array = Read(Header(type, "(2, 2)"), [.. values.SelectMany(value => Bytes(value, type))]);
        Assert.Equal([2, 2], array.Shape);
        Assert.Equal(values, array.Values);
        Assert.Equal(type, array.Type);
    }

    [Theory]
    [InlineData("<i8", long.MinValue)]
    [InlineData("<u8", ulong.MaxValue)]
    [InlineData("<u4", uint.MaxValue)]
    [InlineData("<f8", double.NaN)]
    [InlineData("<f8", double.NegativeInfinity)]
    [InlineData("<f4", float.MaxValue)]
    public void Extremes_AreKept(string type, object value)
    {
        byte[] bytes = value switch
        {
            long number => BitConverter.GetBytes(number),
            ulong number => BitConverter.GetBytes(number),
            uint number => BitConverter.GetBytes(number),
            float number => BitConverter.GetBytes(number),
            _ => BitConverter.GetBytes((double)value),
        };
        Assert.Equal(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture), Read(Header(type, "(1,)"), bytes).Values[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryVersion_IsRead(byte version) => Assert.Equal([1, 2, 3], Read(Header("|u1", "(3,)", version: version), [1, 2, 3]).Values);

    [Theory]
    [InlineData("{'shape': (3,), 'fortran_order': False, 'descr': '|u1'}")]
    [InlineData("{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (3,)}")]
    [InlineData("{'descr':'|u1','fortran_order':False,'shape':(3,),}")]
    [InlineData("  {'descr': '|u1', 'fortran_order': False, 'shape': (3L,), }   ")]
    public void Dictionaries_MayBeWrittenOtherwise(string dictionary) => Assert.Equal([1, 2, 3], Read(Raw(1, dictionary), [1, 2, 3]).Values);

    [Fact]
    public void FortranOrder_IsTurned()
    {
        // a[i, j, k] = 100 i + 10 j + k, first index fastest.
        byte[] bytes = [.. from k in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) select (byte)((100 * i) + (10 * j) + k)];
        NpyArray array = Read(Header("|u1", "(2, 3, 4)", fortran: true), bytes);
        Assert.Equal(from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select (double)((100 * i) + (10 * j) + k), array.Values);
        Assert.Equal(2, array.Rows);
        Assert.Equal(12, array.RowLength);
    }

    [Theory]
    [InlineData("()", 1, 1, 1)]
    [InlineData("(0,)", 0, 0, 0)]
    [InlineData("(4, 0)", 0, 4, 0)]
    [InlineData("(0, 2147483647, 2147483647, 2147483647)", 0, 0, 0)]
    [InlineData("(2147483647, 2147483647, 2147483647, 0)", 0, 2147483647, 0)]
    [InlineData("(1, 1, 1, 1, 1)", 1, 1, 1)]
    public void ScalarsAndEmptyArrays_AreRead(string shape, int count, int rows, int rowLength)
    {
        foreach (bool fortran in new[] { false, true })
        {
            NpyArray array = Read(Header("<f4", shape, fortran), new byte[4 * count]);
            Assert.Equal(count, array.Values.Length);
            Assert.Equal(rows, array.Rows);
            Assert.Equal(rowLength, array.RowLength);
        }
    }

    [Fact]
    public void LargeArrays_AreReadInBlocks()
    {
        byte[] bytes = [.. Enumerable.Range(0, 200_001).SelectMany(value => BitConverter.GetBytes((float)value))];
        Assert.Equal(Enumerable.Range(0, 200_001).Select(value => (double)value), Read(Header("<f4", "(200001,)"), bytes).Values);
    }

    [Theory]
    [InlineData("(-1,)", "its header is not understood")]
    [InlineData("(3, -3)", "its header is not understood")]
    [InlineData("(99999999999,)", "its header is not understood")]
    [InlineData("(1.5,)", "its header is not understood")]
    [InlineData("(3;)", "its header is not understood")]
    [InlineData("(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)", "up to 32 axes")]
    [InlineData("(4,)", "needs more than the 3 bytes that follow")]
    [InlineData("(2147483647,)", "needs more than the 3 bytes that follow")]
    [InlineData("(2147483647, 2147483647, 2147483647)", "needs more than the 3 bytes that follow")]
    [InlineData("(65536, 65536, 65536, 65536)", "needs more than the 3 bytes that follow")]
    [InlineData("(4294967296, 1)", "its header is not understood")]
    public void HostileShapes_AreRefused_BeforeAnythingIsAllocated(string shape, string message)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(Header("|u1", shape), [1, 2, 3], message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData("|O")]
    [InlineData("|O8")]
    [InlineData("<U5")]
    [InlineData("|S3")]
    [InlineData("<c8")]
    [InlineData("<c16")]
    [InlineData("<f16")]
    [InlineData("<f1")]
    [InlineData("<M8[ns]")]
    [InlineData("|V4")]
    [InlineData("<b2")]
    [InlineData("<i3")]
    [InlineData("<i")]
    public void OtherElementTypes_AreRefused(string type) => Refused(Header(type, "(1,)"), new byte[64], $"element type '{type}' is not supported; save the array as float32");

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False}")]
    [InlineData("{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}")]
    [InlineData("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (3,), }")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'shape': (2,)}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} extra")]
    [InlineData("__import__('os').system('true')")]
    public void OtherDictionaries_AreRefused(string dictionary) => Refused(Raw(1, dictionary), [1, 2, 3], "its header is not understood");

    [Fact]
    public void FilesThatAreNone_AreRefused()
    {
        Refused([], [], "it is empty");
        Refused("PK\u0003\u0004 a zip file"u8.ToArray(), [], "does not begin with \\x93NUMPY");
        Refused(Raw(4, "{}"), [], "version 4.0; versions 1 to 3 are read");
        Refused(Raw(0, "{}"), [], "version 0.0");
        byte[] huge = [0x93, .. "NUMPY"u8, 2, 0, 0xff, 0xff, 0xff, 0x7f];
        Refused(huge, new byte[100], "the file ends inside its header (112 bytes, a header of 2147483647 is announced)");
        Refused(Raw(2, new string(' ', 70_000)), [], "a header of 70000 bytes; up to 65536 are read");
        Assert.Contains("is a folder", Assert.Throws<InvalidInputException>(() => NpyArray.Read(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<InvalidInputException>(() => NpyArray.Read(folder.File("no.npy"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPrefixAndFlippedByte_IsReadOrRefused_NeverMore()
    {
        Random random = RandomTest.Create(output);
        byte[] whole = [.. Header("<f4", "(5, 3)"), .. new byte[60]];
        for (int k = 0; k < 600; k++)
        {
            byte[] bytes = k < whole.Length ? whole[..k] : [.. whole];
            if (k >= whole.Length)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            try
            {
                NpyArray array = Read(bytes, []);
                Assert.InRange(array.Values.Length, 0, 60);
            }
            catch (InvalidInputException error)
            {
                Assert.StartsWith(folder.Path, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }

    [Fact]
    public void WhatIsWritten_IsWhatNumpyWrites_AndComesBack()
    {
        string path = folder.File("y.npy");
        NpyArray.Write(path, [2, 3], new double[] { 1, 2, 3, 4, 5, double.NaN }.AsSpan());
        byte[] bytes = File.ReadAllBytes(path);
        Assert.StartsWith("\u0093NUMPY\u0001\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(128 + 48, bytes.Length);
        Assert.Equal((byte)'\n', bytes[127]);
        Assert.Equal([1, 2, 3, 4, 5, double.NaN], NpyArray.Read(path).Values);

        NpyArray.Write(path, [1], new long[] { long.MinValue }.AsSpan());
        Assert.Equal("<i8", NpyArray.Read(path).Type);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        folder.Untouched(() => Assert.Contains("cannot be written", Assert.Throws<InvalidInputException>(() => NpyArray.Write(folder.File("no/y.npy"), [1], new long[] { 1 }.AsSpan())).Message, StringComparison.Ordinal));
        folder.Untouched(() => Assert.Throws<InvalidInputException>(() => NpyArray.Write(folder.Path, [1], new long[] { 1 }.AsSpan())));
    }

    [SharedFact]
    public void RecordedArrays_AreRead()
    {
        NpyArray image = NpyArray.Read(Repository.SharedPath("data", "real", "sto_haadf", "image.npy"));
        Assert.Equal([1024, 1024], image.Shape);
        Assert.Equal("<u2", image.Type);
    }

    private NpyArray Read(byte[] header, byte[] data) => NpyArray.Read(folder.Write("x.npy", [.. header, .. data]));

    private void Refused(byte[] header, byte[] data, string message)
    {
        string said = Assert.Throws<InvalidInputException>(() => Read(header, data)).Message;
        Assert.StartsWith(folder.File("x.npy"), said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    private static byte[] Header(string type, string shape, bool fortran = false, byte version = 1) =>
        Raw(version, $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}\n");

    private static byte[] Raw(byte version, string dictionary)
    {
        byte[] text = Encoding.UTF8.GetBytes(dictionary);
        byte[] length = version < 2 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text];
    }

    private static byte[] Bytes(double value, string type)
    {
        var bytes = new byte[type[^1] - '0'];
        switch (type[^2..])
        {
            case "f2": BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value); break;
            case "f4": BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value); break;
            case "f8": BinaryPrimitives.WriteDoubleLittleEndian(bytes, value); break;
            default: BitConverter.GetBytes((long)value).AsSpan(0, bytes.Length).CopyTo(bytes); break;
        }

        if (type[0] == '>')
        {
            Array.Reverse(bytes);
        }

        return bytes;
    }
}
