using Edge.Networks;
using Edge.Networks.Numerics;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>What a run file asks for; one kind of job each.</summary>
public abstract record RunFile(string Path, NetworkChoice Network, CardChoice Card, string OutputFolder)
{
    /// <param name="path">The file.</param>
    /// <param name="calibrated">False: the calibration that it names need not exist yet.</param>
    /// <exception cref="InvalidInputException">Everything that is wrong, each with its line.</exception>
    public static RunFile Read(string path, bool calibrated = true)
    {
        YamlFile file = YamlFile.Read(path);
        string kind = file.Root.Choice("kind", null, "visit", "features");
        file.ThrowIfFaulty(); // without the kind nobody knows which fields belong here
        RunFile run = kind == "features" ? FeaturesRunFile.Read(file) : VisitRunFile.Read(file, calibrated);
        file.Finish();
        return run;
    }
}

/// <summary>The network in the slot.</summary>
/// <param name="ModelPath">ONNX file.</param>
/// <param name="SettingsPath">The file that the training script wrote beside it; null for networks without one.</param>
/// <param name="InputFormat">null: what the settings or the model say.</param>
public sealed record NetworkChoice(string ModelPath, string? SettingsPath, FixedPointFormat? InputFormat, int LevelsPerStage)
{
    internal static NetworkChoice Read(YamlSection section, bool settingsRequired)
    {
        string? model = section.ExistingFile("model", required: true);
        string? settings = section.ExistingFile("settings", settingsRequired);
        return new(
            model ?? string.Empty,
            settings,
            section.Format("input_format"),
            section.Integer("levels_per_stage", 3, 1, 64));
    }
}

/// <summary>The card and its clock.</summary>
/// <param name="ImagePath">Card image to run; null: it is built from the network.</param>
public sealed record CardChoice(double ClockHertz, string? ImagePath = null)
{
    internal static CardChoice Read(YamlSection section)
    {
        section.Choice("kind", "simulated", "simulated");
        return new(section.Quantity("clock", Dimension.Frequency, 100e6, 1e6, 1e9), section.ExistingFile("image", required: false));
    }

    /// <summary>Whole clocks of a time, rounded up.</summary>
    public uint Clocks(double seconds) => checked((uint)Math.Ceiling((seconds * ClockHertz) - 1e-9));
}

/// <summary>A job without beam: the rows of an array go through the network in the slot, one a clock.</summary>
/// <param name="Thresholds">In output values (not integers); one for all classes, or one a class.</param>
/// <param name="KeepClasses">Classes that raise the auxiliary trigger when sure; null: all.</param>
public sealed record FeaturesRunFile(
    string Path,
    NetworkChoice Network,
    CardChoice Card,
    string OutputFolder,
    string FeaturesPath,
    string Rule,
    double Threshold,
    IReadOnlyList<int>? KeepClasses)
    : RunFile(Path, Network, Card, OutputFolder)
{
    /// <summary>The card keeps classes by a mask of 32 bits.</summary>
    public const int LargestClass = 31;

    internal static FeaturesRunFile Read(YamlFile file)
    {
        YamlSection root = file.Root;
        YamlSection decision = root.Section("decision");
        return new(
            file.Path,
            NetworkChoice.Read(root.Section("network"), settingsRequired: false),
            CardChoice.Read(root.Section("card")),
            root.Section("output").OutputFolder("folder", "out/features"),
            root.ExistingFile("features", required: true) ?? string.Empty,
            decision.Choice("rule", "difference", "difference", "level", "class"),
            decision.Number("threshold", 0, -1e12, 1e12),
            decision.Integers("keep_classes", 0, LargestClass));
    }
}
