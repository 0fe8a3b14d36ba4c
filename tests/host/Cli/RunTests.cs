using System.Text.Json;
using System.Text.RegularExpressions;
using Edge.Networks.Arrays;

namespace Edge.Tests.Cli;

/// <summary><c>edge run</c> with run files that can and cannot be carried out; what a visit finds is tested elsewhere.</summary>
public sealed class RunTests : IDisposable
{
    private const string Features = """
        kind: features
        network: {model: small.onnx}
        features: x.npy
        decision: {rule: difference, threshold: 0.5, keep_classes: [1]}
        output: {folder: out}
        """;

    private readonly TemporaryFolder folder = new();

    public RunTests()
    {
        SmallModel.WriteQuantized(folder);
        SmallModel.WriteRows(folder, SmallModel.Rows(50));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Speed", "slow")]
    public void AFeaturesRun_DecidesAsTheModelDoes()
    {
        folder.Write("run.yaml", Features);
        JsonElement json = EdgeProgram.Run(folder.Path, "run", "run.yaml", "--json").Succeeded().Json;
        Assert.Equal(50, json.GetProperty("vectors").GetInt32());
        Assert.Equal(0, json.GetProperty("mismatches").GetInt32());
        Assert.Equal(0, json.GetProperty("records_lost").GetInt32());
        double[] results = SmallModel.Results(SmallModel.Rows(50));
        double[] classes = [.. Enumerable.Range(0, 50).Select(row => results[2 * row] - results[(2 * row) + 1]).Select(lead => lead >= 0.5 ? 0.0 : lead <= -0.5 ? 1 : -1)];
        double[] kept = NpyArray.Read(folder.File("out/kept.npy")).Values;
        Assert.Equal(classes.Select(k => k == 1 ? 1.0 : 0), kept);
        Assert.Equal(kept.Sum(), json.GetProperty("kept").GetInt32());
        Assert.Equal(results.Select(value => value * 32), NpyArray.Read(folder.File("out/outputs.npy")).Values);
    }

    [Theory]
    [InlineData("kind: features", "kind: fetures", "run.yaml:1: kind: found 'fetures'; did you mean 'features'?")]
    [InlineData("features: x.npy", "features: no.npy", "run.yaml:3: features: found 'no.npy', but there is no file")]
    [InlineData("model: small.onnx", "model: no.onnx", "run.yaml:2: network.model: found 'no.onnx', but there is no file")]
    [InlineData("threshold: 0.5", "treshold: 0.5", "run.yaml:4: decision.treshold: is not known; did you mean 'threshold'?")]
    [InlineData("[1]", "[99]", "run.yaml:4: decision.keep_classes: found '99'; whole numbers from 0 to 31 are allowed")]
    [InlineData("features: x.npy", "features: narrow.npy", "holds 75 rows of 2 values; the model takes 3 values a row")]
    [InlineData("features: x.npy", "features: small.onnx", "small.onnx: not a NumPy .npy file")]
    [InlineData("model: small.onnx", "model: x.npy", "x.npy: the file is truncated or no valid ONNX protobuf")]
    [InlineData("threshold: 0.5", "threshold: 1e12", "decision.threshold")]
    [InlineData("folder: out", "folder: x.npy", "x.npy is a file; expected a folder")]
    public void RunFilesThatCannotBeCarriedOut_LeaveNothing(string part, string replacement, string message)
    {
        SmallModel.WriteRows(folder, SmallModel.Rows(50), "narrow.npy", width: 2);
        Assert.Contains(part, Features, StringComparison.Ordinal);
        folder.Write("run.yaml", Features.Replace(part, replacement, StringComparison.Ordinal));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "run", "run.yaml", "--json").Refused(message));
    }

    [Fact]
    public void AllFaultsAreTold_ALineEach()
    {
        string visit = Regex.Replace(File.ReadAllText(Repository.Path("examples", "visit.yaml")).Replace("../out/", string.Empty, StringComparison.Ordinal), @"\.\./", Repository.Root + "/");
        folder.Write("run.yaml", visit.Replace("settle: 10 us", "settel: 10", StringComparison.Ordinal).Replace("clock: 100 MHz", "clock: 100", StringComparison.Ordinal).Replace("specimen: ", "specimen: not/", StringComparison.Ordinal));
        EdgeResult result = default!;
        folder.Untouched(() => result = EdgeProgram.Run(folder.Path, "run", "run.yaml").Refused("card.clock", "scan.settel", "simulation.specimen"));
        Assert.Equal(3, result.Errors.Trim().Split('\n').Count(line => Regex.IsMatch(line, @"^edge: run\.yaml:\d+: \w+\.\w+: ")));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "run", "no.yaml", "--json").Refused("no.yaml: there is no such file"));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, "run", ".", "--json").Refused("is a folder; expected a file"));
    }
}
