using System.Globalization;
using System.Numerics;
using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;

namespace Edge.Compiler.Verification;

/// <summary>The network's RTL under Icarus Verilog: a second simulator, as a separate program.</summary>
public static class IcarusNetwork
{
    /// <summary>rows (count, InputLength) to results (count, OutputLength).</summary>
    public static long[] Run(FabricNetwork network, ReadOnlySpan<long> rows, CancellationToken cancel = default)
    {
        string folder = Directory.CreateTempSubdirectory("edge-icarus-").FullName;
        try
        {
            var files = network.AllFiles();
            files.Add("network_stream.sv", HardwareSources.Text("sim/network/network_stream.sv"));
            foreach ((string name, string text) in files)
            {
                File.WriteAllText(Path.Combine(folder, name), text);
            }

            string[] order = [.. files.Keys.OrderBy(name => name != "network_config.sv")];
            ExternalTool.Run("iverilog", ["-g2012", "-o", "network.vvp", "-s", "network_stream", .. order], folder, cancel);
            File.WriteAllLines(Path.Combine(folder, "vectors.hex"), Pack(rows.ToArray(), network.Integers.InputLength, network.InputWidth));
            ExternalTool.Run("vvp", ["-n", "network.vvp", "+vectors=vectors.hex", "+results=results.hex"], folder, cancel);
            return Unpack(File.ReadAllLines(Path.Combine(folder, "results.hex")), network.Integers.OutputLength, network.OutputWidth);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<string> Pack(long[] rows, int length, int width)
    {
        BigInteger mask = (BigInteger.One << width) - 1;
        for (int start = 0; start < rows.Length; start += length)
        {
            BigInteger packed = BigInteger.Zero;
            for (int i = length - 1; i >= 0; i--)
            {
                packed = (packed << width) | (rows[start + i] & mask);
            }

            yield return "0" + packed.ToString("x", CultureInfo.InvariantCulture);
        }
    }

    private static long[] Unpack(string[] lines, int length, int width)
    {
        var results = new long[lines.Length * length];
        BigInteger mask = (BigInteger.One << width) - 1;
        for (int row = 0; row < lines.Length; row++)
        {
            if (!BigInteger.TryParse("0" + lines[row], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out BigInteger packed))
            {
                throw new InvalidOperationException($"Icarus: result {row} holds undefined bits: {lines[row]}");
            }

            for (int i = 0; i < length; i++)
            {
                var bits = (long)(ulong)((packed >> (i * width)) & mask);
                results[(row * length) + i] = bits << (64 - width) >> (64 - width);
            }
        }

        return results;
    }
}
