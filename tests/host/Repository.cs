using System.Runtime.CompilerServices;

namespace Edge.Tests;

/// <summary>Where the source tree is, and what may stand beside it.</summary>
internal static class Repository
{
    public static string Root { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(SourceFolder(), "..", ".."));

    /// <summary>Files shared by the developers that may not be copied into the project; not everybody has them.</summary>
    public static string Shared { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(Root, "..", "shared"));

    public static bool HasShared => Directory.Exists(Shared);

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    public static string SharedPath(params string[] parts) => System.IO.Path.Combine([Shared, .. parts]);

    private static string SourceFolder([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file)!;
}

/// <summary>A test on files that may not be copied: skipped, and counted as skipped, where they are not.</summary>
public sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (!Repository.HasShared)
        {
            Skip = "needs ../shared, whose files may not be copied into the project";
        }
    }
}

/// <inheritdoc cref="SharedFactAttribute"/>
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute()
    {
        if (!Repository.HasShared)
        {
            Skip = "needs ../shared, whose files may not be copied into the project";
        }
    }
}
