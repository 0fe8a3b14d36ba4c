using System.Diagnostics;
using Edge.Images;
using Edge.Images.Bitstreams;
using Edge.Images.Signing;
using Edge.Networks;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Loads an image so that the beam is blanked throughout and a failure leaves the card as it was, or says that it
/// does not know. Every step is in the journal before it is taken, so that a program that dies leaves word.</summary>
/// <param name="progress">Told each step that was taken.</param>
/// <param name="note">Told what a person should know meanwhile.</param>
public sealed class SafeLoad(ICardLoader loader, CardFolder folder, LoadHistory history, KeyStore keys, Action<LoadedStep>? progress = null, Action<string>? note = null)
{
    private readonly List<LoadedStep> taken = [];
    private CardImage? image;

    /// <param name="silent">The operator vouches that the beam is blanked, when the card does not answer.</param>
    /// <param name="golden">Fall back to this image from now on.</param>
    /// <returns>The steps that were taken. The card is tripped: only the operator arms it.</returns>
    /// <exception cref="InvalidInputException">Refused; the card was not touched.</exception>
    /// <exception cref="CardLoadException">Failed; the message says what runs now.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before anything was changed. Later, a load goes on to its end.</exception>
    public IReadOnlyList<LoadedStep> Run(CardImage next, bool silent, bool golden, CancellationToken cancel)
    {
        using IDisposable hold = folder.Hold();
        image = next;
        taken.Clear();
        LoadJournal? cut = folder.Journal;
        if (cut is not null)
        {
            note?.Invoke(cut.ToString());
            history.Add(loader.Card, LoadOutcome.FoundCut, cut.ImageId, cut.NetworkName, null, cut.ToString());
        }

        LoadStep step = LoadStep.Signature;
        try
        {
            for (; step < LoadStep.Blank; step++)
            {
                Take(step, () => Check(step, next, folder.Current));
                cancel.ThrowIfCancellationRequested();
            }
        }
        catch (LoadStepException error)
        {
            string text = $"card {loader.Card}: image {next.Manifest.ImageId} is refused at step '{Words.Of(step)}': {error.Message} The card was not touched.";
            Log(LoadOutcome.Refused, next, text);
            throw new InvalidInputException(text, error);
        }

        bool mayBeSilent = silent || cut is { IsCardUnknown: true };
        try
        {
            for (; step < LoadStep.Load; step++)
            {
                cancel.ThrowIfCancellationRequested();

                // A journal of an earlier, deeper cut stays: what the card holds is still not known.
                if (cut is not { IsCardUnknown: true })
                {
                    Journal(step);
                }

                Quieten(step, mayBeSilent);
            }
        }
        catch (LoadStepException error)
        {
            EndUnless(cut);
            string text = $"card {loader.Card}: the load of image {next.Manifest.ImageId} stopped at step '{Words.Of(step)}': {error.Message} The card still holds the image before{(step > LoadStep.Blank ? ", beam blanked" : string.Empty)}.";
            Log(LoadOutcome.Failed, next, text);
            throw new CardLoadException(step, text, restored: null);
        }
        catch (OperationCanceledException)
        {
            EndUnless(cut);
            throw;
        }

        try
        {
            for (; step <= LoadStep.SelfTest; step++)
            {
                Journal(step);
                Change(step, next);
            }
        }
        catch (LoadStepException error)
        {
            throw FallBack(step, next, error);
        }

        folder.Install(next, golden);
        Log(LoadOutcome.Loaded, next, $"by {taken.First(done => done.Step == LoadStep.Load).Found}");
        folder.EndJournal();
        return taken;
    }

    private void Take(LoadStep step, Func<string> action)
    {
        long start = Stopwatch.GetTimestamp();
        var done = new LoadedStep(step, action(), Stopwatch.GetElapsedTime(start).TotalSeconds);
        taken.Add(done);
        progress?.Invoke(done);
    }

    private void Journal(LoadStep step) => folder.WriteJournal(new(image!.Manifest.ImageId, image.Manifest.NetworkName, step, DateTimeOffset.UtcNow));

    private void EndUnless(LoadJournal? cut)
    {
        if (cut is not { IsCardUnknown: true })
        {
            folder.EndJournal();
        }
    }

    private void Log(LoadOutcome outcome, CardImage loaded, string text) =>
        history.Add(loader.Card, outcome, loaded.Manifest.ImageId, loaded.Manifest.NetworkName, loaded.Signature?.KeyId, text);

    private string Check(LoadStep step, CardImage checkedImage, CardImageManifest? running)
    {
        CardImageManifest manifest = checkedImage.Manifest;
        return step switch
        {
            LoadStep.Signature => CheckSignature(checkedImage),
            LoadStep.Part => CheckPart(manifest),
            LoadStep.IdCode => CheckIdCode(checkedImage),
            LoadStep.Checksum => CheckedImage.BitstreamFault(checkedImage) is { } fault ? throw new LoadStepException(fault.TrimEnd('.'), "Pack the image again, from an undamaged bitstream")
                : manifest.IsSimulated ? "a simulated card" : $"{Bitstream.Parse(checkedImage.Payload).ChecksumsHeld} checksum(s) hold",
            _ => CheckShell(checkedImage, running),
        };
    }

    private string CheckSignature(CardImage checkedImage)
    {
        ImageTrust trust = keys.Judge(checkedImage);
        return trust.MayLoad(checkedImage.Manifest) ? trust.Text
            : throw new LoadStepException(trust.Text, "Load an image that a trusted key has signed");
    }

