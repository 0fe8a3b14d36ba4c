using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Cli.Output;
using Edge.Cli.Runs;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Images;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Tests.Networks;

namespace Edge.Tests.Cards;

/// <summary>A network, its hardware, and the card it sits in.</summary>
internal sealed record BuiltCard(IntegerNetwork Network, FabricNetwork Fabric, CardImage Image);

/// <summary>Cards that many tests share; each is built when first asked for, and the build is kept by content.</summary>
public sealed class CardImages
{
    public const double ClockHertz = 100e6;

    private readonly Lazy<BuiltCard> jet = new(() => Build(Repository.SharedPath("models", "qkeras_jettagging", "qkeras_jettagging.onnx"), null));
    private readonly Lazy<BuiltCard> site = new(() => Build(SiteModelPath, FixedPointFormat.Parse(SiteModel.InputFormat)));
    private readonly Lazy<BuiltCard> random = new(BuildRandom);

    internal static string SiteModelPath => Repository.Path("models", "site-class", "site-class.onnx");

    internal static SiteModel SiteModel { get; } = SiteModel.Read(Path.ChangeExtension(SiteModelPath, ".yaml"));

    /// <summary>The jet network of ../shared.</summary>
    internal BuiltCard Jet => jet.Value;

    /// <summary>The network that classifies sites.</summary>
    internal BuiltCard Site => site.Value;

    /// <summary>A random network whose ports fit neither the ADC ingress nor 32 bits. Always the same one, so that its
    /// build is kept.</summary>
    internal BuiltCard Random => random.Value;

    private static BuiltCard Build(string model, FixedPointFormat? format)
    {
        SlotImage slot = SlotImage.Build(new NetworkChoice(model, null, null, FabricNetwork.DefaultLevelsPerStage), new CardChoice(ClockHertz), format, new Terminal(json: false), CancellationToken.None);
        return new(slot.Model.Integers, slot.Fabric, slot.Card);
    }

    private static BuiltCard BuildRandom()
    {
        IntegerNetwork network = Enumerable.Range(0, 1000)
            .Select(seed => RandomNetworks.Create(new Random(seed), 2000))
            .First(candidate => candidate is { InputLength: >= 5, OutputLength: >= 4 }
                && FabricNetwork.Compile(candidate) is { InputWidth: > 16, OutputWidth: > 32, Latency: > 3, AdderCount: < 300 });
        FabricNetwork fabric = FabricNetwork.Compile(network);
        return new(network, fabric, SimulatedCardImage.Build(fabric, ClockHertz / 1e6, "{}"));
    }
}

[CollectionDefinition("card")]
public sealed class SharedCards : ICollectionFixture<CardImages>;
