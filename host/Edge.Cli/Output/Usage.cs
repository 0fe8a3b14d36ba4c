using System.CommandLine;
using System.CommandLine.Parsing;
using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Cli.Output;

/// <summary>What is wrong with a command line, in words that help.</summary>
internal static class Usage
{
    /// <summary>All faults; empty when the command can run.</summary>
    public static IReadOnlyList<string> Faults(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string[] options = [.. Options(parsed.CommandResult)];
        string[] mistyped = [.. Mistyped(parsed, options)];
        List<string> faults = [.. mistyped.Select(option =>
            $"{option} is no option of '{Name(command)}'{(NearestName.Of(option, options) is { } near ? $"; did you mean {near}?" : ".")}")];

        // Where an option was mistyped, the rest of the line is read wrongly: its own complaints would only confuse.
        if (mistyped.Length == 0)
        {
            faults.AddRange(parsed.Errors.Select(error => InWords(error, command, parsed)));
        }

        return [.. faults.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The command as it is typed: <c>edge verify</c>, <c>edge card list</c>.</summary>
    public static string Name(Command command) => command is RootCommand ? "edge"
        : $"{(command.Parents.OfType<Command>().FirstOrDefault() is { } above ? Name(above) : "edge")} {command.Name}";

    /// <summary>Words that begin like options but are none: unknown, or taken as the value of something.</summary>
    private static IEnumerable<string> Mistyped(ParseResult parsed, string[] options) => parsed.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .Where(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-' && !char.IsAsciiDigit(token.Value[1]) && token.Value[1] != '.')
        .Select(token => token.Value.Split('=', ':')[0])
        .Where(word => !options.Contains(word, StringComparer.Ordinal));

    private static IEnumerable<string> Options(CommandResult command)
    {
        for (SymbolResult? result = command; result is CommandResult level; result = result.Parent)
        {
            foreach (Option option in level.Command.Options.Where(option => !option.Hidden && (level == command || option.Recursive)))
            {
                foreach (string name in option.Aliases.Prepend(option.Name).Where(name => name[0] == '-'))
                {
                    yield return name;
                }
            }
        }
    }

    private static string InWords(ParseError error, Command command, ParseResult parsed)
    {
        if (error.SymbolResult is OptionResult { Option: var option } result)
        {
            string[] values = [.. result.Tokens.Select(token => token.Value)];
            Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
            return values.Length > 1 ? $"{option.Name} is given {values.Length} times; once is allowed."
                : values.Length == 1 && type == typeof(int) ? $"{option.Name} {values[0]}: expected a whole number."
                : result.Implicit ? $"{option.Name} is missing{Value(option)}."
                : values.Length == 0 ? $"{option.Name} needs a value{Value(option)}."
                : error.Message;
        }

        string of = command is RootCommand ? string.Empty : $" of '{Name(command)}'";
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var word, ..])
        {
            string[] commands = [.. command.Subcommands.Select(known => known.Name)];
            return $"'{word}' is no command{of}{(NearestName.Of(word, commands) is { } near ? $"; did you mean '{near}'?" : ".")} Commands: {string.Join(", ", commands)}";
        }

        if (command.Subcommands.Count > 0)
        {
            return $"give a command{of}: {string.Join(", ", command.Subcommands.Select(known => known.Name))}";
        }

        return parsed.UnmatchedTokens is [var extra, ..] ? $"'{extra}' is one word too many for '{Name(command)}'."
            : error.SymbolResult is ArgumentResult { Argument: var argument } ? $"{argument.Name} is missing: {argument.Description}."
            : error.SymbolResult is CommandResult && command.Arguments.FirstOrDefault() is { } first ? $"{first.Name} is missing: {first.Description}."
            : error.Message;
    }

    private static string Value(Option option) => option.HelpName is null ? string.Empty : $": {option.Name} {option.HelpName}";
}
