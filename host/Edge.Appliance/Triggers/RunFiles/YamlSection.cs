using System.Globalization;
using Edge.Networks;
using Edge.Networks.Numerics;
using YamlDotNet.RepresentationModel;

namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>One mapping of a YAML file. Each getter knows its field's kind, range and default; a fault is noted and the
/// default used, so that reading goes on.</summary>
public sealed class YamlSection
{
    private readonly YamlFile file;
    private readonly string name;
    private readonly YamlMappingNode? node;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly List<YamlSection> sections = [];

    internal YamlSection(YamlFile file, string name, YamlMappingNode? node)
    {
        this.file = file;
        this.name = name;
        this.node = node;
    }

    public bool Exists => node is not null;

    public bool Has(string field) => Find(field) is not null;

    /// <summary>A mapping inside this one; one that is not there reads as empty.</summary>
    public YamlSection Section(string field)
    {
        YamlNode? found = Find(field);
        if (found is not null and not YamlMappingNode and not YamlScalarNode { Value: null or "" or "~" or "null" })
        {
            Reject(field, $"found {Shown(found)}; expected a section: its fields in lines below, indented");
        }

        var section = new YamlSection(file, Full(field), found as YamlMappingNode);
        sections.Add(section);
        return section;
    }

    /// <summary>A number with a unit, in the dimension's base unit.</summary>
    public double Quantity(string field, Dimension dimension, double? missing, double min, double max)
    {
        if (Scalar(field) is not { } scalar)
        {
            return Missing(field, missing, $"a {dimension.Name}, {dimension.Format(min)} to {dimension.Format(max)}");
        }

        (double? value, string? fault) = RunFiles.Quantity.Parse(scalar.Value ?? string.Empty, dimension);
        if (value is not double known)
        {
            Reject(field, $"{fault!}; {dimension.Format(min)} to {dimension.Format(max)} are allowed");
        }
        else if (known < min * (1 - 1e-12) || known > max * (1 + 1e-12))
        {
            Reject(field, $"found {Shown(scalar)}; {dimension.Format(min)} to {dimension.Format(max)} are allowed");
        }
        else
        {
            return known;
        }

        return missing ?? min;
    }

    public int Integer(string field, int? missing, int min, int max)
    {
        if (Scalar(field) is not { } scalar)
        {
            return (int)Missing(field, missing, $"a whole number, {min} to {max}");
        }

        if (int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
        {
            return value;
        }

        Reject(field, $"found {Shown(scalar)}; a whole number from {min} to {max} is allowed");
        return missing ?? min;
    }

    /// <summary>A plain number without unit.</summary>
    public double Number(string field, double? missing, double min, double max)
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a number without unit, {min} to {max}");
        if (Scalar(field) is not { } scalar)
        {
            return Missing(field, missing, allowed);
        }

        if (double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max)
        {
            return value;
        }

        Reject(field, $"found {Shown(scalar)}; expected {allowed}");
        return missing ?? min;
    }

    public string Text(string field, string? missing)
    {
        if (Scalar(field) is { Value.Length: > 0 } scalar)
        {
            return scalar.Value;
        }

        if (missing is null && file.Sound(Full(field)))
        {
            Reject(field, $"is {(Has(field) ? "empty" : "missing")}");
        }

        return missing ?? string.Empty;
    }

    /// <returns>One of the allowed; the first of them after a fault.</returns>
    public string Choice(string field, string? missing, params string[] allowed)
    {
        if (Scalar(field) is not { } scalar)
        {
            if (missing is null && file.Sound(Full(field)))
            {
                Reject(field, $"is missing; {string.Join(" or ", allowed)} are allowed");
            }

            return missing ?? allowed[0];
        }

        if (allowed.Contains(scalar.Value, StringComparer.Ordinal))
        {
            return scalar.Value!;
        }

        string meant = NearestName.Of(scalar.Value ?? string.Empty, allowed) is { } near ? $"; did you mean '{near}'?" : ";";
        Reject(field, $"found {Shown(scalar)}{meant} Allowed: {string.Join(", ", allowed)}");
        return missing ?? allowed[0];
    }

    /// <summary>A fixed-point format; null where it is left out.</summary>
    public FixedPointFormat? Format(string field)
    {
        string text = Text(field, string.Empty);
        try
        {
            return text.Length > 0 ? FixedPointFormat.Parse(text) : null;
        }
        catch (InvalidInputException error)
        {
            Reject(field, error.Message);
            return null;
        }
    }

    /// <summary>The file's existing neighbour that the field names, as a full path; null where an optional one is left out.</summary>
    public string? ExistingFile(string field, bool required)
    {
        if (Scalar(field) is not { Value.Length: > 0 } scalar)
        {
            if (required && file.Sound(Full(field)))
            {
                Reject(field, "is missing; the path of a file, relative to this one's folder");
            }

            return null;
        }

        string? path = Resolved(field, scalar.Value);
        if (path is not null && !File.Exists(path))
        {
            Reject(field, Directory.Exists(path) ? $"found {Shown(scalar)}, which is a folder; expected a file" : $"found {Shown(scalar)}, but there is no file {Shown(path, longest: 400)}");
        }

        return path;
    }

