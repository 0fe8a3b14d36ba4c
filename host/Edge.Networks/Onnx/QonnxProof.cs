using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Quantization;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Onnx;

/// <summary>Reads a QONNX export back and compares its integers with those of the network it was made from.</summary>
public static class QonnxProof
{
    private const int LargestRowCount = 1024;

    /// <returns>How many integers were compared.</returns>
    /// <exception cref="ExportMismatchException">One differs.</exception>
    public static long Of(byte[] file, IntegerNetwork network, CalibrationRows rows)
    {
        Network read = OnnxImporter.Import(OnnxModelFile.Of(network.Name, file));
        IntegerNetwork again = Lowering.ToIntegers(read, inputFormat: null);
        double[] values = [.. rows.Each().Take(LargestRowCount).SelectMany(row => row.ToArray())];
        long[] expected = new FastInterpreter(network).RunRows(network.Input.EncodeRows(values, []));
        long[] found = new FastInterpreter(again).RunRows(again.Input.EncodeRows(values, []));
        bool alike = network.OutputLength == again.OutputLength && network.Output.Decode(expected, network.OutputLength, beforeSoftmax: true).AsSpan()
            .SequenceEqual(again.Output.Decode(found, again.OutputLength, beforeSoftmax: true));
        return alike && expected.AsSpan().SequenceEqual(found)
            ? expected.Length
            : throw new ExportMismatchException("read back, it computes other integers");
    }
}
