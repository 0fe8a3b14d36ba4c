using Edge.Bench;
using Edge.Bench.Sections;

// Measures and writes docs/measurements.md.
// usage: [section...] [--out FILE]     no section: all of them
//        --load FOLDER                 prints the milliseconds of import and lowering, the first in this process
if (args is ["--load", var model] && ModelFolder.Below(model).ToArray() is [var only])
{
    Console.WriteLine((1e3 * Timing.Seconds(() => only.Load())).ToString("F3", System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

ISection[] sections = [new JetSection(), new InterpreterSection(), new SiteSection(), new VisitsSection(), new SynthesisSection(), new CoverageSection(), new ModelsSection()];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    stop.Cancel();
};
string? asked = null;
var chosen = new List<ISection>();
for (int k = 0; k < args.Length; k++)
{
    if (args[k] == "--out" && k + 1 < args.Length)
    {
        asked = Path.GetFullPath(args[++k]);
    }
    else if (Array.Find(sections, section => section.Name == args[k]) is { } named)
    {
        chosen.Add(named);
    }
    else
    {
        Console.Error.WriteLine($"bench: '{args[k]}': sections are {string.Join(", ", sections.Select(section => section.Name))}; --out FILE writes to another file.");
        return 2;
    }
}

using var context = new BenchContext(asked, stop.Token);
string[] names = [.. sections.Select(section => section.Name)];
var file = new MeasurementsFile(context.Output, names);
int missed = 0;
int failed = 0;
int skipped = 0;
foreach (ISection section in chosen.Count > 0 ? chosen : [.. sections])
{
    Console.Error.WriteLine($"bench: {section.Name}");
    string body;
    try
    {
        SectionResult result = section.Run(context);
        missed += result.Rows.Count(row => row.Met is false);
        body = MeasurementsFile.Body(result);
    }
    catch (SectionSkippedException reason)
    {
        body = $"Skipped: {reason.Message}.\n";
        skipped++;
    }
    catch (OperationCanceledException)
    {
        Console.Error.WriteLine("bench: stopped.");
        return 130;
    }
    catch (Exception error)
    {
        Console.Error.WriteLine($"bench: {section.Name}: {error}");
        body = $"Failed: {error.Message.Replace(context.Root + "/", string.Empty, StringComparison.Ordinal)}\n";
        failed++;
    }

    file.Put(section, body, $"make bench BENCH={section.Name}");
    file.Write(names);
    Console.WriteLine($"{section.Title}\n\n{body}");
}

Console.WriteLine($"bench: {missed} targets missed, {skipped} sections skipped, {failed} failed; written to {Path.GetRelativePath(context.Root, context.Output)}");
return missed + failed == 0 ? 0 : 1;