    private string CheckPart(CardImageManifest manifest) =>
        manifest.IsSimulated != (loader.TakesPartial is null) ? throw new LoadStepException(
            manifest.IsSimulated ? "the image is a simulated card" : $"the image is a bitstream for {manifest.Part}", manifest.IsSimulated ? "It loads on --card simulated only" : "It loads on a real card only: --card ADDRESS")
        : string.Equals(manifest.Part, loader.Part, StringComparison.OrdinalIgnoreCase) ? manifest.Part ?? "a simulated card"
        : throw new LoadStepException($"the image is for {manifest.Part}, the card has {loader.Part}", "Load the image that was built for this card");

    private string CheckIdCode(CardImage checkedImage)
    {
        if (checkedImage.Manifest.IsSimulated)
        {
            return "none";
        }

        Bitstream bitstream = Parsed(checkedImage);

        // AMD's upper four bits are the revision of the silicon; Lattice's tell families apart.
        uint mask = bitstream.Family == BitstreamFamily.Amd ? 0x0FFFFFFF : uint.MaxValue;
        return bitstream.IdCode is not { } code ? "the bitstream has none"
            : loader.ReadIdCode() is not { } found ? $"{code:x8}; this way of loading cannot ask the device"
            : (found & mask) == (code & mask) ? $"{code:x8}, as the device says"
            : throw new LoadStepException($"the device says IDCODE {found:x8}, the bitstream is for {code:x8}", "Check --part, and that cable and address belong to the same card");
    }

    private string CheckShell(CardImage checkedImage, CardImageManifest? running)
    {
        if (checkedImage.Manifest.IsSimulated)
        {
            return "none";
        }

        Bitstream bitstream = Parsed(checkedImage);
        return bitstream.IsPartial != (loader.TakesPartial == true)
            ? throw new LoadStepException(bitstream.IsPartial ? "the bitstream is partial" : "the bitstream is a whole one", bitstream.IsPartial ? "Load it with --via mcap, into the shell that it is for" : "Load it with --via flash or --via jtag")
            : bitstream.Misfit(loader.Part!, running?.ShellId) is { } misfit ? throw new LoadStepException(misfit.TrimEnd('.'), "Load an image for the shell that runs, or the whole shell first")
            : bitstream.IsPartial ? $"{bitstream.ShellId:x8}, as runs" : "it brings its own";
    }

    private static Bitstream Parsed(CardImage checkedImage)
    {
        try
        {
            return Bitstream.Parse(checkedImage.Payload);
        }
        catch (InvalidDataException error)
        {
            throw new LoadStepException($"the bitstream: {error.Message.TrimEnd('.')}", "Pack the image again, from an undamaged bitstream");
        }
    }

    private void Quieten(LoadStep step, bool mayBeSilent)
    {
        try
        {
            Take(step, step switch
            {
                LoadStep.Blank => loader.Blank,
                LoadStep.Disarm => loader.CheckDisarmed,
                LoadStep.StopDma => loader.StopDma,
                _ => loader.Unbind,
            });
        }
        catch (LoadStepException error) when (mayBeSilent && step < LoadStep.Unbind)
        {
            Take(step, () => $"passed over: {error.Found}");
        }
    }

    private void Change(LoadStep step, CardImage changed) => Take(step, () => step switch
    {
        LoadStep.Unbind => loader.Unbind(),
        LoadStep.Load => loader.Load(changed, note ?? (static _ => { })),
        LoadStep.Done => loader.WaitDone(),
        LoadStep.Rescan => loader.Rescan(),
        LoadStep.Identify => loader.Identify(changed.Manifest),
        _ => loader.SelfTest(changed.Manifest),
    });

    private CardLoadException FallBack(LoadStep failed, CardImage next, LoadStepException error)
    {
        string said = $"card {loader.Card}: the load of image {next.Manifest.ImageId} failed at step '{Words.Of(failed)}': {error.Message}";
        var tried = new List<string>();
        foreach (string path in new[] { folder.CurrentPath, folder.GoldenPath }.Where(File.Exists))
        {
            string called = path == folder.GoldenPath ? "the golden image" : "the image before";
            try
            {
                CardImage old = CardImage.Read(path);
                note?.Invoke($"step '{Words.Of(failed)}' failed; {called}, {old.Manifest.ImageId}, is put back");

                // No shell is known to run now; a whole image needs none.
                for (LoadStep step = LoadStep.Signature; step < LoadStep.Blank; step++)
                {
                    Check(step, old, old.Manifest);
                }

                for (LoadStep step = LoadStep.Unbind; step <= LoadStep.SelfTest; step++)
                {
                    Change(step, old);
                }

                Log(LoadOutcome.Restored, old, said);
                if (path == folder.GoldenPath)
                {
                    folder.Install(old, golden: false);
                }

                folder.EndJournal();
                return new(failed, $"{said} {char.ToUpperInvariant(called[0])}{called[1..]}, {old.Manifest.ImageId}, is back, and the beam is blanked.", old.Manifest.ImageId);
            }
            catch (Exception again) when (again is LoadStepException or InvalidDataException)
            {
                tried.Add($"{called}: {again.Message}");
            }
        }

        string lost = $"{said} No image could be put back ({(tried.Count == 0 ? "there is none from before" : string.Join(' ', tried))}). What the card holds is not known: keep the external interlock open, and load again.";
        Log(LoadOutcome.Lost, next, lost);
        return new(failed, lost, restored: null);
    }
}
