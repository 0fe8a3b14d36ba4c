using Edge.Networks;

namespace Edge.Appliance.Cards;

/// <summary>State of the interlock, as the status register shows it.</summary>
public enum InterlockState
{
    Tripped = 0,
    PassThrough = 1,
    Engaged = 2,
}

/// <summary>Latency statistics that the card keeps itself, in clocks.</summary>
/// <param name="Histogram">How often each latency of 0 to 30 clocks occurred; the last entry is 31 and more.</param>
public sealed record LatencyStatistics(uint Count, int Minimum, int Maximum, double Mean, int NetworkMinimum, int NetworkMaximum, uint[] Histogram);

/// <summary>What the card counted in a run.</summary>
public sealed record CardCounters(
    uint EventsNumbered, uint EventsDropped, uint VectorsTaken, uint VectorsReplaced, uint ResultsStale, uint Decisions, uint Undecided, uint AuxTriggers);

/// <summary>Drives a card through its registers: identifies it, arms it, runs scans and feeds its heartbeat.</summary>
public sealed partial class CardControl(ICard card)
{
    /// <summary>Waits between heartbeats: a quarter of the shortest timeout that a run file may ask for.</summary>
    private const int WaitsPerHeartbeat = 4;

    /// <summary>Register accesses between heartbeats.</summary>
    private const int AccessesPerHeartbeat = 256;

    /// <summary>Waits after which records that do not leave the card are given up.</summary>
    private const int LongestDrain = 1000;

    private const uint NumberMask = 0x7FFFFFFF;

    private readonly EventRecord[] buffer = new EventRecord[256];

    /// <summary>Number of the coming record; null until the numbering of the card is known.</summary>
    private uint? nextNumber;

    /// <summary>Event records that were numbered but never arrived.</summary>
    public long EventsLost { get; private set; }

    public InterlockState Interlock => (InterlockState)Status(CardRegisters.StatusInterlockMask, CardRegisters.StatusInterlockShift);

    /// <summary>Whether the network takes the features of the card's own ADC ingress.</summary>
    public bool AdcUsable => Status(CardRegisters.StatusAdcUsableMask, CardRegisters.StatusAdcUsableShift) != 0;

    /// <summary>Checks that this is the card, map and network that the image promised.</summary>
    /// <exception cref="InvalidInputException">It is another.</exception>
    public void Identify()
    {
        if (card.Read(CardRegisters.IdAddress) != CardRegisters.Id || card.Read(CardRegisters.MapHashAddress) != CardRegisters.MapHash)
        {
            throw new InvalidInputException("the card does not answer as an Edge card with this program's register map. Load an image compiled with this version.");
        }

        string hash = card.Read(CardRegisters.NetworkHashAddress).ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
        if (!card.Image.NetworkHash.StartsWith(hash, StringComparison.Ordinal))
        {
            throw new InvalidInputException($"the card holds network {hash}, its image says '{card.Image.NetworkHash}'. Load the image again.");
        }

        uint shape = card.Read(CardRegisters.NetworkShapeAddress);
        uint format = card.Read(CardRegisters.NetworkFormatAddress);
        uint imageShape = (uint)card.Image.InputCount | ((uint)card.Image.OutputCount << CardRegisters.NetworkShapeOutputsShift);
        uint imageFormat = (uint)card.Image.InputWidth | ((uint)card.Image.OutputWidth << CardRegisters.NetworkFormatOutputWidthShift)
            | ((uint)card.Image.NetworkLatencyClocks << CardRegisters.NetworkFormatLatencyShift);
        if (shape != imageShape || format != imageFormat)
        {
            throw new InvalidInputException("the network on the card has other ports or another latency than its image says. Compile the network again.");
        }
    }

    /// <summary>Writes both words; they take effect together.</summary>
    public void Write64(uint address, ulong value)
    {
        card.Write(address, (uint)value);
        card.Write(address + 4, (uint)(value >> 32));
    }

    public ulong Read64(uint address)
    {
        uint low = card.Read(address);
        return low | ((ulong)card.Read(address + 4) << 32);
    }

