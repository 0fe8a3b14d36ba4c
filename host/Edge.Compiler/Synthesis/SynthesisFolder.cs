using System.Text.Json;
using System.Text.Json.Nodes;
using Edge.Networks;

namespace Edge.Compiler.Synthesis;

/// <summary>Results of synthesis in the folder of a compiled network: <c>synthesis</c> in its report, a member per target,
/// and synthesis/TARGET/ with the bitstream and what nextpnr printed.</summary>
public static class SynthesisFolder
{
    public const string Name = "synthesis";

    /// <exception cref="InvalidInputException">The folder's report is damaged, or the folder cannot be written.</exception>
    public static void Add(string folder, SynthesisResult result)
    {
        string report = Path.Combine(folder, CompiledNetwork.ReportName);
        string target = Path.Combine(folder, Name, result.Target.Name);
        string partial = target + ".partial";
        try
        {
            JsonObject whole = Read(report);
            if (whole[Name] is not JsonObject targets)
            {
                whole[Name] = targets = [];
            }

            targets[result.Target.Name] = JsonSerializer.SerializeToNode(result.Report(), CompiledNetwork.Json);
            Directory.CreateDirectory(partial);
            if (result.Placed?.BitstreamPath is { } bitstream)
            {
                File.Copy(bitstream, Path.Combine(partial, result.BitstreamName), overwrite: true);
            }

            if (result.Placed?.Folder is { } placed)
            {
                File.Copy(Path.Combine(placed, PlaceAndRoute.LogName), Path.Combine(partial, PlaceAndRoute.LogName), overwrite: true);
            }

            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }

            if (Directory.EnumerateFileSystemEntries(partial).Any())
            {
                Directory.Move(partial, target);
            }

            File.WriteAllText(report + ".partial", whole.ToJsonString(CompiledNetwork.Json) + "\n");
            File.Move(report + ".partial", report, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder} cannot be written: {error.Message}", error);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    private static JsonObject Read(string report)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(report)) as JsonObject ?? throw new InvalidInputException($"{report}: expected a JSON object. Compile the model again.");
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            throw new InvalidInputException($"{report}: is not the report of a compiled network ({error.Message}). Compile the model again.", error);
        }
    }
}
