namespace Edge.Appliance.Sites;

/// <summary>A low-dose scan: detected signal per pixel, in mean electrons.</summary>
/// <param name="Columns">Pixels along x, the fast axis.</param>
/// <param name="Rows">Pixels along y.</param>
/// <param name="PitchX">Angstrom from pixel to pixel along x.</param>
/// <param name="PitchY">Angstrom from line to line.</param>
/// <param name="OriginX">Position of pixel (0, 0) in angstrom.</param>
/// <param name="OriginY">Position of pixel (0, 0) in angstrom.</param>
/// <param name="Signal">(Rows, Columns), row-major.</param>
public sealed record OverviewImage(int Columns, int Rows, double PitchX, double PitchY, double OriginX, double OriginY, double[] Signal)
{
    public double X(int column) => OriginX + (column * PitchX);

    public double Y(int row) => OriginY + (row * PitchY);

    public double Total => Signal.Sum();
}
