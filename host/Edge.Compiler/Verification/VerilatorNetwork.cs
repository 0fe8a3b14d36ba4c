using System.Runtime.InteropServices;
using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;

namespace Edge.Compiler.Verification;

/// <summary>The network's RTL under Verilator, in this process.</summary>
public sealed unsafe class VerilatorNetwork : IDisposable
{
    private const int Abi = 1;

    private readonly FabricNetwork network;
    private readonly nint library;
    private readonly void* handle;
    private readonly delegate* unmanaged<void*, long*, long, long*, ulong, long*, long> stream;

    private VerilatorNetwork(FabricNetwork network, string path)
    {
        this.network = network;
        library = NativeLibrary.Load(path);
        var abi = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "edge_network_abi");
        if (abi() != Abi)
        {
            throw new InvalidOperationException($"{path} speaks interface version {abi()}, this program {Abi}");
        }

        stream = (delegate* unmanaged<void*, long*, long, long*, ulong, long*, long>)NativeLibrary.GetExport(library, "edge_network_stream");
        handle = ((delegate* unmanaged<void*>)NativeLibrary.GetExport(library, "edge_network_open"))();
    }

    public static VerilatorNetwork Build(FabricNetwork network, Action<string>? progress = null, CancellationToken cancel = default)
    {
        var harness = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["network_simulation.cpp"] = HardwareSources.Text("sim/network/network_simulation.cpp"),
            ["packed_ports.h"] = HardwareSources.Text("sim/network/packed_ports.h"),
            ["network_ports.h"] = network.PortsHeader(),
        };
        return new(network, VerilatorBuild.Library("network", network.AllFiles(), harness, progress, cancel));
    }

    /// <summary>rows (count, InputLength) to results (count, OutputLength).</summary>
    /// <param name="pattern">0: a vector a clock; otherwise the seed of random idle clocks on both sides.</param>
    /// <returns>Results; clocks from the first vector to its result; clocks in all.</returns>
    public (long[] Results, long Latency, long Clocks) Run(ReadOnlySpan<long> rows, ulong pattern = 0)
    {
        int count = rows.Length / network.Integers.InputLength;
        var results = new long[count * network.Integers.OutputLength];
        long latency;
        long clocks;
        fixed (long* input = rows, output = results)
        {
            clocks = stream(handle, input, count, output, pattern, &latency);
        }

        return clocks >= 0 ? (results, latency, clocks) : throw new InvalidOperationException("the simulated network stopped answering");
    }

    public void Dispose()
    {
        ((delegate* unmanaged<void*, void>)NativeLibrary.GetExport(library, "edge_network_close"))(handle);
        NativeLibrary.Free(library);
    }
}
