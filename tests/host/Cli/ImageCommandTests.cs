using System.IO.Compression;
using System.Text.Json;
using Edge.Images;
using Edge.Tests.Images;

namespace Edge.Tests.Cli;

/// <summary>edge image and edge keys, as a user types them.</summary>
public sealed class ImageCommandTests : IDisposable
{
    private const string Part = "LFE5U-25F";

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> environment;

    public ImageCommandTests() => environment = new(StringComparer.Ordinal)
    {
        ["EDGE_KEYS"] = folder.File("keys"), ["EDGE_STATE"] = folder.File("state"), ["EDGE_KEY_PASSPHRASE"] = string.Empty, ["EDGE_KEY_PASSPHRASE_FILE"] = string.Empty,
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ASimulatedCard_IsPackedFromAModel_SignedAndVerified()
    {
        SmallModel.WriteQuantized(folder);
        environment["SOURCE_DATE_EPOCH"] = "1800000000";
        Edge("image", "pack", "small.onnx", "-o", "a.card", "--clock", "200 MHz").Succeeded();
        Edge("image", "pack", "small.onnx", "-o", "b.card", "--clock", "200 MHz").Succeeded();
        Assert.Equal(File.ReadAllBytes(folder.File("a.card")), File.ReadAllBytes(folder.File("b.card")));

        EdgeResult shown = Edge("image", "inspect", "a.card").Succeeded();
        Assert.Matches("network +small: [0-9] inputs of [0-9]+ bits, [0-9] outputs of [0-9]+ bits, latency [0-9]+ clocks", shown.Output);
        Assert.Contains("200 MHz, assumed", shown.Output, StringComparison.Ordinal);
        Assert.Contains("as this program's", shown.Output, StringComparison.Ordinal);
        Assert.Contains("2027-01-15 08:00:00 UTC", shown.Output, StringComparison.Ordinal);
        Assert.Contains("not signed. Only the simulated card loads it", shown.Output, StringComparison.Ordinal);
        Edge("image", "verify", "a.card").Refused("a.card: not signed");
        Edge("image", "verify", "a.card", "--json").Refused("a.card: not signed");

        Edge("image", "sign", "a.card").Refused("this site has no key", "edge keys new");
        string key = Edge("keys", "new", "--name", "TEM 3", "--json").Succeeded().Json.GetProperty("key").GetProperty("id").GetString()!;
        Edge("image", "sign", "a.card").Succeeded();
        Assert.Contains($"signed by key {key} (TEM 3), which is trusted", Edge("image", "verify", "a.card").Succeeded().Output, StringComparison.Ordinal);
        JsonElement json = Edge("image", "inspect", "a.card", "--json").Succeeded().Json;
        Assert.Equal("trusted", json.GetProperty("trust").GetProperty("state").GetString());
        Assert.Equal("simulated", json.GetProperty("manifest").GetProperty("kind").GetString());

        // A run takes it, and refuses one that is not its own.
        SmallModel.WriteRows(folder, SmallModel.Rows(20));
        const string Run = """
            kind: features
            network: {model: small.onnx}
            card: {image: a.card, clock: 200 MHz}
            features: x.npy
            decision: {rule: difference, threshold: 0.5}
            output: {folder: ran}
            """;
        folder.Write("run.yaml", Run);
        Assert.Contains("which is trusted", Edge("run", "run.yaml").Succeeded().Errors, StringComparison.Ordinal);
        folder.Write("run.yaml", Run.Replace("200 MHz", "100 MHz", StringComparison.Ordinal));
        Edge("run", "run.yaml").Refused("is for a clock of 200 MHz; card.clock is 100 MHz");
        folder.Write("run.yaml", Run.Replace("small.onnx}", "small.onnx, levels_per_stage: 1}", StringComparison.Ordinal));
        Edge("run", "run.yaml").Refused("Pack it again with the same model and options");
        folder.Write("run.yaml", Run.Replace("a.card", "small.onnx", StringComparison.Ordinal));
        Edge("run", "run.yaml").Refused("small.onnx: not a card image");

        // So does the simulated card.
        EdgeResult loaded = Edge("card", "load", "a.card").Succeeded();
        Assert.Contains("self-test registers hold, clock runs, beam not permitted", loaded.Errors, StringComparison.Ordinal);
        string build = json.GetProperty("manifest").GetProperty("build_id").GetUInt32().ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains($"identify  network small, build {build}", loaded.Errors, StringComparison.Ordinal);
        Assert.Contains("network small, 200 MHz (assumed)", Edge("card", "info").Succeeded().Output, StringComparison.Ordinal);

        Edge("keys", "revoke", key, "--reason", "laptop lost").Succeeded();
        Edge("image", "verify", "a.card").Refused("was revoked on", "laptop lost");
        Edge("card", "load", "a.card").Refused("was revoked on", "The card was not touched");
        Edge("card", "load", "--restore").Refused("was revoked on");
        folder.Write("run.yaml", Run);
        Edge("run", "run.yaml").Refused("card.image", "was revoked on");
        Edge("card", "load", "b.card").Succeeded();
        string[] outcomes = [.. Edge("image", "history", "--json").Succeeded().Json.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("outcome").GetString()!)];
        Assert.Equal(["loaded", "refused", "refused", "loaded"], outcomes);
    }

