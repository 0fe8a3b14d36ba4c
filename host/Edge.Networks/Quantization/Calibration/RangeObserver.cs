using Edge.Networks.Graph;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>One pass of the float network over the calibration rows, for the ranges of what dense layers read.</summary>
internal static class RangeObserver
{
    /// <summary>A histogram per channel of each value that gets a quantizer.</summary>
    /// <param name="limit">Brings a row into the range of the input format.</param>
    /// <exception cref="InvalidInputException">A row makes the network overflow.</exception>
    public static Dictionary<int, MagnitudeHistogram[]> Observe(Network network, IReadOnlyList<ChannelSet> channels, CalibrationRows rows, Func<double[], double[]> limit)
    {
        Dictionary<int, MagnitudeHistogram[]> observed = channels.ToDictionary(set => set.Place, set => Enumerable.Range(0, set.Count).Select(_ => new MagnitudeHistogram()).ToArray());
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
            }

            foreach (ChannelSet set in channels)
            {
                MagnitudeHistogram[] histograms = observed[set.Place];
                int[] channelOf = set.ChannelOf;
                double[] elements = values[set.Place];
                double[]? unlimited = network.Producer(set.Place) is Clip { High: null } clip ? values[clip.Input] : null;
                for (int i = 0; i < elements.Length; i++)
                {
                    histograms[channelOf[i]].Add(elements[i]);
                    if (unlimited is not null)
                    {
                        histograms[channelOf[i]].AddUnlimited(unlimited[i]);
                    }
                }
            }

            index++;
        }

        return observed;
    }
}
