using Edge.Networks.Onnx.Format;
using Google.Protobuf;

namespace Edge.Networks.Onnx;

/// <summary>An ONNX file: its bytes and the parsed graph.</summary>
public sealed class OnnxModelFile
{
    private const long LargestFile = 1L << 30;

    private OnnxModelFile(string path, byte[] bytes, ModelProto model)
    {
        Path = path;
        Bytes = bytes;
        Model = model;
    }

    public string Path { get; }

    /// <summary>The file's name without its ending; a control character in it would break reports and generated files.</summary>
    public string Name => string.Concat(System.IO.Path.GetFileNameWithoutExtension(Path).Select(letter => char.IsControl(letter) ? '_' : letter));

    internal byte[] Bytes { get; }

    internal ModelProto Model { get; }

    internal string Folder => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path)) ?? ".";

    /// <summary>ONNX operator set version of the standard domain; 1 if the file does not say.</summary>
    internal long Opset => Model.OpsetImport.Where(import => import.Domain is "" or "ai.onnx").Select(import => import.Version).DefaultIfEmpty(1).Max();

    /// <summary>A file that is not on disk.</summary>
    internal static OnnxModelFile Of(string name, byte[] bytes) => new(name + ".onnx", bytes, ModelProto.Parser.ParseFrom(bytes));

    /// <exception cref="InvalidInputException">Not there, empty, too large, or no ONNX protobuf.</exception>
    public static OnnxModelFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        long length = new FileInfo(path).Length;
        if (length == 0)
        {
            throw new InvalidInputException($"{path}: the file is empty (0 bytes). Export the model again.");
        }

        if (length > LargestFile)
        {
            throw new InvalidInputException($"{path}: {length} bytes; models of up to {LargestFile} bytes are read.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            string fault = WireScan.FirstFault(bytes) ?? $"a field inside the {bytes.Length} bytes is damaged";
            throw new InvalidInputException(
                $"{path}: the file is truncated or no valid ONNX protobuf: {fault}. Copy or export the model again.", error);
        }

        if (model.Graph is null || model.Graph.Node.Count == 0)
        {
            throw new InvalidInputException($"{path}: the file holds no ONNX graph. Is it a model exported as .onnx?");
        }

        return new(path, bytes, model);
    }
}
