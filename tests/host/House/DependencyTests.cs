using System.Xml.Linq;

namespace Edge.Tests.House;

/// <summary>Reads the project files: dependencies point one way, and third-party code stays behind one folder.</summary>
public sealed class DependencyTests
{
    /// <summary>What each project may reference; what is not listed here may not exist.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Edge.Networks"] = [],
        ["Edge.Images"] = [],
        ["Edge.Simulation"] = [],
        ["Edge.Compiler"] = ["Edge.Networks", "Edge.Images"],
        ["Edge.Appliance"] = ["Edge.Networks", "Edge.Images"],
        ["Edge.Cli"] = ["Edge.Networks", "Edge.Images", "Edge.Compiler", "Edge.Appliance", "Edge.Simulation"],
    };

    /// <summary>Namespaces of libraries, and the only folder whose code may name them.</summary>
    private static readonly Dictionary<string, string> Folders = new(StringComparer.Ordinal)
    {
        ["Microsoft.ML.OnnxRuntime"] = "Edge.Networks/Onnx",
        ["Google.Protobuf"] = "Edge.Networks/Onnx",
        ["YamlDotNet"] = "Edge.Appliance/Triggers/RunFiles",
        ["MathNet.Numerics"] = "Edge.Appliance/Sites",
        ["ScottPlot"] = "Edge.Cli/Output",
        ["SkiaSharp"] = "Edge.Cli/Output",
    };

    [Fact]
    public void EveryProject_ReferencesOnlyWhatItMay()
    {
        foreach (string file in Directory.EnumerateFiles(Repository.Path("host"), "*.csproj", SearchOption.AllDirectories))
        {
            string project = Path.GetFileNameWithoutExtension(file);
            Assert.True(Allowed.ContainsKey(project), $"{project} is not in the list of projects");
            foreach (XElement reference in XDocument.Load(file).Descendants("ProjectReference"))
            {
                string target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value);
                Assert.True(Allowed[project].Contains(target), $"{project} may not reference {target}");
            }
        }
    }

    [Fact]
    public void Compiler_And_Appliance_NeverMeet()
    {
        Assert.DoesNotContain("Edge.Compiler", Allowed["Edge.Appliance"]);
        Assert.DoesNotContain("Edge.Appliance", Allowed["Edge.Compiler"]);
    }

    [Fact]
    public void ThirdPartyCode_StandsBehindOneFolder()
    {
        string host = Repository.Path("host");
        foreach (string file in Directory.EnumerateFiles(host, "*.cs", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(host, file);
            if (relative.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            {
                continue;
            }

            string text = File.ReadAllText(file);
            foreach ((string library, string folder) in Folders)
            {
                bool named = text.Contains($"using {library}", StringComparison.Ordinal);
                Assert.True(!named || relative.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal), $"{relative} names {library}, which belongs to {folder}");
            }
        }
    }
}
