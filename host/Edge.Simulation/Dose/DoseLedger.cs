namespace Edge.Simulation.Dose;

/// <summary>When electrons reached the specimen.</summary>
public enum DosePhase
{
    /// <summary>Before the beam is first permitted at a site: moving and settling, through the closed blanker.</summary>
    Settle = 0,

    /// <summary>The beam is permitted.</summary>
    Dwell = 1,

    /// <summary>The beam was permitted at this site and is no longer: between the pin and the dark beam, and after.</summary>
    AfterDecision = 2,
}

/// <summary>Beam electrons on the specimen, expected number.</summary>
public readonly record struct SiteDose(double SettleElectrons, double DwellElectrons, double AfterDecisionElectrons)
{
    public double Electrons => SettleElectrons + DwellElectrons + AfterDecisionElectrons;

    internal SiteDose With(DosePhase phase, double electrons) => phase switch
    {
        DosePhase.Settle => this with { SettleElectrons = SettleElectrons + electrons },
        DosePhase.Dwell => this with { DwellElectrons = DwellElectrons + electrons },
        _ => this with { AfterDecisionElectrons = AfterDecisionElectrons + electrons },
    };
}

/// <summary>Every electron that reached the specimen, by site and phase.</summary>
public sealed class DoseLedger
{
    private readonly List<SiteDose> _sites = [];

    /// <summary>All of it.</summary>
    public SiteDose Total { get; private set; }

    /// <summary>Sites so far.</summary>
    public int SiteCount => _sites.Count;

    /// <summary>Dose at a site; nothing for one that was not visited.</summary>
    public SiteDose OfSite(long site) => site >= 0 && site < _sites.Count ? _sites[(int)site] : default;

    internal void Add(long site, DosePhase phase, double electrons)
    {
        while (_sites.Count <= site)
        {
            _sites.Add(default);
        }

        _sites[(int)site] = _sites[(int)site].With(phase, electrons);
        Total = Total.With(phase, electrons);
    }
}
