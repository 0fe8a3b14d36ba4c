using System.Text.Json;
using Edge.Tests.Cli;

namespace Edge.Tests.Compiler.Synthesis;

/// <summary>A network is placed on an iCE40 HX8K and packed; the bitstream goes into a card image, through the loader's
/// checks, is turned back into logic, and that logic runs in the slot of the simulated card: every output of every vector
/// equals the interpreter's.</summary>
public sealed class BitstreamInTheCardTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The network of the main job; then comparators of few bits, adders whose operands share a net, tables in
    /// block RAM.</summary>
    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("models/site-class/site-class.onnx")]
    [InlineData("tests/golden/models/one_bit/one_bit.onnx")]
    [InlineData("tests/golden/models/residual/residual.onnx")]
    [InlineData("tests/golden/models/sigmoid_at_the_end/sigmoid_at_the_end.onnx")]
    public void TheLogicOfABitstream_GivesTheInterpretersIntegers(string model)
    {
        JsonElement result = EdgeProgram.Run(folder.Path, "synth", Repository.Path(model), "--target", "ice40-hx8k", "--check", "-o", "built", "--json").Succeeded().Json;
        JsonElement check = result.GetProperty("check");
        Assert.True(check.GetProperty("passed").GetBoolean());
        Assert.Equal(0, check.GetProperty("mismatches").GetInt32());
        Assert.InRange(check.GetProperty("vectors").GetInt32(), 1000, int.MaxValue);
        int latency = result.GetProperty("synthesis").GetProperty("latency_clocks").GetInt32();
        Assert.Equal((latency, latency), (check.GetProperty("smallest_latency_clocks").GetInt32(), check.GetProperty("latency_clocks").GetInt32()));
        Assert.Equal("iCE40 HX8K or LP8K", check.GetProperty("part").GetString());
        Assert.True(File.Exists(folder.File("built/synthesis/ice40-hx8k/network.bin")));
    }

    [Theory]
    [InlineData("--check needs a bitstream that can be read back", "small.onnx", "--target", "ecp5-85k", "--check")]
    [InlineData("--check needs a bitstream that can be read back", "small.onnx", "--target", "ice40-hx8k", "--check", "--no-route")]
    [InlineData("Give the model", "built", "--target", "ice40-hx8k", "--check")]
    public void WhatCannotBeChecked_IsRefused(string message, params string[] arguments)
    {
        SmallModel.WriteQuantized(folder);
        EdgeProgram.Run(folder.Path, "compile", "small.onnx", "-o", "built").Succeeded();
        folder.Untouched(() => EdgeProgram.Run(folder.Path, ["synth", .. arguments]).Refused(message));
    }
}