    /// <summary>Re-arms the interlock: engaged, beam off until a dwell. The dose of the run counts from 0.</summary>
    /// <exception cref="CardStoppedException">A cause is still there; it is named.</exception>
    public void Engage()
    {
        Beat();
        ClearDose();
        card.Write(CardRegisters.CommandAddress, Interlock == InterlockState.Tripped ? CardRegisters.CommandRearmMask : CardRegisters.CommandEngageMask);
        if (Interlock != InterlockState.Engaged)
        {
            uint live = card.Read(CardRegisters.LiveCausesAddress);
            throw new CardStoppedException($"the interlock does not engage: {TripCauses(live)}{LeaseInWords(live)}.");
        }
    }

    /// <summary>Engaged to pass-through: the microscope's own blanking alone decides. Nothing when tripped.</summary>
    public void Disarm() => card.Write(CardRegisters.CommandAddress, CardRegisters.CommandDisarmMask);

    /// <summary>Causes of every trip since they were last cleared; re-arming leaves them.</summary>
    public uint TripHistory => card.Read(CardRegisters.TripHistoryAddress);

    public void ClearTripHistory() => card.Write(CardRegisters.TripHistoryAddress, uint.MaxValue);

    /// <summary>Ends a scan that runs, beam off.</summary>
    public void Abort() => card.Write(CardRegisters.CommandAddress, CardRegisters.CommandAbortMask);

    /// <summary>Counts the dose of the run from 0 again.</summary>
    public void ClearDose() => card.Write(CardRegisters.CommandAddress, CardRegisters.CommandClearDoseMask);

    public void ClearCounters() => card.Write(CardRegisters.CommandAddress, CardRegisters.CommandClearCountersMask);

    /// <summary>Writes the positions of a list scan.</summary>
    public void WritePositions(IReadOnlyList<(ushort X, ushort Y)> positions)
    {
        card.Write(CardRegisters.PositionIndexAddress, 0);
        for (int k = 0; k < positions.Count; k++)
        {
            card.Write(CardRegisters.PositionDataAddress, positions[k].X | ((uint)positions[k].Y << 16));
            if (k % AccessesPerHeartbeat == 0)
            {
                Beat();
            }
        }

        card.Write(CardRegisters.PositionCountAddress, (uint)positions.Count);
    }

    /// <summary>Starts the scan that the registers describe and returns when it has ended and its last record has arrived;
    /// every record of it goes to <paramref name="sink"/>, none of an earlier run does.</summary>
    /// <exception cref="CardStoppedException">The card tripped or refused; the message says why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the beam is blanked.</exception>
    public void RunScan(Action<EventRecord> sink, CancellationToken cancel)
    {
        DrainAll(static _ => { });
        Beat();
        card.Write(CardRegisters.CommandAddress, CardRegisters.CommandStartMask);
        for (int wait = 0; ; wait++)
        {
            if (cancel.IsCancellationRequested)
            {
                Abort();
                cancel.ThrowIfCancellationRequested();
            }

            Alive?.Invoke();
            Wait(wait);
            Drain(sink);
            uint status = card.Read(CardRegisters.StatusAddress);
            if ((status & CardRegisters.StatusRunningMask) == 0)
            {
                DrainAll(sink);
                CheckEnd(status);
                return;
            }
        }
    }

    /// <summary>Moves arrived records to the sink and counts the numbers that are missing.</summary>
    public void Drain(Action<EventRecord> sink)
    {
        for (int count = card.TakeEvents(buffer); count > 0; count = card.TakeEvents(buffer))
        {
            foreach (EventRecord record in buffer.AsSpan(0, count))
            {
                CountLost(record.Number);
                nextNumber = (record.Number + 1) & NumberMask;
                sink(record);
            }
        }
    }

    public CardCounters Counters() => new(
        card.Read(CardRegisters.EventsNumberedAddress),
        card.Read(CardRegisters.EventsDroppedAddress),
        card.Read(CardRegisters.VectorsTakenAddress),
        card.Read(CardRegisters.VectorsReplacedAddress),
        card.Read(CardRegisters.ResultsStaleAddress),
        card.Read(CardRegisters.DecisionsAddress),
        card.Read(CardRegisters.UndecidedAddress),
        card.Read(CardRegisters.AuxTriggersAddress));

