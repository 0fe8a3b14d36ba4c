using Edge.Networks;
using Edge.Networks.Integers;

namespace Edge.Appliance.Cards.SelfTest;

/// <summary>Goes through a card from its bus to its pins and says in words what works. Each check stands on those before it;
/// when the bus does not work, nothing else is tried.</summary>
public sealed partial class CardSelfTest
{
    private const uint HeartbeatTimeout = 40_000;
    private const int LongestWaits = 400;

    private readonly ICard card;
    private readonly CardControl control;
    private readonly ISelfTestHands hands;
    private readonly TestVectors? vectors;
    private readonly int clocksPerSample;
    private readonly CancellationToken cancel;
    private readonly List<SelfTestRow> rows = [];
    private uint causesAtRest;

    /// <param name="vectors">Of the network on the card; null: its report has none.</param>
    public CardSelfTest(ICard card, ISelfTestHands hands, TestVectors? vectors, int clocksPerSample, CancellationToken cancel)
    {
        (this.card, this.hands, this.vectors, this.clocksPerSample, this.cancel) = (card, hands, vectors, clocksPerSample, cancel);
        control = new(card);
    }

    /// <param name="name">Of the card, for people.</param>
    /// <exception cref="InvalidInputException">The card is in use.</exception>
    public SelfTestResult Run(string name)
    {
        if (!Bus())
        {
            return new(name, rows);
        }

        if (control.Interlock == InterlockState.Engaged)
        {
            throw new InvalidInputException($"{name}: the interlock is engaged, so a run may be using the card. End it first ('edge stop').");
        }

        Clock();
        Quiet();
        Detector();
        Network();
        Counters();
        Arm();
        ScanAndEvents();
        KeepAlive();
        Causes();
        Disarm();
        return new(name, rows);
    }

    private void Row(string part, string done, string expected, string seen, bool? passed, Suspect suspect, string look) =>
        rows.Add(new(part, done, expected, seen, passed, passed == false ? suspect : null, passed == false ? look : string.Empty));

    private bool Bus()
    {
        uint id = card.Read(CardRegisters.IdAddress);
        if (id != CardRegisters.Id)
        {
            bool gone = id == uint.MaxValue;
            Row("bus", "read the register 'id'", $"0x{CardRegisters.Id:X8}", $"0x{id:X8}", false, Suspect.Board, gone ? "All ones: the card does not answer. Is it seated, powered, and configured? Switch the computer off and on." : "Something answers that is no Edge card: is another bitstream loaded?");
            return false;
        }

        uint hash = card.Read(CardRegisters.MapHashAddress);
        Row("register map", "read 'map_hash'", $"0x{CardRegisters.MapHash:X8}", $"0x{hash:X8}", hash == CardRegisters.MapHash, Suspect.Software, "The image was made for another version of this program. Load one compiled with this version (edge card load).");
        if (hash != CardRegisters.MapHash)
        {
            return false;
        }

        // Two settings that do nothing by themselves, so that a stuck data bit and a stuck address bit both show.
        uint keptX = card.Read(CardRegisters.XStartAddress), keptY = card.Read(CardRegisters.YStartAddress);
        uint wrong = 0;
        uint[] patterns = [.. Enumerable.Range(0, 32).Select(bit => 1u << bit), 0, uint.MaxValue, 0x55555555, 0xAAAAAAAA];
        foreach (uint pattern in patterns)
        {
            card.Write(CardRegisters.XStartAddress, pattern);
            card.Write(CardRegisters.YStartAddress, ~pattern);
            wrong |= (card.Read(CardRegisters.XStartAddress) ^ pattern) | (card.Read(CardRegisters.YStartAddress) ^ ~pattern);
        }

        card.Write(CardRegisters.XStartAddress, keptX);
        card.Write(CardRegisters.YStartAddress, keptY);
        Row("bus", "wrote 36 patterns to two registers and read them back", "what was written", wrong == 0 ? "the same" : $"bits 0x{wrong:X8} differ", wrong == 0, Suspect.Board, "Bits of the bus are stuck or crossed. Seat the card again, in another slot if you can; then have the board repaired.");
        return wrong == 0;
    }

    private void Clock()
    {
        ulong before = control.Read64(CardRegisters.CycleLowAddress);
        card.Wait();
        ulong after = control.Read64(CardRegisters.CycleLowAddress);
        Row("clock", "read the clock counter twice", "it counts", $"{after - before} clocks in between", after > before, Suspect.Board, "The card's clock stands still: its oscillator, or the clock that it is given.");
        string network = card.Read(CardRegisters.NetworkHashAddress).ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
        Row("image", "compared the network's hash with the image's", card.Image.NetworkHash[..Math.Min(8, card.Image.NetworkHash.Length)], network, card.Image.NetworkHash.StartsWith(network, StringComparison.Ordinal), Suspect.Software, "The card holds another network than its image says. Load the image again.");
    }

    private void Quiet()
    {
        (bool permitted, string state) = control.Summary();
        bool? pin = hands.PermitBeamPin;
        causesAtRest = control.Interlock == InterlockState.Tripped ? card.Read(CardRegisters.TripCausesAddress) : 0;
        Row("beam pin at rest", "looked at permit_beam before anything was armed", "beam blanked", Seen(permitted, pin) + $"; {state}", !permitted && pin != true, Suspect.Board, pin == true && !permitted ? "The card blanks, but its plug shows that the beam is permitted: the output driver or the plug. DO NOT USE THE CARD." : "The card permits the beam without being armed. DO NOT USE IT.");
    }

    private static string Seen(bool register, bool? pin) => pin is null ? (register ? "permitted" : "blanked") : $"card says {(register ? "permitted" : "blanked")}, plug {(pin.Value ? "permitted" : "blanked")}";

    private void Disarm()
    {
        if (control.Interlock == InterlockState.Engaged)
        {
            control.Stop();
        }

        (bool permitted, string state) = control.Summary();
        Row("end", "stopped the card", "beam blanked, tripped", state, !permitted && hands.PermitBeamPin != true && control.Interlock == InterlockState.Tripped, Suspect.Board, "The card does not obey. DO NOT USE IT.");
    }

    /// <summary>Waits until something holds, with or without heartbeats.</summary>
    private bool Until(Func<bool> holds, bool heartbeat = true, int waits = LongestWaits)
    {
        for (int k = 0; k < waits; k++)
        {
            cancel.ThrowIfCancellationRequested();
            if (holds())
            {
                return true;
            }

            if (heartbeat)
            {
                card.Write(CardRegisters.HeartbeatAddress, 1);
            }

            card.Wait();
        }

        return holds();
    }
}
