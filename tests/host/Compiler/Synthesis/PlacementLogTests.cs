using Edge.Compiler.Synthesis;

namespace Edge.Tests.Compiler.Synthesis;

/// <summary>What nextpnr prints, read line by line: lines as nextpnr-ice40 0.4 and nextpnr-ecp5 0.11 wrote them.</summary>
public sealed class PlacementLogTests
{
    private static readonly string[] Ice40 =
    [
        "Info: Packing constants..",
        "Info: Device utilisation:",
        "Info: \t         ICESTORM_LC:  6262/ 7680    81%",
        "Info: \t        ICESTORM_RAM:     5/   32    15%",
        "Info: \t               SB_IO:   207/  256    80%",
        "Info: Placed 0 cells based on constraints.",
        "Info: Running simulated annealing placer for refinement.",
        "Warning: Max frequency for clock 'clk_i$SB_IO_IN_$glb_clk': 92.55 MHz (FAIL at 100.00 MHz)",
        "Info: Max delay <async>                         -> posedge clk_i$SB_IO_IN_$glb_clk: 15.20 ns",
        "Info: Routing..",
    ];

    private static readonly string[] Routed =
    [
        "Info: Routing complete.",
        "Info: Router1 time 3.53s",
        "Warning: Max frequency for clock 'clk_i$SB_IO_IN_$glb_clk': 56.80 MHz (FAIL at 100.00 MHz)",
        "Info: Max frequency for clock 'slow': 140.25 MHz (PASS at 12.00 MHz)",
        "Info: Max delay <async>                         -> posedge clk_i$SB_IO_IN_$glb_clk: 19.31 ns",
        "Info: Max delay posedge clk_i$SB_IO_IN_$glb_clk -> <async>                        : 10.45 ns",
    ];

    [Fact]
    public void BeforeRouting_ThereIsAnEstimate()
    {
        var stages = new List<string>();
        var log = new PlacementLog(stages.Add);
        foreach (string line in Ice40)
        {
            log.Add(line);
        }

        Assert.Equal((92.55, null), (log.PlacedMegahertz, log.RoutedMegahertz));
        Assert.Equal(["packing", "placing", "refining the placement", "routing"], stages);
        Assert.Equal((6262, 5, 207), (log.Use["ICESTORM_LC"], log.Use["ICESTORM_RAM"], log.Use["SB_IO"]));
    }

    [Fact]
    public void AfterRouting_TheSlowestClockCounts()
    {
        var log = PlacementLog.Of(Ice40.Concat(Routed));
        Assert.Equal((92.55, 56.80, 19.31), (log.PlacedMegahertz, log.RoutedMegahertz, log.PinToRegisterNanoseconds));
        Assert.Empty(log.Errors);
    }

    [Fact]
    public void Errors_AreKept()
    {
        var log = PlacementLog.Of(["ERROR: Unable to place cell 'a', no Bels remaining of type 'ICESTORM_LC'", "ERROR: Packing design failed."]);
        Assert.Equal(["Unable to place cell 'a', no Bels remaining of type 'ICESTORM_LC'", "Packing design failed."], log.Errors);
        Assert.Null(log.PlacedMegahertz);
    }
}
