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

    /// <summary>Inputs without which an operator means nothing.</summary>
    private int RequiredInputs => node.OpType switch
    {
        "Constant" => 0,
        "Gemm" or "MatMul" or "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Gather" or "Reshape" or "QuantizeLinear" or "DequantizeLinear" or "BipolarQuant" => 2,
        "Quant" => 4,
        "BatchNormalization" => 5,
        _ => 1,
    };

    /// <summary><c>Gemm "fc1"</c>, or <c>Gemm (node 3)</c> where it has no name.</summary>
    public string Description => node.Name.Length > 0 ? $"{node.OpType} \"{node.Name}\"" : $"{node.OpType} (node {number})";

    /// <exception cref="InvalidInputException">An input or output that the operator needs is not there.</exception>
    public void CheckArity()
    {
        int given = Enumerable.Range(0, node.Input.Count).TakeWhile(HasInput).Count();
        if (given < RequiredInputs || node.Output.Count == 0)
        {
            throw Error($"it has {given} inputs and {node.Output.Count} outputs; {node.OpType} needs {RequiredInputs} inputs and an output. The file is damaged; export the model again.");
        }
    }

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
