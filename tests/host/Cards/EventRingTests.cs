using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Edge.Appliance.Cards;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

public sealed class EventRingTests(ITestOutputHelper output)
{
    [Fact]
    public void RecordsComeInOrderAndWhole_RoundTheRingManyTimes()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        var bytes = new byte[50 * EventRecord.Bytes];
        uint next = 0;
        for (int round = 0; round < 40; round++)
        {
            int burst = (round * 7 % 50) + 1;
            for (int k = 0; k < burst; k++)
            {
                memory.Put(memory.Written, memory.Written);
            }

            Assert.Equal(burst, ring.Take(bytes));
            for (int k = 0; k < burst; k++)
            {
                Assert.Equal(Memory.Record(next++), bytes[(k * 64)..((k + 1) * 64)]);
            }
        }

        Assert.Equal((next, next, 0L, 0L), (ring.ReadCount, ring.NextNumber, ring.Lost, ring.Late));
        Assert.Equal(0, ring.Take(bytes));
    }

    [Fact]
    public void WhatTheTailDoesNotCountIsNotRead_HoweverCompleteItLooks()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        memory.Write(0, Memory.Record(0));
        Assert.Equal(0, ring.Take(new byte[64]));
        memory.Tail = 1;
        Assert.Equal(1, ring.Take(new byte[64]));
    }

    [Theory, InlineData(0), InlineData(1)]
    public void AnOldRecordIsNeverTakenForANewOne(int lap)
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        var bytes = new byte[64 * 64];
        for (uint n = 0; n < 64 * lap; n++)
        {
            memory.Put(n, n);
            Assert.Equal(1, ring.Take(bytes));
        }

        memory.Tail = (uint)((64 * lap) + 2);
        memory.Write(memory.Tail - 1, Memory.Record(memory.Tail - 1));
        Assert.Equal(0, ring.Take(bytes));
        Assert.Equal(1, ring.Late);
        memory.Write(memory.Tail - 2, Memory.Record(memory.Tail - 2));
        Assert.Equal(2, ring.Take(bytes));
        Assert.Equal(0, ring.Lost);
    }

    [Fact]
    public void ARecordWhoseEndIsMissingIsWaitedFor()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        byte[] record = Memory.Record(0);
        memory.Write(0, record.AsSpan(0, 60));
        memory.Tail = 1;
        Assert.Equal(0, ring.Take(new byte[64]));
        memory.Write(0, record);
        var bytes = new byte[64];
        Assert.Equal(1, ring.Take(bytes));
        Assert.Equal(record, bytes);
    }

    [Fact]
    public void ARecordThatNeverShowsIsReported_WithWhereAndHowToMend()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring(patience: TimeSpan.Zero);
        memory.Tail = 1;
        Assert.Equal(0, ring.Take(new byte[64]));
        Thread.Sleep(1);
        var error = Assert.Throws<InvalidDataException>(() => ring.Take(new byte[64]));
        Assert.Contains("counted record 0 of the ring", error.Message, StringComparison.Ordinal);
        Assert.Contains("IOMMU", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATailBeyondTheRingIsRefused()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        memory.Tail = 65;
        Assert.Throws<InvalidDataException>(() => ring.Take(new byte[64]));
        memory.Tail = uint.MaxValue;
        Assert.Throws<InvalidDataException>(() => ring.Take(new byte[64]));
    }

    [Fact]
    public void GapsAreCounted_AlsoBeforeTheFirst()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        memory.Put(0, 5);
        memory.Put(1, 6);
        memory.Put(2, 100);
        Assert.Equal(3, ring.Take(new byte[64 * 3]));
        Assert.Equal((98L, 101u), (ring.Lost, ring.NextNumber));
    }

    [Fact]
    public void NumbersAndCountsWrapAt32Bits()
    {
        using var memory = new Memory(64);
        const uint First = uint.MaxValue - 100;
        EventRing ring = memory.Ring(First);
        var bytes = new byte[64 * 64];
        uint next = First;
        for (uint n = 0; n < 200; n++)
        {
            memory.Put(n, next += n == 120 ? 1u : 0);
            Assert.Equal(1, ring.Take(bytes));
            Assert.Equal(Memory.Record(next++), bytes[..64]);
        }

        Assert.Equal((1L, next, 0L), (ring.Lost, ring.NextNumber, ring.Late));
    }

    [Fact]
    public void NothingIsAllocatedAfterTheStart()
    {
        using var memory = new Memory(64);
        EventRing ring = memory.Ring();
        var bytes = new byte[64 * 8];
        memory.Put(0, 0);
        ring.Take(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint n = 1; n < 1000; n++)
        {
            memory.Tail = n; // late: counted, not visible
            ring.Take(bytes);
            memory.PutQuietly(n);
            ring.Take(bytes);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000u, ring.ReadCount);
    }

    /// <summary>A card in another thread writes records and tail with pauses and drops numbers; every place is overwritten as
    /// soon as it is given back.</summary>
    [Fact]
    public void WithACardInAnotherThread_EveryRecordIsWholeAndGapsEqualDrops()
    {
        Random random = RandomTest.Create(output);
        int seed = random.Next();
        using var memory = new Memory(128);
        const uint Count = 200_000;
        EventRing ring = memory.Ring();
        uint given = 0;
        long dropped = 0;
        var card = new Thread(() =>
        {
            var chance = new Random(seed);
            uint number = 0;
            for (uint n = 0; n < Count; n++)
            {
                uint skip = chance.Next(20) == 0 ? (uint)chance.Next(1, 5) : 0;
                dropped += skip;
                number += skip;
                while (n - Volatile.Read(ref given) >= 128)
                {
                    Thread.Yield();
                }

                memory.Put(n, number++);
            }
        });
        card.Start();
        var bytes = new byte[64 * 32];
        var expected = new byte[64];
        for (uint read = 0; read < Count;)
        {
            int count = ring.Take(bytes);
            for (int k = 0; k < count; k++)
            {
                Span<byte> record = bytes.AsSpan(k * 64, 64);
                Memory.Fill(expected, BinaryPrimitives.ReadUInt32LittleEndian(record[60..]));
                Assert.True(record.SequenceEqual(expected));
            }

            read += (uint)count;
            Volatile.Write(ref given, ring.ReadCount);
            if (count == 0)
            {
                Thread.Yield();
            }
        }

        card.Join();
        Assert.Equal(dropped, ring.Lost);
    }

    [Theory, InlineData(32), InlineData(100), InlineData(1 << 25)]
    public void SizesThatTheCardRefusesAreRefused(int records)
    {
        using var memory = new Memory(64);
        Assert.Throws<ArgumentException>(() => memory.Ring(records: records));
    }

    /// <summary>Memory of a ring and its tail, and a card that writes it.</summary>
    private sealed unsafe class Memory(int records) : IDisposable
    {
        private readonly byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)((records * 64) + 64), 4096);

        public uint Written => Tail;

        public uint Tail
        {
            get => Volatile.Read(ref *(uint*)(start + (records * 64)));
            set => Volatile.Write(ref *(uint*)(start + (records * 64)), value);
        }

        public static byte[] Record(uint number)
        {
            var record = new byte[64];
            Fill(record, number);
            return record;
        }

        /// <summary>Every byte follows from the number, which stands last.</summary>
        public static void Fill(Span<byte> record, uint number)
        {
            for (int k = 0; k < 15; k++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(record[(4 * k)..], (number * 2654435761u) + (uint)k);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(record[60..], number);
        }

        public EventRing Ring(uint first = 0, TimeSpan? patience = null, int? records = null) =>
            new(start, records ?? Records, (uint*)(start + (Records * 64)), first, patience);

        private int Records => records;

        public void Write(uint place, ReadOnlySpan<byte> bytes) => bytes.CopyTo(new Span<byte>(start + (place % (uint)records * 64), 64));

        public void Put(uint place, uint number)
        {
            Fill(new Span<byte>(start + (place % (uint)records * 64), 64), number);
            Tail = place + 1;
        }

        public void PutQuietly(uint n)
        {
            Fill(new Span<byte>(start + (n % (uint)records * 64), 64), n);
            Tail = n + 1;
        }

        public void Dispose() => NativeMemory.AlignedFree(start);
    }
}
