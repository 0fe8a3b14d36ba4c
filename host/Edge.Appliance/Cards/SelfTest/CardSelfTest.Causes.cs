namespace Edge.Appliance.Cards.SelfTest;

/// <summary>Every cause of a trip, one after the other: provoked, the beam seen blanked, no arming while it lasts.</summary>
public sealed partial class CardSelfTest
{
    /// <param name="Field">Of trip_causes.</param>
    /// <param name="Done">What is done, in words.</param>
    /// <param name="Provoke">Begins it; false: cannot be done from here.</param>
    /// <param name="End">Ends it.</param>
    /// <param name="Lasts">It holds until it is ended, so that arming must be refused meanwhile.</param>
    private sealed record Provocation(string Field, string Done, Func<bool> Provoke, Action End, bool Lasts, bool Heartbeat, Suspect Suspect, string Look);

    private void Causes()
    {
        Provocation[] known =
        [
            new("heartbeat", "stopped the heartbeat", () => true, () => { }, Lasts: false, Heartbeat: false, Suspect.Board, "The card does not notice that the computer is silent. DO NOT USE IT."),
            new(DetectorCause, "took the detector's sample clock away", () => hands.SetDetector(false), () => hands.SetDetector(true), Lasts: true, Heartbeat: true, Suspect.Board, "The card does not notice that the detector is gone. DO NOT USE IT."),
            new("network", "kept the network from answering in a dwell", StallNetwork, EndStall, Lasts: false, Heartbeat: true, Suspect.Board, "The card does not notice that its network is silent. DO NOT USE IT."),
            new("frame_cap", "spent the dose of a run", SpendDose, () => { }, Lasts: false, Heartbeat: true, Suspect.Board, "The card does not limit the dose. DO NOT USE IT."),
            new("external", "opened the external interlock", () => hands.SetExternalInterlock(false), () => hands.SetExternalInterlock(true), Lasts: true, Heartbeat: true, Suspect.Cable, "Is the interlock's loop wired to the card, or bridged?"),
            new("stop", "gave the stop command", () => { control.Stop(); return true; }, () => { }, Lasts: false, Heartbeat: true, Suspect.Board, "The card does not obey a stop. DO NOT USE IT."),
        ];
        IReadOnlyList<RegisterField> fields = CardRegisterMap.Registers.First(register => register.Name == "trip_causes").Fields;
        foreach (RegisterField field in fields)
        {
            if (field.Name == "reset")
            {
                // Only a card that nobody armed since its reset shows it.
                bool shown = (causesAtRest & CardRegisters.TripCausesResetMask) != 0;
                Row("interlock: reset", "looked at the state before the test", "tripped since reset", shown ? "tripped (reset or configuration)" : "not provoked: it was armed since; switch it off and on", shown ? true : null, Suspect.Board, string.Empty);
            }
            else if (known.FirstOrDefault(one => one.Field == field.Name) is { } provocation)
            {
                Provoke(provocation, 1u << field.Low);
            }
            else
            {
                Row($"interlock: {Words(field.Name)}", "-", "a trip", "not provoked: needs a fault inside card, detector or blanker", null, Suspect.Board, string.Empty);
            }
        }

        MicroscopeBlank();
    }

    /// <summary>The detector's silence in trip_causes and live_causes; named after the ADC while that was its only link.</summary>
    private static readonly RegisterField DetectorField = CardRegisterMap.Registers.First(register => register.Name == "trip_causes").Fields.First(field => field.Name is "detector" or "adc");

    private static string DetectorCause => DetectorField.Name;

    private static uint DetectorMask => 1u << DetectorField.Low;

    private void Provoke(Provocation one, uint mask)
    {
        string part = $"interlock: {Words(one.Field)}";
        Reset();
        string armed = Engaged();
        if (!armed.StartsWith("engaged", StringComparison.Ordinal))
        {
            Row(part, "armed", "engaged", armed, false, Suspect.Cable, "A cause of before does not go away.");
            return;
        }

        if (!LightBeam())
        {
            Row(part, "switched the beam on in a dwell", "beam permitted", "it stays blanked", false, Suspect.Cable, "Is the microscope's blank signal active, or its cable open?");
            return;
        }

        try
        {
            if (!one.Provoke())
            {
                Row(part, one.Done, "a trip", "cannot be done from here: do it by hand", null, one.Suspect, string.Empty);
                return;
            }

            Until(() => control.Interlock == InterlockState.Tripped, one.Heartbeat, waits: (int)(HeartbeatTimeout / 64) + 64);
            uint causes = card.Read(CardRegisters.TripCausesAddress);
            (bool permitted, string state) = control.Summary();
            bool? pin = hands.PermitBeamPin;
            bool tripped = control.Interlock == InterlockState.Tripped && (causes & mask) != 0;
            bool dark = !permitted && pin != true;
            string look = tripped && !dark ? "The card trips, but the beam pin stays on: its output driver or plug. DO NOT USE THE CARD." : one.Look;
            Row(part, one.Done, "tripped for that reason, beam blanked", $"{state}{(pin is { } level ? $"; plug {(level ? "PERMITTED" : "blanked")}" : string.Empty)}", tripped && dark, tripped ? Suspect.Board : one.Suspect, look);
            if (!tripped)
            {
                return;
            }

            if (one.Lasts)
            {
                card.Write(CardRegisters.CommandAddress, CardRegisters.CommandRearmMask);
                bool refused = control.Interlock == InterlockState.Tripped;
                Row(part, "tried to arm while it lasts", "refused", refused ? "refused" : "ARMED", refused, Suspect.Board, "The card can be armed with a cause there. DO NOT USE IT.");
            }

            one.End();
            Reset();
            string again = Engaged();
            Row(part, "ended it and armed again", "engaged", again, again.StartsWith("engaged", StringComparison.Ordinal), one.Suspect, "The cause does not go away.");
        }
        finally
        {
            one.End();
        }
    }

