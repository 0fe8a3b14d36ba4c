using Edge.Networks;

namespace Edge.Appliance.Cards.Running;

/// <summary>Where running programs put the sockets through which anybody on this machine may stop their cards.</summary>
public static class SocketFolders
{
    /// <summary>Overrides the folders, for tests and for several appliances on one machine.</summary>
    public const string Variable = "EDGE_RUNTIME";

    private const string System = "/run/edge";
    private const string Shared = "/tmp/edge-cards";

    private const UnixFileMode ForAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.StickyBit;

    /// <summary>Every folder in which a socket may be.</summary>
    public static IReadOnlyList<string> ToLookIn() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? [chosen] : [System, Shared];

    /// <summary>The folder for a new socket: /run/edge where the installation made it, else one in /tmp that is made now.
    /// Both can be reached by every user.</summary>
    /// <exception cref="InvalidInputException">There is none that could be used.</exception>
    public static string ToListenIn()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            return Made(chosen) ?? throw new InvalidInputException($"{Variable}={chosen}: no folder in which a socket could be made. A run must be able to be stopped by anybody ('edge stop'): choose another folder.");
        }

        return (Directory.Exists(System) && Writable(System) ? System : null)
            ?? Made(Shared)
            ?? throw new InvalidInputException($"neither {System} nor {Shared} can be written, so nobody could stop this run with 'edge stop'. Let an administrator make {System} with mode 1777, or set {Variable} to a folder of your own.");
    }

    private static string? Made(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(folder, ForAll);
                }
            }

            // A link could lead anywhere.
            return new DirectoryInfo(folder).LinkTarget is null && Writable(folder) ? folder : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Writable(string folder)
    {
        string trial = Path.Combine(folder, $".{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(trial, []);
            File.Delete(trial);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
