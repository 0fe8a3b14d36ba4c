namespace Edge.Appliance.Triggers;

/// <summary>Settings of the card's ADC ingress, as its registers hold them.</summary>
/// <param name="Offset">ADC counts without signal.</param>
/// <param name="Gain">A sample is (ADC - Offset) * Gain / 2^14, in 1/64 electron.</param>
/// <param name="ElapsedStep">Dose of a sample; 256 is nominal.</param>
/// <param name="EventThreshold">1/64 electron.</param>
/// <param name="Clip">1/64 electron.</param>
public readonly record struct IngressSettings(ushort Offset, ushort Gain, ushort ElapsedStep, short EventThreshold, short Clip);

/// <summary>What the card's ADC ingress computes, sample by sample; equal to the RTL bit for bit (rtl/ingress/adc).</summary>
public sealed class IngressModel(IngressSettings settings)
{
    /// <summary>Features the ingress makes: elapsed, events, sum, clipped sum, maximum, last; fixed&lt;16,12&gt;.</summary>
    public const int FeatureCount = 6;

    /// <summary>The sums stand still after this sample; maximum and last go on.</summary>
    private const int LastSummed = ushort.MaxValue;

    private long elapsed;
    private long events;
    private long sum;
    private long clipped;
    private long maximum;
    private long last;

    /// <summary>Samples of this dwell so far.</summary>
    public int Samples { get; private set; }

    /// <summary>Sum of this dwell so far, in 1/64 electron.</summary>
    public long Sum => sum;

    /// <summary>Rising crossings of the event threshold in this dwell so far.</summary>
    public long Events => events;

    public void Begin() => (elapsed, events, sum, clipped, maximum, last, Samples) = (0, 0, 0, 0, 0, 0, 0);

    /// <summary>Takes a sample; <paramref name="features"/> receives as many features as it has room for, at most six.</summary>
    public void Take(ushort adc, Span<long> features)
    {
        long z = Math.Clamp((adc - settings.Offset) * (long)settings.Gain >> 14, short.MinValue, short.MaxValue);
        events += Samples < LastSummed && z >= settings.EventThreshold && (Samples == 0 || last < settings.EventThreshold) ? 1 : 0;
        maximum = Samples == 0 ? z : Math.Max(maximum, z);
        last = z;
        if (Samples < LastSummed)
        {
            elapsed += settings.ElapsedStep;
            sum += z;
            clipped += Math.Min(z, settings.Clip);
            Samples++;
        }

        ReadOnlySpan<long> all = [elapsed >> 4, events << 4, sum >> 2, clipped >> 2, maximum >> 2, last >> 2];
        for (int i = 0; i < features.Length; i++)
        {
            features[i] = Math.Clamp(all[i], short.MinValue, short.MaxValue);
        }
    }
}
