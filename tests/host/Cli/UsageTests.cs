namespace Edge.Tests.Cli;

public sealed class UsageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("give a command: compile, synth, quantize, predict, verify, run, stop, inspect, card, image, keys, doctor, completion")]
    [InlineData("give a command of 'edge card': list", "card")]
    [InlineData("'lst' is no command of 'edge card'; did you mean 'list'?", "card", "lst")]
    [InlineData("'extra' is one word too many for 'edge card list'", "card", "list", "extra")]
    [InlineData("give a command", "--json")]
    [InlineData("'verfy' is no command; did you mean 'verify'?", "verfy")]
    [InlineData("'paint' is no command. Commands: compile", "paint")]
    [InlineData("--jsn is no option of 'edge doctor'; did you mean --json?", "doctor", "--jsn")]
    [InlineData("--pgn is no option of 'edge inspect'; did you mean --png?", "inspect", "x.npy", "--pgn", "x.png")]
    [InlineData("--input-fromat is no option of 'edge predict'; did you mean --input-format?", "predict", "m.onnx", "--input-fromat=fixed<16,6>")]
    [InlineData("--frobnicate is no option of 'edge run'.", "run", "x.yaml", "--frobnicate")]
    [InlineData("RUN.yaml is missing", "run")]
    [InlineData("--input is given 2 times; once is allowed", "verify", "m.onnx", "--input", "a.npy", "--input", "b.npy")]
    [InlineData("'extra' is one word too many for 'edge doctor'", "doctor", "extra")]
    [InlineData("--image first: expected a whole number", "inspect", "x.npy", "--image", "first")]
    [InlineData("--card pcie", "run", "x.yaml", "--card", "pcie")]
    public void WrongCommandLines_AreExplained(string message, params string[] arguments)
    {
        folder.Untouched(() => EdgeProgram.Run(folder.Path, arguments).Refused(message));
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["--json", .. arguments.Where(argument => argument != "--json")]).Refused(message));
    }

    [Theory]
    [InlineData]
    [InlineData("compile")]
    [InlineData("quantize")]
    [InlineData("predict")]
    [InlineData("verify")]
    [InlineData("run")]
    [InlineData("inspect")]
    [InlineData("card")]
    [InlineData("card", "list")]
    [InlineData("card", "info")]
    [InlineData("card", "load")]
    [InlineData("image")]
    [InlineData("image", "history")]
    [InlineData("image", "pack")]
    [InlineData("image", "inspect")]
    [InlineData("image", "verify")]
    [InlineData("image", "sign")]
    [InlineData("keys")]
    [InlineData("keys", "new")]
    [InlineData("keys", "list")]
    [InlineData("keys", "show")]
    [InlineData("keys", "trust")]
    [InlineData("keys", "rotate")]
    [InlineData("keys", "revoke")]
    [InlineData("doctor")]
    [InlineData("completion")]
    public void EveryCommand_HasHelp(params string[] command)
    {
        EdgeResult result = EdgeProgram.Run(folder.Path, [.. command, "--help"]).Succeeded();
        Assert.Contains("Usage:", result.Output, StringComparison.Ordinal);
        Assert.Contains("--json", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void Doctor_NamesWhatIsMissing_AndHowToGetIt()
    {
        var bare = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = folder.Path, ["EDGE_CACHE"] = folder.File("cache") };
        EdgeResult result = EdgeProgram.Run(folder.Path, bare, "doctor").Ended(1);
        Assert.Contains("MISSING  verilator", result.Output, StringComparison.Ordinal);
        Assert.Contains("get it: sudo apt-get install verilator", result.Output, StringComparison.Ordinal);
        Assert.Contains("found    onnxruntime", result.Output, StringComparison.Ordinal);

        folder.Write("cache.txt", string.Empty);
        bare["EDGE_CACHE"] = folder.File("cache.txt");
        Assert.Contains("set EDGE_CACHE to a folder that can be written", EdgeProgram.Run(folder.Path, bare, "doctor").Ended(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_FindsWhatIsHere()
    {
        EdgeResult result = EdgeProgram.Run(folder.Path, "doctor", "--json");
        string[] names = [.. result.Json.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("name").GetString()!)];
        Assert.Superset(new HashSet<string>(["onnxruntime", "verilator", "g++", "make", "iverilog", "cache"], StringComparer.Ordinal), new HashSet<string>(names, StringComparer.Ordinal));
        bool allFound = result.Json.GetProperty("findings").EnumerateArray().All(finding => finding.GetProperty("found").GetBoolean());
        result.Ended(allFound ? 0 : 1);
    }
}
