namespace Edge.Tests;

/// <summary>A folder that goes away, and what stands in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and returns its full path.</summary>
    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Every file with its size and time, and every folder: equal snapshots mean that nothing was touched.</summary>
    public string[] Snapshot() =>
    [
        .. new DirectoryInfo(Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => $"{entry.FullName} {(entry is FileInfo file ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "folder")}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Checks that an action leaves the folder as it was.</summary>
    public void Untouched(Action action)
    {
        string[] before = Snapshot();
        action();
        Assert.Equal(before, Snapshot());
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
