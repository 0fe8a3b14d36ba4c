namespace Edge.Appliance.Sites;

/// <summary>A lattice and how bright it is between its columns, in parts of a metal column's peak.</summary>
internal readonly record struct Honeycomb(Lattice Lattice, double Background)
{
    /// <summary>A free monolayer; supports and contamination add to it.</summary>
    public const double UsualBackground = 0.08;
}

/// <summary>Expected counts of an overview under a honeycomb: columns of Gaussian shape on a background, scaled to the counts
/// that are there.</summary>
internal sealed class HoneycombModel(OverviewImage image, double chalcogenWeight)
{
    /// <summary>Root mean square radius of a column's image along one axis, angstrom: probe and source of a corrected
    /// microscope. From 0.4 to 0.65 A the fit's scatter changes by a tenth.</summary>
    private const double ColumnSigma = 0.5;

    public OverviewImage Image => image;

    /// <summary>Intensity at a place of the cell: offsets from the metal column in parts of the vectors.</summary>
    public double Cell(in Honeycomb honeycomb, double u, double v) =>
        honeycomb.Background + Column(honeycomb.Lattice, u, v) + (chalcogenWeight * Column(honeycomb.Lattice, u - (1.0 / 3), v - (1.0 / 3)));

    /// <summary>Expected counts of all pixels (Rows, Columns); their sum is the image's.</summary>
    public void Expected(in Honeycomb honeycomb, Span<double> counts)
    {
        Lattice lattice = honeycomb.Lattice;
        double determinant = (lattice.A.X * lattice.B.Y) - (lattice.A.Y * lattice.B.X);
        double sum = 0;
        for (int row = 0, i = 0; row < image.Rows; row++)
        {
            double y = image.Y[row] - lattice.Metal.Y;
            for (int column = 0; column < image.Columns; column++, i++)
            {
                double x = image.X[column] - lattice.Metal.X;
                double u = ((x * lattice.B.Y) - (y * lattice.B.X)) / determinant;
                double v = ((lattice.A.X * y) - (lattice.A.Y * x)) / determinant;
                counts[i] = Cell(honeycomb, u, v);
                sum += counts[i];
            }
        }

        double factor = image.Total / sum;
        foreach (ref double count in counts)
        {
            count *= factor;
        }
    }

    /// <summary>Log likelihood of the image over that of an even image.</summary>
    public double Gain(ReadOnlySpan<double> expected)
    {
        double mean = image.Total / image.Signal.Length;
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            sum += image.Signal[i] == 0 ? 0 : image.Signal[i] * Math.Log(expected[i] / mean);
        }

        return sum;
    }

    /// <summary>Gaussian of the distance to the nearest lattice point.</summary>
    private static double Column(Lattice lattice, double u, double v)
    {
        u -= Math.Floor(u);
        v -= Math.Floor(v);
        double nearest = double.PositiveInfinity;
        for (int corner = 0; corner < 4; corner++)
        {
            double du = u - (corner & 1);
            double dv = v - (corner >> 1);
            double x = (du * lattice.A.X) + (dv * lattice.B.X);
            double y = (du * lattice.A.Y) + (dv * lattice.B.Y);
            nearest = Math.Min(nearest, (x * x) + (y * y));
        }

        return Math.Exp(-nearest / (2 * ColumnSigma * ColumnSigma));
    }
}
