using System.CommandLine;
using Edge.Cli.Output;
using Edge.Images.Signing;

namespace Edge.Cli.Commands.Keys;

/// <summary>The keys that sign card images, and those whose images this site loads.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Make, trust and revoke the keys that sign card images")
    {
        New(),
        List(),
        Show(),
        Trust(),
        Rotate(),
        Revoke(),
    };

    private static KeyStore Store() => new(KeyStore.DefaultFolder);

    private static Command New()
    {
        var command = new Command("new", "Make this site's key");
        var name = new Option<string>("--name") { Description = "Whose key it is: the name of the site or microscope", DefaultValueFactory = _ => Environment.MachineName, HelpName = "NAME" };
        command.Add(name);
        Option<string?> passphrase = Passphrase.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            KeyStore store = Store();
            return Made(store, store.New(parsed.GetValue(name)!, Passphrase.Read(parsed.GetValue(passphrase))), terminal);
        });
        return command;
    }

    private static Command Rotate()
    {
        var command = new Command("rotate", "Replace this site's key by a new one for which the old one vouches");
        var name = new Option<string?>("--name") { Description = "Name of the new key (default: that of the old one)", HelpName = "NAME" };
        command.Add(name);
        Option<string?> passphrase = Passphrase.AddTo(command, what: "the old key");
        Option<string?> next = Passphrase.AddTo(command, "--new-passphrase-file", "the new key (default: the old one's)");
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            KeyStore store = Store();
            string? old = Passphrase.Read(parsed.GetValue(passphrase));
            TrustedKey key = store.Rotate(parsed.GetValue(name), old, parsed.GetValue(next) is { } file ? Passphrase.Read(file) : old);
            terminal.Progress($"images of key {key.Predecessor} stay valid until you revoke it");
            terminal.Progress($"other sites follow with: edge keys trust {Path.GetFileName(store.RotationPath(key.Id))}   (it is in {store.Folder})");
            return Made(store, key, terminal);
        });
        return command;
    }

    private static int Made(KeyStore store, TrustedKey key, Terminal terminal)
    {
        string file = store.PrivateKeyPath(key.Id);
        terminal.Result(new { Key = key, PrivateKey = file }, text =>
        {
            text.WriteLine($"key {key.Id} ({key.Name}) signs card images from now on");
            text.WriteLine($"  private key in {file}: keep a copy where nobody else comes, and hand it to nobody");
            text.WriteLine("  public key for other sites: edge keys show --pem");
        });
        return ExitCode.Success;
    }

    private static Command List()
    {
        var command = new Command("list", "Show the keys that this site trusts, and those it has revoked");
        Terminal.Handle(command, (_, terminal, _) =>
        {
            KeyStore store = Store();
            KeyRow[] rows = KeyRow.All(store);
            terminal.Result(new { store.Folder, Keys = rows }, text =>
            {
                text.WriteLine(rows.Length == 0 ? $"no keys in {store.Folder}. Make this site's: edge keys new" : $"{"key",-16}  {"since",-10}  {"state",-9} name");
                foreach (KeyRow row in rows)
                {
                    text.WriteLine($"{row.Id,-16}  {row.Since,-10}  {row.State,-9} {row.Name ?? "not known"}{(row.Reason is null ? string.Empty : $": {row.Reason}")}");
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Show()
    {
        var command = new Command("show", "Show a key, or print its public part for other sites");
        var id = new Argument<string?>("KEY") { Description = "Id of the key, or its beginning (default: this site's)", Arity = ArgumentArity.ZeroOrOne };
        var pem = new Option<bool>("--pem") { Description = "Print the public key alone (PEM)" };
        command.Add(id);
        command.Add(pem);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            KeyStore store = Store();
            string chosen = parsed.GetValue(id) ?? store.SiteKey ?? throw new InvalidDataException($"this site has no key in {store.Folder}. Make one: edge keys new");
            TrustedKey key = store.Find(chosen);
            KeyRow row = KeyRow.All(store).First(known => known.Id == key.Id);
            string? privateKey = File.Exists(store.PrivateKeyPath(key.Id)) ? store.PrivateKeyPath(key.Id) : null;
            terminal.Result(new { row.Id, row.Name, row.State, row.Since, row.Reason, key.Origin, key.Predecessor, PrivateKey = privateKey, key.Pem }, text =>
            {
                if (parsed.GetValue(pem))
                {
                    text.Write(key.Pem);
                    return;
                }

                text.WriteLine($"key {key.Id} ({key.Name}), {row.State}{(row.Reason is null ? string.Empty : $": {row.Reason}")}");
                text.WriteLine($"  {key.Origin}, since {row.Since}{(key.Predecessor is null ? string.Empty : $", replaces {key.Predecessor}")}");
                text.WriteLine($"  private key: {privateKey ?? "not here"}");
                text.Write(key.Pem);
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Trust()
    {
        var command = new Command("trust", "Load images that another key signed");
        var file = new Argument<string>("FILE") { Description = "Public key (.pem), or the rotation (.json) with which a trusted key vouches for its successor" };
        var name = new Option<string?>("--name") { Description = "Whose key it is", HelpName = "NAME" };
        command.Add(file);
        command.Add(name);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            KeyStore store = Store();
            string path = parsed.GetRequiredValue(file);
            TrustedKey key = File.Exists(path) && KeyRotation.Recognises(path)
                ? store.Trust(KeyRotation.Read(path))
                : store.Trust(PublicKey.Read(path), parsed.GetValue(name) ?? throw new InvalidDataException("--name is missing: --name NAME says whose key it is."));
            terminal.Result(key, text =>
            {
                text.WriteLine($"images of key {key.Id} ({key.Name}) are loaded from now on");
                text.WriteLine(key.Predecessor is null
                    ? "  compare this id with its owner, by telephone or in person; if it differs: edge keys revoke"
                    : $"  key {key.Predecessor} vouches for it");
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Revoke()
    {
        var command = new Command("revoke", "Refuse all images of a key from now on; there is no way back");
        var id = new Argument<string>("KEY") { Description = "Id of the key, or its beginning" };
        var reason = new Option<string>("--reason") { Description = "Why; it is shown whenever an image is refused", Required = true, HelpName = "TEXT" };
        command.Add(id);
        command.Add(reason);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            KeyStore store = Store();
            string? site = store.SiteKey;
            Revocation revocation = store.Revoke(parsed.GetRequiredValue(id), parsed.GetRequiredValue(reason));
            string[] successors = [.. store.Keys.Where(key => key.Predecessor == revocation.KeyId && store.RevocationOf(key.Id) is null).Select(key => key.Id)];
            terminal.Result(revocation, text =>
            {
                text.WriteLine($"key {revocation.KeyId} is revoked: its images are refused, also those that are installed, when they are next loaded");
                if (site == revocation.KeyId)
                {
                    text.WriteLine("  this site has no key now; make one: edge keys new");
                }

                foreach (string successor in successors)
                {
                    text.WriteLine($"  it vouched for key {successor}, which stays trusted. If it was in wrong hands then, revoke that too");
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A line of the list; keys that were revoked without being known have no name.</summary>
    /// <param name="State">site key, trusted or revoked.</param>
    private sealed record KeyRow(string Id, string Since, string State, string? Name, string? Reason)
    {
        public static KeyRow[] All(KeyStore store)
        {
            IReadOnlyList<TrustedKey> keys = store.Keys;
            IReadOnlyList<Revocation> revocations = store.Revocations;
            string? site = store.SiteKey;
            return
            [
                .. keys.Select(key => revocations.FirstOrDefault(revoked => revoked.KeyId == key.Id) is { } revoked
                    ? new KeyRow(key.Id, Day(revoked.Date), "revoked", key.Name, revoked.Reason)
                    : new KeyRow(key.Id, Day(key.Since), key.Id == site ? "site key" : "trusted", key.Name, null)),
                .. revocations.Where(revoked => keys.All(key => key.Id != revoked.KeyId)).Select(revoked => new KeyRow(revoked.KeyId, Day(revoked.Date), "revoked", null, revoked.Reason)),
            ];
        }

        private static string Day(DateTimeOffset date) => date.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
    }
}
