using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>What a design costs on a part.</summary>
public sealed record SynthesisResult(SynthesisDesign Design, SynthesisTarget Target, SynthesizedDesign Cells, PlacedDesign? Placed)
{
    /// <summary>The clock that the network could have on this part: the slowest path between registers, and from a pin to
    /// a register where ports are on pins.</summary>
    public double? ClockMegahertz => Placed?.ClockMegahertz is not { } clock ? null
        : Placed.PinToRegisterNanoseconds > 0 && Design.Counted is null ? Math.Min(clock, 1e3 / Placed.PinToRegisterNanoseconds) : clock;

    /// <summary>Clocks of the network, at that clock; rounded up, in ns.</summary>
    public double? LatencyNanoseconds => ClockMegahertz is { } clock ? Math.Ceiling(Design.LatencyClocks * 1e4 / clock) / 10 : null;

    /// <summary>Synthesises, places, routes and packs, as far as there are tools for the target.</summary>
    /// <exception cref="InvalidInputException">A tool is missing, the design does not fit, or the time is up.</exception>
    public static SynthesisResult Of(SynthesisDesign design, SynthesisTarget target, SynthesisOptions options, Action<string>? progress = null, CancellationToken cancel = default)
    {
        if (target.PlaceAndRoute is { } tool)
        {
            PlaceAndRoute.Program(tool); // missing: said before the work begins
        }

        using var limit = new SynthesisLimit(options.Limit, cancel);
        SynthesizedDesign cells = YosysSynthesis.Run(design, target, limit, progress);
        return new(design, target, cells, target.PlaceAndRoute is null
            ? null
            : PlaceAndRoute.Run(design, cells, target, options.GoalMegahertz ?? target.GoalMegahertz, options.Seed, options.Route, limit, progress));
    }

    /// <summary>Everything a report says of it.</summary>
    public object Report() => new
    {
        Design = Design.Top,
        Target = Target.Name,
        Target.Part,
        Tools = new[] { Cells.Version, Placed?.Version }.OfType<string>(),
        Network = Cells.Network,
        Whole = Cells.Total,
        Device = Placed is null ? null : Target.Resources
            .Where(resource => Placed.Use.ContainsKey(resource.Device))
            .ToDictionary(resource => resource.Name, resource => new { Used = Placed.Use[resource.Device], resource.Available }, StringComparer.Ordinal),
        ClockMhz = ClockMegahertz,
        ClockAfter = Placed?.ClockAfter,
        LatencyClocks = Design.LatencyClocks,
        LatencyNs = LatencyNanoseconds,
        Seconds = new { Synthesis = Cells.Seconds, PlaceAndRoute = Placed?.Seconds },
        FromCache = Cells.Cached && Placed?.Cached is not false,
        Bitstream = Placed?.BitstreamPath is null ? null : BitstreamName,
        Note = "made by open tools; not run on hardware",
    };

    /// <summary>Name of the bitstream in an output folder.</summary>
    public string BitstreamName => $"network{Path.GetExtension(Placed?.BitstreamPath)}";
}

/// <summary>How to synthesise.</summary>
/// <param name="GoalMegahertz">null: the target's.</param>
/// <param name="Route">false: placement only.</param>
public sealed record SynthesisOptions(TimeSpan Limit, double? GoalMegahertz = null, int Seed = 1, bool Route = true);
