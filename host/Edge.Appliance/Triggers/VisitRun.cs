using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Running;
using Edge.Appliance.Sites;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Appliance.Triggers;

/// <summary>One visited site.</summary>
/// <param name="Visit">Counted from 0 in order of visits.</param>
/// <param name="Position">Where the probe was sent, angstrom.</param>
/// <param name="Record">What the card told; null if its record was lost.</param>
public sealed record Visit(int Number, Position Position, EventRecord? Record);

/// <summary>What the overview gave.</summary>
public sealed record Overview(OverviewImage Image, CalibrationEstimate Calibration, Lattice Lattice, IReadOnlyList<Position> Sites, CardCounters Counters);

/// <summary>The main job on a card: overview, lattice, sites, visits.</summary>
/// <param name="lease">The heartbeat is fed only while it is fresh; null: as long as the host lives.</param>
/// <param name="alive">Called again and again while a scan runs: time to renew the lease.</param>
public sealed class VisitRun(VisitRunFile file, SiteModel model, ICard card, Lease? lease = null, Action? alive = null)
{
    private const double CodesPerField = 65536;

    private readonly CardControl control = new(card) { Lease = lease, Alive = alive };

    /// <summary>Alignment of samples to visits: the ADC's pipeline, and the sample in which the blanker opens. The overview
    /// needs the pipeline alone: within a line the beam stays on.</summary>
    public int AlignSamples => file.PipelineSamples + model.ExtraAlignSamples;

    public int MinimumSamples => Samples(file.MinimumDwellSeconds) ?? model.MinimumSamples;

    public int MaximumSamples => Samples(file.MaximumDwellSeconds) ?? model.MaximumSamples;

    public long EventsLost => control.EventsLost;

    /// <summary>Pixels along each axis of the overview.</summary>
    public int OverviewPixels => file.OverviewPixels;

    /// <summary>Checks that card and network fit the job, and arms the interlock.</summary>
    /// <exception cref="InvalidInputException">They do not.</exception>
    public void Prepare()
    {
        control.Identify();
        if (!control.AdcUsable)
        {
            throw new InvalidInputException(
                $"{file.Network.ModelPath}: its {card.Image.InputCount} inputs of {card.Image.InputWidth} bits cannot be fed by the card's ADC ingress, which makes up to {IngressModel.FeatureCount} of 16 bits. Compile it with --input-format 'fixed<16,12>'.");
        }

        if (card.Image.OutputCount != model.Classes.Count)
        {
            throw new InvalidInputException($"{file.Network.ModelPath}: {card.Image.OutputCount} outputs, but its settings name {model.Classes.Count} classes.");
        }

        // Limits that guard the beam stand still while engaged. Pass-through would let it on meanwhile, so: tripped.
        if (control.Interlock == InterlockState.Engaged)
        {
            control.Stop();
        }

        card.Write(CardRegisters.HeartbeatTimeoutAddress, file.Card.Clocks(file.HeartbeatSeconds));
        card.Write(CardRegisters.DetectorTimeoutAddress, (uint)(20 * file.ClocksPerSample));
        control.Write64(CardRegisters.FrameCapLowAddress, FrameCap);
        control.Engage();
    }

    /// <summary>Takes the overview at nominal settings and finds the sites.</summary>
    public Overview TakeOverview(CancellationToken cancel)
    {
        int pixels = OverviewPixels;
        double pitch = file.FieldOfView / pixels;
        double codes = CodesPerField / pixels;
        WriteIngress(Nominal, file.PipelineSamples);
        card.Write(CardRegisters.DecisionAddress, 0);
        card.Write(CardRegisters.VectorSourceAddress, 0);
        card.Write(CardRegisters.ScanModeAddress, 0);
        card.Write(CardRegisters.XStartAddress, (uint)(codes / 2 * 65536));
        card.Write(CardRegisters.YStartAddress, (uint)(codes / 2 * 65536));
        card.Write(CardRegisters.XStepAddress, (uint)(codes * 65536));
        card.Write(CardRegisters.YStepAddress, (uint)(codes * 65536));
        card.Write(CardRegisters.ColumnsAddress, (uint)pixels);
        card.Write(CardRegisters.RowsAddress, (uint)pixels);
        card.Write(CardRegisters.DwellSamplesAddress, (uint)file.OverviewSamples);
        card.Write(CardRegisters.LineSettleClocksAddress, file.Card.Clocks(file.LineSettleSeconds));
        card.Write(CardRegisters.PixelCapAddress, (uint)((file.OverviewSamples + 2) * file.ClocksPerSample));
        control.ClearCounters();

        var signal = new double[pixels * pixels];
        double events = 0;
        int arrived = 0;
        control.RunScan(record =>
        {
            if (record.Kind == EventKind.Pixel && record.Site < signal.Length)
            {
                signal[record.Site] = record.Sum / 64.0;
                events += record.Events;
                arrived++;
            }
        }, cancel);
        if (arrived != signal.Length)
        {
            throw new CardStoppedException($"{signal.Length - arrived} of {signal.Length} pixels of the overview did not arrive ({EventsLost} records lost). Nothing was decided; run again.");
        }

        CalibrationEstimate calibration = CalibrationEstimate.From(model, 64 * signal.Sum(), events, (double)signal.Length * file.OverviewSamples, file.OverviewSamples);
        var image = new OverviewImage(pixels, pixels, ScanLag.ColumnPositions(pixels, pitch, file), [.. Enumerable.Range(0, pixels).Select(row => (row + 0.5) * pitch)], signal);
        Lattice lattice = LatticeFit.Fit(image, file.LatticeConstant, file.ChalcogenWeight);
        IReadOnlyList<Position> sites = lattice.ChalcogenColumns(file.Margin, file.Margin, file.FieldOfView - file.Margin, file.FieldOfView - file.Margin);
        return new(image, calibration, lattice, sites, control.Counters());
    }

