using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Images;
using Edge.Images.Signing;
using Edge.Networks;

namespace Edge.Tests.Cards.Loading;

/// <summary>The sequence of a safe load, failing at every step, on a loader that does what it is told and on a fake machine.</summary>
public sealed class SafeLoadTests : IDisposable
{
    private readonly FakeMachine machine = new();

    public void Dispose() => machine.Dispose();

    public static TheoryData<LoadStep> StepsThatTouch => [.. Enum.GetValues<LoadStep>().Where(step => step >= LoadStep.Blank)];

    public static TheoryData<LoadStep> StepsThatChange => [.. Enum.GetValues<LoadStep>().Where(step => step >= LoadStep.Load)];

    [Fact]
    public void AGoodImage_IsLoaded_BeamBlankedThroughout_AndNotArmed()
    {
        Assert.False(machine.Card.IsTripped);
        machine.Load().Run(machine.New, silent: false, golden: false, CancellationToken.None);
        Assert.Equal(Enum.GetValues<LoadStep>(), machine.Steps.Select(step => step.Step));
        Assert.True(machine.Card.IsTripped);
        Assert.Equal(machine.New.Manifest, machine.Folder.Current);
        Assert.Equal(machine.Old.Manifest, machine.Folder.Golden);
        Assert.Equal(machine.Old.Manifest.ImageId, CardImage.Read(machine.Folder.PreviousPath).Manifest.ImageId);
        Assert.Null(machine.Folder.Journal);
        Assert.True(machine.WasReset);
        Assert.Equal(0, File.ReadAllBytes(machine.Bus.BridgeConfig)[0x3E]);
        Assert.Equal("vfio-pci", machine.Bus.Discovery.Find().Single().Driver);
        Assert.Equal("--cable ft2232 --detect", machine.Calls[0]);
        Assert.Matches(@"^--cable ft2232 --write-flash --verify --reset \S+/image\.bit$", machine.Calls[1]);
        Assert.Equal(LoadOutcome.Loaded, machine.History.Read().Entries.Single().Outcome);
        Assert.Contains("as the device says", machine.Steps[2].Found, StringComparison.Ordinal);
        Assert.Contains("permit_beam 0", machine.Steps[5].Found, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(StepsThatTouch))]
    public void FailingOnceAtAStep_LeavesTheImageBefore_BeamBlanked_AndSaysSo(LoadStep step)
    {
        var loader = new Script(machine.Old) { FailAt = step, Failures = 1 };
        CardLoadException error = Assert.Throws<CardLoadException>(() => machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None));
        Assert.Equal(step, error.Step);
        Assert.Contains($"at step '{Words.Of(step)}': found at {step}. Do what helps.", error.Message, StringComparison.Ordinal);
        Assert.Equal(machine.Old.Manifest.ImageId, loader.Holds);
        Assert.Equal(machine.Old.Manifest, machine.Folder.Current);
        Assert.Null(machine.Folder.Journal);
        LoadEntry entry = machine.History.Read().Entries.Single();
        if (step < LoadStep.Load)
        {
            Assert.Contains("The card still holds the image before", error.Message, StringComparison.Ordinal);
            Assert.Null(error.Restored);
            Assert.Equal((LoadOutcome.Failed, 0), (entry.Outcome, loader.Loads));
        }
        else
        {
            Assert.Contains($"The image before, {machine.Old.Manifest.ImageId}, is back, and the beam is blanked", error.Message, StringComparison.Ordinal);
            Assert.Equal(machine.Old.Manifest.ImageId, error.Restored);
            Assert.Equal((LoadOutcome.Restored, machine.Old.Manifest.ImageId), (entry.Outcome, entry.ImageId));
        }

