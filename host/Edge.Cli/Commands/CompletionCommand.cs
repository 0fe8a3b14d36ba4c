using System.CommandLine;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands;

/// <summary>Prints a script for the shell; the program itself knows what may stand where.</summary>
internal static class CompletionCommand
{
    // The words go to the program as one line that begins with "edge", however it was called. Options are offered only to
    // a word that begins like one; where the program knows no word, files are.
    private const string Bash = """
        # Completion for edge. Use it: source <(edge completion bash)
        _edge() {
          local program="${1/#\~/$HOME}" word="${COMP_WORDS[COMP_CWORD]}" typed="${COMP_LINE:0:COMP_POINT}" candidate
          local line="edge${typed#"$1"}"
          COMPREPLY=()
          while IFS= read -r candidate; do
            [[ $candidate == "$word"* && $candidate != /* ]] || continue
            [[ $candidate == -* && $word != -* ]] || COMPREPLY+=("$candidate")
          done < <("$program" "[suggest:${#line}]" "$line" 2>/dev/null)
          if [[ ${#COMPREPLY[@]} -eq 0 && $word != -* ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$word")
          fi
        }
        complete -F _edge edge
        """;

    private const string Zsh = """
        # Completion for edge. Use it: source <(edge completion zsh), after compinit
        _edge() {
          local program="${words[1]/#\~/$HOME}" word="${words[CURRENT]}"
          local line="edge ${(j: :)words[2,CURRENT]}"
          local -a found
          found=("${(@f)$($program "[suggest:${#line}]" "$line" 2>/dev/null)}")
          if [[ $word == -* ]]; then found=("${(@M)found:#-*}"); else found=("${(@)found:#[-\/]*}"); fi
          found=("${(@)found:#}")
          if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _edge edge
        """;

    private const string Fish = """
        # Completion for edge. Use it: edge completion fish | source
        function __edge_words
          set -l line (commandline -cp)
          set -l word (commandline -ct)
          set -l found (edge "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -v '/*')
          if string match -q -- '-*' "$word"
            string match -- '-*' $found
          else
            string match -v -- '-*' $found
          end
        end
        complete -c edge -a '(__edge_words)'
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
                var other => throw new InvalidInputException($"SHELL is '{other}'; there are scripts for bash, zsh and fish."),
            };
            terminal.Result(new { Script = script }, text => text.WriteLine(script));
            return ExitCode.Success;
        });
        return command;
    }
}
