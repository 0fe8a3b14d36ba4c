using System.Security.Cryptography;

namespace Edge.Images.Signing;

/// <summary>A private key on P-256, kept as a PKCS#8 PEM file that only its owner may read.</summary>
public sealed class SigningKey : IDisposable
{
    // What OpenSSL 3 and password managers use today; opening a key takes a fraction of a second.
    private static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 600_000);

    private readonly ECDsa key;

    private SigningKey(ECDsa key)
    {
        this.key = key;
        Public = PublicKey.Of(key);
    }

    public PublicKey Public { get; }

    public static SigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <exception cref="InvalidDataException">Missing, readable by others, locked by another passphrase, or no such key.</exception>
    public static SigningKey Read(string path, string? passphrase)
    {
        string pem = PublicKey.Pem(path);
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
        {
            throw new InvalidDataException($"{path}: others may read or write this private key. If nobody did: chmod 600 {path}. Otherwise revoke it: edge keys revoke.");
        }

        bool locked = pem.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        return locked && passphrase is null ? throw new InvalidDataException($"{path}: needs its passphrase: --passphrase-file FILE, or the variable EDGE_KEY_PASSPHRASE.")
            : !pem.Contains("PRIVATE KEY", StringComparison.Ordinal) ? throw new InvalidDataException($"{path}: holds no private key.")
            : new(PublicKey.Import(pem, locked ? passphrase : null, path));
    }

    /// <summary>Writes the key for its owner alone; an existing file is never replaced.</summary>
    public void Write(string path, string? passphrase)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.ASCII.GetBytes((passphrase is null ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, Encryption)) + "\n"));
        file.Flush(flushToDisk: true);
    }

    public byte[] Sign(ReadOnlySpan<byte> bytes) => key.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>The image with this key's signature in place of any other.</summary>
    public CardImage Sign(CardImage image) => image with
    {
        Signature = new(ImageSignature.EcdsaP256, Public.Id, Convert.ToBase64String(Sign(image.Manifest.ToBytes()))),
    };

    public void Dispose() => key.Dispose();
}
