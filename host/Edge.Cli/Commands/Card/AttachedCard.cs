using System.CommandLine;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Images;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

/// <summary>Registers of a card that another program drives, or of a simulated one that was opened just for looking.</summary>
internal abstract class AttachedCard : IDisposable
{
    /// <summary>Whose card, in words.</summary>
    public abstract string Name { get; }

    /// <summary>Values of the registers at byte addresses, in order.</summary>
    /// <exception cref="CardStoppedException">The run has ended.</exception>
    public abstract uint[] Read(uint[] addresses);

    /// <exception cref="InvalidInputException">Not allowed; the message says why.</exception>
    public abstract void Write(uint address, uint value, bool force);

    public abstract void Dispose();

    /// <summary>The options that choose it.</summary>
    public sealed record Options(Option<int?> Process, Option<string?> Image)
    {
        public static Options AddTo(Command command)
        {
            var options = new Options(
                new("--process") { Description = "Of several running cards, the one of this program", HelpName = "NUMBER" },
                new("--image") { Description = "No running card: a simulated one of this card image, fresh after reset", HelpName = "FILE.card" });
            command.Add(options.Process);
            command.Add(options.Image);
            return options;
        }

        /// <exception cref="InvalidInputException">There is none, or several and none was chosen.</exception>
        public AttachedCard Attach(ParseResult parsed)
        {
            int? process = parsed.GetValue(Process);
            if (parsed.GetValue(Image) is { } image)
            {
                return process is null ? new Fresh(image) : throw new InvalidInputException("give --process or --image, not both.");
            }

            (RunningCard Card, CardAnswer Answer)[] running = [.. RunningCard.Find().Select(Asked).OfType<(RunningCard, CardAnswer)>()];
            (RunningCard Card, CardAnswer Answer)[] chosen = [.. running.Where(one => process is null || one.Answer.Process == process)];
            string all = string.Join(Environment.NewLine, running.Select(one => $"  --process {one.Answer.Process}: {one.Answer.Run}, user {one.Answer.User}"));
            return chosen switch
            {
                [var one] => new Remote(one.Card, one.Answer),
                [] when process is { } number => throw new InvalidInputException($"--process {number} drives no card.{(all.Length > 0 ? $" Running:{Environment.NewLine}{all}" : string.Empty)}"),
                [] => throw new InvalidInputException("no card is running on this machine. Start one (edge run), or give --image FILE.card to look at a simulated card after reset."),
                _ => throw new InvalidInputException($"{chosen.Length} cards are running; choose one:{Environment.NewLine}{all}"),
            };
        }

        private static (RunningCard Card, CardAnswer Answer)? Asked(RunningCard card)
        {
            try
            {
                return card.Ask(new("status")) is { Error: null } answer ? (card, answer) : null;
            }
            catch (IOException)
            {
                return null; // it hangs; 'edge stop' would say so
            }
        }
    }

    private sealed class Remote(RunningCard card, CardAnswer known) : AttachedCard
    {
        public override string Name => $"{known.Run} (process {known.Process}, user {known.User})";

        public override uint[] Read(uint[] addresses) => Ask(new("read", addresses)) is { Error: null, Values: { } values } && values.Length == addresses.Length
            ? values
            : throw new CardStoppedException($"{Name}: the run has ended.");

        public override void Write(uint address, uint value, bool force)
        {
            if (Ask(new("write", Address: address, Value: value, Force: force)) is { Error: { } error })
            {
                throw new InvalidInputException($"{Name}: {error}.");
            }
        }

        public override void Dispose()
        {
        }

        private CardAnswer Ask(CardRequest request)
        {
            try
            {
                return card.Ask(request) ?? throw new CardStoppedException($"{Name}: the run has ended.");
            }
            catch (IOException error)
            {
                throw new CardStoppedException($"{Name}: {error.Message}.");
            }
        }
    }

    /// <summary>A simulated card with nothing but a dark detector wired to it.</summary>
    private sealed class Fresh : AttachedCard
    {
        private readonly SimulatedCard card;
        private readonly CardControl control;

        public Fresh(string image)
        {
            card = new(CardImage.Read(image), new DarkDetector(), clocksPerSample: 5);
            control = new(card);
            Name = $"simulated card of {image}, after reset";
        }

        public override string Name { get; }

        public override uint[] Read(uint[] addresses) => [.. addresses.Select(control.ReadRegister)];

        public override void Write(uint address, uint value, bool force) => control.WriteRegister(address, value);

        public override void Dispose() => card.Dispose();

        private sealed class DarkDetector : ICardWorld
        {
            public ushort NextSample(ReadOnlySpan<PinChange> changes) => 400;
        }
    }
}
