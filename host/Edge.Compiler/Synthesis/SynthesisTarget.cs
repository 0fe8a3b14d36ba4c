using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>A resource of a part, and how it is spelt: in Yosys' cell types and in nextpnr's table of use.</summary>
/// <param name="Name">Snake case, as in the report.</param>
/// <param name="Word">In messages, plural.</param>
/// <param name="Device">What nextpnr calls it.</param>
/// <param name="Available">In the part; for pins, in its package.</param>
public sealed record PartResource(string Name, string Word, string Device, int Available);

/// <summary>A part that designs are synthesised for.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Part">The exact part, speed grade and package that is placed; for counts only the family.</param>
/// <param name="Yosys">Yosys' command for the family, with options.</param>
/// <param name="PlaceAndRoute">Program that places and routes; null: none exists here, cells are counted only.</param>
/// <param name="PartOptions">Its options that name the part.</param>
/// <param name="GoalMegahertz">Clock that it is asked for unless the user asks for another: more than it reaches, so that it does what it can.</param>
/// <param name="BitstreamPart">What a bitstream for it says of its part.</param>
public sealed record SynthesisTarget(
    string Name,
    string Part,
    string Yosys,
    string? PlaceAndRoute,
    IReadOnlyList<string> PartOptions,
    double GoalMegahertz,
    IReadOnlyList<PartResource> Resources,
    string? BitstreamPart)
{
    /// <summary>Techmap rules that follow Yosys' command; null: none.</summary>
    public string? Rules => this == Ice40 ? "ice40_adders.v" : null;

    /// <summary>The part of Lattice's evaluation board LFE5UM5G-85F-EVN.</summary>
    public static readonly SynthesisTarget Ecp5 = new(
        "ecp5-85k",
        "LFE5UM5G-85F-8BG381",
        "synth_ecp5",
        "nextpnr-ecp5",
        ["--um5g-85k", "--package", "CABGA381", "--speed", "8"],
        150,
        [
            new("logic_cells", "logic cells (4-input LUT with carry)", "TRELLIS_COMB", 83640),
            new("flip_flops", "flip-flops", "TRELLIS_FF", 83640),
            new("ram_blocks", "RAM blocks of 18 kbit", "DP16KD", 208),
            new("dsp_blocks", "multipliers of 18 x 18", "MULT18X18D", 156),
            new("pins", "pins", "TRELLIS_IO", 205),
        ],
        "LFE5UM5G-85F");

    /// <summary>The part of Lattice's board iCE40HX-8K.</summary>
    public static readonly SynthesisTarget Ice40 = new(
        "ice40-hx8k",
        "iCE40HX8K-CT256",
        "synth_ice40",
        "nextpnr-ice40",
        ["--hx8k", "--package", "ct256"],
        100,
        [
            new("logic_cells", "logic cells (4-input LUT with carry and flip-flop)", "ICESTORM_LC", 7680),
            new("ram_blocks", "RAM blocks of 4 kbit", "ICESTORM_RAM", 32),
            new("pins", "pins", "SB_IO", 206),
        ],
        "iCE40 HX8K or LP8K");

    /// <summary>Counts only. The cells are those of UltraScale+, as the published figures are.</summary>
    public static readonly SynthesisTarget Xilinx = new("xilinx", "AMD UltraScale+", "synth_xilinx -family xcup -flatten", null, [], 0, [], null);

    public static IReadOnlyList<SynthesisTarget> All { get; } = [Ecp5, Ice40, Xilinx];

    /// <summary>Yosys leaves a module as a whole in these families, so that its cells can be counted apart.</summary>
    public bool CountsModulesApart => PlaceAndRoute is not null;

    /// <exception cref="InvalidInputException">There is no such target.</exception>
    public static SynthesisTarget Named(string name) => All.FirstOrDefault(target => target.Name == name)
        ?? throw new InvalidInputException($"--target {name}: expected one of {string.Join(", ", All.Select(target => target.Name))}.");

    /// <summary>How many of a kind of cell there are, by Yosys' cell types.</summary>
    public CellCounts Count(IReadOnlyDictionary<string, long> cells)
    {
        long Sum(params string[] prefixes) => cells.Where(cell => Array.Exists(prefixes, prefix => cell.Key.StartsWith(prefix, StringComparison.Ordinal))).Sum(cell => cell.Value);
        return Name switch
        {
            // A carry cell is two LUTs with their carry; a distributed RAM takes four LUTs and two for its write port.
            "ecp5-85k" => new(Sum("LUT4") + (2 * Sum("CCU2C")), Sum("CCU2C"), Sum("TRELLIS_FF"), Sum("DP16KD", "PDPW16KD"), 6 * Sum("TRELLIS_DPR16X4"), Sum("MULT18X18D")),
            "ice40-hx8k" => new(Sum("SB_LUT4"), Sum("SB_CARRY"), Sum("SB_DFF"), Sum("SB_RAM40_4K"), 0, Sum("SB_MAC16")),
            _ => new(Sum("LUT"), Sum("CARRY"), Sum("FDRE", "FDSE", "FDCE", "FDPE"), Sum("RAMB", "URAM"), Sum("RAM32", "RAM64", "RAM128", "RAM256", "SRL"), Sum("DSP48")),
        };
    }
}

/// <summary>Cells of a design after synthesis, before placement packs them.</summary>
/// <param name="Luts">Look-up tables for logic and adders, without those that serve as memory.</param>
/// <param name="CarryCells">As the family has them: one bit (iCE40), two bits (ECP5), four bits (AMD).</param>
/// <param name="MemoryLuts">Look-up tables that serve as memory; for AMD cells, of several LUTs each.</param>
public sealed record CellCounts(long Luts, long CarryCells, long FlipFlops, long RamBlocks, long MemoryLuts, long DspBlocks);
