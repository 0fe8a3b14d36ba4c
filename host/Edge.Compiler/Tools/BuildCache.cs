using System.Security.Cryptography;
using System.Text;

namespace Edge.Compiler.Tools;

/// <summary>Keeps what takes long to build, by the hash of everything it was built from. A folder appears in the cache
/// complete or not at all.</summary>
public static class BuildCache
{
    /// <summary>EDGE_CACHE, else XDG_CACHE_HOME/edge, else ~/.cache/edge, else a folder of the system's temporary files.</summary>
    public static string Folder
    {
        get
        {
            string? chosen = Environment.GetEnvironmentVariable("EDGE_CACHE");
            string? shared = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return !string.IsNullOrEmpty(chosen) ? chosen
                : !string.IsNullOrEmpty(shared) ? Path.Combine(shared, "edge")
                : home.Length > 0 ? Path.Combine(home, ".cache", "edge")
                : Path.Combine(Path.GetTempPath(), "edge-cache");
        }
    }

    /// <summary>The folder for this key, built if it is not there.</summary>
    /// <param name="key">Everything that decides the result.</param>
    /// <param name="build">Fills an empty folder.</param>
    public static string Get(string kind, IEnumerable<string> key, Action<string> build)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', key))))[..20];
        string final = Path.Combine(Folder, kind, hash);
        if (Directory.Exists(final))
        {
            return final;
        }

        string partial = $"{final}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.partial";
        Directory.CreateDirectory(partial);
        try
        {
            build(partial);
            try
            {
                Directory.Move(partial, final);
            }
            catch (IOException) when (Directory.Exists(final))
            {
                // Somebody else built the same at the same time.
            }
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }

        return final;
    }
}
