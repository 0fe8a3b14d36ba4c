using System.Text.Json;
using Edge.Networks.Arrays;
using Edge.Tests.Cli;
using SkiaSharp;

namespace Edge.Tests.WholePath;

/// <summary>The main job as <c>make run</c> does it, with a small comparison: from the model file to the pin and back to
/// the pictures.</summary>
public sealed class MainJobTests : IDisposable
{
    private static readonly string[] Pictures = ["expected-signal", "overview", "defect-map", "electrons-per-site", "error-against-dose", "latency"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Speed", "slow")]
    public void MainJob_DecidesSites_LeavesItsReport_AndRepeatsExactly()
    {
        RunFile("visit.yaml");
        JsonElement result = EdgeProgram.Run(folder.Path, "run", "visit.yaml", "--json").Succeeded().Json;
        int visits = result.GetProperty("visits").GetInt32();
        Assert.InRange(visits, 100, 125);
        Assert.Equal(0, result.GetProperty("latency_mismatches").GetInt32());
        Assert.Equal(0, result.GetProperty("records_lost").GetInt32());
        Assert.Equal(9, result.GetProperty("latency").GetProperty("maximum").GetInt32());
        Assert.Equal(visits, result.GetProperty("latency").GetProperty("count").GetInt32());
        JsonElement[] classes = [.. result.GetProperty("classes").EnumerateArray()];
        Assert.Equal(visits, classes.Sum(c => c.GetProperty("visits").GetInt32()));
        Assert.InRange(classes.Sum(c => c.GetProperty("wrong").GetInt32()), 0, 5); // 1 % of 114 and its chance
        double electrons = result.GetProperty("total_electrons").GetDouble();
        Assert.InRange(electrons, 150_000, 320_000);
        Assert.Equal(5, result.GetProperty("methods").GetArrayLength());

        string output = folder.File("out");
        Assert.Equal(visits, File.ReadLines(Path.Combine(output, "visits.csv")).Count() - 1);
        Assert.Equal(103 * 103, NpyArray.Read(Path.Combine(output, "overview.npy")).Values.Length);
        string page = File.ReadAllText(Path.Combine(output, "report.html"));
        foreach (string picture in Pictures)
        {
            Assert.Contains($"src=\"{picture}.png\"", page, StringComparison.Ordinal);
            using SKBitmap bitmap = SKBitmap.Decode(Path.Combine(output, picture + ".png"));
            Assert.True(bitmap.Width >= 600 && bitmap.Pixels.Distinct().Take(3).Count() == 3, $"{picture}.png shows nothing");
        }

        string first = File.ReadAllText(Path.Combine(output, "result.json")) + File.ReadAllText(Path.Combine(output, "visits.csv"));
        EdgeProgram.Run(folder.Path, "run", "visit.yaml").Succeeded();
        Assert.Equal(first, File.ReadAllText(Path.Combine(output, "result.json")) + File.ReadAllText(Path.Combine(output, "visits.csv")));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void DoseCapDuringVisits_StopsTheRun_AndLeavesNothing()
    {
        RunFile("visit.yaml", ("electrons: 1 Me", "electrons: 90 ke"));
        folder.Untouched(() =>
        {
            EdgeResult result = EdgeProgram.Run(folder.Path, "run", "visit.yaml");
            Assert.Equal(3, result.ExitCode);
            Assert.Contains("the beam is blanked", result.Errors, StringComparison.Ordinal);
            Assert.Contains("dose cap", result.Errors, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("current: 10 pA", "current: 20 pA", "beam.current is 20 pA; the network was trained for 10 pA")]
    [InlineData("sample_period: 50 ns", "sample_period: 100 ns", "trained for 50 ns")]
    [InlineData("dwell: 100 ns", "dwell: 150 ns", "samples a pixel")]
    [InlineData("electrons: 1 Me", "electrons: 70 ke", "limits.electrons")]
    public void RunThatCannotGoWell_IsRefusedBeforeTheFirstElectron(string from, string to, string said)
    {
        RunFile("visit.yaml", (from, to));
        folder.Untouched(() =>
        {
            EdgeResult result = EdgeProgram.Run(folder.Path, "run", "visit.yaml");
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(said, result.Errors, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void FolderThatHoldsSomethingElse_IsNotTouched()
    {
        RunFile("visit.yaml");
        Directory.CreateDirectory(folder.File("out"));
        folder.Write("out/thesis.txt", "years of work");
        folder.Untouched(() =>
        {
            EdgeResult result = EdgeProgram.Run(folder.Path, "run", "visit.yaml");
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("holds something other", result.Errors, StringComparison.Ordinal);
        });
    }

    /// <summary>examples/visit.yaml with its files named from here and a small comparison.</summary>
    private void RunFile(string name, params (string From, string To)[] changes)
    {
        string text = File.ReadAllText(Repository.Path("examples", "visit.yaml"))
            .Replace(": ../models", ": " + Repository.Path("models"), StringComparison.Ordinal)
            .Replace(": ../sim", ": " + Repository.Path("sim"), StringComparison.Ordinal)
            .Replace("folder: ../out/visit", "folder: out", StringComparison.Ordinal)
            .Replace("visits_per_class: 400", "visits_per_class: 30", StringComparison.Ordinal);
        foreach ((string from, string to) in changes)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        folder.Write(name, text);
    }
}
