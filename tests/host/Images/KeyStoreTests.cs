using System.Security.Cryptography;
using Edge.Images;
using Edge.Images.Signing;

namespace Edge.Tests.Images;

/// <summary>Signatures and the keys that a site trusts: made, rotated, revoked, and attacked.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class KeyStoreTests : IDisposable
{
    private static readonly CardImage Sample = SampleImages.Create([1, 2, 3]);

    private readonly TemporaryFolder folder = new();
    private readonly KeyStore store;

    public KeyStoreTests() => store = new(folder.File("keys"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ASignedImage_IsTrusted_AfterItWentThroughAFile()
    {
        TrustedKey key = store.New("TEM 3", passphrase: null);
        Signed().Write(folder.File("x.card"));
        ImageTrust trust = store.Judge(CardImage.Read(folder.File("x.card")));
        Assert.Equal((TrustState.Trusted, key.Id, "TEM 3"), (trust.State, trust.KeyId, trust.KeyName));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(store.PrivateKeyPath(key.Id)));
        Assert.Equal(TrustState.Unsigned, store.Judge(Sample).State);
        Assert.True(store.Judge(Sample).MayLoad(Sample.Manifest));
        Assert.False(store.Judge(Sample).MayLoad(Sample.Manifest with { Kind = CardImage.OpenBitstreamKind, Part = "LFE5U-85F" }));
    }

    [Fact]
    public void WhatChangesAfterSigning_IsNoticed()
    {
        store.New("site", passphrase: null);
        CardImage image = Signed();
        ImageSignature signature = image.Signature!;
        foreach (CardImage forged in new[]
        {
            image with { Manifest = image.Manifest with { ClockMegahertz = 101 } },
            image with { Manifest = image.Manifest with { PayloadSha256 = CardImage.Checksum([1, 2, 4]) }, Payload = [1, 2, 4] },
            image with { Signature = signature with { Value = Convert.ToBase64String(new byte[70]) } },
            image with { Signature = signature with { Value = string.Empty } },
        })
        {
            ImageTrust trust = store.Judge(forged);
            Assert.Equal(TrustState.Wrong, trust.State);
            Assert.Contains("changed after it was signed", trust.Text, StringComparison.Ordinal);
            Assert.False(trust.MayLoad(forged.Manifest));
        }

        // Every bit of the signature counts, or it is no DER any more.
        byte[] bytes = Convert.FromBase64String(signature.Value);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(TrustState.Wrong, store.Judge(image with { Signature = signature with { Value = Convert.ToBase64String(changed) } }).State);
        }
    }

    [Fact]
    public void AStrangersKey_IsNotTrusted_UntilAPersonSaysSo()
    {
        store.New("site", passphrase: null);
        using var stranger = SigningKey.Create();
        CardImage image = stranger.Sign(Sample);
        Assert.Equal(TrustState.UnknownKey, store.Judge(image).State);

        // With the site key's name it is a lie.
        Assert.Equal(TrustState.Wrong, store.Judge(image with { Signature = image.Signature! with { KeyId = store.SiteKey! } }).State);
        store.Trust(PublicKey.Parse(stranger.Public.ToPem(), "x"), "the works");
        Assert.Equal((TrustState.Trusted, "the works"), (store.Judge(image).State, store.Judge(image).KeyName));
        Assert.Contains("is trusted already, as 'the works'", Message(() => store.Trust(stranger.Public, "again")), StringComparison.Ordinal);
    }

    [Fact]
    public void Rotation_KeepsOldImages_AndOtherSitesFollow()
    {
        TrustedKey first = store.New("TEM 3", passphrase: null);
        CardImage old = Signed();
        var elsewhere = new KeyStore(folder.File("elsewhere"));
        elsewhere.Trust(PublicKey.Parse(first.Pem, "x"), "their TEM");

        TrustedKey second = store.Rotate(null, null, null);
        Assert.Equal((second.Id, "TEM 3", first.Id), (store.SiteKey, second.Name, second.Predecessor));
        CardImage next = Signed();
        Assert.Equal(second.Id, next.Signature!.KeyId);
        Assert.All(new[] { old, next }, image => Assert.True(store.Judge(image).IsTrusted));

        Assert.Equal(TrustState.UnknownKey, elsewhere.Judge(next).State);
        string path = store.RotationPath(second.Id);
        Assert.True(KeyRotation.Recognises(path));
        elsewhere.Trust(KeyRotation.Read(path));
        Assert.All(new[] { old, next }, image => Assert.True(elsewhere.Judge(image).IsTrusted));

        // Who does not trust the old key learns nothing from its word; nor who has revoked it.
        var third = new KeyStore(folder.File("third"));
        Assert.Contains("which is not trusted here", Message(() => third.Trust(KeyRotation.Read(path))), StringComparison.Ordinal);
        third.Trust(PublicKey.Parse(first.Pem, "x"), "theirs");
        third.Revoke(first.Id, "lost");
        Assert.Contains("was revoked on", Message(() => third.Trust(KeyRotation.Read(path))), StringComparison.Ordinal);
    }

    [Fact]
    public void AForgedRotation_IsRefused()
    {
        TrustedKey first = store.New("site", passphrase: null);
        store.Rotate(null, null, null);
        var elsewhere = new KeyStore(folder.File("elsewhere"));
        elsewhere.Trust(PublicKey.Parse(first.Pem, "x"), "theirs");
        KeyRotation rotation = KeyRotation.Read(store.RotationPath(store.SiteKey!));
        using var thief = SigningKey.Create();
        foreach (KeyRotation forged in new[]
        {
            rotation with { Pem = thief.Public.ToPem() },
            rotation with { Name = "other" },
            rotation with { Date = rotation.Date.AddDays(1) },
            rotation with { Signature = "?" },
            KeyRotation.Create(thief, thief.Public, "site", rotation.Date) with { Predecessor = first.Id },
        })
        {
            Assert.Contains("was not signed by key", Message(() => elsewhere.Trust(forged)), StringComparison.Ordinal);
        }

        Assert.Single(elsewhere.Keys);
    }

    [Fact]
    public void ARevokedKey_SignsNoMore_AndItsImagesAreRefusedForever()
    {
        TrustedKey key = store.New("site", passphrase: null);
        CardImage image = Signed();
        store.Revoke(key.Id[..6], "laptop lost");
        ImageTrust trust = store.Judge(image);
        Assert.Equal(TrustState.Revoked, trust.State);
        Assert.Contains("laptop lost", trust.Text, StringComparison.Ordinal);
        Assert.False(trust.MayLoad(image.Manifest));
        Assert.Contains("this site has no key", Message(() => store.OpenSiteKey(null).Dispose()), StringComparison.Ordinal);
        Assert.Contains("it cannot be trusted again", Message(() => store.Trust(PublicKey.Parse(key.Pem, "x"), "again")), StringComparison.Ordinal);
        Assert.Contains("was revoked on", Message(() => store.Revoke(key.Id, "twice")), StringComparison.Ordinal);

        TrustedKey next = store.New("site again", passphrase: null);
        Assert.Equal(next.Id, store.SiteKey);
        Assert.True(store.Judge(Signed()).IsTrusted);
        Assert.Equal(TrustState.Revoked, store.Judge(image).State);

        // A key that is not known here can be revoked beforehand.
        store.Revoke("0123456789abcdef", "the works said so");
        Assert.Equal(2, store.Revocations.Count);
    }

    [Fact]
    public void APassphrase_LocksTheKey()
    {
        TrustedKey key = store.New("site", "correct horse");
        Assert.Contains("ENCRYPTED PRIVATE KEY", File.ReadAllText(store.PrivateKeyPath(key.Id)), StringComparison.Ordinal);
        Assert.Contains("needs its passphrase", Message(() => store.OpenSiteKey(null).Dispose()), StringComparison.Ordinal);
        Assert.Contains("the passphrase does not open it", Message(() => store.OpenSiteKey("wrong horse").Dispose()), StringComparison.Ordinal);
        using SigningKey open = store.OpenSiteKey("correct horse");
        Assert.True(store.Judge(open.Sign(Sample)).IsTrusted);
    }

    [Fact]
    public void AKeyThatOthersCanRead_IsRefused()
    {
        TrustedKey key = store.New("site", passphrase: null);
        File.SetUnixFileMode(store.PrivateKeyPath(key.Id), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("others may read or write this private key", Message(() => store.OpenSiteKey(null).Dispose()), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherFiles_AreNoKeys()
    {
        Assert.Contains("no PEM file with a key", Message(() => PublicKey.Read(folder.Write("x.pem", "nothing"))), StringComparison.Ordinal);
        Assert.Contains("no PEM file with a key", Message(() => PublicKey.Read(folder.Write("x.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))), StringComparison.Ordinal);
        Assert.Contains("no key file is larger", Message(() => PublicKey.Read(folder.Write("x.pem", new byte[1 << 20]))), StringComparison.Ordinal);
        Assert.Contains("there is no such file", Message(() => PublicKey.Read(folder.File("none.pem"))), StringComparison.Ordinal);
        Assert.Contains("is a folder", Message(() => PublicKey.Read(folder.Path)), StringComparison.Ordinal);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Contains("on another curve", Message(() => PublicKey.Read(folder.Write("x.pem", other.ExportSubjectPublicKeyInfoPem()))), StringComparison.Ordinal);
        using var rsa = RSA.Create(2048);
        Assert.Contains("no PEM file with a key", Message(() => PublicKey.Read(folder.Write("x.pem", rsa.ExportSubjectPublicKeyInfoPem()))), StringComparison.Ordinal);
        store.New("site", passphrase: null);
        Assert.Contains("holds a private key; a public one is expected", Message(() => PublicKey.Read(store.PrivateKeyPath(store.SiteKey!))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is not understood")]
    [InlineData("[]", "is not understood")]
    [InlineData("{\"format\": 1}", "is not understood")]
    public void AStrangeRegister_TrustsNothing(string text, string message)
    {
        store.New("site", passphrase: null);
        CardImage image = Signed();
        File.WriteAllText(Path.Combine(store.Folder, "keys.json"), text);
        Assert.Contains(message, Message(() => store.Judge(image)), StringComparison.Ordinal);
    }

    [Fact]
    public void AnExchangedKeyInTheRegister_IsNoticed()
    {
        TrustedKey key = store.New("site", passphrase: null);
        using var thief = SigningKey.Create();
        string path = Path.Combine(store.Folder, "keys.json");
        KeyRegister register = KeyRegister.Read(path);
        (register with { Keys = [key with { Pem = thief.Public.ToPem() }] }).Write(path);
        Assert.Contains("is another than its id says", Message(() => _ = store.Keys), StringComparison.Ordinal);
    }

    [Fact]
    public void ManyAtOnce_LoseNothing()
    {
        SigningKey[] keys = [.. Enumerable.Range(0, 20).Select(_ => SigningKey.Create())];
        Parallel.ForEach(keys, key => new KeyStore(store.Folder).Trust(key.Public, $"key {key.Public.Id}"));
        Assert.Equal(keys.Select(key => key.Public.Id).Order(StringComparer.Ordinal), store.Keys.Select(key => key.Id).Order(StringComparer.Ordinal));
        Array.ForEach(keys, key => key.Dispose());
    }

    private static string Message(Action action) => Assert.Throws<InvalidDataException>(action).Message;

    private CardImage Signed()
    {
        using SigningKey key = store.OpenSiteKey(null);
        return key.Sign(Sample);
    }
}