    [Fact]
    public void ABitstream_IsPacked_WhenItFits()
    {
        string[] pack = WriteBitstream();
        Edge("keys", "new").Succeeded();
        Edge([.. pack, "--sign"]).Succeeded();
        JsonElement json = Edge("image", "inspect", "x.card", "--json").Succeeded().Json;
        JsonElement manifest = json.GetProperty("manifest");
        Assert.Equal(("bitstream-open", Part, "nextpnr-ecp5 for LFE5U-25F"), (manifest.GetProperty("kind").GetString(), manifest.GetProperty("part").GetString(), manifest.GetProperty("clock_reached_by").GetString()));
        Assert.Equal(0x1234abcdu, manifest.GetProperty("build_id").GetUInt32());
        Assert.Equal(Part, json.GetProperty("bitstream").GetProperty("part").GetString());
        Edge("image", "verify", "x.card").Succeeded();
        Assert.Equal(File.ReadAllBytes(folder.File("e.bit")), CardImage.Read(folder.File("x.card")).Payload);
    }

    [Theory]
    [InlineData("wrong part", "it is for LFE5U-25F, the card has LFE5U-85F")]
    [InlineData("flipped bit", "damaged")]
    [InlineData("cut", "cut")]
    [InlineData("another shell", "shell")]
    [InlineData("no report", "--report is missing")]
    [InlineData("no part", "--part is missing")]
    [InlineData("other report", "no report of 'edge compile'")]
    [InlineData("strange build", "--build-id 12345678z: up to 8 hexadecimal digits")]
    [InlineData("strange clock", "--clock: found '5' without a unit")]
    [InlineData("both", "give either a MODEL")]
    public void ABitstreamThatDoesNotFit_IsNotPacked(string what, string message)
    {
        string[] pack = WriteBitstream();
        byte[] bytes = File.ReadAllBytes(folder.File("e.bit"));
        switch (what)
        {
            case "wrong part": pack[Array.IndexOf(pack, Part)] = "LFE5U-85F"; break;
            case "flipped bit": bytes[bytes.Length / 2] ^= 4; break;
            case "cut": bytes = bytes[..(bytes.Length / 2)]; break;
            case "another shell": pack = [.. pack, "--shell-id", "77"]; break;
            case "no report": pack = Without(pack, "--report"); break;
            case "no part": pack = Without(pack, "--part"); break;
            case "other report": folder.Write("report.json", """{"model": "x.onnx"}"""); break;
            case "strange build": pack[Array.IndexOf(pack, "1234abcd")] = "12345678z"; break;
            case "strange clock": pack = [.. pack, "--clock", "5"]; break;
            default: pack = [.. pack, "small.onnx"]; break;
        }

        folder.Write("e.bit", bytes);
        folder.Untouched(() => Edge(pack).Refused(message));
    }

    [Fact]
    public void AnImageForAnotherPartThanItsBitstream_IsNotVerified()
    {
        Edge([.. WriteBitstream()]).Succeeded();
        CardImage image = CardImage.Read(folder.File("x.card"));
        (image with { Manifest = image.Manifest with { Part = "LFE5U-85F" } }).Write(folder.File("y.card"));
        Edge("image", "verify", "y.card").Refused("y.card: the bitstream in it does not fit its manifest: it is for LFE5U-25F, the card has LFE5U-85F");
        (image with { Manifest = image.Manifest with { ShellId = 5 } }).Write(folder.File("y.card"));
        Edge("image", "verify", "y.card").Refused("brings another shell");
    }

