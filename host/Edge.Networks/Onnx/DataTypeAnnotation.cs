using System.Globalization;
using Edge.Networks.Numerics;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>QONNX and FINN write the data type of a tensor, which its float elements obey, beside the graph: key finn_datatype,
/// values such as UINT8, INT4, BIPOLAR, FIXED&lt;16,6&gt; (qonnx.core.datatype).</summary>
internal static class DataTypeAnnotation
{
    private const int LargestWidth = 32;

    /// <summary>The format of a tensor; null where none, or none that integers hold, is written.</summary>
    public static FixedPointFormat? FormatOf(GraphProto graph, string tensor)
    {
        string? text = graph.QuantizationAnnotation.Where(annotation => annotation.TensorName == tensor)
            .SelectMany(annotation => annotation.QuantParameterTensorNames)
            .FirstOrDefault(entry => entry.Key == "finn_datatype")?.Value;
        if (text is null)
        {
            return null;
        }

        if (text is "BIPOLAR" or "TERNARY")
        {
            return new(Signed: true, 2, 2);
        }

        if (text == "BINARY")
        {
            return new(Signed: false, 1, 1);
        }

        bool signed = !text.StartsWith('U');
        string type = signed ? text : text[1..];
        return type.StartsWith("INT", StringComparison.Ordinal) && Number(type[3..]) is { } width ? new(signed, width, width)
            : type.StartsWith("FIXED<", StringComparison.Ordinal) && type.EndsWith('>') && type[6..^1].Split(',') is [var total, var integer] && Number(total) is { } bits && Number(integer) is { } before ? new(signed, bits, before)
            : null;
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= LargestWidth ? number : null;
}
