using Edge.Appliance.Cards;
using Edge.Appliance.Cards.SelfTest;
using Edge.Images;
using Edge.Networks.Integers;
using Xunit.Abstractions;

namespace Edge.Tests.Cards;

/// <summary>A sound card passes every check; each fault is found, and named as what it is.</summary>
[Collection("card")]
public sealed class SelfTestTests(CardImages images, ITestOutputHelper output)
{
    [Fact]
    public void ASoundCardPasses()
    {
        SelfTestResult result = Run(new Fault());
        Assert.Equal(0, result.Failed);
        string[] causes = [.. result.Rows.Where(row => row.Part.StartsWith("interlock: ", StringComparison.Ordinal) && row.Done.StartsWith("ended", StringComparison.Ordinal)).Select(row => row.Part)];
        Assert.Contains("interlock: heartbeat", causes);
        Assert.Contains("interlock: network", causes);
        Assert.Contains("interlock: frame cap", causes);
        Assert.Contains("interlock: external", causes);
        Assert.Contains(result.Rows, row => row.Part == "network" && row.Seen == "the same");
        Assert.StartsWith("the card works", result.Verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bus", "bus", Suspect.Board)]
    [InlineData("gone", "bus", Suspect.Board)]
    [InlineData("map", "register map", Suspect.Software)]
    [InlineData("clock", "clock", Suspect.Board)]
    [InlineData("image", "image", Suspect.Software)]
    [InlineData("pin", "beam pin at rest", Suspect.Board)]
    [InlineData("unplugged", "detector", Suspect.Cable)]
    [InlineData("dead adc", "detector", Suspect.Detector)]
    [InlineData("adc bit", "data lines", Suspect.Cable)]
    [InlineData("network", "network", Suspect.Board)]
    [InlineData("counter", "counters", Suspect.Board)]
    [InlineData("records", "events", Suspect.Board)]
    [InlineData("scan line", "scan plug", Suspect.Cable)]
    [InlineData("keep-alive", "keep-alive", Suspect.Board)]
    [InlineData("external bridged", "interlock: external", Suspect.Cable)]
    [InlineData("heartbeat ignored", "interlock: heartbeat", Suspect.Board)]
    [InlineData("pin stays on", "interlock: heartbeat", Suspect.Board)]
    [InlineData("blank unwired", "microscope's blank", Suspect.Cable)]
    public void AFaultIsFoundAndNamed(string fault, string part, Suspect suspect)
    {
        SelfTestResult result = Run(new Fault { Kind = fault });
        SelfTestRow first = result.Rows.First(row => row.Passed == false);
        Assert.Equal((part, suspect), (first.Part, first.Suspect!.Value));
        Assert.NotEmpty(first.Look);
        Assert.Contains(part, result.Verdict, StringComparison.Ordinal);
        Assert.False(result.Passed);
    }

    [Fact]
    public void ACardInUseIsLeftAlone()
    {
        using var card = new SimulatedCard(images.Site.Image, new TestDetector(), 5);
        var control = new CardControl(card);
        control.Write64(CardRegisters.FrameCapLowAddress, 1000);
        card.Wait();
        control.Engage();
        Edge.Networks.InvalidInputException error = Assert.Throws<Edge.Networks.InvalidInputException>(() => new CardSelfTest(card, new SimulatedHands(card), null, 5, CancellationToken.None).Run("card"));
        Assert.Contains("a run may be using the card", error.Message, StringComparison.Ordinal);
        Assert.Equal(InterlockState.Engaged, control.Interlock);
    }

    [Fact]
    public void TestVectorsTravelInTheReport()
    {
        TestVectors? read = TestVectors.FromReport(images.Site.Image.Report, images.Site.Image.Manifest.InputCount, images.Site.Image.Manifest.OutputCount);
        Assert.NotNull(read);
        Assert.All(read.Inputs.Zip(read.Outputs), pair => Assert.Equal(ReferenceInterpreter.Run(images.Site.Network, pair.First), pair.Second));
        Assert.True(read.Inputs.Length >= 8);
        Assert.Null(TestVectors.FromReport("{}", 4, 4));
        foreach (string bad in new[] { "", "{\"test_vectors\": {}}", "{\"test_vectors\": {\"inputs\": [[1]], \"outputs\": [[1,2,3,4]]}}", "{\"test_vectors\": {\"inputs\": 3, \"outputs\": 4}}" })
        {
            Assert.Throws<Edge.Networks.InvalidInputException>(() => TestVectors.FromReport(bad, 4, 4));
        }
    }

    private SelfTestResult Run(Fault fault)
    {
        CardImage image = images.Site.Image;
        using var card = new SimulatedCard(image, fault.Kind is "dead adc" or "adc bit" ? new FaultyDetector(fault.Kind) : new TestDetector(), 5) { DetectorPresent = fault.Kind != "unplugged" };
        var altered = new AlteredCard(card, fault);
        SelfTestResult result = new CardSelfTest(altered, new AlteredHands(new SimulatedHands(card), fault), TestVectors.Of(images.Site.Network), 5, CancellationToken.None).Run("card");
        foreach (SelfTestRow row in result.Rows)
        {
            output.WriteLine($"{row.Passed} {row.Part}: {row.Done}; expected {row.Expected}; seen {row.Seen} {row.Look}");
        }

        output.WriteLine(result.Verdict);
        return result;
    }

    private sealed class Fault
    {
        public string Kind { get; init; } = "none";
    }

    private sealed class FaultyDetector(string kind) : ICardWorld
    {
        private readonly TestDetector sound = new();

        public ushort NextSample(ReadOnlySpan<PinChange> changes)
        {
            ushort sample = sound.NextSample(changes);
            return kind == "dead adc" ? (ushort)0x1FF : (ushort)(sample | 2);
        }
    }

    /// <summary>The simulated card with one thing wrong between it and the host, or in it.</summary>
    private sealed class AlteredCard(SimulatedCard card, Fault fault) : ICard
    {
        public CardImageManifest Image => fault.Kind == "image" ? card.Image with { NetworkHash = new string('0', 64) } : card.Image;

        public uint Read(uint address)
        {
            uint value = card.Read(address);
            return (fault.Kind, address) switch
            {
                ("gone", _) => uint.MaxValue,
                ("bus", CardRegisters.YStartAddress) => value | 0x100,
                ("map", CardRegisters.MapHashAddress) => value ^ 1,
                ("clock", CardRegisters.CycleLowAddress) => 77,
                ("pin", CardRegisters.StatusAddress) => value | CardRegisters.StatusPermitBeamMask,
                ("counter", CardRegisters.VectorsTakenAddress) => value & ~1u & ~8u,
                _ => value,
            };
        }

        public void Write(uint address, uint value)
        {
            // A watch that never runs out.
            card.Write(address, fault.Kind == "heartbeat ignored" && address == CardRegisters.HeartbeatTimeoutAddress ? uint.MaxValue : value);
        }

        public int TakeEvents(Span<EventRecord> records)
        {
            int count = card.TakeEvents(records);
            int kept = 0;
            for (int i = 0; i < count; i++)
            {
                EventRecord record = records[i];
                if (fault.Kind == "records" && record.Kind == EventKind.Pixel && record.Number % 7 == 3 && record.Samples == 8)
                {
                    continue;
                }

                records[kept++] = fault.Kind == "network" && record.Kind == EventKind.Vector && record.Site == 3 ? record with { Outputs = [record.Outputs[0] ^ 4, .. record.Outputs[1..]] } : record;
            }

            return kept;
        }

        public void SendVectors(ReadOnlySpan<long> elements) => card.SendVectors(elements);

        public void Wait() => card.Wait();

        public void Dispose()
        {
        }
    }

    /// <summary>The plugs with one thing wrong at them.</summary>
    private sealed class AlteredHands(SimulatedHands hands, Fault fault) : ISelfTestHands
    {
        private bool everLit;

        public bool? PermitBeamPin
        {
            get
            {
                everLit |= hands.PermitBeamPin == true;
                return fault.Kind == "pin stays on" ? everLit : hands.PermitBeamPin;
            }
        }

        public bool SetDetector(bool present) => hands.SetDetector(present);

        public bool SetExternalInterlock(bool closed) => fault.Kind == "external bridged" || hands.SetExternalInterlock(closed);

        public bool SetMicroscopeBlank(bool blank) => fault.Kind == "blank unwired" || hands.SetMicroscopeBlank(blank);

        public bool StallNetwork(bool stalled) => hands.StallNetwork(stalled);

        public (bool Low, bool High)? KeepAliveSeen() => fault.Kind == "keep-alive" && hands.KeepAliveSeen() is not null ? (false, true) : hands.KeepAliveSeen();

        public IReadOnlyList<(ushort X, ushort Y)>? ScanSeen() => fault.Kind == "scan line"
            ? [.. hands.ScanSeen()!.Select(at => ((ushort)(at.X & ~4), at.Y))]
            : hands.ScanSeen();
    }
}
