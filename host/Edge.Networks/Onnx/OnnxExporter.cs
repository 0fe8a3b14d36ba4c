using System.Numerics;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;

namespace Edge.Networks.Onnx;

/// <summary>Writes an integer network as ONNX that stock ONNX Runtime executes to the same integers. Outputs: the model's own
/// values, the integers (int64) under the name <c>NAME_integers</c>, and where the model ends in a softmax or function that the
/// host computes, the integers of that under <c>NAME_final_integers</c>. No operator is used that ONNX
/// Runtime might fuse into its saturating 8-bit kernels: sums are float32 while every partial sum stays below 2^24,
/// float64 below 2^53, and int64 above.</summary>
public static class OnnxExporter
{
    public const string IntegersSuffix = "_integers";
    public const string FinalIntegersSuffix = "_final_integers";

    private const string Producer = "edge";
    private const int IrVersion = 8;
    private const int Opset = 17;

    public static byte[] Write(IntegerNetwork network, string inputName = "input", string outputName = "output")
    {
        var graph = new OnnxGraphWriter(network.Name, inputName, outputName, outputName + IntegersSuffix, outputName + FinalIntegersSuffix);
        graph.DeclareInput(inputName, network.Input.Shape);
        string x = EncodeInput(graph, network, inputName);
        string result = WriteOperations(graph, network, x);
        WriteIntegers(graph, network.Output, result, outputName + IntegersSuffix);
        OutputDecoding decoding = network.Output;
        if (decoding is { Softmax: true, Final: { } final })
        {
            result = WriteOperations(graph, final, result);
            decoding = final.Output;
            WriteIntegers(graph, decoding, result, outputName + FinalIntegersSuffix);
        }

        DecodeOutput(graph, decoding, network.OutputLength, result, outputName);
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = Producer,
            DocString = Description(network),
            Graph = graph.Graph,
            OpsetImport = { new OperatorSetIdProto { Domain = string.Empty, Version = Opset } },
        };
        return model.ToByteArray();
    }

    /// <summary>What an exported file says of itself; null for any other file. It holds integer arithmetic in pieces, which is
    /// for ONNX Runtime and not read back.</summary>
    public static string? DescriptionOf(OnnxModelFile file) =>
        file.Model is { ProducerName: Producer, Graph.Output: [var integers, .., var values] } && integers.Name == values.Name + IntegersSuffix ? file.Model.DocString : null;

    private static string Description(IntegerNetwork network)
    {
        string Row(IntegerTensor tensor, string kind, string layer) => $"  {kind,-14} {tensor.Length,8} x {tensor.Range.Width,2} bits  {tensor.Range.Min} to {tensor.Range.Max}  {layer}";
        return string.Join('\n', [
            $"{network.Name}, as Edge computes it in integers: inputs {network.Input.Origin}; hash {network.Hash()}",
            Row(network.InputTensor, "Input", string.Empty).TrimEnd(),
            .. network.Operations.Select(operation => Row(network.Tensors[operation.Output], operation.Kind, operation.Layer)),
        ]);
    }

    private static string WriteOperations(OnnxGraphWriter graph, IntegerNetwork network, string input)
    {
        var names = new Dictionary<int, string> { [0] = input };
        foreach (IntegerOperation operation in network.Operations)
        {
            names[operation.Output] = IntegerOperationWriter.Write(graph, network, operation, names);
        }

        return names[network.OutputTensor];
    }

    private static string EncodeInput(OnnxGraphWriter graph, IntegerNetwork network, string input)
    {
        InputEncoding encoding = network.Input;
        string flat = graph.Node("Reshape", [input, graph.Constant([-1, (long)encoding.Length])]);
        string wide = graph.Cast(flat, OnnxType.Double);
        (Rational[] gains, Rational[] offsets, Rational[]? divisors) = Exactly(encoding);
        string scaled = graph.Node("Mul", [wide, graph.Constant(Doubles(gains), OnnxType.Double)]);
        string shifted = offsets.All(offset => offset.IsZero)
            ? scaled
            : graph.Node("Add", [scaled, graph.Constant(Doubles(offsets), OnnxType.Double)]);
        if (divisors is not null)
        {
            shifted = graph.Node("Div", [shifted, graph.Constant(Doubles(divisors), OnnxType.Double)]);
        }

        string limited = graph.Clamp(shifted, [encoding.Low], [encoding.High], OnnxType.Double);
        return graph.Round(limited, encoding.Rounding);
    }

    /// <summary>gain * x + offset as (a x + b) / c with doubles a, b and c that are exact where possible: then a value on a
    /// rounding decision stays on it, which 1/scale rounded to a double would not promise.</summary>
    private static (Rational[] Gains, Rational[] Offsets, Rational[]? Divisors) Exactly(InputEncoding encoding)
    {
        int count = Math.Max(encoding.Gain.Length, encoding.Offset.Length);
        Rational[] gains = [.. Enumerable.Range(0, count).Select(i => encoding.Gain[encoding.Gain.Length == 1 ? 0 : i])];
        Rational[] offsets = [.. Enumerable.Range(0, count).Select(i => encoding.Offset[encoding.Offset.Length == 1 ? 0 : i])];
        Rational[] divisors = [.. Enumerable.Range(0, count).Select(i => (Rational)(gains[i].Denominator * offsets[i].Denominator / BigInteger.GreatestCommonDivisor(gains[i].Denominator, offsets[i].Denominator)))];
        bool needed = Enumerable.Range(0, count).Any(i => !IsDouble(gains[i]) || !IsDouble(offsets[i]));
        bool helps = Enumerable.Range(0, count).All(i => IsDouble(gains[i] * divisors[i]) && IsDouble(offsets[i] * divisors[i]) && IsDouble(divisors[i]));
        return needed && helps
            ? ([.. gains.Select((gain, i) => gain * divisors[i])], [.. offsets.Select((offset, i) => offset * divisors[i])], divisors)
            : (encoding.Gain, encoding.Offset, null);
    }

    private static bool IsDouble(Rational value) => Rational.From(value.ToDouble()) == value;

    private static void WriteIntegers(OnnxGraphWriter graph, OutputDecoding decoding, string result, string name)
    {
        string integers = graph.Cast(result, OnnxType.Int64);
        graph.Node("Reshape", [integers, graph.Constant([-1, .. decoding.Shape.Select(size => (long)size)])], name);
        graph.DeclareOutput(name, decoding.Shape, OnnxType.Int64);
    }

    private static void DecodeOutput(OnnxGraphWriter graph, OutputDecoding decoding, int length, string result, string outputName)
    {
        long[] shape = [-1, .. decoding.Shape.Select(size => (long)size)];
        string wide = graph.Cast(result, OnnxType.Double);
        string scaled = graph.Node("Mul", [wide, graph.Constant(Doubles(decoding.Scale), OnnxType.Double)]);
        string value = graph.Node("Add", [scaled, graph.Constant(Doubles(decoding.Offset), OnnxType.Double)]);
        (double[] lows, double[] highs) = decoding.Limits(length);
        if (decoding.Lows is not null || decoding.Highs is not null)
        {
            value = graph.Node("Max", [value, graph.Constant(lows, OnnxType.Double)]);
            value = graph.Node("Min", [value, graph.Constant(highs, OnnxType.Double)]);
        }

        string narrow = graph.Cast(value, OnnxType.Float);
        graph.Node("Reshape", [narrow, graph.Constant(shape)], outputName);
        graph.DeclareOutput(outputName, decoding.Shape, OnnxType.Float);
    }

    private static double[] Doubles(Rational[] values) => [.. values.Select(value => value.ToDouble())];
}
