using Edge.Appliance.Cards.Running;

namespace Edge.Appliance.Cards;

/// <summary>What an operator does to a card, beside the run.</summary>
public sealed partial class CardControl
{
    /// <summary>Reads of the status until a stop must show; each takes a bus access, the interlock a few clocks.</summary>
    private const int StopReads = 16;

    /// <summary>The heartbeat is fed only while this is fresh; null: as long as the host lives.</summary>
    public Lease? Lease { get; init; }

    /// <summary>Called again and again while a scan runs.</summary>
    public Action? Alive { get; init; }

    /// <summary>Blanks at once and trips, whatever the state, and returns when the card shows it. Anyone may, at any time;
    /// only re-arming ends it.</summary>
    public void Stop()
    {
        card.Write(CardRegisters.CommandAddress, CardRegisters.CommandStopMask);
        for (int read = 0; read < StopReads && Interlock != InterlockState.Tripped; read++)
        {
        }
    }

    /// <summary>Level of permit_beam, and what the interlock does in words.</summary>
    public (bool Permitted, string State) Summary()
    {
        uint status = card.Read(CardRegisters.StatusAddress);
        bool permitted = (status & CardRegisters.StatusPermitBeamMask) != 0;
        string beam = permitted ? "beam permitted" : "beam blanked";
        string state = Interlock switch
        {
            InterlockState.Tripped => $"tripped ({TripCauses(card.Read(CardRegisters.TripCausesAddress))})",
            InterlockState.Engaged => "engaged",
            InterlockState.PassThrough => "pass-through (the microscope's own blanking decides)",
            var other => $"impossible ({(int)other})",
        };
        return (permitted, $"{beam}, {state}");
    }

    public uint ReadRegister(uint address) => card.Read(address);

    public void WriteRegister(uint address, uint value) => card.Write(address, value);

    private void Beat()
    {
        if (Lease?.Fresh ?? true)
        {
            card.Write(CardRegisters.HeartbeatAddress, 1);
        }
    }

    private string LeaseInWords(uint causes) =>
        (causes & CardRegisters.TripCausesHeartbeatMask) != 0 && Lease is { Fresh: false } expired
            ? $" (the lease of {expired.Holder} was not renewed in time)"
            : string.Empty;
}
