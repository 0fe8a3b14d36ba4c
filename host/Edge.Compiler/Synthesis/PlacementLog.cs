using System.Globalization;
using System.Text.RegularExpressions;

namespace Edge.Compiler.Synthesis;

/// <summary>Reads what nextpnr prints while it prints it: the stage it is in, how full the part is, and the clock, which
/// it estimates after placement and knows after routing.</summary>
public sealed partial class PlacementLog(Action<string>? stageBegan = null)
{
    private static readonly (string Line, string Stage)[] Stages =
    [
        ("Info: Packing ", "packing"),
        ("Info: Placed ", "placing"),
        ("Info: Running simulated annealing placer for refinement", "refining the placement"),
        ("Info: Routing", "routing"),
        ("Info: Running main router loop", "routing"),
    ];

    private readonly Dictionary<string, long> use = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> placed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> routed = new(StringComparer.Ordinal);
    private bool routing;

    public string? Stage { get; private set; }

    /// <summary>Cells of the part that are used, by nextpnr's names.</summary>
    public IReadOnlyDictionary<string, long> Use => use;

    /// <summary>What nextpnr gave as its errors.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Slowest clock after placement, estimated; null: it did not get that far.</summary>
    public double? PlacedMegahertz => Slowest(placed);

    /// <summary>Slowest clock after routing.</summary>
    public double? RoutedMegahertz => Slowest(routed);

    /// <summary>Longest path from a pin to a register, after routing; 0: there is none.</summary>
    public double PinToRegisterNanoseconds { get; private set; }

    public static PlacementLog Of(IEnumerable<string> lines)
    {
        var log = new PlacementLog();
        foreach (string line in lines)
        {
            log.Add(line);
        }

        return log;
    }

    public void Add(string line)
    {
        foreach ((string begin, string stage) in Stages)
        {
            if (line.StartsWith(begin, StringComparison.Ordinal) && stage != Stage)
            {
                Stage = stage;
                stageBegan?.Invoke(stage);
            }
        }

        // The estimate follows placement, the final figure the line that routing is done.
        routing |= line.StartsWith("Info: Routing complete", StringComparison.Ordinal) || line.StartsWith("Info: Router", StringComparison.Ordinal);
        if (UseLine().Match(line) is { Success: true } used)
        {
            use[used.Groups["cell"].Value] = long.Parse(used.Groups["used"].ValueSpan, CultureInfo.InvariantCulture);
        }
        else if (ClockLine().Match(line) is { Success: true } clock)
        {
            (routing ? routed : placed)[clock.Groups["clock"].Value] = double.Parse(clock.Groups["mhz"].ValueSpan, CultureInfo.InvariantCulture);
        }
        else if (PinLine().Match(line) is { Success: true } pin)
        {
            PinToRegisterNanoseconds = double.Parse(pin.Groups["ns"].ValueSpan, CultureInfo.InvariantCulture);
        }
        else if (line.StartsWith("ERROR: ", StringComparison.Ordinal))
        {
            Errors.Add(line["ERROR: ".Length..]);
        }
    }

    private static double? Slowest(Dictionary<string, double> clocks) => clocks.Count == 0 ? null : clocks.Values.Min();

    [GeneratedRegex(@"^Info:\s+(?<cell>\w+):\s+(?<used>\d{1,9})/\s*\d{1,9}\s+\d+%", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UseLine();

    [GeneratedRegex(@"Max frequency for clock\s+'(?<clock>[^']+)':\s+(?<mhz>\d+(\.\d+)?) MHz", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ClockLine();

    [GeneratedRegex(@"Max delay <async>\s+-> (posedge|negedge) \S+\s*:\s+(?<ns>\d+(\.\d+)?) ns", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PinLine();
}
