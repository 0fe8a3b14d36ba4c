namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>Mean over rows, with the error of the mean, place by place.</summary>
public sealed class RowStatistics(double[] values, int columns)
{
    private int Rows => values.Length / columns;

    /// <param name="without">Rows k with k modulo groups equal to this are left out; -1: none.</param>
    public (double[] Mean, double[] Error) Of(int without = -1, int groups = 1)
    {
        var sum = new double[columns];
        var square = new double[columns];
        int used = 0;
        for (int row = 0; row < Rows; row++)
        {
            if (without >= 0 && row % groups == without)
            {
                continue;
            }

            used++;
            for (int k = 0; k < columns; k++)
            {
                double value = values[(row * columns) + k];
                sum[k] += value;
                square[k] += value * value;
            }
        }

        double[] mean = [.. sum.Select(value => value / used)];
        return (mean, [.. square.Select((value, k) => Math.Sqrt(Math.Max(1e-6, (value / used) - (mean[k] * mean[k])) / Math.Max(1, used - 1)))]);
    }

    /// <summary>Autocovariance within rows about the mean of all, with its error from row to row.</summary>
    public (double[] Mean, double[] Error) Covariance(int lags, int without = -1, int groups = 1)
    {
        int[] rows = [.. Enumerable.Range(0, Rows).Where(row => without < 0 || row % groups != without)];
        double mean = rows.Average(row => values.AsSpan(row * columns, columns).ToArray().Average());
        var products = new double[rows.Length * lags];
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<double> row = values.AsSpan(rows[i] * columns, columns);
            for (int lag = 0; lag < lags; lag++)
            {
                double sum = 0;
                for (int k = 0; k + lag < columns; k++)
                {
                    sum += (row[k] - mean) * (row[k + lag] - mean);
                }

                products[(i * lags) + lag] = sum / (columns - lag);
            }
        }

        return new RowStatistics(products, lags).Of();
    }
}
