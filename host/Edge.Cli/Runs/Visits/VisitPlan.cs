using System.Globalization;
using Edge.Appliance.Triggers;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Simulation.Optics;

namespace Edge.Cli.Runs.Visits;

/// <summary>What a run will do to the specimen, computed before the first electron.</summary>
/// <param name="AreaSquareAngstrom">Of the field of view.</param>
/// <param name="PeakPerElectron">Electrons per square angstrom at the centre of the probe, for one electron.</param>
/// <param name="TypicalElectronsPerSite">Of a complete site, on the specimens that the thresholds were tuned on.</param>
/// <param name="MostElectronsPerSite">At the maximum dwell.</param>
internal sealed record VisitPlan(
    double AreaSquareAngstrom,
    int OverviewPixels,
    double OverviewDose,
    double OverviewElectrons,
    double OverviewSeconds,
    int ExpectedVisits,
    double PeakPerElectron,
    double TypicalElectronsPerSite,
    double MostElectronsPerSite,
    double TypicalVisitSeconds,
    double CapElectrons)
{
    public double TypicalElectrons => OverviewElectrons + (ExpectedVisits * TypicalElectronsPerSite);

    public double MostElectrons => OverviewElectrons + (ExpectedVisits * MostElectronsPerSite);

    public double TypicalPeak => OverviewDose + (TypicalElectronsPerSite * PeakPerElectron);

    public double MostPeak => OverviewDose + (MostElectronsPerSite * PeakPerElectron);

    public double Seconds => OverviewSeconds + (ExpectedVisits * TypicalVisitSeconds);

    public static VisitPlan Of(VisitRunFile file, SiteModel model, VisitRun run)
    {
        int pixels = run.OverviewPixels;
        double side = file.FieldOfView - (2 * file.Margin);
        double cell = Math.Sqrt(3) / 2 * file.LatticeConstant * file.LatticeConstant;
        int sites = Math.Max(0, (int)Math.Round(side * side / cell)) * file.Repeats;
        double perSample = file.ElectronsPerSecond * file.SamplePeriodSeconds;
        double overview = (double)pixels * pixels * file.OverviewSamples * perSample;
        double typical = model.MeanElectrons[0];
        return new(
            file.FieldOfView * file.FieldOfView,
            pixels,
            overview / (file.FieldOfView * file.FieldOfView),
            overview,
            pixels * (file.LineSettleSeconds + (pixels * file.OverviewDwellSeconds)),
            sites,
            new ProbeProfile(file.AcceleratingKilovolts, file.ConvergenceMilliradians, file.SourceFwhm).Peak,
            typical,
            run.MaximumSamples * perSample,
            file.SettleSeconds + file.BlankSeconds + (typical / file.ElectronsPerSecond),
            file.LargestElectrons);
    }

    public void Print(TextWriter text)
    {
        string F(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        text.WriteLine("Before the first electron:");
        text.WriteLine($"  area      {F(Math.Sqrt(AreaSquareAngstrom) / 10, "F2")} x {F(Math.Sqrt(AreaSquareAngstrom) / 10, "F2")} nm");
        text.WriteLine($"  overview  {OverviewPixels} x {OverviewPixels} pixels, {F(OverviewDose, "F1")} e/A^2, {F(OverviewElectrons, "N0")} electrons");
        text.WriteLine($"  visits    about {ExpectedVisits}; typically {F(TypicalElectronsPerSite, "N0")} electrons each, at most {F(MostElectronsPerSite, "N0")}");
        text.WriteLine($"  together  about {F(TypicalElectrons, "N0")} electrons, at most {F(MostElectrons, "N0")}; the card trips at {F(CapElectrons, "N0")} in the overview or in the visits");
        text.WriteLine($"  peak      about {F(TypicalPeak, "N0")} e/A^2 at a visited atom, at most {F(MostPeak, "N0")}");
        text.WriteLine($"  time      about {F(Seconds * 1e3, "F1")} ms under the beam and moving");
    }
}
