namespace Edge.Networks.Onnx;

/// <summary>What a Cast casts to.</summary>
internal static class CastImport
{
    /// <summary>The element type; a number, or a name before operator set 6. Float where the file does not say.</summary>
    public static OnnxType Target(OnnxNode node)
    {
        if (node.Find("to") is { S.Length: > 0 })
        {
            string name = node.Text("to", string.Empty);
            return Enum.TryParse(name, ignoreCase: true, out OnnxType named) ? named : throw node.Error($"it casts to \"{name}\", which is no type that Edge knows.");
        }

        return (OnnxType)node.Integer("to", (int)OnnxType.Float);
    }

    public static bool IsReal(OnnxType type) => type is OnnxType.Float or OnnxType.Double or OnnxType.Float16 or OnnxType.BFloat16;
}
