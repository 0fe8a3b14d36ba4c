using System.Buffers.Binary;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>The fallback for shells with AMD's XDMA driver: a thread reads records from the stream of a character device
/// (<c>/dev/xdma0_c2h_0</c>) and lays them into ring memory, as a card with a bridge would itself. Written after the driver's
/// sources; not run on hardware.</summary>
public sealed unsafe class XdmaRecords : IDisposable
{
    private const int RecordsPerRead = 64;

    private readonly FileStream stream;
    private readonly Thread thread;
    private readonly byte* ring;
    private readonly uint* tail;
    private readonly uint records;
    private readonly Func<uint> readCount;
    private volatile bool ends;
    private volatile string? fault;

    /// <param name="readCount">Records that were taken out of the ring, modulo 2^32.</param>
    public XdmaRecords(string path, byte* ring, int records, uint* tail, Func<uint> readCount)
    {
        this.ring = ring;
        this.tail = tail;
        this.records = (uint)records;
        this.readCount = readCount;
        stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        thread = new(Pump) { IsBackground = true, Name = "XDMA records" };
        thread.Start();
    }

    /// <summary>Why no more records come; null: all is well.</summary>
    public string? Fault => fault;

    /// <summary>Lets the thread end when its read does: the driver wakes it after ten seconds.</summary>
    public void Dispose()
    {
        ends = true;
        stream.Dispose();
    }

    private void Pump()
    {
        var bytes = new byte[RecordsPerRead * EventRecord.Bytes];
        uint written = 0;
        try
        {
            while (!ends)
            {
                int count = stream.Read(bytes);
                if (count == 0)
                {
                    fault = "the stream of records has ended";
                    return;
                }

                // The driver gives what one packet holds; a record may come in pieces.
                while (count % EventRecord.Bytes != 0)
                {
                    int more = stream.Read(bytes, count, EventRecord.Bytes - (count % EventRecord.Bytes));
                    count += more > 0 ? more : throw new EndOfStreamException("the stream of records ended inside one");
                }

                for (int at = 0; at < count; at += EventRecord.Bytes)
                {
                    while (written - readCount() >= records && !ends)
                    {
                        Thread.Sleep(0); // nobody takes records: the card drops the newest and counts them
                    }

                    bytes.AsSpan(at, EventRecord.Bytes).CopyTo(new Span<byte>(ring + ((written & (records - 1)) * EventRecord.Bytes), EventRecord.Bytes));
                    Volatile.Write(ref *tail, ++written);
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The driver's time-out of ten seconds without a record ends a read with an error; so does pulling the card.
            fault = error.Message;
        }
    }
}