    public LatencyStatistics Latency()
    {
        uint count = card.Read(CardRegisters.LatencyCountAddress);
        uint network = card.Read(CardRegisters.NetworkLatencyAddress);
        ulong sum = Read64(CardRegisters.LatencySumLowAddress);
        return new(
            count,
            (int)card.Read(CardRegisters.LatencyMinAddress),
            (int)card.Read(CardRegisters.LatencyMaxAddress),
            count == 0 ? 0 : (double)sum / count,
            (int)(network & 0xFFFF),
            (int)(network >> 16),
            [.. Enumerable.Range(0, 32).Select(bin => card.Read(CardRegisters.LatencyHistogramAddress + (uint)(4 * bin)))]);
    }

    /// <summary>Trip causes in words.</summary>
    public static string TripCauses(uint causes)
    {
        (uint Mask, string Text)[] known =
        [
            (CardRegisters.TripCausesResetMask, "the card was reset or configured anew"),
            (CardRegisters.TripCausesHeartbeatMask, "no heartbeat from the host"),
            (CardRegisters.TripCausesDetectorMask, "no samples from the detector"),
            (CardRegisters.TripCausesNetworkMask, "the network gave no result in time"),
            (CardRegisters.TripCausesFrameCapMask, "the dose cap of the run was reached"),
            (CardRegisters.TripCausesExternalMask, "the external interlock is open"),
            (CardRegisters.TripCausesInternalMask, "an internal error of the card"),
            (CardRegisters.TripCausesOverloadMask, "the detector is overloaded"),
            (CardRegisters.TripCausesBlankerMask, "the blanker did not act: the detector still sees the beam"),
            (CardRegisters.TripCausesStopMask, "somebody stopped the card"),
            (CardRegisters.TripCausesTestVectorMask, "the network failed its test vector"),
            (CardRegisters.TripCausesScanClockMask, "the clock of the microscope's scan is gone"),
        ];
        string text = string.Join(", ", known.Where(cause => (causes & cause.Mask) != 0).Select(cause => cause.Text));
        return text.Length > 0 ? text : "no cause is left";
    }

    /// <summary>Drains until no record is left on the card. Those that were dropped after the last one that arrived show in
    /// the card's own count.</summary>
    private void DrainAll(Action<EventRecord> sink)
    {
        Drain(sink);
        for (int wait = 0; card.Read(CardRegisters.EventsWaitingAddress) != 0; wait++)
        {
            if (wait == LongestDrain)
            {
                throw new CardStoppedException($"{card.Read(CardRegisters.EventsWaitingAddress)} event records wait on the card and do not arrive.");
            }

            Wait(wait);
            Drain(sink);
        }

        uint numbered = card.Read(CardRegisters.EventsNumberedAddress) & NumberMask;
        Drain(sink);

        // A record made after the reading may have arrived since, and be ahead of it.
        if (nextNumber is not uint next || ((numbered - next) & NumberMask) <= NumberMask / 2)
        {
            CountLost(numbered);
            nextNumber = numbered;
        }
    }

    private void CountLost(uint number) => EventsLost += nextNumber is uint next ? (number - next) & NumberMask : 0;

    private void Wait(int number)
    {
        card.Wait();
        if (number % WaitsPerHeartbeat == 0)
        {
            Beat();
        }
    }

    private void CheckEnd(uint status)
    {
        uint causes = card.Read(CardRegisters.TripCausesAddress);
        if (Interlock == InterlockState.Tripped)
        {
            throw new CardStoppedException($"the interlock tripped and the beam is blanked: {TripCauses(causes)}{LeaseInWords(causes)}.");
        }

        if ((status & (CardRegisters.StatusRefusedMask | CardRegisters.StatusAbortedMask)) != 0)
        {
            throw new CardStoppedException((status & CardRegisters.StatusRefusedMask) != 0 ? "the card refused the scan: its settings give no dwell." : "the scan was aborted.");
        }
    }

    private uint Status(uint mask, int shift) => (card.Read(CardRegisters.StatusAddress) & mask) >> shift;
}
