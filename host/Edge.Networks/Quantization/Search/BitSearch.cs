using Edge.Networks.Graph;
using Edge.Networks.Integers;
using Edge.Networks.Numerics;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Networks.Quantization.Search;

/// <summary>Chooses bits layer by layer. First each layer's sensitivity: how much the outputs change when only its weights, or
/// only what it reads, have few bits (as HAWQ, Dong 2019, with the output itself in place of its Hessian). Then a path from
/// most to fewest bits: each step takes the bit that costs the least error for the hardware it saves. Then networks on the path
/// are quantized whole and measured, until the one that just meets the budget is found.</summary>
public sealed class BitSearch
{
    private const int MostBits = 10;
    private const int FewestBits = 2;
    private const int FewestActivationBits = 3;
    private const int Reference = 16;
    private const int LargestRowCount = 1024;
    private const int SensitivityRowCount = 128;
    private const int OverviewPoints = 9;

    private readonly Network network;
    private readonly CalibrationRows rows;
    private readonly double[]? labels;
    private readonly FixedPointFormat format;
    private readonly QuantizationSettings settings;
    private readonly Func<IntegerNetwork, long> luts;
    private readonly Action<SearchState> save;
    private readonly Action<string> progress;
    private readonly CancellationToken cancel;
    private readonly SearchState state;
    private readonly Lazy<QuantizationSession> session;
    private readonly IReadOnlyList<LayerLoad> loads;
    private readonly double[] classes;

    /// <param name="labels">The class of each row; null: the float network's.</param>
    /// <param name="luts">Estimate of hardware.</param>
    /// <param name="state">Of an earlier, interrupted search, or empty.</param>
    /// <param name="save">Called after each measurement.</param>
    public BitSearch(
        Network network, CalibrationRows rows, double[]? labels, FixedPointFormat format, QuantizationSettings settings,
        Func<IntegerNetwork, long> luts, SearchState state, Action<SearchState> save, Action<string> progress, CancellationToken cancel)
    {
        this.network = network;
        this.rows = rows.Head(LargestRowCount);
        this.labels = labels;
        this.format = format;
        this.settings = settings;
        this.luts = luts;
        this.state = state;
        this.save = save;
        this.progress = progress;
        this.cancel = cancel;
        session = new(() => new(network, this.rows, format, settings));
        loads = LayerLoad.Of(QuantizationSession.Folded(network));
        classes = labels ?? [.. this.rows.Each().Select(row => (double)ClassOf(FloatInterpreter.Trace(network, row)[network.OutputValue]))];
    }

    /// <summary>The chosen point, and every measured one from most to fewest bits.</summary>
    /// <exception cref="InvalidInputException">No choice meets the budget.</exception>
    public (SearchPoint Chosen, IReadOnlyList<SearchPoint> Measured) Run(SearchBudget budget)
    {
        if (loads.Count == 0)
        {
            throw new InvalidInputException("no layer has float weights, so there are no bits to choose by layer. Leave out the budget.");
        }

        List<IReadOnlyList<Precision>> path = Path();
        for (int k = 0; k < OverviewPoints; k++)
        {
            Measure(path, (int)((long)(path.Count - 1) * k / (OverviewPoints - 1)));
        }

        // On the path errors grow and hardware shrinks: bisection, then the neighbours, since neither is quite monotonic.
        int low = 0;
        int high = path.Count - 1;
        while (low < high)
        {
            int middle = budget.WantsMore ? (low + high + 1) / 2 : (low + high) / 2;
            bool met = budget.IsMetBy(Measure(path, middle));
            (low, high) = (met, budget.WantsMore) switch
            {
                (true, true) => (middle, high),
                (false, true) => (low, middle - 1),
                (true, false) => (low, middle),
                (false, false) => (middle + 1, high),
            };
        }

        Measure(path, low);
        SearchPoint[] meeting = [.. state.Points.Values.Where(budget.IsMetBy)];
        SearchPoint[] measured = [.. state.Points.Values];
        if (meeting.Length == 0)
        {
            SearchPoint nearest = budget.WantsMore ? measured[0] : measured[^1];
            throw new InvalidInputException(FormattableString.Invariant(
                $"no choice of {FewestBits} to {MostBits} bits meets the budget: the nearest has {nearest.MeanBits:F2} bits an operand, about {nearest.Luts} LUTs, rms error {nearest.RmsError:P3} of full scale, accuracy {nearest.Accuracy:P2}. Give a wider one."));
        }

        return (budget.WantsMore ? meeting.MinBy(point => point.Luts)! : meeting.MinBy(point => point.RmsError)!, measured);
    }

    /// <summary>Those that no other beats in both LUTs and error.</summary>
    public static IReadOnlyList<SearchPoint> Front(IEnumerable<SearchPoint> points)
    {
        var front = new List<SearchPoint>();
        foreach (SearchPoint point in points.OrderBy(point => point.Luts).ThenBy(point => point.RmsError))
        {
            if (front.Count == 0 || point.RmsError < front[^1].RmsError)
            {
                front.Add(point);
            }
        }

        return front;
    }

