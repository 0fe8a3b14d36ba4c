namespace Edge.Simulation.Noise;

/// <summary>What a random number is for. Part of its index, so that uses never share numbers.</summary>
public enum NoisePurpose
{
    /// <summary>A sample before the beam is first permitted at a site.</summary>
    SettleSample = 0,

    /// <summary>A sample since the beam was first permitted at a site.</summary>
    DwellSample = 1,

    /// <summary>Where the probe lands.</summary>
    Placement = 2,

    /// <summary>Direction of the drift.</summary>
    Drift = 3,

    /// <summary>True gain and current.</summary>
    Calibration = 4,
}

/// <summary>Random numbers indexed by (seed, purpose, site, sample): the same index gives the same numbers, whatever
/// was drawn before. Blocks of one index are numbered from 0 as more are needed.</summary>
public struct SiteNoise
{
    private const double Step32 = 1.0 / (1UL << 32), Step53 = 1.0 / (1UL << 53);

    // Above this mean a Poisson number is drawn as a sum of parts, so that exp(-mean) keeps its digits.
    private const double LargestInvertedMean = 16;

    // Philox counter (four words)
    //    word 0             word 1          word 2        word 3
    // | purpose << 24     | sample 31..0 | site 31..0 | sample 47..32 << 16 |
    // |  + block number   |              |            |  + site 47..32      |
    private readonly ulong _seed;
    private readonly uint _sampleLow, _siteLow, _high, _purpose;
    private PhiloxBlock _block;
    private uint _next;
    private int _left;

    /// <param name="seed">Any number.</param>
    /// <param name="purpose">See there.</param>
    /// <param name="site">0 to 2^48 - 1.</param>
    /// <param name="sample">0 to 2^48 - 1.</param>
    public SiteNoise(ulong seed, NoisePurpose purpose, long site, long sample)
    {
        if ((ulong)site >> 48 != 0 || (ulong)sample >> 48 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(site), $"site {site}, sample {sample}: both must be 0 to 2^48 - 1.");
        }

        _seed = seed;
        _purpose = (uint)purpose << 24;
        _siteLow = (uint)site;
        _sampleLow = (uint)sample;
        _high = ((uint)(sample >> 32) << 16) | (uint)(site >> 32);
    }

    /// <summary>32 random bits.</summary>
    public uint NextBits()
    {
        if (_left == 0)
        {
            _block = Philox.Block(new(_purpose + _next++, _sampleLow, _siteLow, _high), _seed);
            _left = 4;
        }

        return _left-- switch { 4 => _block.Word0, 3 => _block.Word1, 2 => _block.Word2, _ => _block.Word3 };
    }

    /// <summary>Uniform in (0, 1), in steps of 2^-53.</summary>
    public double NextUniform()
    {
        ulong high = NextBits(), low = NextBits();
        return ((((high << 32) | low) >> 11) + 0.5) * Step53;
    }

    /// <summary>Normal, mean 0, standard deviation 1, by Box and Muller; never beyond 6.8, as the uniform numbers
    /// under it have 32 bits.</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log((NextBits() + 0.5) * Step32));
        return radius * Math.Cos(2 * Math.PI * Step32 * NextBits());
    }

    /// <summary>Poisson with the given mean, by inversion of the distribution.</summary>
    public int NextPoisson(double mean)
    {
        int total = 0;
        while (mean > LargestInvertedMean)
        {
            total += InvertPoisson(LargestInvertedMean);
            mean -= LargestInvertedMean;
        }

        return total + InvertPoisson(mean);
    }

    /// <summary>Gamma with mean 1 and the given shape (1 / relative variance), by Marsaglia and Tsang (ACM Trans. Math.
    /// Softw. 26 (2000) 363).</summary>
    public double NextGammaOfMeanOne(double shape)
    {
        // Below shape 1: gamma(k) = gamma(k + 1) * uniform^(1 / k).
        double raised = shape < 1 ? shape + 1 : shape;
        double d = raised - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal(), v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(NextUniform()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v * (shape < 1 ? Math.Pow(NextUniform(), 1 / shape) : 1) / shape;
            }
        }
    }

    private int InvertPoisson(double mean)
    {
        double probability = Math.Exp(-mean), left = NextUniform() - probability;
        int count = 0;
        while (left > 0 && probability > 0)
        {
            probability *= mean / ++count;
            left -= probability;
        }

        return count;
    }
}
