using Edge.Images;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Does what a safe load needs, for one kind of card. Each step says what it found, for people, or throws
/// <see cref="LoadStepException"/>; order, journal and fallback are <see cref="SafeLoad"/>'s.</summary>
public interface ICardLoader
{
    /// <summary>Name of the card: <c>simulated</c>, or its PCI address.</summary>
    string Card { get; }

    /// <summary>Part on the card, as bitstreams name it; null: a simulated card.</summary>
    string? Part { get; }

    /// <summary>Partial bitstreams go into the running shell; null: only a simulated payload is taken.</summary>
    bool? TakesPartial { get; }

    /// <summary>Asks the device; null: there is no way to ask before loading.</summary>
    uint? ReadIdCode();

    /// <summary>Stops the card and reads the interlock back.</summary>
    string Blank();

    /// <summary>Reads the interlock once more: still tripped, beam not permitted.</summary>
    string CheckDisarmed();

    string StopDma();

    string Unbind();

    /// <summary>Puts the payload into the device.</summary>
    string Load(CardImage image, Action<string> progress);

    string WaitDone();

    string Rescan();

    string Identify(CardImageManifest manifest);

    string SelfTest(CardImageManifest manifest);
}
