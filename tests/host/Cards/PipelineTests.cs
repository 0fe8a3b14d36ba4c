using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Tests.Cards;

[Collection("card")]
public sealed class PipelineTests(CardImages images)
{
    /// <summary>Noise is indexed by seed, site and sample, so a longer pipeline changes nothing but the time at which a
    /// sample arrives; without drift the specimen does not change meanwhile.</summary>
    [Fact]
    public void WithTheAlignmentSet_PipelinesOf0And8And60SamplesDecideAlike()
    {
        IReadOnlyList<Visit>[] runs = [.. new[] { 0, 8, 60 }.Select(Visit)];
        Records.Equal(runs[0], runs[1]);
        Records.Equal(runs[0], runs[2]);
    }

    /// <summary>That the test above can fail: the alignment matters.</summary>
    [Fact]
    public void WithAWrongAlignment_DecisionsDiffer()
    {
        IReadOnlyList<Visit> right = Visit(8);
        using var bench = new VisitBench(images.Site, Job(8), CardImages.SiteModel with { ExtraAlignSamples = CardImages.SiteModel.ExtraAlignSamples + 1 });
        IReadOnlyList<Visit> wrong = bench.Visit(right.Count);
        Assert.NotEqual(right.Select(visit => visit.Record!.Sum), wrong.Select(visit => visit.Record!.Sum));
    }

    private static VisitRunFile Job(int pipeline)
    {
        VisitRunFile job = VisitBench.Job(seed: 5);
        return job with { PipelineSamples = pipeline, MaximumDwellSeconds = 40e-6, Simulation = job.Simulation with { DriftPerSecond = 0 } };
    }

    private IReadOnlyList<Visit> Visit(int pipeline)
    {
        using var bench = new VisitBench(images.Site, Job(pipeline));
        return bench.Visit(160);
    }
}
