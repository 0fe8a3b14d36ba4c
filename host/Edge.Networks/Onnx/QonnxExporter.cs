using Edge.Networks.Graph;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;

namespace Edge.Networks.Onnx;

/// <summary>Writes a quantized network on real numbers as QONNX: standard operators, and Quant nodes on weights, inputs and
/// activations (Pappalardo 2022), for qonnx, FINN and hls4ml. Nothing of it is approximate: what single precision cannot hold
/// is refused.</summary>
public sealed partial class QonnxExporter
{
    public const string Domain = "qonnx.custom_op.general";

    private const int IrVersion = 8;
    private const int Opset = 13;

    private readonly Network network;
    private readonly OnnxGraphWriter graph;
    private readonly Dictionary<int, string> names = [];

    private QonnxExporter(Network network)
    {
        this.network = network;
        graph = new(network.Name, network.InputName, network.OutputName);
    }

    /// <param name="network">Every layer with weights has quantized ones.</param>
    /// <param name="inputFormat">The quantizer of the inputs; null: the network has one.</param>
    /// <exception cref="InvalidInputException">A layer has no exact form in QONNX; it is named.</exception>
    public static byte[] Write(Network network, FixedPointFormat? inputFormat)
    {
        var exporter = new QonnxExporter(network);
        exporter.WriteAll(inputFormat);
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "edge",
            Graph = exporter.graph.Graph,
            OpsetImport = { new OperatorSetIdProto { Domain = string.Empty, Version = Opset }, new OperatorSetIdProto { Domain = Domain, Version = 1 } },
        };
        return model.ToByteArray();
    }

    private void WriteAll(FixedPointFormat? inputFormat)
    {
        graph.DeclareInput(network.InputName, network.InputShape);
        string x = network.InputName;
        if (inputFormat is { } format)
        {
            (long low, long high) = (format.Min, format.Max);
            x = Quant(x, network.InputShape, new([format.Step], [Rational.Zero], low, high, Rounding.HalfEven), network.InputName);
        }

        names[0] = x;
        foreach (Layer layer in network.Layers)
        {
            names[layer.Output] = layer switch
            {
                Dense dense => WriteDense(dense),
                Convolution convolution => WriteConvolution(convolution),
                MaxPool pool => WriteMaxPool(pool),
                ElementwiseAffine affine => WriteAffine(affine),
                Clip clip => WriteClip(clip),
                LeakyRelu leaky => graph.Node("PRelu", [Of(leaky), PerElement(leaky.Slopes, leaky.Shape, leaky.Name)]),
                Quantize quantize => Quant(Of(quantize), quantize.Shape, quantize.Quantizer, quantize.Name),
                Bipolar bipolar => InDomain(graph.Node("BipolarQuant", [Of(bipolar), PerElement(bipolar.Magnitudes, bipolar.Shape, bipolar.Name)])),
                Sum sum => graph.Node(sum.RightSign < 0 ? "Sub" : "Add", [names[sum.Left], names[sum.Right]]),
                Concatenation concatenation => WriteConcatenation(concatenation),
                Reorder reorder => WriteReorder(reorder),
                IndexOfLargest => graph.Node("Cast", [graph.Node("ArgMax", [Of(layer)], type: OnnxType.Int64, attributes: [OnnxGraphWriter.Attribute("axis", -1), OnnxGraphWriter.Attribute("keepdims", 0)])], type: OnnxType.Float, attributes: OnnxGraphWriter.Attribute("to", (int)OnnxType.Float)),
                ElementFunction function => WriteFunction(function),
                SoftmaxLayer softmax => WriteSoftmax(softmax),
                _ => throw Refused(layer, "has no form in QONNX"),
            };
        }

        int[] shape = network.Producer(network.OutputValue)?.Shape ?? network.InputShape;
        graph.Node("Identity", [names[network.OutputValue]], network.OutputName);
        graph.DeclareOutput(network.OutputName, shape, OnnxType.Float);
        foreach (ValueInfoProto end in graph.Graph.Input.Concat(graph.Graph.Output))
        {
            end.Type.TensorType.Shape.Dim[0] = new() { DimValue = 1 }; // FINN and hls4ml want whole shapes
        }
    }

    private string Of(Layer layer) => names[layer.Inputs[0]];

    private int[] ShapeOf(int value) => value == 0 ? network.InputShape : network.Producer(value)!.Shape;

    private static InvalidInputException Refused(Layer layer, string why) => new($"layer {layer.Name} {why}");

    private string InDomain(string output)
    {
        graph.Graph.Node[^1].Domain = Domain;
        return output;
    }

    private string Reshaped(string x, int[] shape) => graph.Node("Reshape", [x, graph.Constant([1L, .. shape.Select(size => (long)size)])]);

    private string Quant(string x, int[] shape, Quantizer quantizer, string name)
    {
        bool signed = quantizer.Low < 0;
        int bits = new Interval(quantizer.Low, quantizer.High).Width;
        long narrow = (quantizer.Low, quantizer.High) == Quantizer.Limits(bits, signed, narrow: false) ? 0
            : (quantizer.Low, quantizer.High) == Quantizer.Limits(bits, signed, narrow: true) ? 1
            : throw new InvalidInputException($"quantizer {name}: the range {quantizer.Low} to {quantizer.High} is not that of a bit width");
        string rounding = quantizer.Rounding switch
        {
            Rounding.HalfEven => "ROUND",
            Rounding.Floor => "FLOOR",
            Rounding.Ceiling => "CEIL",
            Rounding.TowardsZero => "DOWN",
            Rounding.AwayFromZero => "UP",
            Rounding.HalfAwayFromZero => "HALF_UP",
            Rounding.HalfTowardsZero => "HALF_DOWN",
            _ => throw new InvalidInputException($"quantizer {name}: QONNX has no rounding {quantizer.Rounding}"),
        };
        return Quant(x, PerElement(quantizer.Scales, shape, name), PerElement(quantizer.ZeroPoints, shape, name), bits, signed, narrow, rounding);
    }

    private string Quant(string x, string scale, string zeroPoint, int bits, bool signed, long narrow, string rounding) => InDomain(graph.Node(
        "Quant",
        [x, scale, zeroPoint, graph.Constant([], new double[] { bits }, OnnxType.Float)],
        attributes:
        [
            OnnxGraphWriter.Attribute("signed", signed ? 1 : 0),
            OnnxGraphWriter.Attribute("narrow", narrow),
            new() { Name = "rounding_mode", S = ByteString.CopyFromUtf8(rounding), Type = 3 },
        ]));

    /// <summary>A constant that broadcasts against (1, shape): a scalar, one a channel, or one an element.</summary>
    private string PerElement(Rational[] values, int[] shape, string name)
    {
        double[] narrow = [.. values.Select(value => Exactly(value, name))];
        if (narrow.Length == 1 || Array.TrueForAll(narrow, value => value == narrow[0]))
        {
            return graph.Constant([], [narrow[0]], OnnxType.Float);
        }

        int area = shape.Length > 1 ? narrow.Length / shape[0] : 0;
        return area > 0 && Enumerable.Range(0, narrow.Length).All(i => narrow[i] == narrow[i / area * area])
            ? graph.Constant([1, shape[0], .. shape.Skip(1).Select(_ => 1)], [.. narrow.Where((_, i) => i % area == 0)], OnnxType.Float)
            : graph.Constant([1, .. shape], narrow, OnnxType.Float);
    }

    private static double Exactly(Rational value, string name) => Rational.From((float)value.ToDouble()) == value
        ? value.ToDouble()
        : throw new InvalidInputException($"layer {name}: {value.ToDouble():R} does not fit single precision exactly");

    /// <summary>Weights (rows, columns) in another order and shape, through a Quant with one scale a row.</summary>
    private string Weights(Linear linear, int[] shape, int[]? order, int scaleAxis)
    {
        QuantizedValues quantized = linear.Weights.Quantized ?? throw Refused(linear, "has float weights");
        int rows = linear.Weights.Shape[0];
        int columns = linear.Weights.Shape[1];
        var scales = new Rational[rows];
        for (int row = 0; row < rows; row++)
        {
            scales[row] = quantized.ScaleOf(row * columns);
            for (int k = row * columns; k < (row + 1) * columns; k++)
            {
                if (quantized.ScaleOf(k) != scales[row])
                {
                    throw Refused(linear, "has weights of one output with different scales");
                }
            }
        }

        double[] values = [.. Enumerable.Range(0, linear.Weights.Length).Select(k => Exactly(quantized.Integers[k] * scales[k / columns], linear.Name))];
        values = order is null ? values : [.. order.Select(index => values[index])];
        bool alike = Array.TrueForAll(scales, scale => scale == scales[0]);
        var scaleShape = new int[shape.Length];
        Array.Fill(scaleShape, 1);
        scaleShape[scaleAxis] = rows;
        string scaleName = alike
            ? graph.Constant([], [Exactly(scales[0], linear.Name)], OnnxType.Float)
            : graph.Constant(scaleShape, [.. scales.Select(scale => Exactly(scale, linear.Name))], OnnxType.Float);
        int bits = Math.Max(2, new Interval(Math.Min(quantized.Integers.Min(), -1), quantized.Integers.Max()).Width);
        return Quant(graph.Constant(shape, values, OnnxType.Float), scaleName, graph.Constant([], [0.0], OnnxType.Float), bits, signed: true, narrow: 0, "ROUND");
    }
}
