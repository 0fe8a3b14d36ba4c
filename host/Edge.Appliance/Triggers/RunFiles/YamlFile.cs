using System.Text;
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
    private const int MostFaultsShown = 40;

    private readonly List<(long Line, string Text)> faults = [];
    private readonly HashSet<string> faulty = new(StringComparer.Ordinal);

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
        string text = ReadText(path);
        try
        {
            CheckStructure(text, path);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? new(path, root)
                : throw new InvalidInputException($"{path}: {(stream.Documents.Count == 0 ? "the file is empty; " : string.Empty)}expected one YAML document of 'field: value' lines.");
        }
        catch (YamlException error)
        {
            (long line, string reason) = Reason(error, text);
            throw new InvalidInputException($"{path}:{line}: not valid YAML: {reason}", error);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidOperationException)
        {
            throw new InvalidInputException($"{path}: not valid YAML: {error.Message}", error);
        }
    }

    /// <summary>A path in the file, relative to the file's folder.</summary>
    /// <exception cref="ArgumentException">Characters that no path has.</exception>
    public string Resolve(string relative) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, relative));

    /// <param name="field">With its section: <c>scan.settle</c>.</param>
    public void Fault(long line, string field, string text)
    {
        faulty.Add(field);
        faults.Add((line, $"{field}: {text}"));
    }

    /// <summary>True where none of these fields, named with their sections, is known to be wrong: they can be compared.</summary>
    public bool Sound(params string[] fields) => !fields.Any(faulty.Contains);

    /// <summary>Throws if anything was wrong, naming unknown fields too.</summary>
    public void Finish()
    {
        Root.RejectUnknown();
        ThrowIfFaulty();
    }

    /// <summary>Throws if anything was wrong so far.</summary>
    public void ThrowIfFaulty()
    {
        if (faults.Count == 0)
        {
            return;
        }

        IEnumerable<string> lines = faults.OrderBy(fault => fault.Line).Take(MostFaultsShown).Select(fault => $"{Path}:{fault.Line}: {fault.Text}");
        string more = faults.Count > MostFaultsShown ? $"{Environment.NewLine}{Path}: and {faults.Count - MostFaultsShown} more" : string.Empty;
        throw new InvalidInputException(string.Join(Environment.NewLine, lines) + more);
    }

    private static string ReadText(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidInputException(Directory.Exists(path) ? $"{path}: is a folder; expected a file." : $"{path}: there is no such file.");
        }

        // A pipe has no length; what counts is what comes.
        using FileStream file = File.OpenRead(path);
        var bytes = new byte[LargestFile + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > LargestFile)
        {
            throw new InvalidInputException($"{path}: too large; YAML files of up to {LargestFile} bytes are read.");
        }

        ReadOnlySpan<byte> content = bytes.AsSpan(0, length);
        content = content.StartsWith("\uFEFF"u8) ? content[3..] : content;
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidInputException($"{path}: not a text file in UTF-8 (at byte {error.Index}).", error);
        }
    }

    /// <summary>Refuses what could make the tree larger than the file, before the tree is built.</summary>
    private static void CheckStructure(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (Advance())
        {
            ParsingEvent node = parser.Current!;
            if (node is AnchorAlias || (node is NodeEvent { Anchor.IsEmpty: false }))
            {
                throw new InvalidInputException($"{path}:{node.Start.Line}: anchors (&name) and aliases (*name) are not read; write the value where it is needed, or put it in quotes.");
            }

            depth += node is MappingStart or SequenceStart ? 1 : node is MappingEnd or SequenceEnd ? -1 : 0;
            if (depth > DeepestNesting)
            {
                throw new InvalidInputException($"{path}:{node.Start.Line}: nested more than {DeepestNesting} levels deep.");
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

    /// <summary>Where the parser stumbled and why, in words for those who did not write it.</summary>
    private static (long Line, string Text) Reason(YamlException error, string text)
    {
        string[] lines = text.Split('\n');
        int tab = Array.FindIndex(lines, line => line.AsSpan(0, line.Length - line.AsSpan().TrimStart().Length).Contains('\t'));
        if (tab >= 0)
        {
            return (tab + 1, "the line begins with a tab; indent with spaces");
        }

        string there = lines.ElementAtOrDefault((int)error.Start.Line - 1) ?? string.Empty;
        return (error.Start.Line, error.Message.Contains("uplicate key", StringComparison.Ordinal)
            ? $"'{YamlSection.Shown(there.Split(':')[0].Trim())}' is given twice in one section"
            : YamlSection.Shown(error.InnerException?.Message ?? error.Message, longest: 400));
    }
}
