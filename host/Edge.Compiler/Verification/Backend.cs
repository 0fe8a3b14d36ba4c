using Edge.Compiler.Fabric;
using Edge.Compiler.Tools;
using Edge.Networks;
using Edge.Networks.Integers;
using Edge.Networks.Onnx;

namespace Edge.Compiler.Verification;

/// <summary>A rung of the ladder: something that computes the network's integers.</summary>
public enum Backend
{
    /// <summary>The interpreter that defines the integers.</summary>
    Reference,

    /// <summary>The exported ONNX file in ONNX Runtime.</summary>
    OnnxRuntime,

    /// <summary>The RTL under Verilator.</summary>
    Verilator,

    /// <summary>The RTL under Icarus Verilog.</summary>
    Icarus,
}

/// <summary>Runs one network on every backend; the hardware is compiled when first asked for.</summary>
public sealed class BackendRunner(IntegerNetwork network, int levelsPerStage, Action<string>? progress = null)
{
    private FabricNetwork? fabric;

    public FabricNetwork Fabric => fabric ??= FabricNetwork.Compile(network, levelsPerStage);

    public static string NameOf(Backend backend) => backend.ToString().ToLowerInvariant();

    /// <summary>Reads a comma-separated list of names; null means all.</summary>
    /// <exception cref="InvalidInputException">A name that is no backend.</exception>
    public static IReadOnlyList<Backend> Parse(string? list)
    {
        Backend[] all = Enum.GetValues<Backend>();
        if (list is null)
        {
            return all;
        }

        return [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name =>
        {
            int index = Array.FindIndex(all, backend => NameOf(backend).Equals(name, StringComparison.OrdinalIgnoreCase));
            return index >= 0 ? all[index] : throw new InvalidInputException($"--on {name}: backends are {string.Join(", ", all.Select(NameOf))}.");
        }).Distinct()];
    }

    /// <summary>Why this machine cannot run a backend, or null.</summary>
    public static string? Missing(Backend backend) => backend switch
    {
        Backend.Verilator when ExternalTool.Find("verilator") is null || ExternalTool.Find("g++") is null || ExternalTool.Find("make") is null =>
            "Verilator or its C++ compiler is not installed: sudo apt-get install verilator g++ make",
        Backend.Icarus when ExternalTool.Find("iverilog") is null => "Icarus Verilog is not installed: sudo apt-get install iverilog",
        _ => null,
    };

    /// <param name="rows">Real inputs (count, InputLength), as float32 holds them.</param>
    /// <param name="integers">The same, encoded.</param>
    /// <returns>(count, OutputLength).</returns>
    /// <exception cref="VerificationException">ONNX Runtime's result depends on its optimizations.</exception>
    public long[] Run(Backend backend, double[] rows, long[] integers, CancellationToken cancel)
    {
        switch (backend)
        {
            case Backend.Reference:
                return ReferenceInterpreter.RunRows(network, integers);

            case Backend.OnnxRuntime:
                return InOnnxRuntime(runtime => runtime.RunIntegers(network, rows));

            case Backend.Verilator:
                using (VerilatorNetwork simulation = VerilatorNetwork.Build(Fabric, progress, cancel))
                {
                    return simulation.Run(integers).Results;
                }

            case Backend.Icarus:
                progress?.Invoke("simulating under Icarus");
                return IcarusNetwork.Run(Fabric, integers, cancel);

            default:
                throw new ArgumentOutOfRangeException(nameof(backend));
        }
    }

    /// <summary>What the host computes behind the network's integers (<see cref="OutputDecoding.Final"/>); ONNX Runtime computes it
    /// with the exported file, behind all others the interpreter does.</summary>
    /// <param name="results">What <see cref="Run"/> returned.</param>
    public long[] RunFinal(Backend backend, double[] rows, long[] results) => backend == Backend.OnnxRuntime
        ? InOnnxRuntime(runtime => runtime.RunFinalIntegers(network, rows))
        : ReferenceInterpreter.RunRows(network.Output.Final!, results);

    private long[] InOnnxRuntime(Func<OnnxRuntimeBackend, long[]> run)
    {
        byte[] model = OnnxExporter.Write(network);
        using var optimized = new OnnxRuntimeBackend(model, optimize: true);
        using var plain = new OnnxRuntimeBackend(model, optimize: false);
        long[] results = run(optimized);
        return run(plain).AsSpan().SequenceEqual(results)
            ? results
            : throw new VerificationException("ONNX Runtime gives other integers with its optimizations than without.");
    }
}

/// <summary>A backend contradicts itself.</summary>
public sealed class VerificationException(string message) : Exception(message);
