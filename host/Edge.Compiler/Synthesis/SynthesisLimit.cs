using System.Diagnostics;
using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>The time that synthesis, placement and routing may take together.</summary>
public sealed class SynthesisLimit : IDisposable
{
    private readonly CancellationToken cancel;
    private readonly CancellationTokenSource source;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TimeSpan limit;

    public SynthesisLimit(TimeSpan limit, CancellationToken cancel)
    {
        this.limit = limit;
        this.cancel = cancel;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(limit);
    }

    /// <summary>Cancelled at the limit, or by the user.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>The limit has passed, and the user did not stop.</summary>
    public bool Passed => source.IsCancellationRequested && !cancel.IsCancellationRequested;

    public double Seconds => clock.Elapsed.TotalSeconds;

    /// <summary>What to say when a step was cut and left nothing.</summary>
    public InvalidInputException Exceeded(string step) => new(
        $"{step} was not finished within the limit of {limit.TotalMinutes:0.##} min. Give more time (--limit '{Math.Ceiling(limit.TotalMinutes * 3):0} min'), or a smaller design.");

    public void Dispose() => source.Dispose();
}
