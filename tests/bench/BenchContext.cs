using Edge.Cli.Output;

namespace Edge.Bench;

/// <summary>What sections share: where things are, and work that one of them has done already.</summary>
internal sealed class BenchContext : IDisposable
{
    private readonly Lazy<JetReference> jet;

    /// <param name="output">The file of measurements.</param>
    public BenchContext(string? output, CancellationToken cancel)
    {
        Output = output ?? InTree("docs", "measurements.md");
        Cancel = cancel;
        jet = new(() => JetReference.Load(this));
        Environment.SetEnvironmentVariable("CCACHE_DISABLE", "1"); // a build is timed whole, whatever compiler cache is installed
        Environment.SetEnvironmentVariable("EDGE_CACHE", Path.Combine(Scratch, "cache"));
    }

    /// <summary>Root of the source tree.</summary>
    public string Root { get; } = FindRoot();

    /// <summary>The file of measurements.</summary>
    public string Output { get; }

    /// <summary>Where pages that a section writes besides stand.</summary>
    public string Pages => Path.GetDirectoryName(Output)!;

    /// <summary>A folder of this run, deleted at its end. It holds the build cache too, so every build starts cold.</summary>
    public string Scratch { get; } = Directory.CreateTempSubdirectory("edge-bench-").FullName;

    /// <summary>Progress and messages of the host, on standard error.</summary>
    public Terminal Terminal { get; } = new(json: false);

    public CancellationToken Cancel { get; }

    /// <summary>The jet-tagging network; built and simulated once for all sections.</summary>
    /// <exception cref="SectionSkippedException">Its files are not on this machine.</exception>
    public JetReference Jet => jet.Value;

    public string InTree(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file or folder beside the source tree that may not be copied into the project.</summary>
    /// <exception cref="SectionSkippedException">It is not there.</exception>
    public string Shared(params string[] parts)
    {
        string path = Path.GetFullPath(Path.Combine([Root, "..", "shared", .. parts]));
        return Path.Exists(path)
            ? path
            : throw new SectionSkippedException($"it needs ../shared/{string.Join('/', parts)}, which may not be copied into the project and is not on this machine");
    }

    /// <summary>The program as `make build` left it, unless that is older than the code; then the same program beside this one.</summary>
    public (string Path, string Name) EdgeProgram()
    {
        string built = InTree("build", "edge");
        bool fresh = File.Exists(built) && Directory.EnumerateFiles(InTree("host"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .All(file => File.GetLastWriteTimeUtc(file) <= File.GetLastWriteTimeUtc(built));
        return fresh ? (built, "build/edge") : (Path.Combine(AppContext.BaseDirectory, "edge"), "the program beside the bench");
    }

    public void Dispose()
    {
        if (jet.IsValueCreated)
        {
            jet.Value.Dispose();
        }

        Directory.Delete(Scratch, recursive: true);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Edge.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("the program does not stand inside the source tree");
    }
}
