using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Edge.Appliance.Cards;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

/// <summary>Shows what a running card does, again and again: in place on a terminal, else a line each time.</summary>
internal static class CardWatchCommand
{
    private const double LeastInterval = 0.05;
    private const double LongestInterval = 3600;
    private const int BarWidth = 40;

    private static readonly JsonSerializerOptions OneLine = new(Terminal.JsonFormat) { WriteIndented = false };

    /// <summary>A look at the card.</summary>
    /// <param name="Clocks">Of the card since its reset.</param>
    /// <param name="DecisionsPerMillionClocks">In the card's own time since the look before; null: not known.</param>
    internal sealed record Look(
        DateTimeOffset At, string State, bool PermitBeam, string Interlock, string TripCauses, string HoldCauses, string Scan, uint Site, ulong Clocks, ulong UnblankedClocks,
        uint Events, uint EventsDropped, uint Vectors, uint Replaced, uint Stale, uint Decisions, uint Undecided, uint AuxTriggers,
        double? DecisionsPerMillionClocks, uint LatencyCount, uint LatencyMinimum, uint LatencyMaximum, uint[] LatencyHistogram);

    public static Command Create()
    {
        var command = new Command("watch", "Show what a running card does, until it ends or Ctrl-C");
        var interval = new Option<double>("--interval") { Description = "Seconds between two looks", DefaultValueFactory = _ => 1, HelpName = "SECONDS" };
        var count = new Option<int?>("--count") { Description = "End after so many looks", HelpName = "N" };
        command.Add(interval);
        command.Add(count);
        AttachedCard.Options options = AttachedCard.Options.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, cancel) =>
        {
            double seconds = parsed.GetValue(interval);
            if (!(seconds >= LeastInterval && seconds <= LongestInterval))
            {
                throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"--interval {seconds}: {LeastInterval} to {LongestInterval} s are allowed."));
            }

            int looks = parsed.GetValue(count) ?? int.MaxValue;
            if (looks < 1)
            {
                throw new InvalidInputException($"--count {looks}: at least 1 is allowed.");
            }

            using AttachedCard card = options.Attach(parsed);
            Watch(card, terminal, seconds, looks, cancel);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Watch(AttachedCard card, Terminal terminal, double seconds, int looks, CancellationToken cancel)
    {
        bool inPlace = !terminal.Json && !Console.IsOutputRedirected;
        Look? before = null;
        int lines = 0;
        for (int k = 0; k < looks && !cancel.IsCancellationRequested; k++)
        {
            Look look;
            try
            {
                look = At(card, before);
            }
            catch (CardStoppedException) when (k > 0)
            {
                terminal.Progress($"{card.Name}: the run has ended");
                return;
            }

            if (terminal.Json)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(look, OneLine));
            }
            else if (inPlace)
            {
                string[] page = [card.Name, .. Page(look)];

                // Back to the first line of the page before, and each line cleared to its end.
                Console.Out.Write((lines > 0 ? $"\u001b[{lines}A" : string.Empty) + string.Concat(page.Select(line => line + "\u001b[K\n")) + "\u001b[J");
                lines = page.Length;
            }
            else
            {
                Console.Out.WriteLine(Line(look));
            }

            Console.Out.Flush();
            before = look;
            if (k + 1 < looks)
            {
                cancel.WaitHandle.WaitOne(TimeSpan.FromSeconds(seconds));
            }
        }
    }

    private static Look At(AttachedCard card, Look? before)
    {
        uint[] addresses =
        [
            CardRegisters.StatusAddress, CardRegisters.TripCausesAddress, CardRegisters.HoldCausesAddress, CardRegisters.ScanSiteAddress,
            CardRegisters.CycleLowAddress, CardRegisters.CycleHighAddress, CardRegisters.UnblankedRunLowAddress, CardRegisters.UnblankedRunHighAddress,
            CardRegisters.EventsNumberedAddress, CardRegisters.EventsDroppedAddress, CardRegisters.VectorsTakenAddress, CardRegisters.VectorsReplacedAddress,
            CardRegisters.ResultsStaleAddress, CardRegisters.DecisionsAddress, CardRegisters.UndecidedAddress, CardRegisters.AuxTriggersAddress,
            CardRegisters.LatencyCountAddress, CardRegisters.LatencyMinAddress, CardRegisters.LatencyMaxAddress,
            .. Enumerable.Range(0, 32).Select(bin => CardRegisters.LatencyHistogramAddress + (uint)(4 * bin)),
        ];
        uint[] v = card.Read(addresses);
        uint status = v[0];
        bool permitted = (status & CardRegisters.StatusPermitBeamMask) != 0;
        var interlock = (InterlockState)(status & CardRegisters.StatusInterlockMask);
        string trips = v[1] == 0 ? "none" : CardControl.TripCauses(v[1]);
        string holds = Names("hold_causes", v[2]);
        string beam = permitted ? "beam on" : "beam blanked";
        string why = permitted ? string.Empty : interlock == InterlockState.Tripped ? $": tripped, {trips}" : $": {(holds.Length > 0 ? holds : "no reason now")}";
        ulong clocks = v[4] | ((ulong)v[5] << 32);
        uint decisions = v[13];
        double? rate = before is null || clocks <= before.Clocks || decisions < before.Decisions ? null : Math.Round((decisions - before.Decisions) * 1e6 / (clocks - before.Clocks), 3);
        return new(
            DateTimeOffset.UtcNow, beam + why, permitted, Name(interlock), trips, holds.Length > 0 ? holds : "none", ScanState(status), v[3], clocks, v[6] | ((ulong)v[7] << 32),
            v[8], v[9], v[10], v[11], v[12], decisions, v[14], v[15], rate, v[16], v[17], v[18], v[19..]);
    }

    private static IEnumerable<string> Page(Look look)
    {
        string N(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);
        yield return look.State;
        yield return $"interlock   {look.Interlock}; trip causes: {look.TripCauses}; holds: {look.HoldCauses}";
        yield return $"scan        {look.Scan}, site {N(look.Site)}; beam on for {N(look.UnblankedClocks)} of {N(look.Clocks)} clocks";
        yield return $"decisions   {N(look.Decisions)}, {N(look.Undecided)} undecided{(look.DecisionsPerMillionClocks is { } rate ? string.Create(CultureInfo.InvariantCulture, $", {rate:F1} a million clocks") : string.Empty)}; triggers {N(look.AuxTriggers)}";
        yield return $"network     {N(look.Vectors)} vectors, {N(look.Replaced)} replaced, {N(look.Stale)} results late";
        yield return $"events      {N(look.Events)}, {N(look.EventsDropped)} dropped";
        yield return $"latency     {(look.LatencyCount == 0 ? "none measured yet" : $"{look.LatencyMinimum} to {look.LatencyMaximum} clocks, {N(look.LatencyCount)} measured")}";
        uint most = Math.Max(1, look.LatencyHistogram.Max());
        for (int bin = 0; bin < look.LatencyHistogram.Length; bin++)
        {
            uint count = look.LatencyHistogram[bin];
            if (count > 0)
            {
                yield return $"  {bin,2}{(bin == look.LatencyHistogram.Length - 1 ? "+" : " ")} {new string('#', Math.Max(1, (int)((double)count / most * BarWidth))),-BarWidth} {N(count)}";
            }
        }
    }

    private static string Line(Look look) => string.Create(
        CultureInfo.InvariantCulture,
        $"{look.At:HH:mm:ss} {look.State}; {look.Scan}, site {look.Site}; {look.Decisions} decisions, {look.Undecided} undecided; {look.Events} events, {look.EventsDropped} dropped; {look.Replaced} replaced, {look.Stale} late; latency {(look.LatencyCount == 0 ? "-" : $"{look.LatencyMinimum}..{look.LatencyMaximum}")} clocks");

    private static string ScanState(uint status)
    {
        string state = CardRegisterMap.Registers.First(register => register.Name == "status").Fields.First(field => field.Name == "scan") is { } field
            && field.Values.Where(value => value.Value == field.Of(status)).Select(value => value.Name).FirstOrDefault() is { } name ? name : "unknown";
        return (status & CardRegisters.StatusRunningMask) != 0 ? $"running ({state})" : state;
    }

    private static string Names(string register, uint word) => string.Join(
        ", ",
        CardRegisterMap.Registers.First(one => one.Name == register).Fields.Where(field => field.Of(word) != 0).Select(field => field.Name.Replace('_', ' ')));

    private static string Name(InterlockState state) => state switch
    {
        InterlockState.Tripped => "tripped",
        InterlockState.Engaged => "engaged",
        InterlockState.PassThrough => "pass-through",
        _ => $"impossible ({(int)state})",
    };
}
