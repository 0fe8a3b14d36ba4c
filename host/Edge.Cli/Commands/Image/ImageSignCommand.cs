using System.CommandLine;
using Edge.Cli.Commands.Keys;
using Edge.Cli.Output;
using Edge.Images;
using Edge.Images.Signing;

namespace Edge.Cli.Commands.Image;

internal static class ImageSignCommand
{
    public static Command Create()
    {
        var command = new Command("sign", "Sign a card image with this site's key");
        var file = new Argument<string>("FILE.card") { Description = "Card image; an earlier signature is replaced" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: the same)", HelpName = "FILE.card" };
        command.Add(file);
        command.Add(output);
        Option<string?> passphrase = Passphrase.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            string target = parsed.GetValue(output) ?? path;
            OutputPath.CheckFile(target, "--output");
            CardImage image = Signed(CardImage.Read(path), parsed.GetValue(passphrase));
            WholeFile.Write(target, image.WriteTo);
            terminal.Result(
                new { File = Path.GetFullPath(target), image.Manifest.ImageId, image.Signature!.KeyId },
                text => text.WriteLine($"{target}: card image {image.Manifest.ImageId} signed by key {image.Signature!.KeyId}"));
            return ExitCode.Success;
        });
        return command;
    }

    /// <param name="passphraseFile">As given on the command line; null: not given.</param>
    public static CardImage Signed(CardImage image, string? passphraseFile)
    {
        using SigningKey key = new KeyStore(KeyStore.DefaultFolder).OpenSiteKey(Passphrase.Read(passphraseFile));
        return key.Sign(image);
    }
}
