using Edge.Appliance.Cards;
using Edge.Appliance.Triggers;
using Edge.Networks.Integers;

namespace Edge.Tests.Cards;

/// <summary>What the card must say of a dwell.</summary>
/// <param name="SampleEdge">Edge that took the deciding sample.</param>
/// <param name="EnterEdge">Edge at which its vector entered the network.</param>
/// <param name="PinEdge">Edge at which the pin moves.</param>
internal sealed record Expected(byte Class, DwellCause Cause, int Samples, long Sum, long Events, long[] Outputs, long SampleEdge, long EnterEdge, long PinEdge);

/// <summary>The trigger path outside the loop, clock by clock in plain C#: the samples that the card took, the edges at
/// which its dwells began, and the clocks in which the slot was stalled give every decision and every count. Ingress,
/// network and rule are the host's own models; the slot is the one of rtl/network/slot/slot.md.</summary>
internal sealed class OpenLoop(IntegerNetwork network, int latency, SiteModel model, IngressSettings settings, int align)
{
    /// <summary>From the edge that takes a sample to the one at which its vector may enter the network.</summary>
    private const int IngressClocks = 3;

    /// <summary>From the edge that takes a result to the pin.</summary>
    private const int DecisionClocks = 2;

    private readonly IngressModel ingress = new(settings);
    private readonly List<Expected> decisions = [];
    private Vector? waiting;

    public long Taken { get; private set; }

    public long Replaced { get; private set; }

    /// <summary>Vectors whose results find their dwell decided.</summary>
    public long Stale { get; private set; }

    /// <param name="samples">Every sample of the run, in order.</param>
    /// <param name="starts">Edges at which the dwells began.</param>
    /// <param name="stalled">Whether the slot is shut at an edge.</param>
    public IReadOnlyList<Expected> Run(IReadOnlyList<(long Edge, ushort Adc)> samples, IReadOnlyList<long> starts, Func<long, bool>? stalled = null)
    {
        int next = 0;
        int dwell = -1;
        int skip = 0;
        bool decided = true;
        var features = new long[network.InputLength];
        for (long now = samples[0].Edge; now <= samples[^1].Edge; now++)
        {
            Vector? newest = null;
            if (samples[next].Edge + IngressClocks == now)
            {
                (long edge, ushort adc) = samples[next++];
                if (dwell + 1 < starts.Count && edge > starts[dwell + 1])
                {
                    dwell++;
                    skip = align;
                    decided = false;
                    ingress.Begin();
                }

                bool collects = dwell >= 0 && (!decided || now <= decisions[^1].PinEdge);
                if (collects && skip-- <= 0)
                {
                    ingress.Take(adc, features);
                    newest = new(dwell, edge, ingress.Samples, ingress.Sum, ingress.Events, [.. features]);
                }
            }

            if (Enter(newest, stalled?.Invoke(now) ?? false) is not { } vector)
            {
                continue;
            }

            Taken++;
            if (decided || vector.Dwell != dwell)
            {
                Stale++;
            }
            else if (Decide(vector, now) is { } decision)
            {
                decisions.Add(decision);
                decided = true;
            }
        }

        return decisions;
    }

    /// <summary>Newest wins: what waits enters first, what comes meanwhile waits in its place.</summary>
    private Vector? Enter(Vector? newest, bool shut)
    {
        if (!shut)
        {
            Vector? entering = waiting ?? newest;
            waiting = waiting is null ? null : newest;
            return entering;
        }

        Replaced += waiting is not null && newest is not null ? 1 : 0;
        waiting = newest ?? waiting;
        return null;
    }

    private Expected? Decide(Vector vector, long now)
    {
        long[] outputs = ReferenceInterpreter.Run(network, vector.Features);
        int best = Array.IndexOf(outputs, outputs.Max());
        bool sure = vector.Samples >= model.MinimumSamples
            && outputs.Where((_, k) => k != best).All(other => outputs[best] - other >= model.Thresholds[best]);
        return sure || vector.Samples >= model.MaximumSamples
            ? new(
                sure ? (byte)best : EventRecord.NoClass,
                sure ? DwellCause.Sure : DwellCause.MaximumDwell,
                vector.Samples,
                vector.Sum,
                vector.Events,
                outputs,
                vector.Edge,
                now,
                now + latency + DecisionClocks)
            : null;
    }

    private sealed record Vector(int Dwell, long Edge, int Samples, long Sum, long Events, long[] Features);
}