    /// <summary>Visits positions in order; each dwell ends when the card is sure.</summary>
    /// <param name="visited">Told each visit as its record arrives.</param>
    public IReadOnlyList<Visit> VisitSites(IReadOnlyList<Position> positions, CalibrationEstimate calibration, Action<int>? visited, CancellationToken cancel)
    {
        WriteIngress(calibration.Applied(Nominal), AlignSamples);
        card.Write(CardRegisters.ScanModeAddress, CardRegisters.ScanModeMask);
        card.Write(CardRegisters.SettleClocksAddress, file.Card.Clocks(file.SettleSeconds));
        card.Write(CardRegisters.BlankClocksAddress, file.Card.Clocks(file.BlankSeconds));
        card.Write(CardRegisters.MinSamplesAddress, (uint)MinimumSamples);
        card.Write(CardRegisters.MaxSamplesAddress, (uint)MaximumSamples);
        card.Write(CardRegisters.PixelCapAddress, (uint)((MaximumSamples + AlignSamples + 64) * file.ClocksPerSample));
        card.Write(CardRegisters.NetworkDeadlineAddress, (uint)(card.Image.NetworkLatencyClocks + (8 * file.ClocksPerSample)));
        for (int k = 0; k < model.Thresholds.Count; k++)
        {
            card.Write(CardRegisters.ThresholdAddress + (uint)(4 * k), (uint)model.Thresholds[k]);
        }

        card.Write(CardRegisters.DecisionAddress, CardRegisters.DecisionEnableMask);
        control.ClearCounters();
        var visits = positions.Select((position, number) => new Visit(number, position, null)).ToArray();
        int depth = (int)(card.Read(CardRegisters.CardShapeAddress) & CardRegisters.CardShapePositionsMask);
        ulong used = 0;
        for (int start = 0; start < positions.Count; start += depth)
        {
            int first = start;
            int count = Math.Min(depth, positions.Count - start);
            LimitDose(used);
            control.WritePositions([.. positions.Skip(start).Take(count).Select(position => (Code(position.X), Code(position.Y)))]);
            control.RunScan(record =>
            {
                if (record.Kind == EventKind.Decision && record.Site < count)
                {
                    visits[first + (int)record.Site] = visits[first + (int)record.Site] with { Record = record };
                    visited?.Invoke(first + (int)record.Site + 1);
                }
            }, cancel);
            used += control.Read64(CardRegisters.UnblankedRunLowAddress);
        }

        return visits;
    }

    /// <summary>Ingress settings before the overview: of the calibration where there is one, else of the training.</summary>
    public IngressSettings Nominal => file.Calibration?.Applied(model.Ingress) ?? model.Ingress;

    public LatencyStatistics Latency() => control.Latency();

    public CardCounters Counters() => control.Counters();

    /// <summary>Unblanked clocks that make the electrons allowed.</summary>
    private ulong FrameCap => (ulong)(file.LargestElectrons / file.ElectronsPerSecond * file.Card.ClockHertz);

    /// <summary>Sets the card's dose cap to what is left: the card counts each list anew, the limit is for all of them.</summary>
    private void LimitDose(ulong used)
    {
        if (used >= FrameCap)
        {
            throw new CardStoppedException("the beam is blanked: the dose cap of the run was reached.");
        }

        // Else the dose of the list before could reach the smaller cap.
        control.ClearDose();
        control.Write64(CardRegisters.FrameCapLowAddress, FrameCap - used);
    }

    private ushort Code(double angstrom) => (ushort)Math.Clamp(Math.Round(angstrom / file.FieldOfView * CodesPerField), 0, ushort.MaxValue);

    private int? Samples(double? seconds) => seconds is double known ? (int)Math.Clamp(Math.Round(known / file.SamplePeriodSeconds), 1, ushort.MaxValue) : null;

    /// <summary>ADC counts from here on are cut off; without a calibration only the end of 16 bits is known.</summary>
    private uint FullScale => file.Calibration is { } known
        ? (uint)Math.Clamp(Math.Round(known.Identity.NegativePolarity ? ushort.MaxValue - known.ClippingLevel.Value : known.ClippingLevel.Value), 1, ushort.MaxValue)
        : ushort.MaxValue;

    private void WriteIngress(IngressSettings settings, int alignSamples)
    {
        card.Write(CardRegisters.AlignSamplesAddress, (uint)alignSamples);
        card.Write(CardRegisters.AdcOffsetAddress, settings.Offset);
        card.Write(CardRegisters.AdcGainAddress, settings.Gain);
        card.Write(CardRegisters.AdcInvertAddress, file.NegativePolarity ? 1u : 0);
        card.Write(CardRegisters.AdcFullScaleAddress, FullScale);
        card.Write(CardRegisters.ElapsedStepAddress, settings.ElapsedStep);
        card.Write(CardRegisters.EventThresholdAddress, (ushort)settings.EventThreshold);
        card.Write(CardRegisters.ClipAddress, (ushort)settings.Clip);
    }
}