    [Fact]
    public void Keys_AreListed_HandedOver_Rotated_AndRevoked()
    {
        Assert.Contains("no keys in", Edge("keys", "list").Succeeded().Output, StringComparison.Ordinal);
        folder.Write("pass", "correct horse\n");
        string first = Edge("keys", "new", "--name", "TEM 3", "--passphrase-file", "pass", "--json").Succeeded().Json.GetProperty("key").GetProperty("id").GetString()!;
        Edge("keys", "new").Refused($"this site has key {first}", "edge keys rotate");
        string pem = Edge("keys", "show", "--pem").Succeeded().Output;
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----", pem, StringComparison.Ordinal);
        folder.Write("their.pem", pem);

        SampleImages.Create([1]).Write(folder.File("x.card"));
        Edge("image", "sign", "x.card").Refused("needs its passphrase");
        folder.Write("wrong", "wrong horse\n");
        Edge("image", "sign", "x.card", "--passphrase-file", "wrong").Refused("the passphrase does not open it");
        Edge("image", "sign", "x.card", "--passphrase-file", "none").Refused("no such file with a passphrase");
        environment["EDGE_KEY_PASSPHRASE"] = "correct horse";
        Edge("image", "sign", "x.card").Succeeded();

        EdgeResult rotated = Edge("keys", "rotate", "--json").Succeeded();
        string second = rotated.Json.GetProperty("key").GetProperty("id").GetString()!;
        Assert.Contains($"images of key {first} stay valid", rotated.Errors, StringComparison.Ordinal);
        Edge("image", "verify", "x.card").Succeeded();
        string list = Edge("keys", "list").Succeeded().Output;
        Assert.Matches($"{first}  [0-9-]+  trusted   TEM 3", list);
        Assert.Matches($"{second}  [0-9-]+  site key  TEM 3", list);
        Assert.Contains($"replaces {first}", Edge("keys", "show", second[..8]).Succeeded().Output, StringComparison.Ordinal);

        // At another site.
        string rotation = folder.File($"keys/{second}.rotation.json");
        environment["EDGE_KEYS"] = folder.File("elsewhere");
        Edge("image", "verify", "x.card").Refused($"signed by key {first}, which is not known here");
        Edge("keys", "trust", "their.pem").Refused("--name is missing");
        Edge("keys", "trust", rotation).Refused($"the rotation is by key {first}, which is not trusted here");
        Assert.Contains("compare this id with its owner", Edge("keys", "trust", "their.pem", "--name", "theirs").Succeeded().Output, StringComparison.Ordinal);
        Edge("image", "verify", "x.card").Succeeded();
        Edge("keys", "trust", rotation).Succeeded();
        EdgeResult revoked = Edge("keys", "revoke", first, "--reason", "stolen").Succeeded();
        Assert.Contains($"it vouched for key {second}, which stays trusted", revoked.Output, StringComparison.Ordinal);
        Edge("image", "verify", "x.card").Refused("was revoked on", "stolen");
        Edge("keys", "show", "abc").Refused("key abc is not known here");
        Edge("keys", "show").Refused("this site has no key");
        Edge("keys", "trust", folder.File($"keys/{first}.key.pem"), "--name", "x").Refused("holds a private key");
    }

    private static string[] Without(string[] arguments, string option)
    {
        int at = Array.IndexOf(arguments, option);
        return [.. arguments[..at], .. arguments[(at + 2)..]];
    }

    private string[] WriteBitstream()
    {
        using (var packed = new GZipStream(File.OpenRead(Repository.Path("tests", "host", "Images", "vectors", "ecp5-25f.bit.gz")), CompressionMode.Decompress))
        using (FileStream file = File.Create(folder.File("e.bit")))
        {
            packed.CopyTo(file);
        }

        SmallModel.WriteQuantized(folder);
        Edge("compile", "small.onnx", "-o", "out").Succeeded();
        File.Copy(folder.File("out/report.json"), folder.File("report.json"));
        return ["image", "pack", "--bitstream", "e.bit", "--part", Part, "--build-id", "1234abcd", "--report", "report.json", "--reached-by", "nextpnr-ecp5", "-o", "x.card"];
    }

    private EdgeResult Edge(params string[] arguments) => EdgeProgram.Run(folder.Path, environment, arguments);
}
