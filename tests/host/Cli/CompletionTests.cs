using System.Diagnostics;

namespace Edge.Tests.Cli;

/// <summary>The completion script in a real bash, asked as bash asks it.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("edge ver", "verify")]
    [InlineData("edge ", "card compile completion doctor image inspect keys predict quantize run stop synth verify")]
    [InlineData("edge verify --o", "--on")]
    [InlineData("edge verify --inp", "--input --input-format --input-shape")]
    [InlineData("edge verify --on ", "icarus onnxruntime reference verilator")]
    [InlineData("edge predict model.onnx --on ver", "verilator")]
    [InlineData("edge compile --target ", "fabric")]
    [InlineData("edge run --card s", "simulated")]
    [InlineData("edge card li", "list")]
    [InlineData("edge completion ", "bash fish zsh")]
    [InlineData("edge inspect scans/", "scans/my image.ser")]
    [InlineData("edge verify mod", "model.onnx")]
    [InlineData("edge verify model.onnx --input x", "x.npy")]
    [InlineData("edge verify --bogus", "")]
    public void Bash_CompletesCommandsOptionsValuesAndFiles(string line, string expected)
    {
        Directory.CreateDirectory(folder.File("scans"));
        folder.Write("scans/my image.ser", string.Empty);
        folder.Write("model.onnx", string.Empty);
        folder.Write("x.npy", string.Empty);
        const string Script = """
            PATH="$1:$PATH"
            source <(edge completion bash)
            complete -p edge > /dev/null || exit 9
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            [[ $2 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _edge edge "${COMP_WORDS[COMP_CWORD]}"
            echo -n "${COMPREPLY[*]}"
            """;
        using Process bash = EdgeProgram.Start("bash", folder.Path, [], "--norc", "-c", Script, "bash", Path.GetDirectoryName(EdgeProgram.Path)!, line);
        EdgeResult result = EdgeProgram.Finish(bash, ["completion"]).Succeeded();
        Assert.Equal(expected, result.Output);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void Scripts_ArePrintedAlone(string shell)
    {
        EdgeResult text = EdgeProgram.Run(folder.Path, "completion", shell).Succeeded();
        Assert.Empty(text.Errors);
        Assert.Equal(text.Output.TrimEnd(), EdgeProgram.Run(folder.Path, "completion", shell, "--json").Succeeded().Json.GetProperty("script").GetString()!.TrimEnd());
    }

    [Fact]
    public void OtherShells_AreRefused() => EdgeProgram.Run(folder.Path, "completion", "tcsh").Refused("SHELL is 'tcsh'; there are scripts for bash, zsh and fish");
}
