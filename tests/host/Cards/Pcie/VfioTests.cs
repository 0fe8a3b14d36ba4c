using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Edge.Appliance.Cards.Pcie;
using Edge.Networks;

namespace Edge.Tests.Cards.Pcie;

/// <summary>What is known of VFIO without a device: numbers and shapes as in the kernel's header, addresses that avoid what is
/// reserved, and words for each way it can be missing.</summary>
public sealed class VfioTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public unsafe void NumbersAndShapes_AreThoseOfTheKernelsHeader()
    {
        string source = folder.Write("vfio.cpp", """
            #include <cstddef>
            #include <cstdio>
            #include <sys/ioctl.h>
            #include <linux/vfio.h>
            #include <fcntl.h>
            #define SHOW(x) printf("%s %llu\n", #x, (unsigned long long)(x))
            int main() {
              SHOW(VFIO_GET_API_VERSION); SHOW(VFIO_CHECK_EXTENSION); SHOW(VFIO_SET_IOMMU); SHOW(VFIO_GROUP_GET_STATUS);
              SHOW(VFIO_GROUP_SET_CONTAINER); SHOW(VFIO_GROUP_GET_DEVICE_FD); SHOW(VFIO_DEVICE_GET_REGION_INFO);
              SHOW(VFIO_IOMMU_MAP_DMA); SHOW(VFIO_IOMMU_UNMAP_DMA); SHOW(VFIO_API_VERSION); SHOW(VFIO_TYPE1v2_IOMMU);
              SHOW(VFIO_GROUP_FLAGS_VIABLE); SHOW(VFIO_DMA_MAP_FLAG_READ); SHOW(VFIO_DMA_MAP_FLAG_WRITE); SHOW(VFIO_PCI_CONFIG_REGION_INDEX); SHOW(O_RDWR);
              SHOW(sizeof(vfio_group_status)); SHOW(sizeof(vfio_region_info)); SHOW(sizeof(vfio_iommu_type1_dma_map)); SHOW(sizeof(vfio_iommu_type1_dma_unmap) - 0);
              SHOW(offsetof(vfio_region_info, index)); SHOW(offsetof(vfio_region_info, offset));
              SHOW(offsetof(vfio_iommu_type1_dma_map, vaddr)); SHOW(offsetof(vfio_iommu_type1_dma_map, iova)); SHOW(offsetof(vfio_iommu_type1_dma_map, size));
              SHOW(offsetof(vfio_iommu_type1_dma_unmap, iova)); SHOW(offsetof(vfio_iommu_type1_dma_unmap, size));
            }
            """);
        Run("g++", "-o", folder.File("vfio"), source);
        ulong[] header = [.. Run(folder.File("vfio")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => ulong.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture))];
        ulong[] ours =
        [
            Vfio.GetApiVersion, Vfio.CheckExtension, Vfio.SetIommu, Vfio.GroupGetStatus, Vfio.GroupSetContainer, Vfio.GroupGetDevice, Vfio.DeviceGetRegionInfo,
            Vfio.MapDma, Vfio.UnmapDma, Vfio.ApiVersion, Vfio.Type1Version2, Vfio.GroupViable, Vfio.MapRead, Vfio.MapWrite, Vfio.ConfigRegion, Vfio.ReadWrite,
            (ulong)sizeof(Vfio.GroupStatus), (ulong)sizeof(Vfio.RegionInfo), (ulong)sizeof(Vfio.DmaMap), (ulong)sizeof(Vfio.DmaUnmap),
            Offset<Vfio.RegionInfo>(nameof(Vfio.RegionInfo.Index)), Offset<Vfio.RegionInfo>(nameof(Vfio.RegionInfo.Offset)),
            Offset<Vfio.DmaMap>(nameof(Vfio.DmaMap.Memory)), Offset<Vfio.DmaMap>(nameof(Vfio.DmaMap.CardAddress)), Offset<Vfio.DmaMap>(nameof(Vfio.DmaMap.Bytes)),
            Offset<Vfio.DmaUnmap>(nameof(Vfio.DmaUnmap.CardAddress)), Offset<Vfio.DmaUnmap>(nameof(Vfio.DmaUnmap.Bytes)),
        ];
        Assert.Equal(header, ours);
    }

    [Theory]
    [InlineData("", 0x1_0000_0000)]
    [InlineData("0x00000000fee00000 0x00000000feefffff msi\n", 0x1_0000_0000)]
    [InlineData("0x0000000100001000 0x0000000100001fff direct\n", 0x1_0000_2000)]
    [InlineData("0x0000000100010000 0x0000000100010fff direct\n0x00000000f0000000 0x0000000100000fff direct\n", 0x1_0001_1000)]
    [InlineData("garbage\n0xzz 0x1 direct\n", 0x1_0000_0000)]
    public void TheRing_AvoidsReservedAddresses(string regions, ulong address) =>
        Assert.Equal(address, VfioMemory.FreeAddress(folder.Write("reserved_regions", regions), 0x10000));

    [Fact]
    public void WhatIsMissing_IsNamed()
    {
        var bus = new FakeBus(folder.File("sys"));
        bus.Insert("0000:3b:00.0");
        PcieDevice card = bus.Discovery.Find().Single();
        Assert.Contains("Load the driver: modprobe vfio-pci", Message(), StringComparison.Ordinal);
        Directory.CreateDirectory(folder.File("dev/vfio"));
        File.WriteAllText(folder.File("dev/vfio/vfio"), string.Empty);
        Assert.Contains("no type 1 IOMMU", Message(), StringComparison.Ordinal);

        string Message() => Assert.Throws<InvalidInputException>(() => new VfioMemory(card, bus.Discovery, 4096, folder.File("dev"))).Message;
    }

    private static ulong Offset<T>(string field) => (ulong)Marshal.OffsetOf<T>(field);

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return said;
    }
}
