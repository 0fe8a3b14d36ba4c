using System.Globalization;

namespace Edge.Images.Signing;

/// <summary>The keys of a site: its own, those it trusts, those that were revoked. A folder with <c>keys.json</c>, a private
/// key in <c>ID.key.pem</c> for each key made here, and <c>ID.rotation.json</c> for each that replaced another.</summary>
public sealed class KeyStore(string folder)
{
    private static readonly TimeSpan LongestChange = TimeSpan.FromSeconds(5);

    /// <summary>EDGE_KEYS, else XDG_CONFIG_HOME/edge/keys, else ~/.config/edge/keys.</summary>
    public static string DefaultFolder
    {
        get
        {
            string? chosen = Environment.GetEnvironmentVariable("EDGE_KEYS");
            string? configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            return !string.IsNullOrEmpty(chosen) ? chosen
                : Path.Combine(!string.IsNullOrEmpty(configuration) ? configuration : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "edge", "keys");
        }
    }

    public string Folder => folder;

    private string RegisterPath => Path.Combine(folder, "keys.json");

    public string? SiteKey => KeyRegister.Read(RegisterPath).SiteKey;

    public IReadOnlyList<TrustedKey> Keys => KeyRegister.Read(RegisterPath).Keys;

    public IReadOnlyList<Revocation> Revocations => KeyRegister.Read(RegisterPath).Revocations;

    public string PrivateKeyPath(string id) => Path.Combine(folder, $"{id}.key.pem");

    public string RotationPath(string id) => Path.Combine(folder, $"{id}.rotation.json");

    /// <summary>The key that an id or its beginning names.</summary>
    /// <exception cref="InvalidDataException">None, or several.</exception>
    public TrustedKey Find(string id)
    {
        IReadOnlyList<TrustedKey> keys = Keys;
        TrustedKey[] found = [.. keys.Where(key => id.Length > 0 && key.Id.StartsWith(id, StringComparison.OrdinalIgnoreCase))];
        return found is [TrustedKey one] ? one
            : throw new InvalidDataException(found.Length > 1 ? $"key {id}: {found.Length} keys begin so; give more digits."
                : $"key {id} is not known here. Known: {(keys.Count == 0 ? "none; make one: edge keys new" : string.Join(", ", keys.Select(key => key.Id)))}.");
    }

    public Revocation? RevocationOf(string id) => Revocations.FirstOrDefault(revoked => revoked.KeyId == id);

    /// <summary>Makes the site's first key.</summary>
    /// <exception cref="InvalidDataException">There is one already.</exception>
    public TrustedKey New(string name, string? passphrase)
    {
        using (FileStream change = Hold())
        {
            KeyRegister register = KeyRegister.Read(RegisterPath);
            return register.SiteKey is { } site
                ? throw new InvalidDataException($"this site has key {site}. To replace it: edge keys rotate. If it may be in wrong hands: edge keys revoke {site} --reason ...")
                : Add(register, SigningKey.Create(), name, passphrase, predecessor: null);
        }
    }

    /// <summary>Makes a new site key for which the old one vouches. Images of the old one stay valid until it is revoked.</summary>
    /// <param name="oldPassphrase">Of the key that is replaced.</param>
    /// <exception cref="InvalidDataException">There is no site key, or it does not open.</exception>
    public TrustedKey Rotate(string? name, string? oldPassphrase, string? passphrase)
    {
        using (FileStream change = Hold())
        {
            KeyRegister register = KeyRegister.Read(RegisterPath);
            string site = register.SiteKey ?? throw new InvalidDataException("this site has no key to replace. Make one: edge keys new");
            using SigningKey old = SigningKey.Read(PrivateKeyPath(site), oldPassphrase);
            SigningKey next = SigningKey.Create();
            string called = KeyRegister.Checked(name ?? Find(site).Name, "the name of a key");
            KeyRotation.Create(old, next.Public, called, Now()).Write(RotationPath(next.Public.Id));
            return Add(register, next, called, passphrase, site);
        }
    }

    /// <summary>Trusts a key that a person has checked.</summary>
    /// <exception cref="InvalidDataException">It is revoked, or known already.</exception>
    public TrustedKey Trust(PublicKey key, string name) => Trust(key, name, KeyOrigin.Person, predecessor: null);

    /// <summary>Trusts the key for which a trusted one vouches.</summary>
    /// <exception cref="InvalidDataException">The old one is not trusted, is revoked, or did not sign.</exception>
    public TrustedKey Trust(KeyRotation rotation)
    {
        TrustedKey old = Keys.FirstOrDefault(key => key.Id == rotation.Predecessor)
            ?? throw new InvalidDataException($"the rotation is by key {rotation.Predecessor}, which is not trusted here. Trust the new public key itself, after you have compared its id with its owner.");
        if (RevocationOf(old.Id) is { } revoked)
        {
            throw new InvalidDataException($"the rotation is by key {old.Id}, which was revoked on {Day(revoked.Date)} ({revoked.Reason}). Trust the new public key itself, after you have compared its id with its owner.");
        }

        return Trust(rotation.Checked(PublicKey.Parse(old.Pem, $"key {old.Id}")), rotation.Name, KeyOrigin.Rotation, old.Id);
    }

