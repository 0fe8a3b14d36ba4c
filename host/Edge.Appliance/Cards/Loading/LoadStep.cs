namespace Edge.Appliance.Cards.Loading;

/// <summary>The steps of a safe load, in their order. Arming the card afterwards is no step: only the operator does that.</summary>
public enum LoadStep
{
    /// <summary>The manifest is signed by a key that is trusted here.</summary>
    Signature,

    /// <summary>The image is for the part on the card.</summary>
    Part,

    /// <summary>The bitstream's IDCODE is the one that the device gives.</summary>
    IdCode,

    /// <summary>Every checksum in the bitstream holds.</summary>
    Checksum,

    /// <summary>A partial bitstream is for the shell that runs.</summary>
    Shell,

    /// <summary>The card is stopped, and its interlock read back: tripped, beam not permitted.</summary>
    Blank,

    /// <summary>Nobody has armed it since; it is read once more.</summary>
    Disarm,

    /// <summary>The card writes no host memory any more.</summary>
    StopDma,

    /// <summary>No driver holds the card.</summary>
    Unbind,

    /// <summary>The bitstream goes into the card.</summary>
    Load,

    /// <summary>The device says that it is configured.</summary>
    Done,

    /// <summary>The card is back on the bus, with a driver.</summary>
    Rescan,

    /// <summary>It shows the image's build, register map and network.</summary>
    Identify,

    /// <summary>Registers hold what is written, the clock runs, the beam is not permitted.</summary>
    SelfTest,
}

/// <summary>A step that was taken.</summary>
/// <param name="Found">What was seen, for people.</param>
public sealed record LoadedStep(LoadStep Step, string Found, double Seconds);

/// <summary>A step that failed: what was found, and what to do about it.</summary>
public sealed class LoadStepException(string found, string remedy) : Exception($"{found}. {remedy}.")
{
    public string Found => found;

    public string Remedy => remedy;
}

/// <summary>A load that did not succeed after it had begun to touch the card. The message says at which step, what was
/// found, what runs now, whether the beam is blanked, and what to do.</summary>
public sealed class CardLoadException(LoadStep step, string message, string? restored) : CardStoppedException(message)
{
    public LoadStep Step => step;

    /// <summary>Id of the image that was put back; null: none could be, or none had to be.</summary>
    public string? Restored => restored;
}
