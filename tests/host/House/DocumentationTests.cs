using System.Text.RegularExpressions;
using System.Xml.Linq;
using Edge.Appliance.Triggers;

namespace Edge.Tests.House;

/// <summary>What the documentation says of files, fields and packages is there, and what is there is said.</summary>
public sealed partial class DocumentationTests
{
    private static IEnumerable<string> Pages =>
        new[] { "docs", "rtl", "sim", "tests", "models" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*.md", SearchOption.AllDirectories))
            .Append(Repository.Path("README.md"))
            .Where(File.Exists);

    [Fact]
    public void EveryRelativeLink_PointsAtAFile_AndAtAHeadingOfIt()
    {
        var broken = new List<string>();
        int count = 0;
        foreach (string page in Pages)
        {
            foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(page))))
            {
                string target = link.Groups["target"].Value;
                if (target.Contains(':', StringComparison.Ordinal))
                {
                    continue; // another site
                }

                count++;
                string[] parts = target.Split('#', 2);
                string file = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                bool found = File.Exists(file) || Directory.Exists(file);
                if (!found || (parts.Length == 2 && !Headings(file).Contains(parts[1])))
                {
                    broken.Add($"{Path.GetRelativePath(Repository.Root, page)}: {target}");
                }
            }
        }

        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.InRange(count, 40, int.MaxValue);
    }

    [Fact]
    public void EveryFieldOfRunFilesAndSiteModels_IsInTheTables_AndNoOther()
    {
        var read = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Repository.Path("host", "Edge.Appliance", "Triggers"), "*.cs", SearchOption.AllDirectories))
        {
            foreach (Match field in FieldRead().Matches(File.ReadAllText(file)))
            {
                read.Add(field.Groups["field"].Value);
            }
        }

        read.UnionWith(OverviewReference.KnownSamplesPerPixel.Select(samples => $"events_per_sample_{samples}"));
        string text = File.ReadAllText(Repository.Path("docs", "file-formats.md"));
        string tables = text[text.IndexOf("## Run files", StringComparison.Ordinal)..text.IndexOf("## Results of a run", StringComparison.Ordinal)];
        var told = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Match row in FieldRow().Matches(tables))
        {
            told.UnionWith(row.Groups["fields"].Value.Split(", ").Select(field => field.Trim('`', '*')));
        }

        Assert.InRange(read.Count, 60, int.MaxValue);
        Assert.Equal(read, told);
    }

    [Fact]
    public void EveryPackage_IsInThirdParty_WithItsVersion()
    {
        string text = File.ReadAllText(Repository.Path("docs", "third-party.md"));
        XElement[] packages = [.. XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")];
        Assert.NotEmpty(packages);
        foreach (XElement package in packages)
        {
            string row = $"| {package.Attribute("Include")!.Value} | {package.Attribute("Version")!.Value} |";
            Assert.True(text.Contains(row, StringComparison.Ordinal), $"docs/third-party.md has no row '{row} ...'");
        }
    }

    [Fact]
    public void EveryDecision_IsInTheIndex()
    {
        string index = File.ReadAllText(Repository.Path("docs", "README.md"));
        string[] decisions = Directory.GetFiles(Repository.Path("docs", "decisions"), "*.md");
        Assert.NotEmpty(decisions);
        Assert.All(decisions, decision => Assert.Contains($"(decisions/{Path.GetFileName(decision)})", index, StringComparison.Ordinal));
    }

    /// <summary>Anchors of a page's headings, as GitHub makes them.</summary>
    private static HashSet<string> Headings(string file) =>
        [.. Heading().Matches(WithoutCode(File.ReadAllText(file)))
            .Select(heading => NoSlug().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'))];

    private static string WithoutCode(string text) => CodeBlock().Replace(text, string.Empty);

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} (?<text>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NoSlug();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex CodeBlock();

    // section.Quantity("name", ...), root.Section("name"), Optional(section, "name")
    [GeneratedRegex(@"(\.(Quantity|Integer|Integers|Number|Numbers|Text|Texts|Choice|Format|ExistingFile|OutputFolder|Section)\(|Optional\(\w+,)\s*""(?<field>\w+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FieldRead();

    // | `name`, `other` | ...      and the sections: **`name`**
    [GeneratedRegex(@"^(\| |\*\*)(?<fields>`\w+`(, `\w+`)*)( \||\*\*)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex FieldRow();
}