    /// <summary>Refuses a key's images from now on. A site key that is revoked signs no more.</summary>
    /// <exception cref="InvalidDataException">No key id, or revoked before.</exception>
    public Revocation Revoke(string id, string reason)
    {
        using (FileStream change = Hold())
        {
            KeyRegister register = KeyRegister.Read(RegisterPath);
            id = PublicKey.IsId(id) ? id : Find(id).Id;
            if (register.Revocations.FirstOrDefault(revoked => revoked.KeyId == id) is { } earlier)
            {
                throw new InvalidDataException($"key {id} was revoked on {Day(earlier.Date)} ({earlier.Reason}).");
            }

            var revocation = new Revocation(id, Now(), KeyRegister.Checked(reason, "the reason"));
            Save(register with { SiteKey = register.SiteKey == id ? null : register.SiteKey, Revocations = [.. register.Revocations, revocation] });
            return revocation;
        }
    }

    /// <exception cref="InvalidDataException">There is no site key, or it does not open.</exception>
    public SigningKey OpenSiteKey(string? passphrase) => SigningKey.Read(
        PrivateKeyPath(SiteKey ?? throw new InvalidDataException($"this site has no key in {folder}. Make one: edge keys new")),
        passphrase);

    /// <summary>What an image's signature is worth here, today.</summary>
    public ImageTrust Judge(CardImage image)
    {
        if (image.Signature is not { } signature)
        {
            return new(TrustState.Unsigned, null, null, "not signed. Only the simulated card loads it; sign it: edge image sign");
        }

        KeyRegister register = KeyRegister.Read(RegisterPath);
        TrustedKey? key = register.Keys.FirstOrDefault(known => known.Id == signature.KeyId);
        if (register.Revocations.FirstOrDefault(revoked => revoked.KeyId == signature.KeyId) is { } revocation)
        {
            return new(TrustState.Revoked, signature.KeyId, key?.Name, $"signed by key {Shown(signature.KeyId, key)}, which was revoked on {Day(revocation.Date)}: {revocation.Reason}. Have it signed again by a key that is trusted");
        }

        return key is null ? new(TrustState.UnknownKey, signature.KeyId, null, $"signed by key {signature.KeyId}, which is not known here. If you know whose it is: edge keys trust FILE.pem")
            : signature.Bytes() is { } bytes && PublicKey.Parse(key.Pem, key.Id).Verifies(image.Manifest.ToBytes(), bytes)
                ? new(TrustState.Trusted, key.Id, key.Name, $"signed by key {Shown(key.Id, key)}, which is trusted")
                : new(TrustState.Wrong, key.Id, key.Name, $"the signature of key {Shown(key.Id, key)} does not fit: the image was changed after it was signed. Do not load it; get it again from where it was made");
    }

    internal static string Day(DateTimeOffset date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Shown(string id, TrustedKey? key) => key is null ? id : $"{id} ({key.Name})";

    private static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    private TrustedKey Trust(PublicKey key, string name, string origin, string? predecessor)
    {
        using (FileStream change = Hold())
        {
            KeyRegister register = KeyRegister.Read(RegisterPath);
            if (RevocationOf(key.Id) is { } revoked)
            {
                throw new InvalidDataException($"key {key.Id} was revoked on {Day(revoked.Date)} ({revoked.Reason}); it cannot be trusted again.");
            }

            if (register.Keys.FirstOrDefault(known => known.Id == key.Id) is { } known)
            {
                throw new InvalidDataException($"key {key.Id} is trusted already, as '{known.Name}'.");
            }

            var trusted = new TrustedKey(key.Id, KeyRegister.Checked(name, "the name of a key"), key.ToPem(), origin, Now(), predecessor);
            Save(register with { Keys = [.. register.Keys, trusted] });
            return trusted;
        }
    }

    private TrustedKey Add(KeyRegister register, SigningKey key, string name, string? passphrase, string? predecessor)
    {
        using (key)
        {
            string id = key.Public.Id;
            var added = new TrustedKey(id, KeyRegister.Checked(name, "the name of a key"), key.Public.ToPem(), KeyOrigin.Here, Now(), predecessor);
            key.Write(PrivateKeyPath(id), passphrase);
            Save(register with { SiteKey = id, Keys = [.. register.Keys, added] });
            return added;
        }
    }

    private void Save(KeyRegister register) => register.Write(RegisterPath);

    /// <summary>Only one program at a time changes the register; another one waits.</summary>
    private FileStream Hold()
    {
        MakeFolder();
        for (long start = Environment.TickCount64; ; Thread.Sleep(20))
        {
            try
            {
                return new FileStream(Path.Combine(folder, "keys.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Environment.TickCount64 - start < LongestChange.TotalMilliseconds)
            {
                // Another program is at it.
            }
        }
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
