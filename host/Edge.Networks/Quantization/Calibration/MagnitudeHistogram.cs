namespace Edge.Networks.Quantization.Calibration;

/// <summary>Counts of |x| in bins of constant relative width, 32 an octave (2.2 % wide) from 2^-32 to 2^32: one pass over the
/// values, whatever their range.</summary>
public sealed class MagnitudeHistogram
{
    private const int BinsPerOctave = 32;
    private const int LowestExponent = -32;
    private const int Octaves = 64;

    private readonly long[] counts = new long[Octaves * BinsPerOctave];
    private (double Sum, double Squares, long Count) moments;

    /// <summary>The largest magnitude, exact.</summary>
    public double Largest { get; private set; }

    public long Count { get; private set; }

    /// <summary>The smallest and the greatest value; 0 and 0 before any.</summary>
    public (double Low, double High) Ends { get; private set; }

    /// <summary>Mean and standard deviation of the values before a limit (a Relu) cut them, where there is one: a unit that is
    /// rarely active has shown too little of itself for its largest value to say what will come.</summary>
    public (double Mean, double Deviation) Unlimited => moments.Count == 0
        ? (0, 0)
        : (moments.Sum / moments.Count, Math.Sqrt(Math.Max(0, (moments.Squares / moments.Count) - (moments.Sum / moments.Count * moments.Sum / moments.Count))));

    public void AddUnlimited(double value) => moments = (moments.Sum + value, moments.Squares + (value * value), moments.Count + 1);

    public void Add(double value)
    {
        double magnitude = Math.Abs(value);
        Largest = Math.Max(Largest, magnitude);
        Ends = Count == 0 ? (value, value) : (Math.Min(Ends.Low, value), Math.Max(Ends.High, value));
        Count++;
        counts[magnitude == 0 ? 0 : BinOf(magnitude)]++;
    }

    public void Add(MagnitudeHistogram other)
    {
        Largest = Math.Max(Largest, other.Largest);
        Ends = Count == 0 ? other.Ends : other.Count == 0 ? Ends : (Math.Min(Ends.Low, other.Ends.Low), Math.Max(Ends.High, other.Ends.High));
        Count += other.Count;
        for (int bin = 0; bin < counts.Length; bin++)
        {
            counts[bin] += other.counts[bin];
        }
    }

    /// <summary>A magnitude that at most the given share of all values exceeds; up to a bin above the smallest such one.</summary>
    public double Quantile(double shareAbove)
    {
        long allowed = (long)(Count * shareAbove);
        for (int bin = counts.Length - 1; bin >= 0; bin--)
        {
            allowed -= counts[bin];
            if (allowed < 0)
            {
                return Math.Min(Largest, Edge(bin + 1));
            }
        }

        return 0;
    }

    /// <summary>Mean square error of rounding to multiples of <paramref name="step"/> up to <paramref name="limit"/>: what
    /// lies below half a step is lost, what lies above the limit is clipped, the rest is off by step^2 / 12.</summary>
    public double MeanSquareError(double step, double limit)
    {
        double sum = 0;
        for (int bin = 0; bin < counts.Length; bin++)
        {
            double value = Math.Min(Largest, Math.Sqrt(Edge(bin) * Edge(bin + 1)));
            double error = value > limit ? value - limit : value < step / 2 ? value : step / Math.Sqrt(12);
            sum += counts[bin] * error * error;
        }

        return Count == 0 ? 0 : sum / Count;
    }

    private static int BinOf(double magnitude)
    {
        int exponent = Math.ILogB(magnitude);
        int within = (int)((Math.ScaleB(magnitude, -exponent) - 1) * BinsPerOctave);
        return Math.Clamp(((exponent - LowestExponent) * BinsPerOctave) + within, 0, (Octaves * BinsPerOctave) - 1);
    }

    private static double Edge(int bin) => Math.ScaleB(1 + ((double)(bin % BinsPerOctave) / BinsPerOctave), (bin / BinsPerOctave) + LowestExponent);
}
