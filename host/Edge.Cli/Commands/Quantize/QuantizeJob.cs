using System.Security.Cryptography;
using System.Text;
using Edge.Cli.Output;
using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;
using Edge.Networks.Quantization.Search;

namespace Edge.Cli.Commands.Quantize;

/// <summary>The work of <c>edge quantize</c>: read, search if asked, quantize, prove the exports, measure, write.</summary>
/// <param name="Test">Rows to measure with only; null: none.</param>
/// <param name="Budget">null: bits as the settings say.</param>
internal sealed record QuantizeJob(
    string Model, int[]? InputShape, RowFiles Calibration, RowFiles? Test, QuantizationSettings Settings, FixedPointFormat? Format, SearchBudget? Budget, string Folder)
{
    public QuantizationReport Run(Terminal terminal, CancellationToken cancel)
    {
        OnnxModelFile file = OnnxModelFile.Read(Model);
        Network network = OnnxImporter.Import(file, InputShape);
        if (network.IsQuantized)
        {
            throw new InvalidInputException($"{Model}: the model is quantized already; there is nothing to choose. 'edge compile' takes it as it is.");
        }

        LabelledRows calibration = Calibration.Open(network);
        LabelledRows? test = Test?.Open(network);
        terminal.Progress($"{calibration.Rows.Count} calibration rows");
        return Named(() =>
        {
            (QuantizationSettings settings, SearchResult? search) = Budget is null ? (Settings, null) : Search(network, calibration, terminal, cancel);
            QuantizedModel quantized = QuantizedModel.Quantize(network, calibration.Rows, Format, settings, message =>
            {
                cancel.ThrowIfCancellationRequested();
                terminal.Progress(message);
            });
            byte[] export = OnnxExporter.Write(quantized.Integers, network.InputName, network.OutputName);
            ExportProof proof = ExportProof.Of(export, quantized.Integers, calibration.Rows.Each(), cancel);
            terminal.Progress($"network.onnx: {proof.Integers} integers of {proof.Rows} calibration and {proof.ExtremeRows} extreme rows equal in the interpreter and ONNX Runtime {proof.OnnxRuntime}, optimizations on and off");
            (byte[]? qonnx, string said) = Qonnx(quantized, calibration.Rows);
            terminal.Progress(said);
            QuantizationReport report = QuantizationReport.Of(
                quantized,
                Path.GetFileName(Model),
                Comparison.Of(quantized, calibration, cancel),
                test is null ? null : Comparison.Of(quantized, test, cancel),
                proof,
                said,
                LutEstimate.Of(quantized.Integers),
                search);
            cancel.ThrowIfCancellationRequested();
            terminal.Progress($"calibration rows read in {calibration.Rows.Passes} passes");
            QuantizedFolder.Write(Folder, export, qonnx, report);
            return report;
        });
    }

    /// <summary>QONNX, read back and compared; null and the reason where the network has no exact form there.</summary>
    private static (byte[]? File, string Said) Qonnx(QuantizedModel quantized, CalibrationRows rows)
    {
        try
        {
            byte[] file = QonnxExporter.Write(quantized.PostTraining!.Network, quantized.PostTraining.InputFormat);
            long compared = QonnxProof.Of(file, quantized.Integers, rows);
            return (file, $"{QuantizedFolder.QonnxName}: read back, {compared} integers equal");
        }
        catch (Exception error) when (error is InvalidInputException or ExportMismatchException)
        {
            return (null, $"{QuantizedFolder.QonnxName} is not written: {error.Message}");
        }
    }

    private (QuantizationSettings Settings, SearchResult Result) Search(Network network, LabelledRows calibration, Terminal terminal, CancellationToken cancel)
    {
        string key = Key();
        SearchState state = SearchFile.Read(Folder, key);
        if (state.Sensitivities.Count > 0)
        {
            terminal.Progress($"going on with {SearchFile.PathIn(Folder)}: {state.Sensitivities.Count} sensitivities and {state.Points.Count} networks are measured already");
        }

        using CancellationTokenRegistration said = cancel.Register(() =>
            terminal.Progress($"what was measured is kept in {SearchFile.PathIn(Folder)}; give the same command again to go on"));
        FixedPointFormat format = QuantizedModel.InputFormatFor(network, calibration.Rows, Format);
        var search = new BitSearch(network, calibration.Rows, calibration.Labels, format, Settings, LutEstimate.Of, state, now => SearchFile.Save(Folder, now), terminal.Progress, cancel);
        (SearchPoint chosen, IReadOnlyList<SearchPoint> measured) = search.Run(Budget!);
        return (Settings with { LayerPrecisions = chosen.Precisions }, new(Budget!, chosen, measured, BitSearch.Front(measured)));
    }

    /// <summary>What a search's measurements depend on.</summary>
    private string Key()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in new[] { Model, Calibration.Path, Calibration.LabelPath }.OfType<string>())
        {
            using FileStream stream = File.OpenRead(path);
            hash.AppendData(SHA256.HashData(stream));
        }

        hash.AppendData(Encoding.UTF8.GetBytes($"2 {Settings.Method} {Settings.InputBits} {Settings.Equalizes} {Format} {string.Join(',', InputShape ?? [])} {Calibration.LabelPath is null}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private T Named<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (InvalidInputException error) when (!error.Message.StartsWith(Model, StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{Model}: {error.Message}", error);
        }
    }
}

/// <summary>What a search found.</summary>
internal sealed record SearchResult(SearchBudget Budget, SearchPoint Chosen, IReadOnlyList<SearchPoint> Measured, IReadOnlyList<SearchPoint> Front);
