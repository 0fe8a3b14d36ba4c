using System.Diagnostics;
using Edge.Appliance.Cards.Loading;

namespace Edge.Tests.Cards.Loading;

/// <summary>What is asked of openFPGALoader, and what is made of its answers; against a program that tells its arguments, and
/// against the help of the real one.</summary>
public sealed class OpenFpgaLoaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void CommandLines_AreExact()
    {
        Assert.Equal(["--cable", "ft2232", "--write-flash", "--verify", "--reset"], new OpenFpgaLoader(true, "ft2232", null, null).Arguments);
        Assert.Equal(["--board", "arty", "--fpga-part", "xc7a35tcsg324", "--write-sram"], new OpenFpgaLoader(false, null, "arty", "xc7a35tcsg324").Arguments);
    }

    [OpenFpgaLoaderFact]
    public void EveryOption_IsOneOfTheRealProgram()
    {
        string help = Help()!;
        foreach (string option in new[] { true, false }.SelectMany(flash => new OpenFpgaLoader(flash, "c", "b", "p").Arguments).Append("--detect").Where(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            Assert.Matches($@"(?m)^ .*{option}\b", help);
        }
    }

    [Theory]
    [InlineData("index 0:\\n\\tidcode 0x41111043\\n\\tmanufacturer lattice\\n", 0x41111043u)]
    [InlineData("empty\\nidcode   362d093\\n", 0x0362D093u)]
    public void TheIdCode_IsRead(string said, uint code)
    {
        Assert.Equal(code, Loader($"printf '{said}'").ReadIdCode());
        Assert.Equal("--cable c --detect", File.ReadAllText(folder.File("calls")).Trim());
    }

    [Theory]
    [InlineData("printf 'nothing'", "finds 0 devices on the cable")]
    [InlineData("printf 'idcode 0x1\\nidcode 0x2\\n'", "finds 2 devices on the cable")]
    [InlineData("echo 'unable to open ftdi device: -3' >&2; exit 1", "ended with 1: unable to open ftdi device: -3")]
    [InlineData("printf '\\033[2Jgone\\n'; exit 1", "ended with 1: [2Jgone")]
    [InlineData("exit 1", "it said nothing")]
    [InlineData("exit 127", "is not installed")]
    public void OtherAnswers_AreExplained(string lines, string message) =>
        Assert.Contains(message, Assert.Throws<LoadStepException>(() => Loader(lines).ReadIdCode()).Message, StringComparison.Ordinal);

    [Fact]
    public void AMissingProgram_IsNamed()
    {
        var loader = new OpenFpgaLoader(true, "c", null, null, folder.File("none"));
        Assert.Contains("sudo apt-get install openfpgaloader", Assert.Throws<LoadStepException>(() => loader.ReadIdCode()).Message, StringComparison.Ordinal);
    }

    internal static string? Help()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("openFPGALoader", ["--help"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            string help = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return help;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private OpenFpgaLoader Loader(string lines)
    {
        string path = folder.Write("loader", $"#!/bin/sh\necho \"$@\" >> {folder.File("calls")}\n{lines}\n");
        using (Process chmod = Process.Start("chmod", ["+x", path]))
        {
            chmod.WaitForExit();
        }

        return new(true, "c", null, null, path);
    }
}

/// <summary>Skipped, and counted so, where openFPGALoader is not installed (tools/setup.sh test).</summary>
public sealed class OpenFpgaLoaderFactAttribute : FactAttribute
{
    public OpenFpgaLoaderFactAttribute()
    {
        if (OpenFpgaLoaderTests.Help() is null)
        {
            Skip = "needs openFPGALoader";
        }
    }
}
