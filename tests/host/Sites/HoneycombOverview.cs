using Edge.Appliance.Sites;
using Edge.Simulation.Specimens;
using Edge.Tests.Simulation;

namespace Edge.Tests.Sites;

/// <summary>Low-dose overviews of MoS2 whose lattice is known: the simulated specimen mos2_b, turned, scaled, shifted and
/// mirrored before it is scanned, so that every orientation and calibration error of a microscope can be asked for.</summary>
/// <remarks>mos2_b repeats, so any field of view is possible. Its 22 defects are on the map;
/// <see cref="Pristine"/> is the same map with each point the median over equal points of other cells.</remarks>
internal sealed class HoneycombOverview
{
    public const double LatticeConstant = 3.18;

    private static readonly Position CellA = new(LatticeConstant, 0);
    private static readonly Position CellB = new(LatticeConstant / 2, 2.754);

    private static readonly Lazy<Specimen> DefectiveMap = new(() => SpecimenFile.Read(SimulationFiles.Specimen("mos2_b"), repeats: true));
    private static readonly Lazy<Specimen> PristineMap = new(MedianOverCells);

    private readonly Specimen specimen;
    private readonly Position shift;
    private readonly double cosine;
    private readonly double sine;
    private readonly double scale;
    private readonly double mirror;

    /// <param name="angle">By which the crystal is turned, radian.</param>
    /// <param name="scale">Angstrom the scan believes in per true angstrom.</param>
    /// <param name="shift">Of the crystal, angstrom.</param>
    public HoneycombOverview(Specimen specimen, double angle, double scale, Position shift, bool mirrored)
    {
        this.specimen = specimen;
        this.scale = scale;
        this.shift = shift;
        (sine, cosine) = Math.SinCos(angle);
        mirror = mirrored ? -1 : 1;
    }

    public static Specimen Defective => DefectiveMap.Value;

    public static Specimen Pristine => PristineMap.Value;

    /// <summary>Any angle, any shift, up to 4 % of scale, mirrored half the time.</summary>
    public static HoneycombOverview Random(Random random, bool defects, double scaleError = 0.04) => new(
        defects ? Defective : Pristine,
        2 * Math.PI * random.NextDouble(),
        1 + (scaleError * ((2 * random.NextDouble()) - 1)),
        new(30 * random.NextDouble(), 30 * random.NextDouble()),
        random.Next(2) == 1);

    /// <summary>Poisson counts of the electrons that a scan of this dose finds.</summary>
    /// <param name="dose">Beam electrons per square angstrom.</param>
    /// <param name="pitch">Of pixels, angstrom.</param>
    public OverviewImage Scan(Random random, double width, double height, double dose, double pitch)
    {
        int columns = (int)Math.Round(width / pitch);
        int rows = (int)Math.Round(height / pitch);
        double[] x = [.. Enumerable.Range(0, columns).Select(column => (column + 0.5) * pitch)];
        double[] y = [.. Enumerable.Range(0, rows).Select(row => (row + 0.5) * pitch)];
        var counts = new double[columns * rows];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = Poisson(random, Fraction(new(x[i % columns], y[i / columns])) * dose * pitch * pitch);
        }

        return new(columns, rows, x, y, counts);
    }

    /// <summary>Distance from a position in the scan's frame to the nearest chalcogen column, angstrom in that frame.</summary>
    public double DistanceToChalcogen(Position position) => Distance(position, Defective.Defects.First(defect => defect.Kind == "VS").Position);

    public double DistanceToMetal(Position position) => Distance(position, Defective.Defects.First(defect => defect.Kind == "Mo_ad").Position);

    public static double Poisson(Random random, double mean)
    {
        double limit = Math.Exp(-mean);
        double product = random.NextDouble();
        int count = 0;
        while (product > limit)
        {
            product *= random.NextDouble();
            count++;
        }

        return count;
    }

    private double Fraction(Position position)
    {
        Position there = ToSpecimen(position);
        return specimen.FractionAt(new(there.X, there.Y));
    }

    private Position ToSpecimen(Position position)
    {
        double x = position.X / scale;
        double y = position.Y / scale;
        return new Position((cosine * x) + (sine * y), mirror * ((cosine * y) - (sine * x))) - shift;
    }

    private double Distance(Position position, PointAngstrom column)
    {
        Position offset = ToSpecimen(position) - new Position(column.X, column.Y);
        double v = Math.Round(offset.Y / CellB.Y);
        double nearest = double.PositiveInfinity;
        for (double j = v - 1; j <= v + 1; j++)
        {
            Position row = offset - (j * CellB);
            nearest = Math.Min(nearest, (row - (Math.Round(row.X / CellA.X) * CellA)).Length);
        }

        return nearest * scale;
    }

    private static Specimen MedianOverCells()
    {
        Specimen map = Defective;
        var pixels = new float[map.PixelsX * map.PixelsY];
        for (int i = 0; i < pixels.Length; i++)
        {
            var here = new Position(i / map.PixelsY * map.PixelAngstrom.X, i % map.PixelsY * map.PixelAngstrom.Y);
            double[] equal = [.. Enumerable.Range(0, 15).Select(k => here + (k * 2.0 * CellA) + ((k % 4) * 3.0 * CellB)).Select(p => map.FractionAt(new(p.X, p.Y))).Order()];
            pixels[i] = (float)equal[equal.Length / 2];
        }

        return new(pixels, map.PixelsX, map.PixelsY, map.PixelAngstrom, repeats: true, map.Defects);
    }
}
