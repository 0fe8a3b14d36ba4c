using Edge.Images;

namespace Edge.Appliance.Cards.Loading;

/// <summary>Tries an image in a simulated card of its own: it must open, be what it says, and pass the self-test. Programs
/// that run it later open it anew.</summary>
public sealed class SimulatedCardLoader : ICardLoader, IDisposable
{
    private const int ClocksPerSample = 5;

    private SimulatedCard? card;

    public string Card => "simulated";

    public string? Part => null;

    public bool? TakesPartial => null;

    public uint? ReadIdCode() => null;

    public string Blank() => "no beam: a simulated card lives only while a program runs it";

    public string CheckDisarmed() => "not running";

    public string StopDma() => "none";

    public string Unbind() => "no driver";

    public string Load(CardImage image, Action<string> progress)
    {
        card?.Dispose();
        card = null;
        try
        {
            card = new(image, new Darkness(), ClocksPerSample);
            return "opening the simulated card";
        }
        catch (InvalidDataException error)
        {
            throw new LoadStepException(error.Message.TrimEnd('.'), "Pack the image again on this machine: edge image pack");
        }
    }

    public string WaitDone() => "open";

    public string Rescan() => "no bus";

    public string Identify(CardImageManifest manifest) => Probe().Identify(manifest);

    public string SelfTest(CardImageManifest manifest) => Probe().SelfTest(manifest, realTime: false);

    public void Dispose() => card?.Dispose();

    private CardProbe Probe() => card is { } open ? new(open.Read, open.Write) : throw new InvalidOperationException("nothing is loaded.");

    /// <summary>A detector that sees nothing.</summary>
    private sealed class Darkness : ICardWorld
    {
        public ushort NextSample(ReadOnlySpan<PinChange> changes) => 0;
    }
}
