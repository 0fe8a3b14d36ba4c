namespace Edge.Appliance.Cards.SelfTest;

/// <summary>The plugs of a simulated card: everything can be reached and seen.</summary>
public sealed class SimulatedHands : ISelfTestHands
{
    private readonly SimulatedCard card;
    private readonly List<(ushort X, ushort Y)> codes = [];
    private bool low, high;

    public SimulatedHands(SimulatedCard card)
    {
        this.card = card;
        card.PinChanged = Saw;
    }

    public bool? PermitBeamPin { get; private set; } = false;

    public bool SetDetector(bool present)
    {
        card.DetectorPresent = present;
        return true;
    }

    public bool SetExternalInterlock(bool closed)
    {
        card.ExternalInterlock = closed;
        return true;
    }

    public bool SetMicroscopeBlank(bool blank)
    {
        card.MicroscopeBlank = blank;
        return true;
    }

    public bool StallNetwork(bool stalled)
    {
        card.Stall(stalled ? [1] : [], []);
        return true;
    }

    public (bool Low, bool High)? KeepAliveSeen()
    {
        (bool Low, bool High) seen = (low, high);
        low = high = false;
        return seen;
    }

    public IReadOnlyList<(ushort X, ushort Y)>? ScanSeen()
    {
        (ushort, ushort)[] seen = [.. codes];
        codes.Clear();
        return seen;
    }

    private void Saw(PinChange change)
    {
        PermitBeamPin = change.PermitBeam;
        high |= change.KeepAliveLevel != 0;
        low |= change.KeepAliveLevel == 0;
        codes.Add((change.X, change.Y));
    }
}

/// <summary>A detector for tests of the card alone: a little noise on a pedestal, and light while the beam is on. The same
/// each time.</summary>
public sealed class TestDetector : ICardWorld
{
    private const int Pedestal = 400;
    private const int Light = 300;

    private uint state = 1;
    private bool lit;

    public ushort NextSample(ReadOnlySpan<PinChange> changes)
    {
        foreach (PinChange change in changes)
        {
            lit = change.PermitBeam;
        }

        // Numbers of Lehmer's kind: good enough for noise in the low bits.
        state = (uint)(state * 48271UL % 0x7FFFFFFF);
        return (ushort)(Pedestal + (int)(state >> 26) + (lit ? Light : 0));
    }
}
