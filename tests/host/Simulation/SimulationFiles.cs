namespace Edge.Tests.Simulation;

/// <summary>Files of the repository that tests read.</summary>
internal static class SimulationFiles
{
    public static string Specimen(string name) => Path.Combine(Root(), "sim", "specimens", name + ".npy");

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")) && Directory.Exists(Path.Combine(folder.FullName, "sim")))
            {
                return folder.FullName;
            }
        }

        return Environment.GetEnvironmentVariable("EDGE_ROOT")
            ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} is the repository; set EDGE_ROOT to it.");
    }
}