    /// <summary>A folder to write, as a full path; it need not exist.</summary>
    public string OutputFolder(string field, string missing)
    {
        string? path = Resolved(field, Text(field, missing));
        if (path is not null && File.Exists(path))
        {
            Reject(field, $"{path} is a file; expected a folder, or a name that is free");
        }

        return path ?? string.Empty;
    }

    /// <summary>Numbers in a sequence, one for each of the expected places.</summary>
    public double[] Numbers(string field, int count, double min, double max)
    {
        if (Find(field) is not YamlSequenceNode sequence || sequence.Children.Count != count)
        {
            Reject(field, $"expected a list of {count} numbers");
            return new double[count];
        }

        return [.. sequence.Children.Select(child =>
        {
            if (child is YamlScalarNode { Value: { } text } && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max)
            {
                return value;
            }

            file.Fault(child.Start.Line, Full(field), string.Create(CultureInfo.InvariantCulture, $"found {Shown(child)}; numbers from {min} to {max} are allowed"));
            return min;
        })];
    }

    /// <summary>Whole numbers in a sequence of any length; null where it is left out.</summary>
    public int[]? Integers(string field, int min, int max)
    {
        if (Find(field) is not { } found)
        {
            return null;
        }

        if (found is not YamlSequenceNode { Children.Count: > 0 } sequence)
        {
            Reject(field, $"found {Shown(found)}; expected a list of whole numbers from {min} to {max}, for example [{min}, {max}]");
            return null;
        }

        return [.. sequence.Children.Select(child =>
        {
            if (child is YamlScalarNode { Value: { } text } && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
            {
                return value;
            }

            file.Fault(child.Start.Line, Full(field), $"found {Shown(child)}; whole numbers from {min} to {max} are allowed");
            return min;
        })];
    }

    public string[] Texts(string field)
    {
        if (Find(field) is YamlSequenceNode sequence && sequence.Children.All(child => child is YamlScalarNode))
        {
            return [.. sequence.Children.Select(child => ((YamlScalarNode)child).Value ?? string.Empty)];
        }

        Reject(field, "expected a list of names");
        return [];
    }

    /// <summary>Notes a fault of a field at its line: <c>scan.settle: is missing; ...</c>.</summary>
    public void Reject(string field, string text) => file.Fault(LineOf(field), Full(field), text);

    /// <summary>What was found, fit for a message: one line, not too long.</summary>
    internal static string Shown(string text, int longest = 60)
    {
        string cut = text.Length > longest ? text[..longest] + "..." : text;
        return string.Concat(cut.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
    }

    internal void RejectUnknown() => RejectUnknown([.. All().SelectMany(section => section.known.Select(field => section.Full(field)))]);

    private void RejectUnknown(string[] everything)
    {
        foreach (YamlNode key in node?.Children.Keys.AsEnumerable() ?? [])
        {
            string field = (key as YamlScalarNode)?.Value ?? string.Empty;
            if (!known.Contains(field))
            {
                string meant = NearestName.Of(field, known) is { } near ? $"; did you mean '{near}'?"
                    : everything.FirstOrDefault(full => full.EndsWith($".{field}", StringComparison.Ordinal)) is { } elsewhere ? $"; it belongs to section '{elsewhere[..elsewhere.LastIndexOf('.')]}'."
                    : ".";
                file.Fault(key.Start.Line, Shown(Full(key is YamlScalarNode ? field : "(a list or section as name)")), $"is not known{meant} Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}");
            }
        }

        sections.ForEach(section => section.RejectUnknown(everything));
    }

    private IEnumerable<YamlSection> All() => sections.SelectMany(section => section.All()).Prepend(this);

    private long LineOf(string field) => Find(field)?.Start.Line ?? node?.Start.Line ?? 1;

    private string Full(string field) => name.Length == 0 ? field : $"{name}.{field}";

    private static string Shown(YamlNode node) => node switch
    {
        YamlScalarNode { Value.Length: > 0 } scalar => $"'{Shown(scalar.Value)}'",
        YamlScalarNode => "nothing",
        YamlSequenceNode => "a list",
        _ => "a section",
    };

    private string? Resolved(string field, string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            Reject(field, $"found '{Shown(path)}', which is no path");
            return null;
        }

        return file.Resolve(path);
    }

    private YamlNode? Find(string field)
    {
        known.Add(field);
        return node is not null && node.Children.TryGetValue(new YamlScalarNode(field), out YamlNode? found) ? found : null;
    }

    private YamlScalarNode? Scalar(string field)
    {
        YamlNode? found = Find(field);
        if (found is not null and not YamlScalarNode && file.Sound(Full(field)))
        {
            Reject(field, $"found {Shown(found)}; expected a single value");
        }

        return found as YamlScalarNode;
    }

    private double Missing(string field, double? missing, string what)
    {
        if (missing is null && file.Sound(Full(field)))
        {
            Reject(field, $"is missing; {what}");
        }

        return missing ?? 0;
    }
}
