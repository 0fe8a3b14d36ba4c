namespace Edge.Networks.Quantization.Calibration;

/// <summary>Chooses power-of-two steps for values seen in calibration.</summary>
public static class RangeChoice
{
    private const double ShareAbove = 1e-4;

    /// <summary>Standard deviations above the mean for which a rarely active unit has room, before headroom.</summary>
    private const double LeastDeviations = 3;

    /// <summary>Exponents below the one that clips nothing that are tried for the least mean square error.</summary>
    private const int FinerSteps = 4;

    /// <summary>The exponent e of the step 2^e for integers up to 2^valueBits - 1 (the sign not counted); null when every
    /// value was zero.</summary>
    public static int? StepExponent(MagnitudeHistogram values, int valueBits, CalibrationMethod method)
    {
        if (values.Largest == 0)
        {
            return null;
        }

        double most = Math.ScaleB(1, valueBits) - 1;
        switch (method)
        {
            case CalibrationMethod.Percentile:
                return Holding(Math.Max(values.Quantile(ShareAbove), double.Epsilon) / most);
            case CalibrationMethod.Mse:
                int coarsest = Holding(values.Largest / most);
                return Enumerable.Range(0, FinerSteps + 1).Select(finer => coarsest - finer)
                    .MinBy(exponent => values.MeanSquareError(Math.ScaleB(1, exponent), Math.ScaleB(most, exponent)));
            default:
                (double mean, double deviation) = values.Unlimited;
                double likely = mean + ((LeastDeviations + Headroom(valueBits)) * deviation);
                return Holding(Math.Max(values.Largest * Headroom(valueBits), likely) / most);
        }
    }

    /// <summary>Rows to come hold larger values than those seen. A clipped one costs as much at any width, room for it costs
    /// the less the finer the steps are: 1.125 at 8 bits, 2 from 11 on. Chosen by trying on three_layer_keras.</summary>
    public static double Headroom(int valueBits) => 1 + Math.Min(1, Math.ScaleB(1, valueBits - 11));

    private static int Holding(double smallestStep) => (int)Math.Ceiling(Math.Log2(smallestStep));
}
