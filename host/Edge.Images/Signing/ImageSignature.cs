namespace Edge.Images.Signing;

/// <summary>A signature over the bytes of a manifest: ECDSA on P-256 over SHA-256 (FIPS 186-5), as OpenSSL makes and checks
/// it.</summary>
/// <param name="Algorithm">Always <see cref="EcdsaP256"/>; written so that a later one can be told apart.</param>
/// <param name="KeyId">Which key made it, see <see cref="PublicKey.Id"/>.</param>
/// <param name="Value">DER sequence of r and s, in base64.</param>
public sealed record ImageSignature(string Algorithm, string KeyId, string Value)
{
    public const string EcdsaP256 = "ecdsa-p256-sha256";

    /// <exception cref="InvalidDataException">No signature of this kind.</exception>
    internal static ImageSignature Parse(ReadOnlySpan<byte> bytes)
    {
        ImageSignature signature = CanonicalJson.Read<ImageSignature>(bytes, "its signature");
        return signature.Algorithm != EcdsaP256 ? throw new InvalidDataException($"its signature is of another kind; {EcdsaP256} is expected.")
            : !PublicKey.IsId(signature.KeyId) ? throw new InvalidDataException("its signature names no key: 16 hexadecimal digits are expected.")
            : signature.Bytes() is null ? throw new InvalidDataException("its signature is no base64.")
            : signature;
    }

    /// <summary>null where it is no base64.</summary>
    internal byte[]? Bytes()
    {
        var bytes = new byte[Value.Length];
        return Convert.TryFromBase64String(Value, bytes, out int length) ? bytes[..length] : null;
    }
}
