namespace Edge.Images.Signing;

/// <summary>How a key came to be trusted.</summary>
public static class KeyOrigin
{
    /// <summary>It was made here.</summary>
    public const string Here = "made here";

    /// <summary>A person decided so.</summary>
    public const string Person = "trusted by a person";

    /// <summary>A trusted key vouches for it.</summary>
    public const string Rotation = "rotation";
}

/// <summary>A key that this site trusts, unless it is revoked.</summary>
/// <param name="Pem">The public key.</param>
/// <param name="Origin">One of <see cref="KeyOrigin"/>.</param>
/// <param name="Predecessor">The key that it replaces and that vouches for it; null where there is none.</param>
public sealed record TrustedKey(string Id, string Name, string Pem, string Origin, DateTimeOffset Since, string? Predecessor);

/// <summary>A key whose images are refused from now on, whenever they were made.</summary>
public sealed record Revocation(string KeyId, DateTimeOffset Date, string Reason);

/// <summary>What <c>keys.json</c> holds.</summary>
/// <param name="SiteKey">The key that signs here; null: none yet.</param>
internal sealed record KeyRegister(int Format, string? SiteKey, IReadOnlyList<TrustedKey> Keys, IReadOnlyList<Revocation> Revocations)
{
    public const int CurrentFormat = 1;
    private const int LargestFile = 1 << 22;
    private const int LongestText = 200;

    public static KeyRegister Empty { get; } = new(CurrentFormat, null, [], []);

    /// <exception cref="InvalidDataException">Damaged or edited.</exception>
    public static KeyRegister Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return Empty;
        }

        if (file.Length > LargestFile)
        {
            throw new InvalidDataException($"{path}: {file.Length} bytes; no list of keys is larger than {LargestFile}.");
        }

        KeyRegister register = CanonicalJson.Read<KeyRegister>(File.ReadAllBytes(path), $"{path}: the list of keys");
        if (register.Format != CurrentFormat)
        {
            throw new InvalidDataException($"{path}: format {register.Format}; this program reads format {CurrentFormat}.");
        }

        foreach (TrustedKey key in register.Keys)
        {
            if (PublicKey.Parse(key.Pem, $"{path}: key {key.Id}").Id != key.Id)
            {
                throw new InvalidDataException($"{path}: key {key.Id} is another than its id says. The file was edited; restore it.");
            }
        }

        return register;
    }

    public void Write(string path)
    {
        string partial = $"{path}.{Environment.ProcessId}.partial";
        using (FileStream file = File.Create(partial))
        {
            file.Write(CanonicalJson.Write(this));
            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <summary>A name or reason that can be printed.</summary>
    /// <exception cref="InvalidDataException">Empty, too long, or with control characters.</exception>
    public static string Checked(string text, string what) => text.Trim() is { Length: > 0 and <= LongestText } trimmed && !trimmed.Any(char.IsControl)
        ? trimmed
        : throw new InvalidDataException($"{what}: 1 to {LongestText} letters are expected, without line breaks.");
}
