namespace Edge.Networks.Onnx;

/// <summary>What to do about operators that Edge does not have.</summary>
internal static class UnsupportedOperators
{
    public static readonly IReadOnlySet<string> Recurrent = new HashSet<string>(StringComparer.Ordinal) { "LSTM", "GRU", "RNN" };

    /// <summary>All of them at once, and how to mend each kind.</summary>
    public static string Message(IReadOnlyList<OnnxNode> nodes)
    {
        string names = string.Join(", ", nodes.Select(node => node.Domain.Length > 0 ? $"{node.Description} of domain {node.Domain}" : node.Description));
        string[] supported = [.. OperatorImport.Supported.Concat(OperatorImport.SupportedQuantizers).Distinct().Order(StringComparer.Ordinal)];
        string[] hints = [.. nodes.Select(node => Hint(node.Operator)).Where(hint => hint.Length > 0).Distinct()];
        return $"{nodes.Count} node(s) use operators that are not supported: {names}. Supported are {string.Join(", ", supported)}; constants may also be computed from each other.{string.Concat(hints.Select(hint => $" {hint}"))}";
    }

    private static string Hint(string operation) => operation switch
    {
        "LSTM" or "GRU" or "RNN" => "Recurrent layers have no integer form here; edge predict --on onnxruntime runs the model as it is.",
        "If" or "Loop" or "Scan" => "Control flow decides while it runs: export the model with fixed shapes, traced, not scripted.",
        "DynamicQuantizeLinear" => "The scale of a DynamicQuantizeLinear depends on the data; quantize statically (QuantizeLinear with constant scales).",
        "LogSoftmax" => "LogSoftmax is the logarithm of a Softmax, made for training: end the model in a Softmax or before it, which leaves the classes as they are.",
        "FloatQuant" => "FloatQuant rounds to small floats, which no integer holds; use Quant.",
        "InstanceNormalization" or "LayerNormalization" or "GroupNormalization" or "LpNormalization" => "It normalizes by statistics of its own data; use BatchNormalization.",
        _ => string.Empty,
    };
}
