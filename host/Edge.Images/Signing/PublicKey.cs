using System.Security.Cryptography;
using System.Text;

namespace Edge.Images.Signing;

/// <summary>A key that checks signatures: a point on P-256 as SubjectPublicKeyInfo (RFC 5480).</summary>
public sealed class PublicKey
{
    private const int LargestFile = 1 << 14;
    private const int IdBytes = 8;
    private const string CurveOid = "1.2.840.10045.3.1.7";

    private readonly byte[] spki;

    private PublicKey(byte[] spki)
    {
        this.spki = spki;
        Id = Convert.ToHexStringLower(SHA256.HashData(spki).AsSpan(0, IdBytes));
    }

    /// <summary>First 8 bytes of the SHA-256 of the SubjectPublicKeyInfo, hexadecimal.</summary>
    public string Id { get; }

    public static bool IsId(string text) => text.Length == 2 * IdBytes && text.All(char.IsAsciiHexDigitLower);

    /// <exception cref="InvalidDataException">No PEM file with such a key; the message names it.</exception>
    public static PublicKey Read(string path) => Parse(Pem(path), path);

    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="InvalidDataException">No such key.</exception>
    public static PublicKey Parse(string pem, string source)
    {
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{source}: holds a private key; a public one is expected. Never hand a private key out: 'edge keys show --pem' prints the public one.");
        }

        using ECDsa key = Import(pem, passphrase: null, source);
        return Of(key);
    }

    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", spki) + "\n";

    /// <summary>Whether the holder of the private key signed these bytes.</summary>
    public bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(spki, out _);
        return key.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    internal static PublicKey Of(ECDsa key) => new(key.ExportSubjectPublicKeyInfo());

    /// <summary>Reads a PEM file of any of the kinds that hold a key.</summary>
    internal static string Pem(string path)
    {
        var file = new FileInfo(path);
        return !file.Exists ? throw new InvalidDataException($"{path}: {(Directory.Exists(path) ? "is a folder; expected a file." : "there is no such file.")}")
            : file.Length > LargestFile ? throw new InvalidDataException($"{path}: {file.Length} bytes; no key file is larger than {LargestFile}.")
            : Encoding.UTF8.GetString(File.ReadAllBytes(path));
    }

    internal static ECDsa Import(string pem, string? passphrase, string source)
    {
        var key = ECDsa.Create();
        try
        {
            if (passphrase is null)
            {
                key.ImportFromPem(pem);
            }
            else
            {
                key.ImportFromEncryptedPem(pem, passphrase);
            }

            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == CurveOid ? key
                : throw new InvalidDataException($"{source}: a key on another curve; P-256 (prime256v1) is expected.");
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new InvalidDataException(passphrase is null
                ? $"{source}: no PEM file with a key on P-256 ({error.Message})"
                : $"{source}: the passphrase does not open it, or it is damaged.", error);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
