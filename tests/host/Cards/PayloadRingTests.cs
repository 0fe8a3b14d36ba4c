using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Edge.Appliance.Cards;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

public sealed unsafe class PayloadRingTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 1 << 16;
    private readonly byte* memory = (byte*)NativeMemory.AlignedAlloc(Size + 64, 4096);
    private readonly List<nint> lines = [];

    private uint* Tail => (uint*)(memory + Size);

    [Fact]
    public void BlocksOfEveryLengthComeWhole_AcrossBuffersOfEveryLength()
    {
        Random random = RandomTest.Create(output);
        var ring = new PayloadRing(Tail, 400);
        Lend(ring, random, 900);
        var sent = new List<(PayloadHeader Header, byte[] Data)>();
        var data = new byte[4096];
        int written = 0;
        for (uint number = 0; written < 800; number += (uint)random.Next(1, 3))
        {
            var bytes = new byte[8 * random.Next(60)];
            random.NextBytes(bytes);
            var header = new PayloadHeader((byte)random.Next(256), bytes.Length, (uint)random.Next(), (ulong)random.NextInt64(), number);
            sent.Add((header, bytes));
            written = Put(written, header, bytes);
        }

        int taken = 0;
        for (uint tail = 0; tail <= written; tail++)
        {
            *Tail = tail;
            while (ring.TryTake(data, out PayloadHeader header))
            {
                Assert.Equal(sent[taken].Header, header);
                Assert.Equal(sent[taken].Data, data[..header.Bytes]);
                taken++;
            }
        }

        Assert.Equal(sent.Count, taken);
        Assert.Equal(sent[^1].Header.Number + 1 - sent.Count, ring.Dropped);
    }

    [Fact]
    public void WhatIsNoBlockIsRefused_WithItsLine()
    {
        var ring = new PayloadRing(Tail, 4);
        new Span<byte>(memory, 128).Clear();
        ring.Lend(memory, 128);
        *Tail = 1;
        Assert.Contains("line 0 of the payload ring", Assert.Throws<InvalidDataException>(() => ring.TryTake(new byte[64], out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABlockLongerThanTheHostsRoomIsRefused()
    {
        var ring = new PayloadRing(Tail, 20);
        Lend(ring, new Random(1), 20);
        Put(0, new PayloadHeader(1, 128, 0, 0, 0), new byte[128]);
        *Tail = 3;
        Assert.Throws<InvalidDataException>(() => ring.TryTake(new byte[64], out _));
    }

    [Fact]
    public void LinesWithoutABufferAreRefused_AndSoAreBuffersThatTheCardRefuses()
    {
        var ring = new PayloadRing(Tail, 1);
        *Tail = 1;
        Assert.Throws<InvalidDataException>(() => ring.TryTake(new byte[64], out _));
        Assert.Throws<ArgumentException>(() => ring.Lend(memory + 32, 64));
        Assert.Throws<ArgumentException>(() => ring.Lend(memory, 65));
        Assert.Throws<ArgumentException>(() => ring.Lend(memory, 0));
        ring.Lend(memory, 64);
        Assert.Throws<ArgumentException>(() => ring.Lend(memory, 64));
    }

    [Theory, InlineData(6, 16), InlineData(1, 1), InlineData(7, 9), InlineData(33, 31), InlineData(64, 8), InlineData(65, 8), InlineData(3, 64)]
    public void VectorsArePackedAsTheCardUnpacksThem_RoundTheRing(int elements, int bits)
    {
        Random random = RandomTest.Create(output);
        var stream = new VectorRing(memory, 64, Tail, elements, bits);
        int vectorLines = ((elements * bits) + 511) / 512;
        Assert.Equal(vectorLines, stream.VectorLines);
        for (int round = 0; round < 200; round++)
        {
            var vector = new long[elements];
            for (int k = 0; k < elements; k++)
            {
                vector[k] = random.NextInt64(long.MinValue, long.MaxValue);
            }

            uint first = stream.Produced;
            Assert.Equal(1, stream.Write(vector));
            for (int bit = 0; bit < vectorLines * 512; bit++)
            {
                byte value = memory[((first + (bit / 512)) % 64 * 64) + (bit % 512 / 8)];
                long expected = bit < elements * bits ? vector[bit / bits] >> (bit % bits) & 1 : 0;
                Assert.Equal(expected, value >> (bit % 8) & 1);
            }

            *Tail = stream.Produced;
        }
    }

    [Fact]
    public void NoMoreVectorsAreWrittenThanThereIsRoomFor()
    {
        var stream = new VectorRing(memory, 64, Tail, 80, 16); // 3 lines a vector
        Assert.Equal(21, stream.Write(new long[80 * 30]));
        Assert.Equal((63u, 0), (stream.Produced, stream.Room));
        *Tail = 3;
        Assert.Equal(1, stream.Room);
        *Tail = 64;
        Assert.Throws<InvalidDataException>(() => stream.Room);
        Assert.Throws<ArgumentException>(() => stream.Write(new long[81]));
        Assert.Throws<ArgumentException>(() => new VectorRing(memory, 100, Tail, 1, 1));
        Assert.Throws<ArgumentException>(() => new VectorRing(memory, 64, Tail, 5000, 16));
    }

    public void Dispose() => NativeMemory.AlignedFree(memory);

    private void Lend(PayloadRing ring, Random random, int total)
    {
        int at = 0;
        while (at < total)
        {
            int count = Math.Min(random.Next(1, 9), total - at);
            ring.Lend(memory + (64 * at), 64 * count);
            for (int k = 0; k < count; k++)
            {
                lines.Add((nint)(memory + (64 * (at + k))));
            }

            at += count;
        }
    }

    /// <summary>Writes a block as the card does; returns the lines written so far.</summary>
    private int Put(int line, PayloadHeader header, ReadOnlySpan<byte> data)
    {
        var first = new Span<byte>((void*)lines[line++], 64);
        first.Clear();
        "EDGP"u8.CopyTo(first);
        first[4] = header.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(first[8..], header.Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(first[12..], header.Event);
        BinaryPrimitives.WriteUInt64LittleEndian(first[16..], header.Time);
        BinaryPrimitives.WriteUInt32LittleEndian(first[60..], header.Number);
        for (int at = 0; at < data.Length; at += 64)
        {
            var row = new Span<byte>((void*)lines[line++], 64);
            row.Clear();
            data[at..Math.Min(at + 64, data.Length)].CopyTo(row);
        }

        return line;
    }
}
