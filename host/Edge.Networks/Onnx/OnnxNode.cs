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

    public IReadOnlyList<AttributeProto> Attributes => node.Attribute;

    /// <summary>Inputs without which an operator means nothing.</summary>
    private int RequiredInputs => node.OpType switch
    {
        "Constant" => 0,
        "Reshape" => HasAttribute("shape") ? 1 : 2, // an attribute in operator sets 1 to 4
        "Gemm" or "MatMul" or "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Gather" or "QuantizeLinear" or "DequantizeLinear" or "BipolarQuant" or "MultiThreshold" or "Conv" or "ConvTranspose" or "PRelu" or "Expand" or "Tile" => 2,
        "Quant" or "IntQuant" => 4,
        "Trunc" => 5,
        "BatchNormalization" => 5,
        _ => 1,
    };

    /// <summary><c>Gemm "fc1"</c>, or <c>Gemm (node 3)</c> where it has no name.</summary>
    public string Description { get; private init; } = node.Name.Length > 0 ? $"{node.OpType} \"{node.Name}\"" : $"{node.OpType} (node {number})";

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

    public long Integer(string name, long missing) => Find(name, AttributeType.Integer)?.I ?? missing;

    public double Real(string name, double missing) => Find(name, AttributeType.Real) is { } attribute ? attribute.F : missing;

    public string Text(string name, string missing) => Find(name, AttributeType.Text) is { } attribute ? Encoding.UTF8.GetString(attribute.S.Span) : missing;

    public int[]? Integers(string name) => Find(name, AttributeType.Integers) is { } attribute
        ? [.. attribute.Ints.Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))]
        : null;

    /// <summary>Another operator with some of this node's attributes, named in messages as this node.</summary>
    public OnnxNode As(string operation, params string[] attributes) =>
        AsNew(operation, [.. node.Attribute.Where(attribute => attributes.Contains(attribute.Name, StringComparer.Ordinal))]);

    public OnnxNode AsNew(string operation, params AttributeProto[] attributes) =>
        new(new() { OpType = operation, Input = { node.Input }, Output = { node.Output }, Attribute = { attributes } }, number) { Description = Description };

    public AttributeProto? Find(string name) => node.Attribute.FirstOrDefault(attribute => attribute.Name == name);

    private AttributeProto? Find(string name, AttributeType type) => Find(name) is not { } attribute ? null

        // Files older than IR version 2 do not say the type.
        : attribute.Type == 0 || attribute.Type == (int)type ? attribute
        : throw Error($"attribute {name} is of type {attribute.Type}; {(int)type} ({type}) belongs there. The file is damaged; export the model again.");

    public InvalidInputException Error(string message) =>
        new($"node {Description}{(node.Output.Count > 0 ? $" (tensor \"{node.Output[0]}\")" : string.Empty)}: {message}");
}

/// <summary>What an attribute holds (AttributeProto.AttributeType).</summary>
internal enum AttributeType
{
    Real = 1,
    Integer = 2,
    Text = 3,
    Tensor = 4,
    Integers = 7,
}
