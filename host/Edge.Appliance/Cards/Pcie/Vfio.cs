using System.Runtime.InteropServices;

namespace Edge.Appliance.Cards.Pcie;

/// <summary>What the kernel's linux/vfio.h says: numbers of ioctls and shapes of their arguments (type 1 IOMMU, version 2).
/// A test compares them with the header.</summary>
internal static partial class Vfio
{
    public const nuint GetApiVersion = 0x3B64;
    public const nuint CheckExtension = 0x3B65;
    public const nuint SetIommu = 0x3B66;
    public const nuint GroupGetStatus = 0x3B67;
    public const nuint GroupSetContainer = 0x3B68;
    public const nuint GroupGetDevice = 0x3B6A;
    public const nuint DeviceGetRegionInfo = 0x3B6C;
    public const nuint MapDma = 0x3B71;
    public const nuint UnmapDma = 0x3B72;

    public const int ApiVersion = 0;
    public const int Type1Version2 = 3;
    public const uint GroupViable = 1;
    public const uint MapRead = 1;
    public const uint MapWrite = 2;
    public const uint ConfigRegion = 7;

    public const int ReadWrite = 2; // O_RDWR

    [StructLayout(LayoutKind.Sequential)]
    public struct GroupStatus
    {
        public uint Size;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct RegionInfo
    {
        public uint Size;
        public uint Flags;
        public uint Index;
        public uint CapOffset;
        public ulong Bytes;
        public ulong Offset;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct DmaMap
    {
        public uint Size;
        public uint Flags;
        public ulong Memory;
        public ulong CardAddress;
        public ulong Bytes;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct DmaUnmap
    {
        public uint Size;
        public uint Flags;
        public ulong CardAddress;
        public ulong Bytes;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static unsafe partial int Control(int file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint ReadAt(int file, void* bytes, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint WriteAt(int file, void* bytes, nuint count, long offset);
}
