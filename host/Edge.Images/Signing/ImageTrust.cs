namespace Edge.Images.Signing;

/// <summary>What a signature is worth here.</summary>
public enum TrustState
{
    /// <summary>There is no signature.</summary>
    Unsigned,

    /// <summary>Signed by a key that this site does not know.</summary>
    UnknownKey,

    /// <summary>Signed by a key that this site trusts.</summary>
    Trusted,

    /// <summary>Signed by a key that was revoked.</summary>
    Revoked,

    /// <summary>The signature does not fit: changed after signing.</summary>
    Wrong,
}

/// <summary>Whether an image may be loaded, and why.</summary>
/// <param name="KeyName">null: not known here.</param>
/// <param name="Text">For people: which key, whether it is trusted, what to do when it is not.</param>
public sealed record ImageTrust(TrustState State, string? KeyId, string? KeyName, string Text)
{
    public bool IsTrusted => State == TrustState.Trusted;

    /// <summary>Simulated cards load without a signature too, but never with a false or revoked one.</summary>
    public bool MayLoad(CardImageManifest manifest) => IsTrusted || (manifest.IsSimulated && State is TrustState.Unsigned or TrustState.UnknownKey);
}
