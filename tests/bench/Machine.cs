using System.Runtime.InteropServices;

namespace Edge.Bench;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    /// <summary>Cores, processor, runtime.</summary>
    public static string Description { get; } = $"{Environment.ProcessorCount} cores of {Processor()}, {RuntimeInformation.FrameworkDescription}";

    private static string Processor()
    {
        const string Field = "model name";
        string? line = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith(Field, StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