    private List<IReadOnlyList<Precision>> Path()
    {
        int count = loads.Count;
        var few = new Lazy<QuantizationSession>(() => new(network, rows.Head(SensitivityRowCount), format, settings with { AdaptsBelow = Reference }));
        double[,] weights = new double[count, MostBits + 1];
        double[,] activations = new double[count, MostBits + 1];
        for (int layer = 0; layer < count; layer++)
        {
            for (int bits = FewestBits; bits <= MostBits; bits++)
            {
                weights[layer, bits] = Sensitivity(few, layer, new(bits, Reference), $"{layer}/weights/{bits}");
                activations[layer, bits] = bits < FewestActivationBits || loads[layer].ReadsInput ? 0 : Sensitivity(few, layer, new(Reference, bits), $"{layer}/activations/{bits}");
            }
        }

        var current = Enumerable.Repeat(new Precision(MostBits, MostBits), count).ToArray();
        var path = new List<IReadOnlyList<Precision>> { current.ToArray() };
        while (true)
        {
            (double Ratio, int Layer, Precision Next) best = (double.PositiveInfinity, -1, default);
            for (int layer = 0; layer < count; layer++)
            {
                Precision now = current[layer];
                Consider(layer, now with { WeightBits = now.WeightBits - 1 }, now.WeightBits > FewestBits ? Math.Max(0, weights[layer, now.WeightBits - 1] - weights[layer, now.WeightBits]) : null);
                Consider(layer, now with { ActivationBits = now.ActivationBits - 1 }, now.ActivationBits > FewestActivationBits && !loads[layer].ReadsInput ? Math.Max(0, activations[layer, now.ActivationBits - 1] - activations[layer, now.ActivationBits]) : null);
            }

            if (best.Layer < 0)
            {
                return path;
            }

            current[best.Layer] = best.Next;
            path.Add(current.ToArray());

            void Consider(int layer, Precision next, double? error)
            {
                double saved = loads[layer].Cost(current[layer]) - loads[layer].Cost(next);
                if (error is { } more && saved > 0 && more / saved < best.Ratio)
                {
                    best = (more / saved, layer, next);
                }
            }
        }
    }

    private double Sensitivity(Lazy<QuantizationSession> few, int layer, Precision precision, string name)
    {
        if (!state.Sensitivities.TryGetValue(name, out double error))
        {
            cancel.ThrowIfCancellationRequested();
            var precisions = Enumerable.Repeat(new Precision(Reference, Reference), loads.Count).ToArray();
            precisions[layer] = precision;
            (_, double rms) = few.Value.ErrorOf(few.Value.Quantize(precisions).Quantized);
            error = rms * rms;
            state.Sensitivities[name] = error;
            progress($"sensitivity {state.Sensitivities.Count}: {loads[layer].Name}, {name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('/', ' ')} bits: rms error {rms:P3} of full scale");
            save(state);
        }

        return error;
    }

    private SearchPoint Measure(List<IReadOnlyList<Precision>> path, int index)
    {
        if (!state.Points.TryGetValue(index, out SearchPoint? point))
        {
            cancel.ThrowIfCancellationRequested();
            QuantizedModel model = QuantizedModel.Quantize(network, rows, format, settings with { Precision = null, LayerPrecisions = path[index] });
            (double largest, double rms) = (model.PostTraining!.Error, model.PostTraining.RmsError);
            double bits = loads.Zip(path[index]).Sum(pair => pair.First.Products * (pair.Second.WeightBits + (pair.First.ReadsInput ? 0.0 : pair.Second.ActivationBits)))
                / loads.Sum(load => load.Products * (load.ReadsInput ? 1.0 : 2.0));
            int right = 0;
            int row = 0;
            IntegerNetwork integers = model.Integers;
            var interpreter = new FastInterpreter(integers);
            foreach (double[] values in rows.Each())
            {
                double[] result = integers.Output.Decode(interpreter.RunRows(integers.Input.EncodeRows(values, [])), integers.OutputLength, beforeSoftmax: true);
                right += ClassOf(result) == (int)classes[row++] ? 1 : 0;
            }

            point = new(path[index], bits, luts(integers), rms, largest, (double)right / Math.Max(1, row));
            state.Points[index] = point;
            progress(FormattableString.Invariant($"{bits:F2} bits an operand: about {point.Luts} LUTs, rms error {rms:P3} of full scale, {(labels is null ? "same class" : "right class")} {point.Accuracy:P2}"));
            save(state);
        }

        return point;
    }

    private static int ClassOf(double[] values) => values.Length == 1 ? (int)Math.Round(values[0]) : Array.IndexOf(values, values.Max());
}
