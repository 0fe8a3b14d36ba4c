using System.Text;

namespace Edge.Images.Signing;

/// <summary>A key's word for the one that replaces it. Sites that trust the old key take the new one on its strength, as
/// long as the old one is not revoked.</summary>
/// <param name="Pem">The new public key.</param>
/// <param name="Predecessor">Id of the old key.</param>
/// <param name="Signature">Of the old key over this record with an empty signature; base64.</param>
public sealed record KeyRotation(int Format, string Name, string Pem, string Predecessor, DateTimeOffset Date, string Signature)
{
    public const int CurrentFormat = 1;

    private const int LargestFile = 1 << 14;

    public static KeyRotation Create(SigningKey old, PublicKey next, string name, DateTimeOffset date)
    {
        var unsigned = new KeyRotation(CurrentFormat, name, next.ToPem(), old.Public.Id, date, string.Empty);
        return unsigned with { Signature = Convert.ToBase64String(old.Sign(CanonicalJson.Write(unsigned))) };
    }

    /// <exception cref="InvalidDataException">No such file.</exception>
    public static KeyRotation Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > LargestFile)
        {
            throw new InvalidDataException($"{path}: {(file.Exists ? $"{file.Length} bytes; no rotation is larger than {LargestFile}." : "there is no such file.")}");
        }

        KeyRotation rotation = CanonicalJson.Read<KeyRotation>(File.ReadAllBytes(path), $"{path}: the rotation");
        return rotation.Format == CurrentFormat && PublicKey.IsId(rotation.Predecessor) ? rotation
            : throw new InvalidDataException($"{path}: a rotation of another format.");
    }

    /// <summary>Whether a file is meant as one, so that a public key and a rotation can be given in the same place.</summary>
    public static bool Recognises(string path)
    {
        using FileStream file = File.OpenRead(path);
        return file.ReadByte() == '{';
    }

    public void Write(string path) => File.WriteAllText(path, Encoding.UTF8.GetString(CanonicalJson.Write(this)));

    /// <summary>The new key, if the old one really vouches for it.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public PublicKey Checked(PublicKey old)
    {
        var bytes = new byte[Signature.Length];
        return old.Id == Predecessor
            && Convert.TryFromBase64String(Signature, bytes, out int length)
            && old.Verifies(CanonicalJson.Write(this with { Signature = string.Empty }), bytes.AsSpan(0, length))
            ? PublicKey.Parse(Pem, "the rotation")
            : throw new InvalidDataException($"the rotation was not signed by key {Predecessor}, or was changed since. Ask for it again.");
    }
}
