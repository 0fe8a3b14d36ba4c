using System.Buffers.Binary;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>PCI configuration space of a device: 4096 bytes, 32 bits at a time, little-endian.</summary>
public interface IConfigurationSpace
{
    uint Read(int offset);

    void Write(int offset, uint value);

    /// <summary>Offset of the first extended capability with this id for which a condition holds; null: none.</summary>
    int? FindExtended(ushort id, Func<int, bool> condition)
    {
        // Each head: id in bits 15:0, offset of the next in bits 31:20. No more than 960 fit; a loop ends too.
        int offset = 0x100;
        for (int count = 0; count < 960 && offset is >= 0x100 and <= 0xFFC; count++)
        {
            uint head = Read(offset);
            if (head is 0 or uint.MaxValue)
            {
                return null;
            }

            if ((ushort)head == id && condition(offset))
            {
                return offset;
            }

            offset = (int)(head >> 20) & ~3;
        }

        return null;
    }
}

/// <summary>Through the file <c>config</c> in sysfs; beyond byte 64 only root may.</summary>
public sealed class SysfsConfigurationSpace(string path) : IConfigurationSpace, IDisposable
{
    public const int CommandOffset = 0x04;
    public const uint BusMasterBit = 1 << 2;

    private readonly FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);

    public uint Read(int offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        file.Position = offset;
        return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
            : throw new UnauthorizedAccessException($"{path}: byte {offset} cannot be read; only root sees all of it.");
    }

    public void Write(int offset, uint value) => Write(offset, value, sizeof(uint));

    public void Write16(int offset, ushort value) => Write(offset, value, sizeof(ushort));

    public void Dispose() => file.Dispose();

    private void Write(int offset, uint value, int bytes)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(word, value);
        file.Position = offset;
        file.Write(word[..bytes]);
        file.Flush();
    }
}
