using Edge.Images;

namespace Edge.Appliance.Cards.Running;

/// <summary>What became of a stop.</summary>
/// <param name="Confirmed">The card says itself: tripped, and the pin does not permit the beam.</param>
/// <param name="State">Interlock and causes in words.</param>
/// <param name="BlankedAt">When the card was seen blanked.</param>
public sealed record StopOutcome(bool Confirmed, string State, DateTimeOffset BlankedAt);

/// <summary>A card that others may look at and stop while a run drives it: one access at a time, and whoever stops it goes
/// first. Afterwards the run's next access ends the run. Dispose it before the card.</summary>
public sealed class GuardedCard : ICard
{
    /// <summary>Of numbers of 64 bits that the card makes.</summary>
    private static readonly HashSet<uint> LowWords = [.. CardRegisterMap.Registers.Where(register => register is { Width: 64, Access: RegisterAccess.Read }).Select(register => register.Address)];

    private readonly ICard card;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopped = new();
    private int waiting;
    private volatile string? stoppedBy;
    private (uint Address, uint Value)? high;
    private bool closed;

    public GuardedCard(ICard card)
    {
        this.card = card;
        if (card is SimulatedCard simulated)
        {
            simulated.Interlude = LetOthersIn;
        }
    }

    public CardImageManifest Image => card.Image;

    /// <summary>Who stopped it; null: nobody did.</summary>
    public string? StoppedBy => stoppedBy;

    /// <summary>Cancelled when somebody stops it.</summary>
    public CancellationToken Stopped => stopped.Token;

    public uint Read(uint address) => Access(() =>
    {
        if (high is (uint known, uint value) && known == address)
        {
            high = null;
            return value;
        }

        high = null;
        if (!LowWords.Contains(address))
        {
            return card.Read(address);
        }

        // Reading the low word holds the high one still, until somebody else reads the low one: so both at once.
        uint low = card.Read(address);
        high = (address + 4, card.Read(address + 4));
        return low;
    });

    public void Write(uint address, uint value) => Access(() =>
    {
        card.Write(address, value);
        return 0;
    });

    public int TakeEvents(Span<EventRecord> records)
    {
        GiveWay();
        lock (gate)
        {
            ThrowIfStopped();
            return card.TakeEvents(records);
        }
    }

    public void SendVectors(ReadOnlySpan<long> elements)
    {
        GiveWay();
        lock (gate)
        {
            ThrowIfStopped();
            card.SendVectors(elements);
        }
    }

    public void Wait() => Access(() =>
    {
        card.Wait();
        return 0;
    });

    /// <summary>Trips the interlock, from any thread, and waits for no one but the access under way.</summary>
    /// <param name="who">As the run shall tell it.</param>
    public StopOutcome Stop(string who) => Aside(control =>
    {
        stoppedBy ??= who;
        control.Stop();
        (bool permitted, string state) = control.Summary();
        StopOutcome outcome = new(!permitted && control.Interlock == InterlockState.Tripped, state, DateTimeOffset.UtcNow);
        stopped.Cancel();
        return outcome;
    }) ?? new(Confirmed: true, "the run has ended", DateTimeOffset.UtcNow);

    /// <summary>An access from beside the run; also possible after a stop.</summary>
    /// <returns>null: the card is no longer there.</returns>
    public T? Aside<T>(Func<CardControl, T> access)
        where T : class
    {
        Interlocked.Increment(ref waiting);
        try
        {
            lock (gate)
            {
                return closed ? null : access(new(card));
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    /// <summary>Does the run's work; a stop cancels it.</summary>
    /// <exception cref="CardStoppedException">Somebody stopped it.</exception>
    public T UntilStopped<T>(Func<CancellationToken, T> work, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopped.Token);
        try
        {
            return work(either.Token);
        }
        catch (OperationCanceledException)
        {
            ThrowIfStopped();
            throw;
        }
    }

    /// <exception cref="CardStoppedException">Somebody stopped it.</exception>
    public void ThrowIfStopped()
    {
        if (stoppedBy is { } who)
        {
            throw new CardStoppedException($"stopped by user {who}; the interlock tripped and the beam is blanked. Nothing was written.");
        }
    }

    /// <summary>Ends the access of others; the card itself stays.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
        }

        stopped.Dispose();
    }

    private T Access<T>(Func<T> access)
    {
        GiveWay();
        lock (gate)
        {
            ThrowIfStopped();
            return access();
        }
    }

    /// <summary>A lock is not fair: without this a run that accesses without pause would keep a stop waiting.</summary>
    private void GiveWay()
    {
        while (Volatile.Read(ref waiting) > 0)
        {
            Thread.Yield();
        }
    }

    private void LetOthersIn()
    {
        if (Volatile.Read(ref waiting) > 0)
        {
            gate.Exit();
            GiveWay();
            gate.Enter();
            ThrowIfStopped();
        }
    }
}
