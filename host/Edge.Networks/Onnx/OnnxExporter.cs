using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;

namespace Edge.Networks.Onnx;

/// <summary>Writes an integer network as ONNX that stock ONNX Runtime executes to the same integers. Two outputs: the
/// model's own values, and the integers (int64) under the name <c>NAME_integers</c>. No operator is used that ONNX
/// Runtime might fuse into its saturating 8-bit kernels: sums are float32 while every partial sum stays below 2^24,
/// float64 below 2^53, and int64 above.</summary>
public static class OnnxExporter
{
    public const string IntegersSuffix = "_integers";

    private const int IrVersion = 8;
    private const int Opset = 17;

    public static byte[] Write(IntegerNetwork network, string inputName = "input", string outputName = "output")
    {
        var graph = new OnnxGraphWriter(network.Name);
        graph.DeclareInput(inputName, network.Input.Shape);
        string x = EncodeInput(graph, network, inputName);
        var names = new Dictionary<int, string> { [0] = x };
        foreach (IntegerOperation operation in network.Operations)
        {
            names[operation.Output] = IntegerOperationWriter.Write(graph, network, operation, names);
        }

        DecodeOutput(graph, network, names[network.OutputTensor], outputName);
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "edge",
            Graph = graph.Graph,
            OpsetImport = { new OperatorSetIdProto { Domain = string.Empty, Version = Opset } },
        };
        return model.ToByteArray();
    }

    private static string EncodeInput(OnnxGraphWriter graph, IntegerNetwork network, string input)
    {
        InputEncoding encoding = network.Input;
        string flat = graph.Node("Reshape", [input, graph.Constant([-1, (long)encoding.Length])]);
        string wide = graph.Cast(flat, OnnxType.Double);
        string scaled = graph.Node("Mul", [wide, graph.Constant(Doubles(encoding.Gain), OnnxType.Double)]);
        string shifted = encoding.Offset.All(offset => offset.IsZero)
            ? scaled
            : graph.Node("Add", [scaled, graph.Constant(Doubles(encoding.Offset), OnnxType.Double)]);
        string limited = graph.Clamp(shifted, [encoding.Low], [encoding.High], OnnxType.Double);
        return graph.Round(limited, encoding.Rounding);
    }

    private static void DecodeOutput(OnnxGraphWriter graph, IntegerNetwork network, string result, string outputName)
    {
        OutputDecoding decoding = network.Output;
        long[] shape = [-1, .. decoding.Shape.Select(size => (long)size)];
        string integers = graph.Cast(result, OnnxType.Int64);
        graph.Node("Reshape", [integers, graph.Constant(shape)], outputName + IntegersSuffix);
        graph.DeclareOutput(outputName + IntegersSuffix, decoding.Shape, OnnxType.Int64);

        string wide = graph.Cast(result, OnnxType.Double);
        string scaled = graph.Node("Mul", [wide, graph.Constant(Doubles(decoding.Scale), OnnxType.Double)]);
        string value = graph.Node("Add", [scaled, graph.Constant(Doubles(decoding.Offset), OnnxType.Double)]);
        if (decoding.Softmax)
        {
            value = graph.Node("Softmax", [value], attributes: OnnxGraphWriter.Attribute("axis", -1));
        }

        string narrow = graph.Cast(value, OnnxType.Float);
        graph.Node("Reshape", [narrow, graph.Constant(shape)], outputName);
        graph.DeclareOutput(outputName, decoding.Shape, OnnxType.Float);
    }

    private static double[] Doubles(Rational[] values) => [.. values.Select(value => value.ToDouble())];
}
