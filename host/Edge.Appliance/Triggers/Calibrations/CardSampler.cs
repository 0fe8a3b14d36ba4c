using Edge.Appliance.Cards;

namespace Edge.Appliance.Triggers.Calibrations;

/// <summary>One raster whose raw ADC samples are wanted.</summary>
/// <param name="X">Scan code of the first pixel.</param>
/// <param name="Y">Scan code of the first line.</param>
/// <param name="XStep">Codes from pixel to pixel.</param>
/// <param name="YStep">Codes from line to line, modulo 65536.</param>
/// <param name="Columns">Pixels of a line.</param>
/// <param name="Rows">Lines.</param>
/// <param name="Samples">Samples of a pixel; a record gives their sum.</param>
/// <param name="Align">Samples by which they are taken later than the pixel: how a dark beam is seen.</param>
/// <param name="SettleClocks">From the move to a line to its first pixel; the beam is off meanwhile.</param>
/// <param name="BlankClocks">From the end of a line to the move to the next, the beam off.</param>
/// <param name="OnClocks">Clocks with the beam on in each pixel; null: all of it, 0: none.</param>
public sealed record SampledScan(
    double X, double Y, int Columns, int Rows, int Samples = 1, int Align = 0, uint SettleClocks = 1, uint BlankClocks = 1, uint? OnClocks = null, double XStep = 0, double YStep = 0);

/// <summary>Takes raw ADC samples through the card's own scan and records: fixed dwells, gain 1, so that sums are ADC
/// counts.</summary>
public sealed class CardSampler(ICard card, CardControl control, int clocksPerSample)
{
    /// <summary>A sample is signed 16 bits in the card: with this offset and gain 1 every ADC count of 16 bits is exact.</summary>
    private const int MiddleCount = 0x8000;

    private const uint GainOne = 1 << 14;

    /// <summary>ADC samples that went by so far, beam on or not.</summary>
    public long SamplesTaken { get; private set; }

    /// <summary>Clocks with the beam on so far.</summary>
    public ulong BeamClocks { get; private set; }

    /// <summary>Sums of ADC counts, a pixel each, line by line.</summary>
    /// <exception cref="CardStoppedException">The card tripped, or pixels did not arrive.</exception>
    public double[] Take(SampledScan scan, CancellationToken cancel)
    {
        uint pixelClocks = (uint)((scan.Samples + 1) * clocksPerSample);
        ulong most = (ulong)scan.Rows * (ulong)scan.Columns * Math.Min(scan.OnClocks ?? pixelClocks, pixelClocks);
        control.ClearDose();
        control.Write64(CardRegisters.FrameCapLowAddress, most + 64);
        Write(scan, pixelClocks);
        var sums = new double[scan.Rows * scan.Columns];
        int arrived = 0;
        control.RunScan(
            record =>
            {
                if (record.Kind == EventKind.Pixel && record.Site < sums.Length)
                {
                    sums[record.Site] = record.Sum + ((double)MiddleCount * scan.Samples);
                    arrived++;
                }
            },
            cancel);
        if (arrived != sums.Length)
        {
            throw new CardStoppedException($"{sums.Length - arrived} of {sums.Length} samples did not arrive ({control.EventsLost} records lost). Run 'edge card selftest'.");
        }

        SamplesTaken += scan.Rows * ((scan.Columns * scan.Samples) + ((scan.SettleClocks + scan.BlankClocks) / clocksPerSample));
        BeamClocks += control.Read64(CardRegisters.UnblankedRunLowAddress);
        return sums;
    }

    private void Write(SampledScan scan, uint pixelClocks)
    {
        static uint Fixed(double codes) => unchecked((uint)(long)Math.Round(codes * 65536));
        card.Write(CardRegisters.DecisionAddress, 0);
        card.Write(CardRegisters.VectorSourceAddress, 0);
        card.Write(CardRegisters.ScanModeAddress, 0);
        card.Write(CardRegisters.AdcInvertAddress, 0);
        card.Write(CardRegisters.AdcOffsetAddress, MiddleCount);
        card.Write(CardRegisters.AdcGainAddress, GainOne);
        card.Write(CardRegisters.AlignSamplesAddress, (uint)scan.Align);
        card.Write(CardRegisters.XStartAddress, Fixed(scan.X));
        card.Write(CardRegisters.YStartAddress, Fixed(scan.Y));
        card.Write(CardRegisters.XStepAddress, Fixed(scan.XStep));
        card.Write(CardRegisters.YStepAddress, Fixed(scan.YStep));
        card.Write(CardRegisters.ColumnsAddress, (uint)scan.Columns);
        card.Write(CardRegisters.RowsAddress, (uint)scan.Rows);
        card.Write(CardRegisters.DwellSamplesAddress, (uint)scan.Samples);
        card.Write(CardRegisters.LineSettleClocksAddress, scan.SettleClocks);
        card.Write(CardRegisters.BlankClocksAddress, scan.BlankClocks);
        card.Write(CardRegisters.PixelCapAddress, scan.OnClocks ?? pixelClocks);
    }
}