    /// <summary>Nothing of before: dose, scan and cause.</summary>
    private void Reset()
    {
        control.Abort();
        Until(() => (card.Read(CardRegisters.StatusAddress) & CardRegisters.StatusRunningMask) == 0, waits: 50);
        control.Drain(static _ => { });
        control.ClearDose();
        control.Write64(CardRegisters.FrameCapLowAddress, 1 << 24);
        card.Write(CardRegisters.HeartbeatAddress, 1);
        Until(() => (card.Read(CardRegisters.LiveCausesAddress) & DetectorMask) == 0, waits: 4);
    }

    /// <summary>Starts a dwell so long that it does not end by itself.</summary>
    private bool LightBeam()
    {
        Configure(columns: 0xFFFF, rows: 0xFFFF, samples: 0xFFFF, onClocks: uint.MaxValue);
        card.Write(CardRegisters.CommandAddress, CardRegisters.CommandStartMask);
        return Until(() => control.Summary().Permitted && hands.PermitBeamPin != false, waits: 20);
    }

    private bool SpendDose()
    {
        // The cap of a run stands still while it runs.
        control.Abort();
        Until(() => (card.Read(CardRegisters.StatusAddress) & CardRegisters.StatusRunningMask) == 0, waits: 50);
        control.ClearDose();
        control.Write64(CardRegisters.FrameCapLowAddress, 2000);
        card.Write(CardRegisters.CommandAddress, CardRegisters.CommandStartMask);
        return true;
    }

    /// <summary>A dwell that the network decides, and a network that says nothing.</summary>
    private bool StallNetwork()
    {
        if (!control.AdcUsable || !hands.StallNetwork(true))
        {
            return false;
        }

        control.Abort();
        Until(() => (card.Read(CardRegisters.StatusAddress) & CardRegisters.StatusRunningMask) == 0, waits: 50);
        card.Write(CardRegisters.NetworkDeadlineAddress, (uint)card.Image.NetworkLatencyClocks + 200);
        card.Write(CardRegisters.ScanModeAddress, CardRegisters.ScanModeMask);
        card.Write(CardRegisters.SettleClocksAddress, 1);
        card.Write(CardRegisters.MaxSamplesAddress, 0xFFFF);
        card.Write(CardRegisters.DecisionAddress, CardRegisters.DecisionEnableMask);
        control.WritePositions([(0, 0)]);
        card.Write(CardRegisters.CommandAddress, CardRegisters.CommandStartMask);
        return true;
    }

    private void EndStall()
    {
        hands.StallNetwork(false);
        card.Write(CardRegisters.DecisionAddress, 0);
    }

    private void MicroscopeBlank()
    {
        const string part = "microscope's blank";
        Reset();
        if (!Engaged().StartsWith("engaged", StringComparison.Ordinal) || !LightBeam())
        {
            Row(part, "switched the beam on", "beam permitted", "it stays blanked", false, Suspect.Cable, "See above.");
            return;
        }

        try
        {
            if (!hands.SetMicroscopeBlank(true))
            {
                Row(part, "-", "beam blanked", "cannot be done from here: do it by hand", null, Suspect.Cable, string.Empty);
                return;
            }

            card.Wait();
            bool blanked = !control.Summary().Permitted && hands.PermitBeamPin != true;
            Row(part, "let the microscope blank", "beam blanked, not tripped", control.Summary().State, blanked && control.Interlock == InterlockState.Engaged, Suspect.Cable, "Is the microscope's blank signal wired to the card?");
        }
        finally
        {
            hands.SetMicroscopeBlank(false);
            Reset();
        }
    }

    private static string Words(string name) => name.Replace('_', ' ');
}
