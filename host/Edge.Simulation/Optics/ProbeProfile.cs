namespace Edge.Simulation.Optics;

/// <summary>Where the electrons of a probe without aberrations land: the Airy pattern of the aperture, blurred by a
/// Gaussian source. Density in electrons per square angstrom for one electron, against the distance in angstrom.
/// <code>
/// p(r) = 2 pi * integral of M(k) exp(-2 pi^2 s^2 k^2) J0(2 pi k r) k dk,   k from 0 to 2 a / wavelength
/// M(k) = 2/pi (acos u - u sqrt(1 - u^2)),  u = k wavelength / (2 a)        transfer of a round aperture
/// </code>
/// At 80 kV and 30 mrad the peak is 1.62 per square angstrom for a point source (pi (a / wavelength)^2) and 0.82 with
/// 0.7 A. Channelling in the specimen, defocus and astigmatism are left out.</summary>
public sealed class ProbeProfile
{
    private const double FwhmPerSigma = 2.3548200450309493;
    private const int RadiiPerAngstrom = 100, Frequencies = 256, Angles = 48;

    private readonly float[] _density;

    /// <param name="acceleratingKilovolts">10 to 1000.</param>
    /// <param name="convergenceMilliradians">Half angle, above 0 up to 100.</param>
    /// <param name="sourceFwhmAngstrom">Full width at half maximum of the source on the specimen; 0 for a point.</param>
    /// <param name="radiusAngstrom">Beyond this the density is taken as 0.</param>
    public ProbeProfile(double acceleratingKilovolts, double convergenceMilliradians, double sourceFwhmAngstrom, double radiusAngstrom = 2.5)
    {
        var check = new RangeCheck();
        check.Within(acceleratingKilovolts, 10, 1000, "AcceleratingKilovolts", "kV");
        check.Within(convergenceMilliradians, 0.1, 100, "ConvergenceMilliradians", "mrad");
        check.Within(sourceFwhmAngstrom, 0, 10, "SourceFwhmAngstrom", "A");
        check.Within(radiusAngstrom, 0.1, 10, "RadiusAngstrom", "A");
        check.ThrowIfAny();
        RadiusAngstrom = radiusAngstrom;
        double limit = 2 * convergenceMilliradians * 1e-3 / WavelengthAngstrom(acceleratingKilovolts);
        double sigma = sourceFwhmAngstrom / FwhmPerSigma;
        _density = new float[(int)Math.Ceiling(radiusAngstrom * RadiiPerAngstrom) + 2];
        for (int i = 0; i < _density.Length; i++)
        {
            _density[i] = (float)Math.Max(0, Density(i / (double)RadiiPerAngstrom, limit, sigma));
        }
    }

    /// <summary>Beyond this the density is 0.</summary>
    public double RadiusAngstrom { get; }

    /// <summary>Electrons per square angstrom at the centre, for one electron.</summary>
    public double Peak => _density[0];

    /// <summary>Electrons per square angstrom at a distance from the centre, for one electron.</summary>
    public double At(double radiusAngstrom)
    {
        if (radiusAngstrom >= RadiusAngstrom)
        {
            return 0;
        }

        double place = radiusAngstrom * RadiiPerAngstrom;
        int low = (int)place;
        double part = place - low;
        return ((1 - part) * _density[low]) + (part * _density[low + 1]);
    }

    /// <summary>De Broglie wavelength with relativistic correction: h c / sqrt(E (E + 2 m c^2)).</summary>
    public static double WavelengthAngstrom(double kilovolts) =>
        12.398419843320026 / Math.Sqrt(kilovolts * (kilovolts + (2 * 510.99895069)));

    private static double Density(double radius, double limit, double sigma)
    {
        double sum = 0;
        for (int i = 0; i < Frequencies; i++)
        {
            double u = (i + 0.5) / Frequencies, k = u * limit;
            double transfer = 2 / Math.PI * (Math.Acos(u) - (u * Math.Sqrt(1 - (u * u))));
            sum += transfer * Math.Exp(-2 * Math.PI * Math.PI * sigma * sigma * k * k) * BesselJ0(2 * Math.PI * k * radius) * k;
        }

        return 2 * Math.PI * sum * limit / Frequencies;
    }

    /// <summary>J0(x) = mean over angles of cos(x sin angle); with 48 angles exact to 1e-12 up to x = 40.</summary>
    private static double BesselJ0(double x)
    {
        double sum = 0;
        for (int i = 0; i < Angles; i++)
        {
            sum += Math.Cos(x * Math.Sin((i + 0.5) * Math.PI / Angles));
        }

        return sum / Angles;
    }
}
