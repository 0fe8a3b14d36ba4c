using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Compiler.Fabric;
using Edge.Compiler.Synthesis;
using Edge.Networks;

namespace Edge.Bench.Sections;

/// <summary>What networks cost on parts, by open tools: the jet network's LUTs beside its peers', the site network's clock,
/// and how near the estimate without synthesis is.</summary>
internal sealed partial class SynthesisSection : ISection
{
    private static readonly SynthesisOptions Limits = new(TimeSpan.FromMinutes(8));

    /// <summary>Their designs through the same Yosys command; the folder names their files.</summary>
    private static readonly (string File, string Name)[] Peers =
    [
        ("da4ml_even_pipe5.stat", "da4ml 0.6.0, half to even, 7 stages"),
        ("alkaid_convnt_pipe5.stat", "alkaid 0.8.2, two-input adders, 10 stages"),
        ("alkaid_conv_pipe5.stat", "alkaid 0.8.2, three-input adders, 10 stages"),
    ];

    public string Name => "synth";

    public string Title => "What a network costs on a part";

    public SectionResult Run(BenchContext context)
    {
        var rows = new List<Row>();
        string[] notes = [];
        string model = context.InTree("models", "site-class", "site-class.onnx");
        FabricNetwork site = FabricNetwork.Compile(QuantizedModel.Load(model).Integers);
        SynthesisResult ecp5 = Placed(context, site, SynthesisTarget.Ecp5, rows);
        SynthesisResult ice40 = Placed(context, site, SynthesisTarget.Ice40, rows);
        SynthesisResult siteCounts = Counted(context, site);
        Estimate(rows, "site network", site, siteCounts);
        try
        {
            FabricNetwork jet = context.Jet.Fabric;
            SynthesisResult counts = Counted(context, jet);
            rows.Add(Row.Info($"jet network, AMD cells: LUTs (latency {jet.Latency} clocks, {jet.LevelsPerStage} levels a stage)", counts.Cells.Network.Luts));
            rows.Add(Row.Info("jet network, AMD cells: flip-flops", counts.Cells.Network.FlipFlops));
            Estimate(rows, "jet network", jet, counts);
            foreach ((string file, string name) in Peers)
            {
                string stat = File.ReadAllText(context.Shared("peers", "jet", "syn_results", file));
                CellCounts peer = SynthesisTarget.Xilinx.Count(Cell().Matches(stat).ToDictionary(cell => cell.Groups["type"].Value, cell => long.Parse(cell.Groups["count"].ValueSpan, CultureInfo.InvariantCulture), StringComparer.Ordinal));
                rows.Add(Row.Info($"jet network by {name}: LUTs", peer.Luts, remark: $", {peer.FlipFlops:N0} flip-flops"));
            }
        }
        catch (SectionSkippedException reason)
        {
            notes = [$"Jet network: not measured, {reason.Message}."];
        }

        return new(rows,
        [
            $"Tools: {ecp5.Cells.Version}, {ecp5.Placed!.Version}, {ice40.Placed!.Version}, as separate programs; nothing was run on hardware. Cells are those of the network alone; the clock is that between the registers around it.",
            "AMD: `synth_xilinx -family xcup -flatten`, counts only. The peers' designs went through the same command (theirs without a handshake and its queue, which ours has); they compute the same integers.",
            .. notes,
        ]);
    }

    private static SynthesisResult Placed(BenchContext context, FabricNetwork network, SynthesisTarget target, List<Row> rows)
    {
        var result = SynthesisResult.Of(SynthesisDesign.Network(network, PinUse.Serial), target, Limits, context.Terminal.Progress, context.Cancel);
        string what = $"site network on {target.Part}";
        rows.Add(Row.Info($"{what}: LUTs", result.Cells.Network.Luts, remark: $", {result.Cells.Network.FlipFlops:N0} flip-flops, {result.Cells.Network.RamBlocks} RAM blocks, {result.Cells.Network.DspBlocks} DSP"));
        rows.Add(Row.Info($"{what}: clock after {result.Placed!.ClockAfter}", result.ClockMegahertz!.Value, "MHz"));
        rows.Add(Row.Info($"{what}: {network.Latency} clocks of the network", result.LatencyNanoseconds!.Value, "ns"));
        rows.Add(Row.Info($"{what}: synthesis, placement and routing", result.Cells.Seconds + result.Placed.Seconds, "s"));
        return result;
    }

    private static SynthesisResult Counted(BenchContext context, FabricNetwork network) =>
        SynthesisResult.Of(SynthesisDesign.Network(network, PinUse.Ports), SynthesisTarget.Xilinx, Limits, context.Terminal.Progress, context.Cancel);

    private static void Estimate(List<Row> rows, string name, FabricNetwork network, SynthesisResult counts)
    {
        long estimate = LutEstimate.Of(network.Integers);
        double off = (100.0 * estimate / counts.Cells.Network.Luts) - 100;
        rows.Add(Row.Info($"{name}: LUTs by the estimate without synthesis", estimate, remark: string.Create(CultureInfo.InvariantCulture, $", {off:+0;-0} % of the {counts.Cells.Network.Luts:N0} that Yosys counts")));
    }

    [GeneratedRegex(@"^\s+(?<type>[A-Z][A-Z0-9_]+)\s+(?<count>\d+)\s*$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Cell();
}
