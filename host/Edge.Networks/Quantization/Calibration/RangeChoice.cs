namespace Edge.Networks.Quantization.Calibration;

/// <summary>Chooses steps for values seen in calibration.</summary>
public static class RangeChoice
{
    private const double ShareAbove = 1e-4;

    /// <summary>Standard deviations above the mean for which a rarely active unit has room.</summary>
    private const double LeastDeviations = 4.5;

    /// <summary>Largest values from which the tail beyond them is judged.</summary>
    private const int TailCount = 10;

    /// <summary>Exponents below the one that clips nothing that are tried for the least mean square error.</summary>
    private const int FinerSteps = 4;

    /// <summary>Limits that are tried between one power of two and the next, where steps need not be such.</summary>
    private const int LimitsPerOctave = 8;

    /// <summary>The exponent e of the step 2^e for integers up to 2^valueBits - 1 (the sign not counted); null when every
    /// value was zero.</summary>
    public static int? StepExponent(MagnitudeHistogram values, int valueBits, CalibrationMethod method)
    {
        if (values.Largest == 0)
        {
            return null;
        }

        double most = Math.ScaleB(1, valueBits) - 1;
        if (method != CalibrationMethod.Mse)
        {
            return Holding(Limit(values, valueBits, method) / most);
        }

        int coarsest = Holding(values.Largest / most);
        return Enumerable.Range(0, FinerSteps + 1).Select(finer => coarsest - finer)
            .MinBy(exponent => values.MeanSquareError(Math.ScaleB(1, exponent), Math.ScaleB(most, exponent)));
    }

    /// <summary>The best step where it need not be a power of two; null when every value was zero.</summary>
    public static double? Step(MagnitudeHistogram values, int valueBits, CalibrationMethod method)
    {
        double most = Math.ScaleB(1, valueBits) - 1;
        return values.Largest == 0 ? null : Limit(values, valueBits, method) / most;
    }

    private static double Limit(MagnitudeHistogram values, int valueBits, CalibrationMethod method)
    {
        double most = Math.ScaleB(1, valueBits) - 1;
        switch (method)
        {
            case CalibrationMethod.Percentile:
                return Math.Max(values.Quantile(ShareAbove), double.Epsilon);
            case CalibrationMethod.Mse:
                return Enumerable.Range(0, (FinerSteps * LimitsPerOctave) + 1).Select(finer => values.Largest * Math.Pow(2, -(double)finer / LimitsPerOctave))
                    .MinBy(limit => values.MeanSquareError(limit / most, limit));
            default:
                (double mean, double deviation) = values.Unlimited;
                return Math.Max(values.Largest + Room(values, valueBits), mean + (LeastDeviations * deviation));
        }
    }

    /// <summary>Room above the largest value seen, for rows to come. An exponential tail of scale s, fitted to the largest
    /// values of n, is clipped beyond r with the error 2 s^2 / n e^(-r / s); room costs steps. Together least at
    /// r = s ln(12 s 4^bits / (n largest)), of which narrow formats take a part, since many tails end sooner: chosen by
    /// trying on the reference models.</summary>
    private static double Room(MagnitudeHistogram values, int valueBits)
    {
        double scale = (values.Largest - values.Quantile((double)TailCount / values.Count)) / Math.Log(TailCount);
        double gain = 12 * Math.ScaleB(scale / values.Largest / values.Count, 2 * valueBits);
        return gain > 1 ? Math.Min(Math.Min(1, Math.ScaleB(1, valueBits - 12)) * scale * Math.Log(gain), values.Largest) : 0;
    }

    private static int Holding(double smallestStep) => (int)Math.Ceiling(Math.Log2(smallestStep));
}
