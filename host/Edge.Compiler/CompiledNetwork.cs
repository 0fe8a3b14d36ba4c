using System.Text.Json;
using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;

namespace Edge.Compiler;

/// <summary>What <c>edge compile</c> leaves in its folder: the quantized network as ONNX, the RTL, and a report that says
/// exactly what was done.</summary>
public static class CompiledNetwork
{
    public const string ReportName = "report.json";

    /// <summary>How the report is written.</summary>
    public static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Everything the report says, as one object.</summary>
    public static object Report(QuantizedModel model, FabricNetwork fabric, string modelPath)
    {
        IntegerNetwork network = model.Integers;
        return new
        {
            Model = Path.GetFileName(modelPath),
            NetworkHash = network.Hash(),
            Target = "fabric",
            Input = new
            {
                Elements = network.InputLength,
                network.Input.Shape,
                Bits = fabric.InputWidth,
                Encoding = network.Input.Origin,
                Gain = network.Input.Gain.Select(Text),
                Offset = network.Input.Offset.Select(Text),
            },
            Output = new
            {
                Elements = network.OutputLength,
                network.Output.Shape,
                Bits = fabric.OutputWidth,
                Scale = network.Output.Scale.Select(Text),
                Offset = network.Output.Offset.Select(Text),
                SoftmaxOnHost = network.Output.Softmax,
                FinalHash = network.Output is { Softmax: true, Final: { } final } ? final.Hash() : null,
            },
            Layers = network.Operations.Select(operation => new
            {
                Operation = operation.Kind,
                operation.Layer,
                Elements = network.Tensors[operation.Output].Length,
                Bits = network.Tensors[operation.Output].Range.Width,
                Signed = network.Tensors[operation.Output].Range.Signed,
                Minimum = network.Tensors[operation.Output].Range.Min,
                Maximum = network.Tensors[operation.Output].Range.Max,
            }),
            Hardware = new
            {
                LatencyClocks = fabric.Latency,
                InitiationInterval = 1,
                fabric.LevelsPerStage,
                Adders = fabric.AdderCount,
                fabric.AdderBits,
                PipelineRegisterBits = fabric.RegisterBits,
                fabric.TableBits,
                Note = "counted from the adder graph; no synthesis was run",
            },
            PostTraining = model.Precision is { } precision
                ? new { precision.WeightBits, precision.ActivationBits, CalibrationErrorOfFullScale = model.CalibrationError }
                : null,
            model.Notes,
            TestVectors = TestVectors.Of(network),
        };
    }

    /// <summary>Writes the folder; it appears complete or not at all. A folder that an earlier compile left is replaced.</summary>
    /// <exception cref="InvalidInputException">The folder holds something else.</exception>
    public static void Write(string folder, QuantizedModel model, FabricNetwork fabric, string modelPath)
    {
        folder = Path.GetFullPath(folder);
        CheckFolder(folder);
        string partial = folder + ".partial";
        try
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }

            Directory.CreateDirectory(Path.Combine(partial, "rtl"));
            foreach ((string name, string text) in fabric.AllFiles())
            {
                File.WriteAllText(Path.Combine(partial, "rtl", name), text);
            }

            File.WriteAllBytes(Path.Combine(partial, "network.onnx"), OnnxExporter.Write(model.Integers, model.Source.InputName, model.Source.OutputName));
            File.WriteAllText(Path.Combine(partial, ReportName), JsonSerializer.Serialize(Report(model, fabric, modelPath), Json) + "\n");
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.Move(partial, folder);
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

    /// <exception cref="InvalidInputException">The folder holds something that no compile left.</exception>
    public static void CheckFolder(string folder)
    {
        bool ours = File.Exists(Path.Combine(folder, ReportName));
        if (File.Exists(folder) || (Directory.Exists(folder) && !ours && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new InvalidInputException($"{Path.GetFullPath(folder)} exists and holds something other than a compiled network. Choose an empty or new folder.");
        }
    }

    private static string Text(Rational value) =>
        value.Log2IfPowerOfTwo() is int exponent ? $"2^{exponent}" : value.ToDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
