namespace Edge.Simulation.Specimens;

/// <summary>A position or a shift in the plane of the specimen, in angstrom.</summary>
public readonly record struct PointAngstrom(double X, double Y)
{
    public static PointAngstrom operator +(PointAngstrom a, PointAngstrom b) => new(a.X + b.X, a.Y + b.Y);

    public static PointAngstrom operator -(PointAngstrom a, PointAngstrom b) => new(a.X - b.X, a.Y - b.Y);

    public static PointAngstrom operator *(double factor, PointAngstrom a) => new(factor * a.X, factor * a.Y);

    public double Length => Math.Sqrt((X * X) + (Y * Y));

    public static PointAngstrom Add(PointAngstrom left, PointAngstrom right) => left + right;

    public static PointAngstrom Subtract(PointAngstrom left, PointAngstrom right) => left - right;

    public static PointAngstrom Multiply(double left, PointAngstrom right) => left * right;
}

/// <summary>Truth about one defect, for scoring alone: neither host nor network may see it.</summary>
public sealed record Defect(string Kind, PointAngstrom Position);

/// <summary>Expected signal of a specimen: the fraction of the beam that reaches the detector, for any probe position.
/// <para>Between the pixels of the map it is bicubic (Catmull-Rom), never below 0. With pixels of 12.4 pm = 0.124 A and a
/// probe about 0.9 A wide that is within 1e-3 of the map's peak of the exact (Fourier) interpolation; bilinear would be 2 %
/// low on the columns. Measured on the periodic maps of MoS2 in sim/specimens.</para></summary>
public sealed class Specimen
{
    private readonly float[] _fraction;
    private readonly int _pixelsX, _pixelsY;
    private readonly bool _repeats;

    /// <param name="fraction">Fractions of the beam, [x, y], y fastest.</param>
    /// <param name="pixelsX">Length along x.</param>
    /// <param name="pixelsY">Length along y.</param>
    /// <param name="pixelAngstrom">Distance of pixels along x and y; pixel [0, 0] is at the origin.</param>
    /// <param name="repeats">The map is a full period in both directions. Otherwise its edge goes on outside.</param>
    /// <param name="defects">Truth, for scoring.</param>
    /// <exception cref="InvalidSettingException">Sizes disagree, or a value is no fraction.</exception>
    public Specimen(float[] fraction, int pixelsX, int pixelsY, PointAngstrom pixelAngstrom, bool repeats, IReadOnlyList<Defect> defects)
    {
        if (pixelsX < 2 || pixelsY < 2 || fraction.LongLength != (long)pixelsX * pixelsY)
        {
            throw new InvalidSettingException($"A map of {pixelsX} x {pixelsY} pixels with {fraction.Length} values; it needs at least 2 x 2 pixels and a value for each.");
        }

        if (!(pixelAngstrom.X > 0 && pixelAngstrom.Y > 0 && double.IsFinite(pixelAngstrom.Length)))
        {
            throw new InvalidSettingException($"Pixels of {pixelAngstrom.X} x {pixelAngstrom.Y} A; both must be above 0.");
        }

        int bad = Array.FindIndex(fraction, value => value is not (>= 0 and <= 1));
        if (bad >= 0)
        {
            throw new InvalidSettingException($"Pixel [{bad / pixelsY}, {bad % pixelsY}] is {fraction[bad]}; a fraction of the beam is 0 to 1.");
        }

        (_fraction, _pixelsX, _pixelsY, PixelAngstrom, _repeats, Defects) = (fraction, pixelsX, pixelsY, pixelAngstrom, repeats, defects);
    }

    /// <summary>Distance of pixels.</summary>
    public PointAngstrom PixelAngstrom { get; }

    /// <summary>Size of the map.</summary>
    public PointAngstrom SizeAngstrom => new(_pixelsX * PixelAngstrom.X, _pixelsY * PixelAngstrom.Y);

    /// <summary>Pixels along x.</summary>
    public int PixelsX => _pixelsX;

    /// <summary>Pixels along y.</summary>
    public int PixelsY => _pixelsY;

    /// <summary>Truth, for scoring.</summary>
    public IReadOnlyList<Defect> Defects { get; }

    /// <summary>The value of a pixel, as stored: for pictures of the truth.</summary>
    public float PixelAt(int x, int y) => _fraction[(x * _pixelsY) + y];

    /// <summary>Fraction of the beam that reaches the detector with the probe at a position.</summary>
    public double FractionAt(PointAngstrom position)
    {
        double x = Inside(position.X / PixelAngstrom.X, _pixelsX), y = Inside(position.Y / PixelAngstrom.Y, _pixelsY);
        int left = (int)x, low = (int)y;
        Span<double> weightsX = stackalloc double[4], weightsY = stackalloc double[4];
        CatmullRom(x - left, weightsX);
        CatmullRom(y - low, weightsY);
        double sum = 0;
        for (int a = 0; a < 4; a++)
        {
            ReadOnlySpan<float> column = _fraction.AsSpan(Pixel(left + a - 1, _pixelsX) * _pixelsY, _pixelsY);
            double along = 0;
            for (int b = 0; b < 4; b++)
            {
                along += weightsY[b] * column[Pixel(low + b - 1, _pixelsY)];
            }

            sum += weightsX[a] * along;
        }

        return Math.Max(0, sum);
    }

    /// <summary>Weights of the pixels at -1, 0, 1, 2 for a position t between 0 and 1.</summary>
    private static void CatmullRom(double t, Span<double> weights)
    {
        weights[0] = 0.5 * t * (-1 + (t * (2 - t)));
        weights[1] = 0.5 * (2 + (t * t * (-5 + (3 * t))));
        weights[2] = 0.5 * t * (1 + (t * (4 - (3 * t))));
        weights[3] = 0.5 * t * t * (t - 1);
    }

    private double Inside(double pixel, int count)
    {
        if (!_repeats)
        {
            return Math.Clamp(pixel, 0, count - 1);
        }

        // A tiny negative number becomes count itself.
        double wrapped = pixel - (Math.Floor(pixel / count) * count);
        return wrapped < count ? wrapped : 0;
    }

    private int Pixel(int index, int count) =>
        (uint)index < (uint)count ? index
        : !_repeats ? Math.Clamp(index, 0, count - 1)
        : index < 0 ? index + count : index - count;
}
