using System.CommandLine;
using System.Diagnostics;
using Edge.Cli.Output;
using Edge.Compiler;
using Edge.Compiler.Fabric;
using Edge.Networks;

namespace Edge.Cli.Commands;

internal static class CompileCommand
{
    public static Command Create()
    {
        var command = new Command("compile", "Turn a trained network into hardware: quantized ONNX, RTL and a report");
        ModelOptions model = ModelOptions.AddTo(command);
        var output = new Option<string>("--output", "-o") { Description = "Folder to write", Required = true, HelpName = "DIR" };
        var target = new Option<string>("--target") { Description = "Kind of hardware: fabric", DefaultValueFactory = _ => "fabric", HelpName = "KIND" };
        target.CompletionSources.Add("fabric");
        command.Add(output);
        command.Add(target);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            if (parsed.GetValue(target) is not "fabric")
            {
                throw new InvalidInputException($"--target {parsed.GetValue(target)}: the only kind so far is fabric (constants folded into adders, a result a clock).");
            }

            string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(output));
            OutputPath.CheckFolder(folder, "--output");
            var clock = Stopwatch.StartNew();
            QuantizedModel quantized = model.Quantized(parsed, terminal);
            FabricNetwork fabric = FabricNetwork.Compile(quantized.Integers, model.LevelsPerStage(parsed));
            cancel.ThrowIfCancellationRequested();
            CompiledNetwork.Write(folder, quantized, fabric, model.Path(parsed));
            terminal.Result(
                new { Folder = Path.GetFullPath(folder), Seconds = clock.Elapsed.TotalSeconds, Report = CompiledNetwork.Report(quantized, fabric, model.Path(parsed)) },
                text =>
                {
                    text.WriteLine($"{quantized.Integers.Name}: {quantized.Integers.InputLength} inputs of {fabric.InputWidth} bits, {quantized.Integers.OutputLength} outputs of {fabric.OutputWidth} bits");
                    text.WriteLine($"  latency {fabric.Latency} clocks, a new vector each clock; {fabric.LevelsPerStage} logic levels between registers");
                    text.WriteLine($"  {fabric.AdderCount} adders ({fabric.AdderBits} bits), {fabric.RegisterBits} register bits (counted, not synthesised)");
                    text.WriteLine($"  written to {folder} in {clock.Elapsed.TotalSeconds:F2} s: network.onnx, rtl/, {CompiledNetwork.ReportName}");
                });
            return ExitCode.Success;
        });
        return command;
    }
}