        // The next one succeeds.
        machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None);
        Assert.Equal(machine.New.Manifest.ImageId, loader.Holds);
    }

    [Theory]
    [MemberData(nameof(StepsThatChange))]
    public void WhenTheImageBeforeFailsToo_TheGoldenOneComesBack(LoadStep step)
    {
        machine.Folder.Install(machine.New, golden: false);
        CardImage third = machine.Image("third", 3);
        var loader = new Script(machine.New) { FailAt = step, Failures = 2 };
        CardLoadException error = Assert.Throws<CardLoadException>(() => machine.Load(loader).Run(third, silent: false, golden: false, CancellationToken.None));
        Assert.Contains($"The golden image, {machine.Old.Manifest.ImageId}, is back", error.Message, StringComparison.Ordinal);
        Assert.Equal((machine.Old.Manifest.ImageId, machine.Old.Manifest), (loader.Holds, machine.Folder.Current));
        Assert.Null(machine.Folder.Journal);
    }

    [Theory]
    [MemberData(nameof(StepsThatChange))]
    public void WhenNothingHelps_ItIsSaid_AndTheJournalStays(LoadStep step)
    {
        var loader = new Script(machine.Old) { FailAt = step, Failures = 9 };
        CardLoadException error = Assert.Throws<CardLoadException>(() => machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None));
        Assert.Contains("What the card holds is not known: keep the external interlock open", error.Message, StringComparison.Ordinal);
        Assert.Null(error.Restored);
        Assert.Equal(step, machine.Folder.Journal!.Step);
        Assert.Equal(LoadOutcome.Lost, machine.History.Read().Entries[^1].Outcome);

        loader.Failures = 0;
        machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None);
        Assert.Null(machine.Folder.Journal);
        Assert.Contains(machine.Notes, note => note.Contains("was cut at step", StringComparison.Ordinal));
        Assert.Equal([LoadOutcome.Lost, LoadOutcome.FoundCut, LoadOutcome.Loaded], machine.History.Read().Entries.Select(entry => entry.Outcome));
    }

    [Theory]
    [MemberData(nameof(StepsThatTouch))]
    public void DyingAtAStep_LeavesWord(LoadStep step)
    {
        var loader = new Script(machine.Old) { DieAt = step };
        Assert.Throws<DeathException>(() => machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None));
        LoadJournal journal = machine.Folder.Journal!;
        Assert.Equal((step, machine.New.Manifest.ImageId), (journal.Step, journal.ImageId));
        Assert.Contains(step >= LoadStep.Load ? "what the card holds is not known" : "the card still holds the image before", journal.ToString(), StringComparison.Ordinal);

        // Where nothing is known, a card that does not answer is no obstacle; where it works, it is.
        loader.DieAt = null;
        (loader.FailAt, loader.Failures) = (LoadStep.Blank, 1);
        if (step >= LoadStep.Load)
        {
            machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None);
            Assert.Equal(machine.New.Manifest.ImageId, loader.Holds);
        }
        else
        {
            Assert.Throws<CardLoadException>(() => machine.Load(loader).Run(machine.New, silent: false, golden: false, CancellationToken.None));
        }

        Assert.Null(machine.Folder.Journal);
    }

    [Theory]
    [MemberData(nameof(StepsThatTouch))]
    public void CtrlC_StopsBeforeAnythingIsChanged_AndNotAfterwards(LoadStep step)
    {
        using var cancel = new CancellationTokenSource();
        var loader = new Script(machine.Old) { At = (step, cancel.Cancel) };
        if (step < LoadStep.Unbind)
        {
            Assert.Throws<OperationCanceledException>(() => machine.Load(loader).Run(machine.New, silent: false, golden: false, cancel.Token));
            Assert.Equal(machine.Old.Manifest.ImageId, loader.Holds);
        }
        else
        {
            machine.Load(loader).Run(machine.New, silent: false, golden: false, cancel.Token);
            Assert.Equal(machine.New.Manifest.ImageId, loader.Holds);
        }

        Assert.Null(machine.Folder.Journal);
    }

    [Theory]
    [InlineData("unsigned", "check the signature", "not signed")]
    [InlineData("stranger", "check the signature", "which is not known here")]
    [InlineData("revoked", "check the signature", "was revoked on")]
    [InlineData("forged", "check the signature", "changed after it was signed")]
    [InlineData("other part", "compare the part", "the image is for LFE5U-25F, the card has LFE5U-85F")]
    [InlineData("simulated", "compare the part", "the image is a simulated card")]
    [InlineData("other device", "compare the IDCODE", "the device says IDCODE 01112043, the bitstream is for 41111043")]
    [InlineData("damaged", "compare the IDCODE", "the bitstream: ")]
    [InlineData("partial wanted", "compare the shell", "the bitstream is a whole one")]
    public void AnImageThatIsNotRight_IsRefused_AndTheCardNotTouched(string what, string step, string message)
    {
        var loader = new Script(machine.Old);
        using var stranger = SigningKey.Create();
        using SigningKey site = machine.Keys.OpenSiteKey(null);
        CardImage image = machine.New;
        switch (what)
        {
            case "unsigned": image = image with { Signature = null }; break;
            case "stranger": image = stranger.Sign(image); break;
            case "revoked": machine.Keys.Revoke(site.Public.Id, "lost"); break;
            case "forged": image = image with { Manifest = image.Manifest with { BuildId = 77 } }; break;
            case "other part": loader.Part = "LFE5U-85F"; break;
            case "simulated": image = site.Sign(Images.SampleImages.Create([1])); break;
            case "other device": loader.IdCode = 0x01112043; break;
            case "damaged":
                byte[] payload = [.. image.Payload];
                payload[payload.Length / 2] ^= 1;
                image = site.Sign(CardImage.Create(image.Manifest, payload, image.Report));
                break;
            default: loader.TakesPartial = true; break;
        }

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => machine.Load(loader).Run(image, silent: true, golden: false, CancellationToken.None));
        Assert.Contains($"is refused at step '{step}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("The card was not touched.", error.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (loader.Touches, loader.Loads));
        Assert.Equal(LoadOutcome.Refused, machine.History.Read().Entries.Single().Outcome);
        Assert.Null(machine.Folder.Journal);
    }

    [Fact]
    public void ARevokedImage_IsNotPutBack()
    {
        using var old = SigningKey.Create();
        machine.Keys.Trust(old.Public, "old");
        machine.Folder.Install(old.Sign(machine.New), golden: false);
        machine.Keys.Revoke(old.Public.Id, "lost");
        var loader = new Script(machine.New) { FailAt = LoadStep.SelfTest, Failures = 1 };
        CardLoadException error = Assert.Throws<CardLoadException>(() => machine.Load(loader).Run(machine.Image("third", 3), silent: false, golden: false, CancellationToken.None));
        Assert.Contains("The golden image", error.Message, StringComparison.Ordinal);
        Assert.Equal(machine.Old.Manifest.ImageId, loader.Holds);
    }

    [Fact]
    public void TwoAtOnce_AreNotAllowed()
    {
        using IDisposable other = machine.Folder.Hold();
        Assert.Contains("another program is loading it", Assert.Throws<InvalidInputException>(() => machine.Load().Run(machine.New, silent: false, golden: false, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheHistory_ShowsWhatWasEdited()
    {
        LoadHistory history = machine.History;
        for (int k = 0; k < 4; k++)
        {
            history.Add("simulated", LoadOutcome.Loaded, $"{k}", "net", null, "text");
        }

        Assert.Null(history.Read().Fault);
        string[] lines = File.ReadAllLines(history.Path);
        File.WriteAllLines(history.Path, [lines[0], lines[1].Replace("net", "not", StringComparison.Ordinal), lines[2], lines[3]]);
        Assert.Contains(":3: does not follow the line before", history.Read().Fault, StringComparison.Ordinal);
        File.WriteAllLines(history.Path, [lines[0], lines[2], lines[3]]);
        Assert.Contains(":2: does not follow the line before", history.Read().Fault, StringComparison.Ordinal);

        // A line that a power failure cut stays, and the rest goes on.
        File.WriteAllText(history.Path, $"{lines[0]}\n{lines[1][..30]}");
        history.Add("simulated", LoadOutcome.Loaded, "5", "net", null, "text");
        (IReadOnlyList<LoadEntry> entries, string? fault) = history.Read();
        Assert.Equal(["0", "5"], entries.Select(entry => entry.ImageId));
        Assert.Contains(":2: is no entry", fault, StringComparison.Ordinal);
    }

    /// <summary>A loader that does what it is told, and fails where it is told.</summary>
    private sealed class Script(CardImage first) : ICardLoader
    {
        private LoadStep? now;

        public LoadStep FailAt { get; set; }

        public int Failures { get; set; }

        public LoadStep? DieAt { get; set; }

        public (LoadStep Step, Action Do)? At { get; set; }

        public string Holds { get; private set; } = first.Manifest.ImageId;

        public int Loads { get; private set; }

        public int Touches { get; private set; }

        public uint? IdCode { get; set; } = 0x41111043;

        public string Card => FakeMachine.Slot;

        public string? Part { get; set; } = FakeMachine.Part;

        public bool? TakesPartial { get; set; } = false;

        public uint? ReadIdCode() => IdCode;

        public string Blank() => Step(LoadStep.Blank);

        public string CheckDisarmed() => Step(LoadStep.Disarm);

        public string StopDma() => Step(LoadStep.StopDma);

        public string Unbind() => Step(LoadStep.Unbind);

        public string Load(CardImage image, Action<string> progress)
        {
            Loads++;
            Holds = "half";
            Step(LoadStep.Load);
            Holds = image.Manifest.ImageId;
            return "script";
        }

        public string WaitDone() => Step(LoadStep.Done);

        public string Rescan() => Step(LoadStep.Rescan);

        public string Identify(CardImageManifest manifest) => Step(LoadStep.Identify);

        public string SelfTest(CardImageManifest manifest) => Step(LoadStep.SelfTest);

        private string Step(LoadStep step)
        {
            // Never a step before the one that must come first; falling back begins at the driver again.
            Assert.True(now is null || step == now + 1 || step is LoadStep.Unbind or LoadStep.Blank, $"{step} after {now}");
            now = step;
            Touches++;
            if (At is { } told && told.Step == step)
            {
                told.Do();
            }

            return step == DieAt ? throw new DeathException()
                : step == FailAt && Failures-- > 0 ? throw new LoadStepException($"found at {step}", "Do what helps")
                : "done";
        }
    }

    private sealed class DeathException : Exception;
}
