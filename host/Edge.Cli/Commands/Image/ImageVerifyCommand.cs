using System.CommandLine;
using Edge.Cli.Output;
using Edge.Images;
using Edge.Images.Signing;
using Edge.Networks;

namespace Edge.Cli.Commands.Image;

internal static class ImageVerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Check a card image's checksums, bitstream and signature; exit code 2 unless it is trusted here");
        var file = new Argument<string>("FILE.card") { Description = "Card image" };
        command.Add(file);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            CardImage image = CardImage.Read(path);
            if (CheckedImage.BitstreamFault(image) is { } fault)
            {
                throw new InvalidInputException($"{path}: {fault}");
            }

            ImageTrust trust = new KeyStore(KeyStore.DefaultFolder).Judge(image);
            if (!trust.IsTrusted)
            {
                throw new InvalidInputException($"{path}: {trust.Text}.");
            }

            terminal.Result(new { image.Manifest.ImageId, Trust = trust }, text => text.WriteLine($"{path}: {trust.Text}; checksums hold"));
            return ExitCode.Success;
        });
        return command;
    }
}
