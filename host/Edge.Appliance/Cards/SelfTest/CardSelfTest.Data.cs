using Edge.Networks.Integers;

namespace Edge.Appliance.Cards.SelfTest;

/// <summary>Detector, network, scan and records.</summary>
public sealed partial class CardSelfTest
{
    private const int OutputsInRecord = 8;

    private void Arm()
    {
        card.Write(CardRegisters.HeartbeatTimeoutAddress, HeartbeatTimeout);
        card.Write(CardRegisters.DetectorTimeoutAddress, (uint)(20 * clocksPerSample));
        control.Write64(CardRegisters.FrameCapLowAddress, 1 << 24);
        string seen = Engaged();
        Row("arming", "set the limits and re-armed", "engaged, beam blanked", seen, seen.Length == 0 || seen.StartsWith("engaged", StringComparison.Ordinal), Suspect.Cable, "A cause holds that should not: " + Causes(card.Read(CardRegisters.LiveCausesAddress)) + " Close the external interlock, connect the detector, then test again.");
    }

    /// <summary>Arms.</summary>
    /// <returns>"engaged" and the beam, or why not.</returns>
    private string Engaged()
    {
        try
        {
            control.Engage();
            (bool permitted, _) = control.Summary();
            return $"engaged, beam {(permitted ? "PERMITTED" : "blanked")}";
        }
        catch (CardStoppedException error)
        {
            return error.Message;
        }
    }

    /// <summary>Samples without beam: a live converter shows noise in its low bits.</summary>
    private void Detector()
    {
        const string look = "Is the detector on, its cable in the card's input, its sample clock running?";
        bool missing = (card.Read(CardRegisters.LiveCausesAddress) & DetectorMask) != 0;
        if (missing)
        {
            // Counts from the last strobe, so an old value may be stale: wait.
            missing = !Until(() => (card.Read(CardRegisters.LiveCausesAddress) & DetectorMask) == 0, waits: 20);
        }

        Row("detector", "waited for samples of the ADC", "a sample clock", missing ? "none" : "there", !missing, Suspect.Cable, look);
        if (missing)
        {
            return;
        }

        double[] counts = Samples(512);
        if (counts.Length == 0)
        {
            Row("detector", "took 512 samples without beam", "512 samples", "none arrived", false, Suspect.Board, "Samples come in, but no record leaves the card: the event path.");
            return;
        }

        uint toggled = 0;
        foreach (double count in counts)
        {
            toggled |= (uint)count ^ (uint)counts[0];
        }

        double lowest = counts.Min(), highest = counts.Max();
        bool alive = toggled != 0;
        string range = $"{lowest:0} to {highest:0} counts";
        Row("detector", "took 512 samples without beam", "a little noise", alive ? range : $"always {lowest:0}", alive, Suspect.Detector, "The converter gives always the same number: its power, its reset, or its data cable. The card itself takes samples.");
        if (alive)
        {
            uint quiet = 0x3 & ~toggled;
            Row("data lines", "looked which of the two lowest bits ever change", "both", quiet == 0 ? "both" : $"bit {(quiet == 2 ? 1 : 0)} stands still", quiet == 0, Suspect.Cable, "A data line between converter and card is stuck: cable, plug, or the converter's output.");
        }
    }

    /// <summary>Raw samples with the beam blanked, through scan and records; nothing needs to be armed.</summary>
    private double[] Samples(int count)
    {
        const int Middle = 0x8000;
        Configure(columns: count, rows: 1, samples: 1, onClocks: 0);
        card.Write(CardRegisters.AdcOffsetAddress, Middle);
        card.Write(CardRegisters.AdcGainAddress, 1 << 14);
        card.Write(CardRegisters.HeartbeatTimeoutAddress, HeartbeatTimeout);
        card.Write(CardRegisters.DetectorTimeoutAddress, (uint)(20 * clocksPerSample));
        control.Write64(CardRegisters.FrameCapLowAddress, 1);
        if (!Engaged().StartsWith("engaged", StringComparison.Ordinal))
        {
            return [];
        }

        var counts = new List<double>();
        Scan(record => counts.Add(record.Sum + Middle));
        return [.. counts];
    }

