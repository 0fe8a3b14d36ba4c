using Edge.Simulation.Optics;
using Edge.Simulation.Specimens;

namespace Edge.Simulation.Dose;

/// <summary>Electrons per square angstrom over the specimen. Electrons at one place are gathered, and spread with the
/// probe's profile when the probe has moved on.</summary>
public sealed class DoseMap
{
    // A thirtieth of the probe's width: gathering so far moves no electron noticeably.
    private const double GatherWithinAngstrom = 0.02;

    private readonly ProbeProfile _probe;
    private readonly float[] _density;
    private PointAngstrom _place;
    private double _gathered;

    /// <param name="probe">Profile of the probe.</param>
    /// <param name="sizeAngstrom">The map covers 0 to this size; electrons outside are not in it.</param>
    /// <param name="cellAngstrom">Distance of cells; with 0.05 A a peak is read 0.5 % low at most.</param>
    public DoseMap(ProbeProfile probe, PointAngstrom sizeAngstrom, double cellAngstrom = 0.05)
    {
        _probe = probe;
        CellAngstrom = cellAngstrom;
        CellsX = (int)Math.Ceiling(sizeAngstrom.X / cellAngstrom);
        CellsY = (int)Math.Ceiling(sizeAngstrom.Y / cellAngstrom);
        _density = new float[checked(CellsX * CellsY)];
    }

    /// <summary>Distance of cells; cell [0, 0] is at the origin.</summary>
    public double CellAngstrom { get; }

    /// <summary>Cells along x.</summary>
    public int CellsX { get; }

    /// <summary>Cells along y.</summary>
    public int CellsY { get; }

    /// <summary>Electrons per square angstrom at a cell.</summary>
    public double At(int x, int y)
    {
        Spread();
        return _density[(x * CellsY) + y];
    }

    /// <summary>Largest density within a distance of a position, electrons per square angstrom.</summary>
    public double PeakNear(PointAngstrom position, double withinAngstrom)
    {
        Spread();
        double peak = 0;
        (int x0, int x1) = Range(position.X, withinAngstrom, CellsX);
        (int y0, int y1) = Range(position.Y, withinAngstrom, CellsY);
        for (int x = x0; x <= x1; x++)
        {
            for (int y = y0; y <= y1; y++)
            {
                if ((new PointAngstrom(x * CellAngstrom, y * CellAngstrom) - position).Length <= withinAngstrom)
                {
                    peak = Math.Max(peak, _density[(x * CellsY) + y]);
                }
            }
        }

        return peak;
    }

    /// <summary>Largest density anywhere, electrons per square angstrom.</summary>
    public double Peak()
    {
        Spread();
        return _density.Max();
    }

    /// <summary>Adds electrons at a place.</summary>
    public void Add(PointAngstrom position, double electrons)
    {
        if ((position - _place).Length > GatherWithinAngstrom)
        {
            Spread();
            _place = position;
        }

        _gathered += electrons;
    }

    private void Spread()
    {
        if (_gathered == 0)
        {
            return;
        }

        (int x0, int x1) = Range(_place.X, _probe.RadiusAngstrom, CellsX);
        (int y0, int y1) = Range(_place.Y, _probe.RadiusAngstrom, CellsY);
        for (int x = x0; x <= x1; x++)
        {
            for (int y = y0; y <= y1; y++)
            {
                double radius = (new PointAngstrom(x * CellAngstrom, y * CellAngstrom) - _place).Length;
                _density[(x * CellsY) + y] += (float)(_gathered * _probe.At(radius));
            }
        }

        _gathered = 0;
    }

    private (int First, int Last) Range(double centre, double reach, int cells) =>
        (Math.Max(0, (int)Math.Ceiling((centre - reach) / CellAngstrom)),
         Math.Min(cells - 1, (int)Math.Floor((centre + reach) / CellAngstrom)));
}
