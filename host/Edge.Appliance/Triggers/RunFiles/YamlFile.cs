using Edge.Networks;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>A YAML file read field by field. Every fault is collected with its line, so that a user sees all of them at
/// once; <see cref="Finish"/> reports them.</summary>
public sealed class YamlFile
{
    private const long LargestFile = 1 << 20;
    private const int DeepestNesting = 32;

    private readonly List<(long Line, string Text)> faults = [];

    private YamlFile(string path, YamlMappingNode root)
    {
        Path = path;
        Root = new(this, string.Empty, root);
    }

    public string Path { get; }

    public YamlSection Root { get; }

    /// <exception cref="InvalidInputException">Not there, too large, or no YAML mapping.</exception>
    public static YamlFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        if (new FileInfo(path).Length > LargestFile)
        {
            throw new InvalidInputException($"{path}: run files of up to {LargestFile} bytes are read.");
        }

        string text = File.ReadAllText(path);
        try
        {
            CheckNesting(text, path);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? new(path, root)
                : throw new InvalidInputException($"{path}: expected one YAML document of 'field: value' lines.");
        }
        catch (YamlException error)
        {
            throw new InvalidInputException($"{path}:{error.Start.Line}: not valid YAML: {error.InnerException?.Message ?? error.Message}", error);
        }
    }

    /// <summary>A path in the file, relative to the file's folder.</summary>
    public string Resolve(string relative) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, relative));

    public void Fault(long line, string text) => faults.Add((line, text));

    /// <summary>Throws if anything was wrong, naming unknown fields too.</summary>
    public void Finish()
    {
        Root.RejectUnknown();
        if (faults.Count > 0)
        {
            throw new InvalidInputException(string.Join(Environment.NewLine, faults.OrderBy(fault => fault.Line).Select(fault => $"{Path}:{fault.Line}: {fault.Text}")));
        }
    }

    private static void CheckNesting(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (Advance())
        {
            depth += parser.Current is MappingStart or SequenceStart ? 1 : parser.Current is MappingEnd or SequenceEnd ? -1 : 0;
            if (depth > DeepestNesting)
            {
                throw new InvalidInputException($"{path}:{parser.Current!.Start.Line}: nested more than {DeepestNesting} levels deep.");
            }
        }

        bool Advance()
        {
            try
            {
                return parser.MoveNext();
            }
            catch (InvalidOperationException error)
            {
                // What YamlDotNet makes of a flow sequence that ends in the wrong bracket.
                throw new InvalidInputException($"{path}:{parser.Current?.End.Line ?? 1}: not valid YAML: brackets or quotes after this line do not match.", error);
            }
        }
    }
}
