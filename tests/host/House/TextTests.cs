using System.Diagnostics;

namespace Edge.Tests.House;

/// <summary>What no text of the project may hold.</summary>
public sealed class TextTests
{
    /// <summary>Folders of the machine it was written on: a reader has others. Put together, so that this file holds none.</summary>
    private static readonly string[] MachineFolders = ["/" + "work/", "/" + "root/", "/" + "home/"];

    [Fact]
    public void NoFile_NamesAFolderOfSomebodysMachine()
    {
        var found = new List<string>();
        foreach (string file in Tracked())
        {
            string path = Repository.Path(file);
            if (!File.Exists(path) || new FileInfo(path).Length > 4 << 20)
            {
                continue;
            }

            byte[] bytes = File.ReadAllBytes(path);
            if (Array.IndexOf(bytes, (byte)0) >= 0)
            {
                continue; // no text
            }

            string text = System.Text.Encoding.UTF8.GetString(bytes);
            found.AddRange(MachineFolders.Where(folder => text.Contains(folder, StringComparison.Ordinal)).Select(folder => $"{file}: {folder}"));
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Fact]
    public void EveryFile_EndsWithALine_AndHasNoTabsInItsYaml()
    {
        foreach (string file in Tracked().Where(file => Path.GetExtension(file) is ".cs" or ".md" or ".sv" or ".py" or ".yaml" && !file.StartsWith("tests/golden/", StringComparison.Ordinal)))
        {
            string path = Repository.Path(file);
            if (File.Exists(path) && new FileInfo(path).Length > 0)
            {
                string text = File.ReadAllText(path);
                Assert.True(text.EndsWith('\n'), $"{file} does not end with a line break");
                Assert.False(Path.GetExtension(file) is ".yaml" && text.Contains('\t', StringComparison.Ordinal), $"{file} holds a tab");
                Assert.False(text.Contains('\r', StringComparison.Ordinal), $"{file} has line ends of another system");
            }
        }
    }

    /// <summary>Files under version control; none where the sources came without it.</summary>
    private static string[] Tracked()
    {
        if (!Path.Exists(Repository.Path(".git")))
        {
            return [];
        }

        using Process git = Process.Start(new ProcessStartInfo("git", ["ls-files"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, UseShellExecute = false })!;
        string[] files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        Assert.InRange(files.Length, 100, int.MaxValue);
        return files;
    }
}
