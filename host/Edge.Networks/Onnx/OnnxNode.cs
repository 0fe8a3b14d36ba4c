using System.Text;
using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>A node of the graph with its attributes, and the words that name it in messages.</summary>
internal sealed class OnnxNode(NodeProto node, int number)
{
    public string Operator => node.OpType;

    public string Domain => node.Domain is "ai.onnx" ? string.Empty : node.Domain;

    public IReadOnlyList<string> Inputs => node.Input;

    public IReadOnlyList<string> Outputs => node.Output;

    /// <summary><c>Gemm "fc1"</c>, or <c>Gemm (node 3)</c> where it has no name.</summary>
    public string Description => node.Name.Length > 0 ? $"{node.OpType} \"{node.Name}\"" : $"{node.OpType} (node {number})";

    public bool HasInput(int index) => index < node.Input.Count && node.Input[index].Length > 0;

    public bool HasAttribute(string name) => Find(name) is not null;

    public long Integer(string name, long missing) => Find(name)?.I ?? missing;

    public double Real(string name, double missing) => Find(name) is { } attribute ? attribute.F : missing;

    public string Text(string name, string missing) => Find(name) is { } attribute ? Encoding.UTF8.GetString(attribute.S.Span) : missing;

    public int[]? Integers(string name) => Find(name) is { } attribute
        ? [.. attribute.Ints.Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))]
        : null;

    public AttributeProto? Find(string name) => node.Attribute.FirstOrDefault(attribute => attribute.Name == name);

    public InvalidInputException Error(string message) => new($"node {Description}: {message}");
}
