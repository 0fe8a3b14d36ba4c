namespace Edge.Appliance.Cards.Running;

/// <summary>Somebody's right to keep a card armed, for a while: whoever feeds the heartbeat does so only while it is fresh,
/// so that the death of its holder blanks the beam as well. The holder is the daemon; until there is one, <c>edge run</c>
/// itself.</summary>
/// <param name="holder">As messages shall name it.</param>
/// <param name="length">From a renewal to its end.</param>
/// <param name="now">A clock that only goes forward; of the simulated card its own, so that a run is the same each time.</param>
public sealed class Lease(string holder, TimeSpan length, Func<TimeSpan> now)
{
    private TimeSpan until = now() + length;

    public string Holder => holder;

    public bool Fresh => now() < until;

    /// <summary>Counts from now on. One that has expired stays so: the holder must take a new one, and re-arm.</summary>
    /// <returns>False: too late.</returns>
    public bool Renew()
    {
        if (!Fresh)
        {
            return false;
        }

        until = now() + length;
        return true;
    }
}
