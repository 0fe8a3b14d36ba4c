using System.Diagnostics;
using System.Globalization;
using Edge.Images;

namespace Edge.Appliance.Cards.Loading;

/// <summary>What a loader asks of a card through its registers. It knows only registers whose place never changes, or, after
/// <see cref="Identify"/>, those of this program's map.</summary>
internal sealed class CardProbe(Func<uint, uint> read, Action<uint, uint> write)
{
    /// <summary>What a bus gives where nobody answers.</summary>
    public const uint NobodyAnswers = uint.MaxValue;

    private const double ClockTolerance = 0.02;

    /// <summary>For a write to reach the core's clock and act; far less is needed.</summary>
    private static readonly TimeSpan BlankPatience = TimeSpan.FromMilliseconds(500);

    private const int ClockTries = 8;

    private static readonly TimeSpan ClockWatch = TimeSpan.FromMilliseconds(50);

    /// <exception cref="LoadStepException">The beam is not known to be blanked.</exception>
    public string Blank()
    {
        uint id = read(CardRegisters.IdAddress);
        if (id != CardRegisters.Id)
        {
            throw new LoadStepException(
                id == NobodyAnswers ? "the card reads all ones: it is gone from the bus" : $"the card answers with {id:x8} instead of its id",
                "Whether the beam is blanked cannot be read. Open the external interlock, then load with --silent");
        }

        write(CardRegisters.CommandAddress, CardRegisters.CommandAbortMask);
        write(CardRegisters.CommandAddress, CardRegisters.CommandStopMask);
        for (long start = Stopwatch.GetTimestamp(); !IsBlanked(read(CardRegisters.StatusAddress)) && Stopwatch.GetElapsedTime(start) < BlankPatience; Thread.Sleep(1))
        {
            // A bus read may overtake the write's way into the core's clock.
        }

        return CheckBlanked();
    }

    /// <summary>Ends the event ring of a card of this program's map, and waits until nothing of it is under way.</summary>
    public string DrainRing()
    {
        if (read(CardRegisters.IdAddress) != CardRegisters.Id || read(CardRegisters.MapHashAddress) != CardRegisters.MapHash)
        {
            return "event ring not reached";
        }

        write(CardRegisters.EventRingAddress, 0);
        for (long start = Stopwatch.GetTimestamp(); (read(CardRegisters.EventRingStateAddress) & CardRegisters.EventRingStateDrainedMask) == 0; Thread.Sleep(1))
        {
            if (Stopwatch.GetElapsedTime(start) > BlankPatience)
            {
                return "event ring does not drain";  // taking the bus master bit ends it
            }
        }

        return "event ring drained";
    }

    /// <exception cref="LoadStepException">The interlock is not tripped, or permits the beam.</exception>
    public string CheckBlanked()
    {
        uint status = read(CardRegisters.StatusAddress);
        return IsBlanked(status)
            ? $"interlock tripped ({CardControl.TripCauses(read(CardRegisters.TripCausesAddress))}), permit_beam 0"
            : throw new LoadStepException(
                status == NobodyAnswers ? "the card reads all ones: it is gone from the bus" : $"the interlock reads {State(status)}, permit_beam {((status & CardRegisters.StatusPermitBeamMask) != 0 ? 1 : 0)}, after it was told to stop",
                "The beam may be on. Open the external interlock and look at the beam before you go on");
    }

    /// <exception cref="LoadStepException">It is another design than the image promises.</exception>
    public string Identify(CardImageManifest manifest)
    {
        const string Remedy = "The image that runs is not the one that was loaded; load again, and check the file with 'edge image verify'";
        Compare("id", read(CardRegisters.IdAddress), CardRegisters.Id);
        Compare("register map", read(CardRegisters.MapHashAddress), manifest.RegisterMapHash);
        if (manifest.RegisterMapHash != CardRegisters.MapHash)
        {
            throw new LoadStepException($"the image has register map {manifest.RegisterMapHash:x8}, this program {CardRegisters.MapHash:x8}", "Use the version of this program that packed the image, or pack it again with this one");
        }

        Compare("network", read(CardRegisters.NetworkHashAddress), uint.Parse(manifest.NetworkHash.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        Compare("shape of the network", read(CardRegisters.NetworkShapeAddress), (uint)manifest.InputCount | ((uint)manifest.OutputCount << CardRegisters.NetworkShapeOutputsShift));

        // A design that was built without its id shows 0.
        uint build = read(CardRegisters.BuildIdAddress);
        if (build != 0)
        {
            Compare("build", build, manifest.BuildId);
        }

        return $"network {manifest.NetworkName}, build {(build == 0 ? "not shown by the card" : build.ToString("x8", CultureInfo.InvariantCulture))}";

        static void Compare(string what, uint found, uint expected)
        {
            if (found != expected)
            {
                throw new LoadStepException($"the card shows {what} {found:x8}, the image says {expected:x8}", Remedy);
            }
        }
    }

    /// <param name="realTime">The card's clock runs beside ours; false: simulated.</param>
    /// <exception cref="LoadStepException">Something does not work.</exception>
    public string SelfTest(CardImageManifest manifest, bool realTime)
    {
        const string Remedy = "Do not arm the card. Load again; if it happens again, the board or the bitstream's timing is at fault";
        CheckBlanked();
        uint kept = read(CardRegisters.PixelCapAddress);
        for (int bit = 0; bit <= 32; bit++)
        {
            uint pattern = bit == 32 ? 0 : 1u << bit;
            write(CardRegisters.PixelCapAddress, pattern);
            uint found = read(CardRegisters.PixelCapAddress);
            if (found != pattern)
            {
                throw new LoadStepException($"register pixel_cap holds {found:x8} after {pattern:x8} was written", Remedy);
            }
        }

        write(CardRegisters.PixelCapAddress, kept);
        double megahertz = Clock(realTime);
        for (int again = 1; again < ClockTries && realTime && Math.Abs((megahertz / manifest.ClockMegahertz) - 1) > ClockTolerance; again++)
        {
            megahertz = Clock(realTime); // this program may have been held up between its readings
        }

        if (megahertz == 0 || (realTime && Math.Abs((megahertz / manifest.ClockMegahertz) - 1) > ClockTolerance))
        {
            throw new LoadStepException(string.Create(CultureInfo.InvariantCulture, $"the card's clock runs at {megahertz:F1} MHz, the image says {manifest.ClockMegahertz}"), Remedy);
        }

        CheckBlanked();
        return realTime ? string.Create(CultureInfo.InvariantCulture, $"registers hold, clock {megahertz:F1} MHz, beam not permitted") : "registers hold, clock runs, beam not permitted";
    }

    private static InterlockState State(uint status) => (InterlockState)((status & CardRegisters.StatusInterlockMask) >> CardRegisters.StatusInterlockShift);

    private static bool IsBlanked(uint status) => status != NobodyAnswers && State(status) == InterlockState.Tripped && (status & CardRegisters.StatusPermitBeamMask) == 0;

    private double Clock(bool realTime)
    {
        long start = Stopwatch.GetTimestamp();
        ulong first = Cycle();
        if (realTime)
        {
            Thread.Sleep(ClockWatch);
        }

        return (Cycle() - first) / Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private ulong Cycle()
    {
        uint low = read(CardRegisters.CycleLowAddress);
        return low | ((ulong)read(CardRegisters.CycleHighAddress) << 32);
    }
}
