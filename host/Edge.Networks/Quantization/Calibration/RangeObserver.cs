using Edge.Networks.Graph;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>One pass of the float network over the calibration rows, for the ranges of what dense layers read.</summary>
internal static class RangeObserver
{
    /// <summary>A histogram per element of each value that a dense layer reads.</summary>
    /// <param name="limit">Brings a row into the range of the input format.</param>
    /// <exception cref="InvalidInputException">A row makes the network overflow.</exception>
    public static Dictionary<int, MagnitudeHistogram[]> Observe(Network network, CalibrationRows rows, Func<double[], double[]> limit)
    {
        var observed = new Dictionary<int, MagnitudeHistogram[]>();
        var read = network.Layers.OfType<Linear>().Select(dense => dense.Input).Where(value => value != 0).ToHashSet();
        int index = 0;
        foreach (double[] row in rows.Each())
        {
            Dictionary<int, double[]> values = FloatInterpreter.Trace(network, limit(row));
            foreach ((int value, double[] elements) in values)
            {
                if (Array.Exists(elements, element => !double.IsFinite(element)))
                {
                    throw new InvalidInputException($"calibration row {index} makes the float network overflow at {network.Producer(value)?.Name ?? "its input"}. Check the weights and the rows.");
                }

                if (read.Contains(value))
                {
                    if (!observed.TryGetValue(value, out MagnitudeHistogram[]? histograms))
                    {
                        observed[value] = histograms = [.. elements.Select(_ => new MagnitudeHistogram())];
                    }

                    for (int i = 0; i < elements.Length; i++)
                    {
                        histograms[i].Add(elements[i]);
                    }

                    if (network.Producer(value) is Clip { High: null } clip)
                    {
                        for (int i = 0; i < elements.Length; i++)
                        {
                            histograms[i].AddUnlimited(values[clip.Input][i]);
                        }
                    }
                }
            }

            index++;
        }

        return observed;
    }
}
