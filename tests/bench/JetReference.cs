using Edge.Compiler.Fabric;
using Edge.Compiler.Verification;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Integers;

namespace Edge.Bench;

/// <summary>The jet-tagging network (16-64-32-32-5, QONNX) with its 2,200 vectors and their integer outputs.</summary>
/// <param name="ModelPath">The ONNX file.</param>
/// <param name="VectorPath">The vectors, float32.</param>
/// <param name="Rows">The vectors as real numbers, (2200, 16).</param>
/// <param name="Encoded">The same as integers of the input format.</param>
/// <param name="Expected">Outputs, (2200, 5), computed by others in units of 2^-11.</param>
internal sealed record JetReference(
    string ModelPath, string VectorPath, QuantizedModel Model, FabricNetwork Fabric, double[] Rows, long[] Encoded, long[] Expected) : IDisposable
{
    private const int FractionBits = 11;

    private readonly Lock building = new();
    private VerilatorNetwork? simulation;

    /// <summary>Seconds that Verilator and the C++ compiler took; null until <see cref="Simulation"/> has been asked for.</summary>
    public Timing? Build { get; private set; }

    public IntegerNetwork Network => Model.Integers;

    public int Count => Rows.Length / Network.InputLength;

    /// <summary>Expected outputs in the integers of our network.</summary>
    public long[] ExpectedIntegers { get; } = ToIntegers(Model.Integers, Expected);

    public static JetReference Load(BenchContext context)
    {
        string path = context.Shared("models", "qkeras_jettagging", "qkeras_jettagging.onnx");
        string vectors = context.Shared("peers", "jet", "x_f32.npy");
        QuantizedModel model = QuantizedModel.Load(path);
        NpyArray rows = NpyArray.Read(vectors);
        QuantizedModel.CheckRows(rows, model.Source, vectors);
        var outside = new List<int>();
        long[] encoded = model.Integers.Input.EncodeRows(rows.Values, outside);
        long[] expected = [.. NpyArray.Read(context.Shared("peers", "jet", "y_logits_int_f11.npy")).Values.Select(value => (long)value)];
        return outside.Count == 0
            ? new(path, vectors, model, FabricNetwork.Compile(model.Integers), rows.Values, encoded, expected)
            : throw new InvalidInputException($"{vectors}: {outside.Count} rows are not on the grid of the input format, the first is {outside[0]}");
    }

    /// <summary>The network's RTL under Verilator; built at the first call.</summary>
    /// <exception cref="SectionSkippedException">Verilator is not installed.</exception>
    public VerilatorNetwork Simulation(BenchContext context)
    {
        lock (building)
        {
            if (simulation is null)
            {
                if (BackendRunner.Missing(Backend.Verilator) is { } missing)
                {
                    throw new SectionSkippedException(missing);
                }

                Build = Timing.Once(() => simulation = VerilatorNetwork.Build(Fabric, context.Terminal.Progress, context.Cancel));
            }

            return simulation!;
        }
    }

    public void Dispose() => simulation?.Dispose();

    private static long[] ToIntegers(IntegerNetwork network, long[] expected)
    {
        double scale = network.Output.Scale is [{ } only] && network.Output.Offset.All(offset => offset.IsZero)
            ? only.ToDouble()
            : throw new InvalidInputException("the jet network's outputs are not on one scale");
        return [.. expected.Select(value => (long)Math.Round(Math.ScaleB(value, -FractionBits) / scale))];
    }
}
