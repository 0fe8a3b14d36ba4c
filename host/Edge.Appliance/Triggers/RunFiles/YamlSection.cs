using System.Globalization;
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
        if (found is not null and not YamlMappingNode)
        {
            Fault(found, field, "is a section with fields of its own");
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
            Fault(scalar, field, fault!);
        }
        else if (known < min * (1 - 1e-12) || known > max * (1 + 1e-12))
        {
            Fault(scalar, field, $"found {scalar.Value}; {dimension.Format(min)} to {dimension.Format(max)} are allowed");
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

        Fault(scalar, field, $"found '{scalar.Value}'; a whole number from {min} to {max} is allowed");
        return missing ?? min;
    }

    /// <summary>A plain number without unit.</summary>
    public double Number(string field, double? missing, double min, double max)
    {
        if (Scalar(field) is not { } scalar)
        {
            return Missing(field, missing, string.Create(CultureInfo.InvariantCulture, $"a number, {min} to {max}"));
        }

        if (double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max)
        {
            return value;
        }

        Fault(scalar, field, string.Create(CultureInfo.InvariantCulture, $"found '{scalar.Value}'; a number from {min} to {max} is allowed"));
        return missing ?? min;
    }

    public string Text(string field, string? missing)
    {
        if (Scalar(field) is { Value.Length: > 0 } scalar)
        {
            return scalar.Value;
        }

        if (missing is null)
        {
            file.Fault(Line, $"{Full(field)} is missing");
        }

        return missing ?? string.Empty;
    }

    public string Choice(string field, string? missing, params string[] allowed)
    {
        string text = Text(field, missing);
        if (text.Length > 0 && !allowed.Contains(text, StringComparer.Ordinal))
        {
            Fault(Find(field)!, field, $"found '{text}'; allowed are {string.Join(", ", allowed)}");
        }

        return text;
    }

    /// <summary>The file's existing neighbour that the field names, as a full path; null where an optional one is left out.</summary>
    public string? ExistingFile(string field, bool required)
    {
        if (Scalar(field) is not { } scalar)
        {
            if (required)
            {
                file.Fault(Line, $"{Full(field)} is missing: the path of a file, relative to this one");
            }

            return null;
        }

        string path = file.Resolve(scalar.Value ?? string.Empty);
        if (!File.Exists(path))
        {
            Fault(scalar, field, $"found '{scalar.Value}', but there is no file {path}");
        }

        return path;
    }

    /// <summary>Numbers in a sequence, one for each of the expected places.</summary>
    public double[] Numbers(string field, int count, double min, double max)
    {
        if (Find(field) is not YamlSequenceNode sequence || sequence.Children.Count != count)
        {
            file.Fault(Find(field)?.Start.Line ?? Line, $"{Full(field)}: expected a list of {count} numbers");
            return new double[count];
        }

        return [.. sequence.Children.Select(child =>
        {
            if (child is YamlScalarNode { Value: { } text } && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max)
            {
                return value;
            }

            Fault(child, field, string.Create(CultureInfo.InvariantCulture, $"found '{child}'; numbers from {min} to {max} are allowed"));
            return min;
        })];
    }

    public string[] Texts(string field)
    {
        if (Find(field) is YamlSequenceNode sequence && sequence.Children.All(child => child is YamlScalarNode))
        {
            return [.. sequence.Children.Select(child => ((YamlScalarNode)child).Value ?? string.Empty)];
        }

        file.Fault(Find(field)?.Start.Line ?? Line, $"{Full(field)}: expected a list of names");
        return [];
    }

    internal void RejectUnknown()
    {
        foreach (KeyValuePair<YamlNode, YamlNode> child in node?.Children.AsEnumerable() ?? [])
        {
            string field = (child.Key as YamlScalarNode)?.Value ?? child.Key.ToString();
            if (!known.Contains(field))
            {
                string nearest = known.Where(candidate => Distance(candidate, field) <= 3).MinBy(candidate => Distance(candidate, field)) is { } close
                    ? $"; did you mean '{close}'?"
                    : string.Empty;
                file.Fault(child.Key.Start.Line, $"{Full(field)} is not known{nearest} Allowed here: {string.Join(", ", known.Order(StringComparer.Ordinal))}");
            }
        }

        sections.ForEach(section => section.RejectUnknown());
    }

    private long Line => node?.Start.Line ?? 1;

    private string Full(string field) => name.Length == 0 ? field : $"{name}.{field}";

    private YamlNode? Find(string field)
    {
        known.Add(field);
        return node is not null && node.Children.TryGetValue(new YamlScalarNode(field), out YamlNode? found) ? found : null;
    }

    private YamlScalarNode? Scalar(string field)
    {
        YamlNode? found = Find(field);
        if (found is not null and not YamlScalarNode)
        {
            Fault(found, field, "expected a single value");
        }

        return found as YamlScalarNode;
    }

    private double Missing(string field, double? missing, string what)
    {
        if (missing is null)
        {
            file.Fault(Line, $"{Full(field)} is missing: {what}");
        }

        return missing ?? 0;
    }

    private void Fault(YamlNode where, string field, string text) => file.Fault(where.Start.Line, $"{Full(field)}: {text}");

    /// <summary>Edits between two names (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            previous = current;
        }

        return previous[^1];
    }
}
