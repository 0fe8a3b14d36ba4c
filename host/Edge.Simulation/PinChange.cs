namespace Edge.Simulation;

/// <summary>The card's pins from a clock edge on.</summary>
/// <param name="Cycle">Clock edge at which they change, counted from 0 at the start.</param>
/// <param name="PermitBeam">Pin permit_beam: the beam may be on.</param>
/// <param name="X">Scan code along x.</param>
/// <param name="Y">Scan code along y.</param>
/// <param name="PixelAdvance">A pulse of pixel_advance begins here. Its end is no change.</param>
public readonly record struct PinChange(long Cycle, bool PermitBeam, ushort X, ushort Y, bool PixelAdvance);

/// <summary>What stands at the card's pins: it takes what they did during a sample period and gives the sample that the
/// ADC presents at the end of that period.</summary>
public interface ISampleSource
{
    /// <param name="changes">Pin changes of this period in order of time; empty when nothing changed.</param>
    /// <returns>ADC counts.</returns>
    /// <exception cref="ArgumentException">A change is outside this period or out of order.</exception>
    ushort NextSample(ReadOnlySpan<PinChange> changes);
}
