using Edge.Images;

namespace Edge.Appliance.Cards;

/// <summary>A card: registers, event records, and time that passes. The same for the simulated card and for one on the
/// bus.</summary>
public interface ICard : IDisposable
{
    /// <summary>What the loaded image says of itself.</summary>
    CardImageManifest Image { get; }

    uint Read(uint address);

    void Write(uint address, uint value);

    /// <summary>Takes the event records that have arrived, oldest first.</summary>
    /// <returns>How many were written to <paramref name="records"/>.</returns>
    int TakeEvents(Span<EventRecord> records);

    /// <summary>Sends vectors to the network in its slot, in order, none lost.</summary>
    /// <param name="elements">(count, inputs), encoded.</param>
    void SendVectors(ReadOnlySpan<long> elements);

    /// <summary>Lets some time pass: the simulated card runs its clock, another card is only waited for.</summary>
    void Wait();
}
