using System.Text.Json;
using Edge.Appliance.Cards;
using Edge.Cli.Output;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Compiler.Images;
using Edge.Compiler.Synthesis;
using Edge.Images;
using Edge.Networks;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;

namespace Edge.Cli.Runs;

/// <summary>The way of a bitstream through card image, loader's checks and simulated card: what is decompiled from it runs
/// in the network slot, and its results are compared with the interpreter's.</summary>
/// <param name="Vectors">Sent through the card; drawn at random but for the extremes.</param>
/// <param name="Mismatches">Vectors of which an output in the card's record differs, or that made none.</param>
/// <param name="OutputsCompared">Of each vector: a record has room for eight.</param>
/// <param name="LatencyClocks">Of the network, by the card's counters: smallest and largest.</param>
internal sealed record BitstreamCheck(int Vectors, int Mismatches, int OutputsCompared, string? First, int Seed, int SmallestLatencyClocks, int LatencyClocks, int ExpectedLatencyClocks, string Part)
{
    public const int DefaultVectors = 2000;
    private const int OutputsInRecord = 8;

    public bool Passed => Mismatches == 0 && LatencyClocks == ExpectedLatencyClocks && SmallestLatencyClocks == ExpectedLatencyClocks;

    /// <param name="result">Of the network with its ports on pins.</param>
    /// <exception cref="InvalidDataException">The loader's checks refuse the image.</exception>
    public static BitstreamCheck Run(QuantizedModel model, FabricNetwork network, SynthesisResult result, string modelPath, int seed, Terminal terminal, CancellationToken cancel)
    {
        string folder = Directory.CreateTempSubdirectory("edge-check-").FullName;
        try
        {
            string report = JsonSerializer.Serialize(CompiledNetwork.Report(model, network, modelPath), CompiledNetwork.Json);
            CardImage loaded = Loaded(result, report, folder);
            FabricNetwork decompiled = Ice40Netlist.Decompile(network, loaded.Payload, Path.Combine(result.Placed!.Folder!, PlaceAndRoute.PlacedName), terminal.Progress, cancel);
            CardImage simulated = SimulatedCardImage.Build(decompiled, loaded.Manifest.ClockMegahertz, report, terminal.Progress, cancel);
            return Compare(simulated, model.Integers, network.Latency, seed, loaded.Manifest.Part!, terminal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Packs the bitstream into a card image, reads that back and checks it as a loader does: checksums, part, shell.</summary>
    private static CardImage Loaded(SynthesisResult result, string report, string folder)
    {
        string reportPath = Path.Combine(folder, CompiledNetwork.ReportName);
        File.WriteAllText(reportPath, report);
        string imagePath = Path.Combine(folder, "network.card");
        BitstreamCardImage.Build(result.Placed!.BitstreamPath!, result.Target.BitstreamPart!, shellId: null, buildId: 0, reportPath, result.ClockMegahertz!.Value, result.Placed.Version).Write(imagePath);
        CardImage image = CardImage.Read(imagePath);
        return CheckedImage.BitstreamFault(image) is { } fault ? throw new InvalidDataException($"{imagePath}: {fault}") : image;
    }

    private static BitstreamCheck Compare(CardImage image, IntegerNetwork network, int latency, int seed, string part, Terminal terminal)
    {
        long[] vectors = Draw(network, seed);
        long[] expected = ReferenceInterpreter.RunRows(network, vectors);
        int compared = Math.Min(OutputsInRecord, network.OutputLength);
        terminal.Progress($"{DefaultVectors} vectors through the simulated card with the bitstream's logic in its slot");
        using var card = new SimulatedCard(image, new QuietWorld(), clocksPerSample: 5);
        var control = new CardControl(card);
        control.Identify();
        card.Write(CardRegisters.VectorSourceAddress, CardRegisters.VectorSourceHostMask | CardRegisters.VectorSourceHoldMask);
        control.ClearCounters();
        card.SendVectors(vectors);
        var seen = new bool[DefaultVectors];
        int wrong = 0;
        string? first = null;
        control.Drain(record =>
        {
            if (record.Kind != EventKind.Vector)
            {
                return;
            }

            seen[record.Site] = true;
            for (int i = 0; i < compared; i++)
            {
                long wanted = Math.Clamp(expected[(record.Site * network.OutputLength) + i], int.MinValue, int.MaxValue);
                if (record.Outputs[i] != wanted)
                {
                    wrong++;
                    first ??= $"vector {record.Site}, output {i}: {record.Outputs[i]} against {wanted}";
                    break;
                }
            }
        });
        int lost = seen.Count(there => !there);
        LatencyStatistics measured = control.Latency();
        return new(DefaultVectors, wrong + lost, compared, first ?? (lost > 0 ? $"{lost} vectors made no record" : null), seed, measured.NetworkMinimum, measured.NetworkMaximum, latency, part);
    }

    /// <summary>All elements at their least, all at their greatest, all nearest to 0, each alone at its ends; then at random.</summary>
    private static long[] Draw(IntegerNetwork network, int seed)
    {
        int length = network.InputLength;
        var random = new Random(seed);
        var vectors = new long[DefaultVectors * length];
        for (int row = 0; row < DefaultVectors; row++)
        {
            for (int i = 0; i < length; i++)
            {
                Interval range = network.InputTensor.Ranges[i];
                bool own = row >= 3 && row < 3 + (2 * length) && (row - 3) / 2 == i;
                vectors[(row * length) + i] = row switch
                {
                    0 => range.Min,
                    1 => range.Max,
                    _ when own => (row - 3) % 2 == 0 ? range.Min : range.Max,
                    _ when row < 3 + (2 * length) => Math.Clamp(0, range.Min, range.Max),
                    _ => random.NextInt64(range.Min, range.Max + 1),
                };
            }
        }

        return vectors;
    }

    /// <summary>A detector that shows its offset; nothing of it is used.</summary>
    private sealed class QuietWorld : ICardWorld
    {
        public ushort NextSample(ReadOnlySpan<PinChange> changes) => 400;
    }
}
