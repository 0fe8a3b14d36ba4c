using System.Reflection;

namespace Edge.Compiler.Tools;

/// <summary>The hand-written RTL and simulation harnesses, which travel inside this assembly.</summary>
public static class HardwareSources
{
    /// <summary>Text of one file, for example <c>rtl/common/fifo/fifo.sv</c>.</summary>
    public static string Text(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} was not built into this program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Files below a folder by their own names, so that they can stand side by side.</summary>
    public static SortedDictionary<string, string> Below(params string[] folders)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in Assembly.GetExecutingAssembly().GetManifestResourceNames())
        {
            if (folders.Any(folder => name.StartsWith(folder + "/", StringComparison.Ordinal)))
            {
                files.Add(name[(name.LastIndexOf('/') + 1)..], Text(name));
            }
        }

        return files;
    }
}
