using System.Diagnostics;
using System.IO.Compression;
using Edge.Images;
using Edge.Images.Signing;

namespace Edge.Tests.Images;

/// <summary>A peer: OpenSSL reads our keys and checks our signatures, and we its.</summary>
public sealed class OpensslTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [OpensslFact]
    public void Openssl_ChecksOurSignature_WithOurPublicKey()
    {
        var store = new KeyStore(folder.File("keys"));
        TrustedKey key = store.New("site", passphrase: null);
        using (SigningKey open = store.OpenSiteKey(null))
        {
            open.Sign(SampleImages.Create([1, 2, 3])).Write(folder.File("x.card"));
        }

        CardImage image = CardImage.Read(folder.File("x.card"));
        using (ZipArchive archive = ZipFile.OpenRead(folder.File("x.card")))
        {
            archive.GetEntry("manifest.json")!.ExtractToFile(folder.File("manifest.json"));
        }

        folder.Write("public.pem", key.Pem);
        folder.Write("signature.der", Convert.FromBase64String(image.Signature!.Value));
        Assert.Contains("Verified OK", Openssl(0, "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature.der", "manifest.json"), StringComparison.Ordinal);
        File.AppendAllText(folder.File("manifest.json"), " ");
        Assert.Contains("Verification failure", Openssl(1, "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature.der", "manifest.json"), StringComparison.OrdinalIgnoreCase);
    }

    [OpensslFact]
    public void WeCheckASignature_ThatOpensslMade()
    {
        Openssl(0, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem");
        Openssl(0, "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-out", "key8.pem");
        Openssl(0, "ec", "-in", "key.pem", "-pubout", "-out", "public.pem");
        CardImage image = SampleImages.Create([1, 2, 3]);
        folder.Write("manifest.json", image.Manifest.ToBytes());
        Openssl(0, "dgst", "-sha256", "-sign", "key8.pem", "-out", "signature.der", "manifest.json");

        var store = new KeyStore(folder.File("keys"));
        var key = PublicKey.Read(folder.File("public.pem"));
        store.Trust(key, "openssl");
        CardImage signed = image with { Signature = new(ImageSignature.EcdsaP256, key.Id, Convert.ToBase64String(File.ReadAllBytes(folder.File("signature.der")))) };
        Assert.True(store.Judge(signed).IsTrusted);
        Assert.Equal(TrustState.Wrong, store.Judge(signed with { Manifest = signed.Manifest with { BuildId = 1 } }).State);
    }

    [OpensslFact]
    public void KeyFiles_AreOpensslsOwnKind_WithAndWithoutPassphrase()
    {
        foreach (string? passphrase in new[] { null, "correct horse" })
        {
            var store = new KeyStore(folder.File($"keys{passphrase?.Length}"));
            TrustedKey key = store.New("site", passphrase);
            string[] unlock = passphrase is null ? [] : ["-passin", $"pass:{passphrase}"];
            Assert.Equal(key.Pem, Openssl(0, ["pkey", "-in", store.PrivateKeyPath(key.Id), "-pubout", .. unlock]));
            Assert.Contains("NIST CURVE: P-256", Openssl(0, ["pkey", "-in", store.PrivateKeyPath(key.Id), "-text", "-noout", .. unlock]), StringComparison.Ordinal);
        }

        // The id is the beginning of a hash that anybody can compute.
        var plain = new KeyStore(folder.File("keys"));
        folder.Write("public.pem", plain.Keys[0].Pem);
        Openssl(0, "pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der");
        Assert.Contains($"= {plain.SiteKey}", Openssl(0, "dgst", "-sha256", "public.der"), StringComparison.Ordinal);
    }

    private string Openssl(int code, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == code, $"openssl {string.Join(' ', arguments)}: {process.ExitCode}\n{said}{errors.Result}");
        return said;
    }
}

/// <summary>Skipped, and counted so, where the program openssl is not installed (tools/setup.sh test).</summary>
public sealed class OpensslFactAttribute : FactAttribute
{
    public OpensslFactAttribute()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(place => File.Exists(Path.Combine(place, "openssl"))))
        {
            Skip = "needs openssl";
        }
    }
}
