using System.Globalization;

namespace Edge.Compiler.Tools;

/// <summary>Builds a design and its C++ harness into a shared library; the same sources are built once.</summary>
public static class VerilatorBuild
{
    private static readonly string[] Options =
        ["--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-assert", "-Wno-fatal", "-CFLAGS", "-fPIC"];

    /// <summary>SystemVerilog beyond this size (about 10 000 adders) is built for a short build, not for a fast simulation:
    /// C++ in few files, because each reads the declaration of every signal again, and compiled at -O0, a fifth of the time
    /// of -O1.</summary>
    public const long BytesOfLargeDesign = 1_000_000;

    /// <summary>C++ up to this size is compiled for speed (-O2). More is compiled at -O1: about 0.7 of the build time, but a
    /// simulation that runs a quarter slower.</summary>
    private const long BytesCompiledForSpeed = 1_500_000;

    private static readonly string[] CompilerOptions = ["OPT_SLOW=-O0", "OPT_GLOBAL=-O1"];

    private static readonly string[] Split = ["--output-split", "20000"];

    private static readonly string[] SplitOfLargeDesign = ["--output-split", "60000"];

    public static string Version => ExternalTool.Run("verilator", ["--version"]).Trim();

    /// <param name="top">Top module; the class is called V + top.</param>
    /// <param name="design">SystemVerilog files by name; packages come first.</param>
    /// <param name="harness">C++ files by name.</param>
    /// <param name="progress">Told when something has to be built.</param>
    /// <returns>Path of the library.</returns>
    public static string Library(
        string top,
        IReadOnlyDictionary<string, string> design,
        IReadOnlyDictionary<string, string> harness,
        Action<string>? progress = null,
        CancellationToken cancel = default) => Library(top, design, harness, [], progress, cancel);

    /// <summary>The same, with parameters of the top module.</summary>
    /// <param name="parameters">As Verilator takes them: <c>-GWidth=16</c>.</param>
    public static string Library(
        string top,
        IReadOnlyDictionary<string, string> design,
        IReadOnlyDictionary<string, string> harness,
        IReadOnlyList<string> parameters,
        Action<string>? progress,
        CancellationToken cancel)
    {
        string[] key = [Version, top, .. parameters, .. Options, .. Split, .. SplitOfLargeDesign, $"{BytesOfLargeDesign}", .. CompilerOptions, $"{BytesCompiledForSpeed}", .. design.Concat(harness).SelectMany(file => new[] { file.Key, file.Value })];
        string folder = BuildCache.Get("verilator", key, target => Build(top, design, harness, parameters, target, progress, cancel));
        return Path.Combine(folder, "library.so");
    }

    private static void Build(
        string top,
        IReadOnlyDictionary<string, string> design,
        IReadOnlyDictionary<string, string> harness,
        IReadOnlyList<string> parameters,
        string target,
        Action<string>? progress,
        CancellationToken cancel)
    {
        progress?.Invoke($"building the simulation of {top} (once; it is kept in {BuildCache.Folder})");
        string work = Path.Combine(target, "work");
        Directory.CreateDirectory(work);
        foreach ((string name, string text) in design.Concat(harness))
        {
            File.WriteAllText(Path.Combine(work, name), text);
        }

        string[] sources = [.. design.Keys.OrderBy(name => !name.EndsWith("_config.sv", StringComparison.Ordinal)).ThenBy(name => name, StringComparer.Ordinal)];
        bool large = design.Values.Sum(text => (long)text.Length) > BytesOfLargeDesign;
        ExternalTool.Run("verilator", [.. Options, .. large ? SplitOfLargeDesign : Split, "--Mdir", "obj", "--top-module", top, .. parameters, .. sources], work, cancel);

        long bytes = new DirectoryInfo(Path.Combine(work, "obj")).EnumerateFiles("*.cpp").Sum(file => file.Length);
        string fast = large ? "OPT_FAST=-O0" : bytes <= BytesCompiledForSpeed ? "OPT_FAST=-O2" : "OPT_FAST=-O1";
        // Verilator's own run-time library is the same for every design: ccache compiles it once.
        string cache = ExternalTool.Find("ccache") is null ? string.Empty : "ccache";
        string jobs = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        string library = $"V{top}__ALL.a";
        ExternalTool.Run("make", ["-s", "-C", "obj", "-f", $"V{top}.mk", "-j", jobs, $"OBJCACHE={cache}", fast, .. CompilerOptions, library, "verilated.o", "verilated_threads.o"], work, cancel);

        string include = ExternalTool.Run("verilator", ["--getenv", "VERILATOR_ROOT"], cancel: cancel).Trim();
        string[] units = [.. harness.Keys.Where(name => name.EndsWith(".cpp", StringComparison.Ordinal))];
        ExternalTool.Run(
            "g++",
            ["-std=c++17", "-O2", "-fPIC", "-shared", "-o", Path.Combine(target, "library.so"), "-I.", "-Iobj", $"-I{include}/include", $"-I{include}/include/vltstd",
             .. units, $"obj/{library}", "obj/verilated.o", "obj/verilated_threads.o", "-pthread"],
            work,
            cancel);
        Directory.Delete(work, recursive: true);
    }
}
