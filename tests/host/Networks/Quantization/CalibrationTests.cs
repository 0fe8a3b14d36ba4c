using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Quantization.Calibration;

namespace Edge.Tests.Networks.Quantization;

public sealed class CalibrationTests
{
    [Theory]
    [InlineData(CalibrationMethod.Minmax, 8, 1.0, -7)] // 1 and a little room need 2^-7
    [InlineData(CalibrationMethod.Minmax, 8, 0.85, -8)] // with room below 255 * 2^-8 = 0.996
    [InlineData(CalibrationMethod.Minmax, 12, 0.6, -11)] // the room of many bits: above 4095 * 2^-12 = 1
    [InlineData(CalibrationMethod.Percentile, 8, 0.99, -8)] // no room
    [InlineData(CalibrationMethod.Mse, 8, 0.99, -8)]
    public void TheLargestValue_DecidesTheStep(CalibrationMethod method, int bits, double largest, int exponent)
    {
        var histogram = new MagnitudeHistogram();
        for (int k = 1; k <= 64; k++)
        {
            histogram.Add(largest * k / 64 * (k % 2 == 0 ? 1 : -1));
        }

        Assert.Equal(exponent, RangeChoice.StepExponent(histogram, bits, method));
    }

    [Fact]
    public void ARareOutlier_IsClippedByPercentileAndMse_ButNotByMinmax()
    {
        var histogram = new MagnitudeHistogram();
        for (int k = 0; k < 100_000; k++)
        {
            histogram.Add(k % 1000 / 1024.0);
        }

        histogram.Add(16);
        Assert.Equal(-3, RangeChoice.StepExponent(histogram, 8, CalibrationMethod.Minmax)); // 17 / 255 < 2^-3
        Assert.Equal(-8, RangeChoice.StepExponent(histogram, 8, CalibrationMethod.Percentile));

        // At 2^-3, 2^-6 / 12 = 1.3e-3 a value; at 2^-7, 2^-14 / 12 = 5e-6 and 14^2 / 100,001 = 2e-3 for the outlier: between them.
        int chosen = RangeChoice.StepExponent(histogram, 8, CalibrationMethod.Mse)!.Value;
        Assert.InRange(chosen, -5, -4);
    }

    [Fact]
    public void Nothing_HasNoStep()
    {
        var histogram = new MagnitudeHistogram();
        histogram.Add(0);
        Assert.Null(RangeChoice.StepExponent(histogram, 8, CalibrationMethod.Minmax));
    }

    [Theory]
    [InlineData(0.0, 64)]
    [InlineData(0.5, 32)]
    [InlineData(0.25, 48)]
    public void AQuantile_LiesWithinABin(double shareAbove, double value)
    {
        var histogram = new MagnitudeHistogram();
        for (int k = 1; k <= 64; k++)
        {
            histogram.Add(k);
        }

        Assert.InRange(histogram.Quantile(shareAbove), value, value * (1 + (1.0 / 32)));
    }

    [Fact]
    public void AMergedHistogram_IsThatOfAllValues()
    {
        MagnitudeHistogram a = new(), b = new(), all = new();
        for (int k = 1; k < 500; k++)
        {
            (k % 3 == 0 ? a : b).Add(k / 7.0);
            all.Add(k / 7.0);
        }

        a.Add(b);
        Assert.Equal(all.Largest, a.Largest);
        Assert.Equal(all.Count, a.Count);
        Assert.Equal(all.Quantile(0.1), a.Quantile(0.1));
        Assert.Equal(all.MeanSquareError(0.25, 50), a.MeanSquareError(0.25, 50));
    }

    [Fact]
    public void RowsOfAFile_AreThoseOfTheArray_PassAfterPass()
    {
        using var folder = new TemporaryFolder();
        const int Width = 3;
        const int Count = 50_000; // more than a block
        double[] values = [.. Enumerable.Range(0, Width * Count).Select(k => Math.Sin(k))];
        NpyArray.Write(folder.File("x.npy"), [Count, Width], values.AsSpan());
        var network = new Network("test", "x", "y", [Width], [], 0, []);
        CalibrationRows rows = CalibrationRows.Open(folder.File("x.npy"), network, "--calibrate");
        Assert.Equal(Count, rows.Count);
        for (int pass = 0; pass < 2; pass++)
        {
            Assert.Equal(values, rows.Each().SelectMany(row => row.ToArray()));
        }

        Assert.Equal(values[..30], rows.Sample(10)[..30]);
        var wider = network with { InputShape = [4] };
        Assert.Contains("the model takes 4 values a row", Assert.Throws<InvalidInputException>(() => CalibrationRows.Open(folder.File("x.npy"), wider, "--calibrate")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASample_HoldsTheFirstRowsAndEachNewLargest()
    {
        var rows = new CalibrationRows([1, 2, 0, 5, -3, -7, 6], width: 1);
        Assert.Equal([1, 2, 5, -7], rows.Sample(2));
    }
}
