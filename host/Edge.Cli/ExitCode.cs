namespace Edge.Cli;

/// <summary>What the program's exit codes mean.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>A comparison or check found a difference.</summary>
    public const int Mismatch = 1;

    /// <summary>Something that was handed in cannot be used; nothing was written.</summary>
    public const int BadInput = 2;

    /// <summary>The card stopped the run and blanked the beam; nothing was written.</summary>
    public const int CardStopped = 3;

    /// <summary>A fault of this program.</summary>
    public const int InternalError = 70;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
