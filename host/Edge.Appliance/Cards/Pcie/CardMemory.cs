namespace Edge.Appliance.Cards.Pcie;

/// <summary>Memory of this program that a card may write. Locked, page-aligned.</summary>
public abstract unsafe class CardMemory : IDisposable
{
    public abstract byte* Pointer { get; }

    public abstract long Bytes { get; }

    /// <summary>Where the card sees it.</summary>
    public abstract ulong CardAddress { get; }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>Memory that only this program writes, for records that come through the vendor's driver.</summary>
public sealed unsafe class PlainMemory(long bytes) : CardMemory
{
    private byte* pointer = (byte*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)bytes, EventRing.Alignment);

    public override byte* Pointer => pointer;

    public override long Bytes => bytes;

    public override ulong CardAddress => (ulong)pointer;

    protected override void Dispose(bool disposing)
    {
        System.Runtime.InteropServices.NativeMemory.AlignedFree(pointer);
        pointer = null;
    }
}
