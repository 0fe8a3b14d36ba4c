using Edge.Compiler.Tools;

namespace Edge.Tests.Compiler;

public sealed class BuildCacheTests : IDisposable
{
    /// <summary>A kind of its own, so that no other build is touched.</summary>
    private readonly string kind = $"test-{Guid.NewGuid():N}";

    [Fact]
    public void TheSameKeyIsBuiltOnce_AnotherAgain()
    {
        int builds = 0;
        string Get(params string[] key) => BuildCache.Get(kind, key, folder =>
        {
            builds++;
            File.WriteAllText(Path.Combine(folder, "made"), string.Join(' ', key));
        });
        string first = Get("a", "b");
        Assert.Equal(first, Get("a", "b"));
        Assert.Equal(1, builds);
        Assert.NotEqual(first, Get("ab"));
        Assert.NotEqual(first, Get("a", "c"));
        Assert.Equal("a b", File.ReadAllText(Path.Combine(first, "made")));
        Assert.Equal(3, builds);
    }

    [Fact]
    public void ABuildThatFailsLeavesNothing_AndIsTriedAgain()
    {
        Assert.Throws<InvalidOperationException>(() => BuildCache.Get(kind, ["x"], folder =>
        {
            File.WriteAllText(Path.Combine(folder, "half"), "done");
            throw new InvalidOperationException("no");
        }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(BuildCache.Folder, kind)));
        string made = BuildCache.Get(kind, ["x"], folder => File.WriteAllText(Path.Combine(folder, "whole"), "done"));
        Assert.Equal(["whole"], Directory.EnumerateFiles(made).Select(Path.GetFileName));
    }

    [Fact]
    public async Task WhoeverBuildsTheSameAtTheSameTime_GetsOneFolder()
    {
        using var together = new Barrier(4);
        string[] folders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () => BuildCache.Get(kind, ["same"], folder =>
            {
                together.SignalAndWait();
                File.WriteAllText(Path.Combine(folder, "made"), "done");
            }),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Single(folders.Distinct(StringComparer.Ordinal));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(BuildCache.Folder, kind)));
        Assert.Equal("done", await File.ReadAllTextAsync(Path.Combine(folders[0], "made")));
    }

    public void Dispose()
    {
        string folder = Path.Combine(BuildCache.Folder, kind);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
