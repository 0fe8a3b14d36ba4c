namespace Edge.Appliance.Cards.SelfTest;

/// <summary>Where to look when a check fails.</summary>
public enum Suspect
{
    /// <summary>The FPGA or its board.</summary>
    Board,

    /// <summary>A cable or plug.</summary>
    Cable,

    /// <summary>The detector or its converter.</summary>
    Detector,

    /// <summary>The image on the card, or this program.</summary>
    Software,
}

/// <summary>One check.</summary>
/// <param name="Part">What of the card it is about.</param>
/// <param name="Passed">null: could not be tested here.</param>
/// <param name="Suspect">null where it passed.</param>
/// <param name="Look">What to look at when it failed.</param>
public sealed record SelfTestRow(string Part, string Done, string Expected, string Seen, bool? Passed, Suspect? Suspect, string Look);

/// <summary>What a self-test found.</summary>
public sealed record SelfTestResult(string Card, IReadOnlyList<SelfTestRow> Rows)
{
    public int Failed => Rows.Count(row => row.Passed == false);

    public int NotTested => Rows.Count(row => row.Passed is null);

    public bool Passed => Failed == 0;

    /// <summary>What it comes down to, in a sentence.</summary>
    public string Verdict
    {
        get
        {
            if (Passed)
            {
                return NotTested == 0 ? "the card works." : $"the card works as far as could be tested here; what was not tested ({NotTested}) needs a hand.";
            }

            // Whatever talks to the card comes first: nothing after it can be believed.
            SelfTestRow first = Rows.First(row => row.Passed == false);
            string where = first.Suspect switch
            {
                SelfTest.Suspect.Board => "the board is at fault, not the software",
                SelfTest.Suspect.Cable => "a cable or plug is at fault, not the card",
                SelfTest.Suspect.Detector => "the detector is at fault, not the card",
                _ => "the image or the program is at fault, not the board",
            };
            return $"{where}: {first.Part}. {first.Look}";
        }
    }
}

/// <summary>What can be done at the card's plugs from here. On a simulated card everything; on a real one little, and the
/// checks that need more are left out.</summary>
public interface ISelfTestHands
{
    /// <summary>Connects or disconnects the detector's sample clock.</summary>
    /// <returns>False: cannot be done from here.</returns>
    bool SetDetector(bool present);

    /// <returns>False: cannot be done from here.</returns>
    bool SetExternalInterlock(bool closed);

    /// <returns>False: cannot be done from here.</returns>
    bool SetMicroscopeBlank(bool blank);

    /// <summary>Keeps the network from giving results.</summary>
    /// <returns>False: cannot be done from here.</returns>
    bool StallNetwork(bool stalled);

    /// <summary>Level of permit_beam at the plug; null: cannot be seen from here.</summary>
    bool? PermitBeamPin { get; }

    /// <summary>Levels of keep_alive that were seen since the last call; null: cannot be seen from here.</summary>
    (bool Low, bool High)? KeepAliveSeen();

    /// <summary>Scan codes that were seen at the plug since the last call; null: cannot be seen from here.</summary>
    IReadOnlyList<(ushort X, ushort Y)>? ScanSeen();
}
