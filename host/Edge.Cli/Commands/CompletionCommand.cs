using System.CommandLine;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands;

/// <summary>Prints a script for the shell; the program itself knows what may stand where.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion for edge. Use it: source <(edge completion bash)
        _edge() {
          local IFS=$'\n'
          local word="${COMP_WORDS[COMP_CWORD]}"
          COMPREPLY=($(compgen -W "$(edge "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
          [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$word"))
        }
        complete -o filenames -F _edge edge
        """;

    private const string Zsh = """
        # Completion for edge. Use it: source <(edge completion zsh)
        _edge() {
          local -a found
          found=("${(@f)$(edge "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found || _files
        }
        compdef _edge edge
        """;

    private const string Fish = """
        # Completion for edge. Use it: edge completion fish | source
        complete -c edge -a '(edge "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Create()
    {
        var command = new Command("completion", "Print the completion script of a shell");
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.CompletionSources.Add("bash", "zsh", "fish");
        command.Add(shell);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            string script = parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                var other => throw new InvalidInputException($"completion for '{other}': bash, zsh and fish are known."),
            };
            terminal.Result(new { Script = script }, text => text.WriteLine(script));
            return ExitCode.Success;
        });
        return command;
    }
}
