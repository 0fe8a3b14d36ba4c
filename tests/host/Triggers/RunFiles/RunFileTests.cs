using System.Text;
using System.Text.RegularExpressions;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Tests.Triggers.RunFiles;

/// <summary>Run files as somebody writes them who has not read the manual: each fault is told with its line, what was found
/// and what is allowed, all of them at once.</summary>
public sealed class RunFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheExamples_AreRead()
    {
        var visit = Assert.IsType<VisitRunFile>(Read(Visit));
        Assert.Equal(10, visit.CurrentPicoamperes);
        Assert.Equal(31.8, visit.FieldOfView, 9);
        Assert.Equal(5, visit.ClocksPerSample);
        Assert.Equal(2, visit.OverviewSamples);
        Assert.Equal(0.3, visit.Simulation.PlacementError, 9);
        Assert.Equal(0.15, visit.Simulation.CalibrationError, 9);
        Assert.Equal(1e6, visit.LargestElectrons);
        Assert.Null(visit.MinimumDwellSeconds);
        var features = Assert.IsType<FeaturesRunFile>(Read(Features));
        Assert.Equal("difference", features.Rule);
        Assert.Equal(4.25, features.Threshold);
        Assert.Null(features.KeepClasses);
        Assert.Equal(folder.File("out"), features.OutputFolder);
    }

    [Theory]
    [InlineData("2 us", 2e-6)]
    [InlineData("2us", 2e-6)]
    [InlineData("2 µs", 2e-6)]
    [InlineData("2 \u03bcs", 2e-6)]
    [InlineData("0.002 ms", 2e-6)]
    [InlineData("2000 ns", 2e-6)]
    [InlineData("2e-6 s", 2e-6)]
    [InlineData("'+2.0 us'", 2e-6)]
    public void Quantities_MayBeWrittenInAnyUnit(string text, double seconds) =>
        Assert.Equal(seconds, ((VisitRunFile)Read(Visit.Replace("settle: 10 us", $"settle: {text}", StringComparison.Ordinal))).SettleSeconds, 12);

    [Theory]
    [InlineData("settle: 10 us", "settle: 10", "scan.settle: found '10' without a unit; a time needs one of s, ms, us, µs, ns, ps; 0 s to 1 ms are allowed")]
    [InlineData("settle: 10 us", "settle: 10 nm", "scan.settle: found the unit 'nm'; a time is given in s, ms, us")]
    [InlineData("settle: 10 us", "settle: ten us", "scan.settle: found 'ten us', which is no time; write a number and a unit")]
    [InlineData("settle: 10 us", "settle: 2 ms", "scan.settle: found '2 ms'; 0 s to 1 ms are allowed")]
    [InlineData("settle: 10 us", "settle: -1 us", "scan.settle: found '-1 us'; 0 s to 1 ms are allowed")]
    [InlineData("settle: 10 us", "settle: 1e999 us", "scan.settle: found '1e999 us', which is no time")]
    [InlineData("settle: 10 us", "settle: NaN us", "scan.settle: found 'NaN us', which is no time")]
    [InlineData("settle: 10 us", "settle: [10 us]", "scan.settle: found a list; expected a single value")]
    [InlineData("settle: 10 us", "settle: {value: 10 us}", "scan.settle: found a section; expected a single value")]
    [InlineData("settle: 10 us", "settle:", "scan.settle: found '', which is no time")]
    [InlineData("settle: 10 us", "setle: 10 us", "scan.setle: is not known; did you mean 'settle'? Known here: blank_delay, field_of_view, line_settle, settle, time_constant")]
    [InlineData("settle: 10 us", "dwell: 10 us", "scan.dwell: is not known; it belongs to section 'overview'.")]
    [InlineData("settle: 10 us", "colour: blue", "scan.colour: is not known. Known here: blank_delay")]
    [InlineData("settle: 10 us", "? [a, b]\n  : 1", "scan.(a list or section as name): is not known")]
    [InlineData("current: 10 pA", "voltag: 60 kV", "beam.current: is missing; a current, 10 fA to 10 nA")]
    [InlineData("current: 10 pA", "current: 10 A", "beam.current: found the unit 'A'; a current is given in pA, nA, fA")]
    [InlineData("pipeline_samples: 3", "pipeline_samples: 3.5", "detector.pipeline_samples: found '3.5'; a whole number from 0 to 60 is allowed")]
    [InlineData("pipeline_samples: 3", "pipeline_samples: 61", "detector.pipeline_samples: found '61'; a whole number from 0 to 60 is allowed")]
    [InlineData("pipeline_samples: 3", "pipeline_samples: 99999999999999", "detector.pipeline_samples: found '99999999999999'; a whole number from 0 to 60")]
    [InlineData("chalcogen_weight: 0.6", "chalcogen_weight: 0.6 A", "material.chalcogen_weight: found '0.6 A'; expected a number without unit, 0.01 to 10")]
    [InlineData("chalcogen_weight: 0.6", "chalcogen_weight: .nan", "material.chalcogen_weight: found '.nan'; expected a number")]
    [InlineData("link: adc", "link: usb", "detector.link: found 'usb'; Allowed: adc")]
    [InlineData("clock: 100 MHz", "clock: 100 THz", "card.clock: found the unit 'THz'; a frequency is given in Hz, kHz, MHz, GHz")]
    [InlineData("margin: 50 pm", "margin: 50 pm\n  repeats: many", "visits.repeats: found 'many'; a whole number from 1 to 1000 is allowed")]
    [InlineData("dose: 65 e/A^2", "dose: 65 e/A2", "overview.dose: found the unit 'e/A2'; a dose is given in e/A^2, e/Å^2")]
    [InlineData("calibration_error: 15 %", "calibration_error: 0.15", "simulation.calibration_error: found '0.15' without a unit; a fraction needs one of %")]
    public void AFault_IsToldWithItsLine(string line, string replacement, string message)
    {
        Assert.Contains(line, Visit, StringComparison.Ordinal);
        string text = Visit.Replace(line, replacement, StringComparison.Ordinal);
        string said = Faults(text);
        int at = message.Contains("is missing", StringComparison.Ordinal) ? LineOf(text, "  voltag") : LineOf(text, replacement) + replacement.Count(letter => letter == '\n' && !replacement.StartsWith('?'));
        Assert.Contains($"run.yaml:{at}: {message}", said, StringComparison.Ordinal);
    }

    [Fact]
    public void AllFaults_AreToldAtOnce_InTheOrderOfTheirLines()
    {
        string text = Visit
            .Replace("clock: 100 MHz", "clock: fast", StringComparison.Ordinal)
            .Replace("current: 10 pA", "current: 10", StringComparison.Ordinal)
            .Replace("settle: 10 us", "settel: 10 us", StringComparison.Ordinal)
            .Replace("dwell: 100 ns", "dwell: 125 ns", StringComparison.Ordinal)
            .Replace("seed: 1", "seed: -1", StringComparison.Ordinal);
        string[] lines = Faults(text).Split(Environment.NewLine);
        Assert.Equal(5, lines.Length);
        int[] numbers = [.. lines.Select(line => int.Parse(Regex.Match(line, @"run\.yaml:(\d+): ").Groups[1].Value))];
        Assert.Equal(numbers.Order(), numbers);
        Assert.Contains("card.clock", lines[0], StringComparison.Ordinal);
        Assert.Contains("did you mean 'settle'", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void AnEmptyVisit_NamesWhatIsNeeded()
    {
        string said = Faults("kind: visit\n");
        foreach (string field in new[] { "network.model", "network.settings", "beam.current", "scan.field_of_view", "material.lattice_constant", "limits.electrons", "simulation.specimen" })
        {
            Assert.Contains($"{field}: is missing", said, StringComparison.Ordinal);
        }

        Assert.Equal(7, said.Split(Environment.NewLine).Length);
        Assert.Contains("network: found 'site-class'; expected a section", Faults("kind: visit\nnetwork: site-class\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("expected a section", Faults("kind: visit\nbeam:\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("# only a comment\n", "the file is empty")]
    [InlineData("---\n...\n", "expected one YAML document")]
    [InlineData("kind: visit\n---\nkind: visit\n", "expected one YAML document")]
    [InlineData("- kind\n- visit\n", "expected one YAML document of 'field: value' lines")]
    [InlineData("visit\n", "expected one YAML document of 'field: value' lines")]
    [InlineData("scan:\n  settle: 1 us\n", "run.yaml:1: kind: is missing; visit or features are allowed")]
    [InlineData("kind: vist\nbeam: {}\n", "run.yaml:1: kind: found 'vist'; did you mean 'visit'? Allowed: visit, features")]
    [InlineData("kind: [visit]\n", "run.yaml:1: kind: found a list; expected a single value")]
    [InlineData("kind: visit\nkind: features\n", "run.yaml:2: not valid YAML: 'kind' is given twice in one section")]
    [InlineData("kind: visit\nscan:\n\tsettle: 1 us\n", "run.yaml:3: not valid YAML: the line begins with a tab; indent with spaces")]
    [InlineData("kind: 'visit\n", "not valid YAML")]
    [InlineData("kind: {visit\n", "not valid YAML")]
    [InlineData("kind: @visit\n", "run.yaml:1: not valid YAML")]
    [InlineData("kind: \"\\uD800\"\n", "")]
    [InlineData("%YAML 9999999999999.1\n---\nkind: visit\n", "not valid YAML")]
    [InlineData("kind: &k visit\n", "run.yaml:1: anchors (&name) and aliases (*name) are not read")]
    [InlineData("a: &a [*a]\n", "run.yaml:1: anchors (&name) and aliases (*name) are not read")]
    [InlineData("kind: visit\nscan: *missing\n", "run.yaml:2: anchors (&name) and aliases (*name) are not read")]
    [InlineData("kind: !!binary aGVsbG8=\n", "kind: found 'aGVsbG8='")]
    public void WhatIsNoRunFile_IsRefused(string text, string message) => Assert.Contains(message, Faults(text), StringComparison.Ordinal);

    [Fact]
    public void FilesThatAreNoText_AreRefused()
    {
        var garbage = new byte[5000];
        new Random(3).NextBytes(garbage);
        Assert.Contains("not a text file in UTF-8", Refused(folder.Write("run.yaml", garbage)), StringComparison.Ordinal);
        Assert.Contains("run.yaml", Refused(folder.Write("run.yaml", new byte[1000])), StringComparison.Ordinal);
        Assert.Contains("not a text file in UTF-8", Refused(folder.Write("run.yaml", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("kind: visit")).ToArray())), StringComparison.Ordinal);
        Assert.IsType<VisitRunFile>(RunFile.Read(folder.Write("run.yaml", [.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes(Visit)])));
        Assert.Contains("is a folder; expected a file", Refused(folder.Path), StringComparison.Ordinal);
        Assert.Contains("there is no such file", Refused(folder.File("no.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void HugeAndDeepFiles_AreRefusedAtOnce()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("too large; YAML files of up to 1048576 bytes are read", Faults(new string('#', (1 << 20) + 1)), StringComparison.Ordinal);
        Assert.Contains("nested more than 32 levels deep", Faults("kind: " + new string('[', 500_000)), StringComparison.Ordinal);
        Assert.Contains("nested more than 32 levels deep", Faults(string.Concat(Enumerable.Repeat("- ", 300_000))), StringComparison.Ordinal);
        Assert.Contains("nested more than 32 levels deep", Faults(string.Concat(Enumerable.Range(0, 100).Select(depth => new string(' ', depth) + "a:\n"))), StringComparison.Ordinal);
        string many = Faults("kind: visit\n" + string.Concat(Enumerable.Range(0, 60_000).Select(k => $"field{k}: 1\n")));
        Assert.Contains("field0: is not known", many, StringComparison.Ordinal);
        Assert.Contains("more", many.Split(Environment.NewLine)[^1], StringComparison.Ordinal);
        Assert.InRange(many.Split(Environment.NewLine).Length, 2, 41);
        Assert.InRange(Faults($"kind: {new string('v', 1_000_000)}\n").Length, 0, 1000);
        Assert.InRange(Faults($"{new string('v', 1_000_000)}: 1\nkind: visit\n").Length, 0, 5000);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void ControlCharacters_DoNotReachTheTerminal()
    {
        string said = Faults("kind: \"\\e[31mvisit\\u0007\\n\\nx\"\n");
        Assert.DoesNotContain(said.Replace(Environment.NewLine, string.Empty, StringComparison.Ordinal), char.IsControl);
    }

    [Theory]
    [InlineData("model: ", "network.model: found 'no.onnx', but there is no file")]
    [InlineData("settings: ", "network.settings: found 'no.onnx', but there is no file")]
    [InlineData("specimen: ", "simulation.specimen: found 'no.onnx', but there is no file")]
    public void FilesThatAreNotThere_AreNamed(string field, string message)
    {
        string text = Regex.Replace(Visit, $"{field}.*", $"{field}no.onnx");
        Assert.Contains($":{LineOf(text, field)}: {message} {folder.File("no.onnx")}", Faults(text), StringComparison.Ordinal);
        Assert.Contains("which is a folder; expected a file", Faults(Regex.Replace(Visit, $"{field}.*", $"{field}.")), StringComparison.Ordinal);
        Assert.Contains("which is no path", Faults(Regex.Replace(Visit, $"{field}.*", $"{field}\"a\\0b\"")), StringComparison.Ordinal);
    }

    [Fact]
    public void OutputFolders_AreChecked()
    {
        folder.Write("taken", "a file");
        Assert.Contains("output.folder: ", Faults(Visit.Replace("folder: out", "folder: taken", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("is a file; expected a folder", Faults(Features.Replace("folder: out", "folder: taken", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("output.folder: found 'a?b', which is no path", Faults(Visit.Replace("folder: out", "folder: \"a\\0b\"", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clock: 100 MHz", "clock: 110 MHz", "detector.sample_period: 50 ns is 5.5 clocks of card.clock (110 MHz); a whole number of at least 2 is allowed")]
    [InlineData("sample_period: 50 ns", "sample_period: 10 ns", "detector.sample_period: 10 ns is 1 clocks of card.clock")]
    [InlineData("dwell: 100 ns", "dwell: 125 ns", "overview.dwell: 125 ns is 2.5 times detector.sample_period (50 ns); a whole number from 1 to 65535 is allowed")]
    [InlineData("sample_period: 50 ns", "sample_period: 200 ns", "overview.dwell: 100 ns is 0.5 times detector.sample_period (200 ns)")]
    [InlineData("margin: 50 pm", "margin: 50 pm\n  minimum_dwell: 2 us\n  maximum_dwell: 1 us", "visits.minimum_dwell: 2 us is longer than visits.maximum_dwell, 1 us")]
    [InlineData("margin: 50 pm", "margin: 1.59 nm", "visits.margin: 1.59 nm on both sides leaves nothing of scan.field_of_view, 3.18 nm")]
    [InlineData("electrons: 1 Me", "electrons: 50 ke", "limits.electrons: 50 ke would stop the run in its overview, which takes 65.7306 ke")]
    [InlineData("heartbeat: 20 ms", "heartbeat: 20 us", "limits.heartbeat: 20 us is 400 times detector.sample_period (50 ns); at least 1000")]
    [InlineData("clock: 100 MHz", "clock: 1 GHz", "limits.heartbeat: 5 s is more clocks than the card counts; 4.295 s at most")]
    [InlineData("dwell: 100 ns", "dwell: 10 us", "overview.dwell: at 65 e/A^2 and 10 pA, 10 us a pixel makes pixels of 3.18 A; a lattice of 3.18 A needs 1.25 A or less")]
    [InlineData("field_of_view: 3.18 nm", "field_of_view: 300 nm", "scan.field_of_view: at 65 e/A^2 and 100 ns a pixel, 300 nm would take 9681 pixels a line; 4096 at most")]
    [InlineData("field_of_view: 3.18 nm", "field_of_view: 200 pm", "scan.field_of_view: 2 A is 6 pixels of the overview wide; 8 are the least")]
    public void FieldsThatDoNotGoTogether_AreNamedAtTheirLine(string line, string replacement, string message)
    {
        string text = Visit.Replace("electrons: 1 Me", message.Contains("300 nm", StringComparison.Ordinal) ? "electrons: 1 Ge" : "electrons: 1 Me", StringComparison.Ordinal);
        text = message.Contains("more clocks", StringComparison.Ordinal) ? text.Replace("heartbeat: 20 ms", "heartbeat: 5 s", StringComparison.Ordinal) : text;
        Assert.Contains(line, text, StringComparison.Ordinal);
        text = text.Replace(line, replacement, StringComparison.Ordinal);
        string field = message[(message.IndexOf('.', StringComparison.Ordinal) + 1)..message.IndexOf(": ", StringComparison.Ordinal)];
        Assert.Contains($"run.yaml:{LineOf(text, $"{field}: ")}: {message}", Faults(text), StringComparison.Ordinal);
    }

    [Fact]
    public void DwellsShorterThanASample_OrLongerThanTheCardCounts_AreNamed()
    {
        string slow = Visit.Replace("sample_period: 50 ns", "sample_period: 200 ns", StringComparison.Ordinal).Replace("dwell: 100 ns", "dwell: 200 ns", StringComparison.Ordinal);
        Assert.Contains(
            "visits.minimum_dwell: 100 ns is 0.5 times detector.sample_period (200 ns); 1 to 65535 samples are allowed",
            Faults(slow.Replace("margin: 50 pm", "margin: 50 pm\n  minimum_dwell: 100 ns", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        string fast = Visit.Replace("sample_period: 50 ns", "sample_period: 20 ns", StringComparison.Ordinal);
        Assert.Contains(
            "visits.maximum_dwell: 2 ms is 100000 times detector.sample_period (20 ns); 1 to 65535 samples are allowed",
            Faults(fast.Replace("margin: 50 pm", "margin: 50 pm\n  maximum_dwell: 2 ms", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("threshold: 4.25", "threshold: high", "decision.threshold: found 'high'; expected a number without unit")]
    [InlineData("threshold: 4.25", "threshold: 1\n  keep_classes: [0, 32]", "decision.keep_classes: found '32'; whole numbers from 0 to 31 are allowed")]
    [InlineData("threshold: 4.25", "threshold: 1\n  keep_classes: 3", "decision.keep_classes: found '3'; expected a list of whole numbers from 0 to 31")]
    [InlineData("threshold: 4.25", "threshold: 1\n  keep_classes: []", "decision.keep_classes: found a list; expected a list of whole numbers")]
    [InlineData("threshold: 4.25", "threshold: 1\n  keep_classes: [one]", "decision.keep_classes: found 'one'; whole numbers")]
    [InlineData("rule: difference", "rule: diffrence", "decision.rule: found 'diffrence'; did you mean 'difference'? Allowed: difference, level, class")]
    [InlineData("features: ", "fatures: ", "features: is missing; the path of a file")]
    [InlineData("kind: simulated", "kind: pcie", "card.kind: found 'pcie'; Allowed: simulated")]
    [InlineData("kind: features", "kind: features\nnetwrok: {}", "netwrok: is not known; did you mean 'network'?")]
    [InlineData("network:", "network:\n  input_format: fixed<99,6>", "network.input_format: fixed-point format 'fixed<99,6>': the width must lie in 1 to 63")]
    [InlineData("network:", "network:\n  levels_per_stage: 0", "network.levels_per_stage: found '0'; a whole number from 1 to 64 is allowed")]
    [InlineData("network:", "scan:\n  settle: 1 us\nnetwork:", "scan: is not known")]
    public void FeatureRuns_AreCheckedTheSameWay(string line, string replacement, string message)
    {
        Assert.Contains(line, Features, StringComparison.Ordinal);
        Assert.Contains(message, Faults(Features.Replace(line, replacement, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPrefixAndFlippedByte_IsReadOrRefused_NeverMore()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Visit);
        var random = new Random(5);
        for (int k = 0; k < 600; k++)
        {
            byte[] bytes = k % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int flips = 0; k % 3 != 0 && flips < 3; flips++)
            {
                bytes[random.Next(bytes.Length)] = k % 3 == 1 ? (byte)random.Next(9, 127) : (byte)random.Pick("{}[]&*!|>'\"%@`,:-?#\t\n".ToCharArray());
            }

            try
            {
                RunFile.Read(folder.Write("run.yaml", bytes));
            }
            catch (InvalidInputException error)
            {
                Assert.All(error.Message.Split(Environment.NewLine), line => Assert.StartsWith(folder.File("run.yaml"), line, StringComparison.Ordinal));
            }
        }
    }

    private static string Visit { get; } = Example("visit.yaml");

    private static string Features { get; } = Example("features.yaml");

    /// <summary>An example of the project, at home anywhere.</summary>
    private static string Example(string name) =>
        Regex.Replace(File.ReadAllText(Repository.Path("examples", name)).Replace("../out/visit", "out", StringComparison.Ordinal).Replace("../out/features", "out", StringComparison.Ordinal), @"\.\./", Repository.Root + "/");

    private RunFile Read(string text) => RunFile.Read(folder.Write("run.yaml", text));

    private string Faults(string text) => Refused(folder.Write("run.yaml", text));

    private static string Refused(string path) => Assert.Throws<InvalidInputException>(() => RunFile.Read(path)).Message;

    private static int LineOf(string text, string part) => text[..text.IndexOf(part, StringComparison.Ordinal)].Count(letter => letter == '\n') + 1;
}