    private void Configure(int columns, int rows, int samples, uint onClocks)
    {
        card.Write(CardRegisters.DecisionAddress, 0);
        card.Write(CardRegisters.VectorSourceAddress, 0);
        card.Write(CardRegisters.ScanModeAddress, 0);
        card.Write(CardRegisters.AdcInvertAddress, 0);
        card.Write(CardRegisters.AlignSamplesAddress, 0);
        card.Write(CardRegisters.XStartAddress, 0);
        card.Write(CardRegisters.YStartAddress, 0);
        card.Write(CardRegisters.XStepAddress, 0);
        card.Write(CardRegisters.YStepAddress, 0);
        card.Write(CardRegisters.ColumnsAddress, (uint)columns);
        card.Write(CardRegisters.RowsAddress, (uint)rows);
        card.Write(CardRegisters.DwellSamplesAddress, (uint)samples);
        card.Write(CardRegisters.LineSettleClocksAddress, 1);
        card.Write(CardRegisters.BlankClocksAddress, 1);
        card.Write(CardRegisters.PixelCapAddress, onClocks);
    }

    /// <returns>Why it did not end well; empty: it did.</returns>
    private string Scan(Action<EventRecord> pixel)
    {
        try
        {
            control.RunScan(
                record =>
                {
                    if (record.Kind == EventKind.Pixel)
                    {
                        pixel(record);
                    }
                },
                cancel);
            return string.Empty;
        }
        catch (CardStoppedException error)
        {
            return error.Message;
        }
    }

    private void Network()
    {
        if (vectors is null)
        {
            Row("network", "looked for test vectors in the image's report", "some", "none", null, Suspect.Software, string.Empty);
            return;
        }

        card.Write(CardRegisters.VectorSourceAddress, CardRegisters.VectorSourceHostMask | CardRegisters.VectorSourceHoldMask);
        card.Write(CardRegisters.DecisionAddress, CardRegisters.DecisionRuleMask & (2u << CardRegisters.DecisionRuleShift));
        control.ClearCounters();
        control.Drain(static _ => { });
        var seen = new List<EventRecord>();
        try
        {
            card.SendVectors([.. vectors.Inputs.SelectMany(row => row)]);
            Until(() =>
            {
                control.Drain(record =>
                {
                    if (record.Kind == EventKind.Vector)
                    {
                        seen.Add(record);
                    }
                });
                return seen.Count >= vectors.Inputs.Length;
            }, waits: 20);
        }
        catch (CardStoppedException error)
        {
            Row("network", $"sent {vectors.Inputs.Length} stored vectors", "a result each", error.Message, false, Suspect.Board, "The network takes nothing. Load the image again; if that does not help, the FPGA is at fault.");
            return;
        }

        int wrong = seen.Zip(vectors.Outputs).Count(pair => Differs(pair.First, pair.Second));
        bool all = seen.Count == vectors.Inputs.Length;
        Row(
            "network",
            $"sent {vectors.Inputs.Length} stored vectors",
            "the reference interpreter's integers",
            !all ? $"{seen.Count} results" : wrong == 0 ? "the same" : $"{wrong} of {vectors.Inputs.Length} differ",
            all && wrong == 0,
            Suspect.Board,
            "The network computes wrongly, though bus and image are right: the FPGA is at fault, or too hot, or its clock too fast. Load the image again; if it stays, have the board repaired.");
        uint latency = card.Read(CardRegisters.NetworkLatencyAddress) >> CardRegisters.NetworkLatencyMaxShift;
        Row("network", "measured its latency", $"{card.Image.NetworkLatencyClocks} clocks", $"{latency} clocks", latency == (uint)card.Image.NetworkLatencyClocks, Suspect.Software, "Another network is in the slot than the image says. Load the image again.");
    }

    private static bool Differs(EventRecord record, long[] expected) => Enumerable.Range(0, Math.Min(OutputsInRecord, expected.Length))
        .Any(k => record.Outputs[k] != Math.Clamp(expected[k], int.MinValue, int.MaxValue));

