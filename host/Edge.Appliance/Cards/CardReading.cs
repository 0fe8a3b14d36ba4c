using System.Globalization;
using Edge.Images;

namespace Edge.Appliance.Cards;

/// <summary>What a card says of itself at a moment.</summary>
/// <param name="Answers">false: it reads all ones, so it is gone from the bus.</param>
/// <param name="Interlock">null where the card is none of ours.</param>
public sealed record CardReading(bool Answers, bool IsEdge, uint MapHash, uint NetworkHash, InterlockState? Interlock, uint TripCauses, bool PermitBeam, bool MicroscopeBlank)
{
    public static CardReading Of(Func<uint, uint> read)
    {
        uint id = read(CardRegisters.IdAddress);
        if (id != CardRegisters.Id)
        {
            return new(id != uint.MaxValue, IsEdge: false, 0, 0, null, 0, PermitBeam: false, MicroscopeBlank: false);
        }

        uint status = read(CardRegisters.StatusAddress);
        return new(
            Answers: true,
            IsEdge: true,
            read(CardRegisters.MapHashAddress),
            read(CardRegisters.NetworkHashAddress),
            (InterlockState)((status & CardRegisters.StatusInterlockMask) >> CardRegisters.StatusInterlockShift),
            read(CardRegisters.TripCausesAddress),
            (status & CardRegisters.StatusPermitBeamMask) != 0,
            (status & CardRegisters.StatusMicroscopeBlankMask) != 0);
    }

    /// <summary>For people, a name and a sentence each.</summary>
    /// <param name="image">What was loaded last; null: not known.</param>
    public IEnumerable<(string Name, string Value)> Lines(CardImageManifest? image)
    {
        if (!IsEdge)
        {
            yield return ("card", Answers ? "answers, but not as an Edge card: load an image" : "reads all ones: it is gone from the bus. The beam counts as blanked only through the circuit on keep_alive; rescan, or restart the machine");
            yield break;
        }

        yield return ("registers", MapHash == CardRegisters.MapHash ? "as this program's" : $"map {MapHash:x8}, this program has {CardRegisters.MapHash:x8}: load an image of this version");
        string network = NetworkHash.ToString("x8", CultureInfo.InvariantCulture);
        yield return ("network", image is null || image.NetworkHash.StartsWith(network, StringComparison.Ordinal) ? network : $"{network}, not the one that was loaded from here");
        yield return ("interlock", Interlock switch
        {
            InterlockState.Tripped => $"tripped, beam blanked: {CardControl.TripCauses(TripCauses)}",
            InterlockState.PassThrough => "pass-through: the microscope's own blanking decides",
            _ => "engaged: the card decides",
        });
        yield return ("beam", PermitBeam ? "permitted" : MicroscopeBlank ? "blanked, also by the microscope" : "blanked");
    }
}
