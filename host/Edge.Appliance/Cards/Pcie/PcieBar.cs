using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>Registers of a card, mapped from the file <c>resource0</c> in sysfs, or a device file of the vendor's driver.
/// 32-bit accesses, in order.</summary>
public sealed unsafe class PcieBar : IDisposable
{
    private readonly MemoryMappedFile mapping;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* memory;
    private readonly long bytes;

    /// <exception cref="IOException">It cannot be mapped.</exception>
    public PcieBar(string path, long bytes)
    {
        this.bytes = bytes;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        mapping = MemoryMappedFile.CreateFromFile(file, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        try
        {
            view = mapping.CreateViewAccessor(0, bytes);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    public uint Read(uint address) => Volatile.Read(ref *Word(address));

    public void Write(uint address, uint value) => Volatile.Write(ref *Word(address), value);

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        mapping.Dispose();
    }

    private uint* Word(uint address) => address % sizeof(uint) == 0 && address <= bytes - sizeof(uint)
        ? (uint*)(memory + address)
        : throw new ArgumentOutOfRangeException(nameof(address), $"no register at {address:x}.");
}