    private void Counters()
    {
        if (vectors is null)
        {
            return;
        }

        CardCounters counters = control.Counters();
        LatencyStatistics latency = control.Latency();
        long inBins = latency.Histogram.Sum(count => (long)count);
        bool right = counters.VectorsTaken == vectors.Inputs.Length && counters.Decisions == vectors.Inputs.Length && inBins == latency.Count && latency.Count == vectors.Inputs.Length;
        Row("counters", "compared with the vectors that were sent", $"{vectors.Inputs.Length} vectors, decisions and latencies", $"{counters.VectorsTaken}, {counters.Decisions}, {inBins}", right, Suspect.Board, "Counters of the card do not count.");
        control.ClearCounters();
        counters = control.Counters();
        Row("counters", "cleared them", "0", $"{counters.VectorsTaken + counters.Decisions}", counters.VectorsTaken + counters.Decisions == 0, Suspect.Board, "Counters of the card cannot be cleared.");
    }

    /// <summary>A small raster: positions and beam at the plugs, one record a pixel with numbers in order.</summary>
    private void ScanAndEvents()
    {
        const int Side = 4;
        const uint Step = 0x5555;
        Configure(Side, Side, samples: 8, onClocks: 0xFFFF);
        card.Write(CardRegisters.XStepAddress, Step << 16);
        card.Write(CardRegisters.YStepAddress, Step << 16);
        hands.ScanSeen();
        var numbers = new List<uint>();
        long lost = control.EventsLost;
        string fault = Scan(record => numbers.Add(record.Number));
        bool gapless = numbers.Zip(numbers.Skip(1)).All(pair => pair.Second == pair.First + 1);
        Row("events", "scanned 4 x 4 pixels", "16 records, numbered without gaps", fault.Length > 0 ? fault : $"{numbers.Count} records, {(gapless ? "no gap" : "with gaps")}, {control.EventsLost - lost} lost", fault.Length == 0 && numbers.Count == Side * Side && gapless && control.EventsLost == lost, Suspect.Board, "Records are lost between card and computer: the card's memory access. Is the driver loaded, the slot wide enough?");
        ulong lit = control.Read64(CardRegisters.UnblankedRunLowAddress), expected = (ulong)(Side * Side * 8 * clocksPerSample);
        Row("dose counter", "counted the clocks with the beam on", $"{expected} clocks", $"{lit} clocks", lit == expected, Suspect.Board, "The beam was not on as long as it should have been: is the microscope's blank signal active?");
        if (hands.ScanSeen() is { } seen)
        {
            (ushort X, ushort Y)[] wanted = [.. Enumerable.Range(0, Side * Side).Select(k => ((ushort)(k % Side * Step), (ushort)(k / Side * Step)))];
            bool right = wanted.All(seen.Contains);
            uint stuck = seen.Aggregate(0xFFFFFFFFu, (all, at) => all & ~((uint)at.X ^ seen[0].X | (((uint)at.Y ^ seen[0].Y) << 16)));
            Row("scan plug", "looked at the codes during the raster", "16 positions", right ? "all of them" : $"{wanted.Count(seen.Contains)} of them; lines that never moved: x 0x{stuck & 0xFFFF:X4}, y 0x{stuck >> 16:X4}", right, Suspect.Cable, "Lines of the scan output are stuck: its plug or cable, else the card's output.");
        }
        else
        {
            Row("scan plug", "-", "16 positions", "cannot be seen from here: measure with an oscilloscope", null, Suspect.Cable, string.Empty);
        }
    }

    private void KeepAlive()
    {
        // A raster, so that there is something to see the pin beside.
        Configure(16, 8, samples: 8, onClocks: 0xFFFF);
        card.Write(CardRegisters.XStepAddress, 1 << 16);
        hands.KeepAliveSeen();
        Scan(static _ => { });
        if (hands.KeepAliveSeen() is { } levels)
        {
            Row("keep-alive", "watched the pin while armed", "it toggles", levels is { Low: true, High: true } ? "it toggles" : $"stays {(levels.High ? "high" : "low")}", levels is { Low: true, High: true }, Suspect.Board, "The pin is stuck: the external circuit must blank now. Check the plug; else the card's output.");
        }
        else
        {
            Row("keep-alive", "-", "it toggles", "cannot be seen from here: the lamp of the external circuit tells", null, Suspect.Board, string.Empty);
        }
    }

    private static string Causes(uint live) => live == 0 ? "none is shown." : CardControl.TripCauses(live) + ".";
}
